use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sqlparser::ast::{Expr, SetExpr, Statement};
use sqlparser::parser::{Parser, ParserError, ParserOptions};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::bounds::{self, MAX_BYTES, MAX_STATEMENTS, MAX_TOKENS};
use super::classify::{StatementKind, classify};
use super::edits::Edits;
use super::filter::RowFilters;
use super::findings::Findings;
use super::grammar::{Adapted, Words, adapt};
use super::lexer::{Lexeme, lex, position};
use super::limit::OwnLimit;
use super::place::{self, Placement};
use super::reserved::Relations;
use super::rewrite::{self, Task};
use super::walk::{self, Part};
use super::{DefinitionKind, GuardError, Policy};
use crate::Dialect;
use crate::catalogue::{Catalogue, NamesInUse};
use crate::dialect::Feature;
use crate::name::{TableName, fold_ident};

/// The parser's own bound on recursion; the nesting that `bounds` allows fits into it.
const RECURSION_LIMIT: usize = 300;
/// Stack for one step over a syntax tree of the greatest depth that `bounds` allows, in an
/// unoptimized build.
const STACK_BYTES: usize = 32 << 20;
/// What a step needs for one level of a tree, and for itself. With less left it gets its own stack, which
/// the trees of usual queries never need.
const LEVEL_BYTES: usize = 24 << 10;
const STEP_BYTES: usize = 256 << 10;

/// Statements, parsed and looked through.
#[derive(Debug)]
pub struct Script {
    statements: Vec<SqlStatement>,
}

/// One statement.
#[derive(Debug)]
pub struct SqlStatement {
    dialect: Dialect,
    /// The whole text, of which the statement is the part from `start` to `end`. It is sent as it was
    /// written but for `edits`.
    source: Arc<str>,
    start: usize,
    end: usize,
    /// Where its first token starts and its last one ends; comments may stand before and behind.
    code_start: usize,
    code_end: usize,
    edits: Edits,
    /// What rights and row level security put in.
    rewriting: Edits,
    placement: Placement,
    /// The tables that conditions of row level security read.
    rule_tables: BTreeSet<TableName>,
    /// See [`SqlStatement::understood`].
    understood: Vec<(TableName, String)>,
    /// The tree says everything that the text says.
    is_exact: bool,
    /// `None` only while it is dropped.
    ast: Option<Statement>,
    /// A bound on the levels of the tree.
    depth: usize,
    kind: StatementKind,
    findings: Findings,
    /// Why it must not be sent, whatever it does.
    refusal: Option<GuardError>,
    own_limit: OwnLimit,
    /// The rows that it may give.
    cap: Option<u64>,
}

impl Script {
    /// Parses a text of statements. An empty text, or one of comments, has none.
    ///
    /// # Errors
    /// `TooLong`, `TooComplex`, `Syntax`. Any text gives one of them or a script; none panics.
    pub fn parse(dialect: Dialect, text: &str) -> Result<Self, GuardError> {
        if text.len() > MAX_BYTES {
            return Err(GuardError::TooLong {
                bytes: text.len(),
                limit: MAX_BYTES,
            });
        }
        let source: Arc<str> = text.into();
        let lexemes = lex(dialect, text)?;
        if lexemes.len() > MAX_TOKENS {
            return Err(GuardError::TooComplex(
                "more than 40,960 words, literals and signs",
            ));
        }
        let statements = split(text, lexemes)?
            .into_iter()
            .map(|piece| SqlStatement::parse(dialect, &source, piece))
            .collect::<Result<_, _>>()?;
        Ok(Self { statements })
    }

    /// Refuses the script when any statement may not run under `policy`.
    ///
    /// # Errors
    /// That of the first statement which has one: `DmlNotAllowed`, `DdlNotAllowed`, `DefinitionNotAllowed`, `Forbidden`,
    /// `Functions`, `Tables`, `Catalogue`, `HiddenRows` or `Syntax`. `Forbidden` for changes beside transaction control.
    pub fn check(&self, policy: Policy) -> Result<(), GuardError> {
        let mut writes = false;
        let mut transaction = false;
        for statement in &self.statements {
            statement.check(policy)?;
            writes |= statement.is_write();
            transaction |= statement.kind == StatementKind::Transaction;
        }
        if writes && transaction {
            // A ROLLBACK that says nothing would keep what it should undo.
            return Err(GuardError::Forbidden("transaction control beside changes"));
        }
        Ok(())
    }

    /// The names that the database must be asked about before the script may run for a caller of this policy.
    pub fn names(&self, policy: Policy) -> NamesInUse {
        let mut names = NamesInUse::default();
        for statement in &self.statements {
            names.extend(statement.names(policy));
        }
        names
    }

    /// Writes into names without a schema the one that the database finds them in: from then on
    /// [`Self::tables`] has full names.
    ///
    /// # Errors
    /// `Ambiguous`: a name stands where it cannot be written anew.
    pub fn place(&mut self, catalogue: &Catalogue) -> Result<(), GuardError> {
        let mut statements = self.statements.iter_mut();
        statements.try_for_each(|statement| statement.place(catalogue))
    }

    /// The schemas that the script names beside those of its tables, and those in which the database finds the types,
    /// functions and collations that it names; none where every table is open to the caller.
    pub fn schemas(&self, policy: Policy, catalogue: &Catalogue) -> BTreeSet<String> {
        if policy.sees_all_tables {
            return BTreeSet::new();
        }
        let statements = self.statements.iter();
        statements
            .flat_map(|statement| statement.findings.schemas(catalogue))
            .collect()
    }

    /// Refuses functions and types that tell of tables, and whatever lies in a schema that is not among those `seen` by
    /// the caller; gives those types that are the rows of a table, with the table: they tell of its columns.
    ///
    /// # Errors
    /// `UnknownNames`, for names that are not there as well.
    pub fn check_names(
        &self,
        policy: Policy,
        catalogue: &Catalogue,
        seen: &BTreeSet<String>,
    ) -> Result<BTreeMap<TableName, TableName>, GuardError> {
        let mut rows = BTreeMap::new();
        for statement in &self.statements {
            rows.extend(statement.findings.check_names(policy, catalogue, seen)?);
        }
        Ok(rows)
    }

    /// Whether [`Self::check_relations`] has to know the tables, which [`Self::names`] has then.
    pub fn needs_relations(&self, policy: Policy) -> bool {
        let mut statements = self.statements.iter();
        statements.any(|statement| statement.needs_relations(policy))
    }

    /// Refuses plans that name what lies under a view, and sequences that count what a rule hides.
    ///
    /// # Errors
    /// `Forbidden`, `HiddenRows`.
    pub fn check_relations(&self, policy: Policy, catalogue: &Catalogue) -> Result<(), GuardError> {
        let mut statements = self.statements.iter();
        statements.try_for_each(|statement| {
            let kind = statement.kind;
            statement.findings.check_relations(policy, kind, catalogue)
        })
    }

    /// The statements in order.
    pub fn statements(&self) -> &[SqlStatement] {
        &self.statements
    }

    /// The statements in order, to limit and filter them.
    pub fn statements_mut(&mut self) -> &mut [SqlStatement] {
        &mut self.statements
    }

    /// The tables of all statements.
    pub fn tables(&self) -> BTreeSet<&TableName> {
        self.statements
            .iter()
            .flat_map(SqlStatement::tables)
            .collect()
    }

    /// See [`SqlStatement::understood`]; each once.
    pub fn understood(&self) -> Vec<(TableName, String)> {
        let statements = self.statements.iter();
        let all: BTreeSet<_> = statements.flat_map(SqlStatement::understood).collect();
        all.into_iter().cloned().collect()
    }

    /// Whether any statement changes something.
    pub fn is_write(&self) -> bool {
        self.statements.iter().any(SqlStatement::is_write)
    }
}

impl SqlStatement {
    fn parse(dialect: Dialect, source: &Arc<str>, piece: Piece) -> Result<Self, GuardError> {
        let Piece {
            lexemes,
            start,
            end,
        } = piece;
        let code_start = lexemes.first().map_or(start, |lexeme| lexeme.start);
        let code_end = lexemes.last().map_or(end, |lexeme| lexeme.end);
        let Adapted {
            tokens,
            edits,
            words,
            outside,
            is_exact,
        } = adapt(dialect, lexemes);
        let (ast, depth) = parse_tokens(dialect, source, tokens)?;
        let (kind, findings, refusal, own_limit) = with_stack(depth, || {
            let (kind, mut findings) = classify(dialect, &ast);
            findings.note(outside);
            let own_limit = match &ast {
                Statement::Query(query) => OwnLimit::of(dialect, query, words),
                _ => OwnLimit::Other,
            };
            let own_limit = match own_limit {
                OwnLimit::None if is_open_comment(dialect, &source[code_end..end]) => {
                    OwnLimit::Other
                }
                own_limit => own_limit,
            };
            let refusal = refusal(dialect, &ast, kind, words);
            (kind, findings, refusal, own_limit)
        });
        Ok(Self {
            dialect,
            source: source.clone(),
            start,
            end,
            code_start,
            code_end,
            edits,
            rewriting: Edits::default(),
            placement: Placement::default(),
            rule_tables: BTreeSet::new(),
            understood: Vec::new(),
            is_exact,
            ast: Some(ast),
            depth,
            kind,
            findings,
            refusal,
            own_limit,
            cap: None,
        })
    }

    /// What it does.
    pub fn kind(&self) -> StatementKind {
        self.kind
    }

    /// Whether it changes rows or tables.
    pub fn is_write(&self) -> bool {
        matches!(
            self.kind,
            StatementKind::Write(_) | StatementKind::Definition(_)
        )
    }

    /// The tables that it reads or changes, common table expressions and aliases left out.
    pub fn tables(&self) -> &BTreeSet<TableName> {
        &self.findings.tables
    }

    fn check(&self, policy: Policy) -> Result<(), GuardError> {
        match self.kind {
            StatementKind::Forbidden(part) => return Err(GuardError::Forbidden(part)),
            StatementKind::Write(part) if !policy.allow_dml => {
                return Err(GuardError::DmlNotAllowed(part));
            }
            StatementKind::Definition(kind) if !policy.allow_dml => {
                return Err(GuardError::DdlNotAllowed(kind));
            }
            StatementKind::Definition(kind) if !policy.definitions.contains(kind) => {
                return Err(GuardError::DefinitionNotAllowed(kind));
            }
            _ => {}
        }
        if !policy.sees_all_tables
            && let Some(Statement::Explain {
                options: Some(options),
                ..
            }) = &self.ast
            && options
                .iter()
                .any(|option| option.name.value.eq_ignore_ascii_case("settings"))
        {
            return Err(GuardError::Forbidden(
                "EXPLAIN with SETTINGS, which shows the search path,",
            ));
        }
        self.findings.check(policy)?;
        self.refusal.clone().map_or(Ok(()), Err)
    }

    fn needs_relations(&self, policy: Policy) -> bool {
        let may_count = self.dialect.has(Feature::CountedRelations) && !policy.sees_all_rows;
        let shows_plan = self.kind == StatementKind::Explain && !policy.sees_all_tables;
        may_count || shows_plan
    }

    /// The names that the database must be asked about before the statement may run for a caller of this
    /// policy.
    fn names(&self, policy: Policy) -> NamesInUse {
        let mut names = NamesInUse::default();
        if !policy.sees_all_rows || self.needs_relations(policy) {
            names.tables.clone_from(&self.findings.existing);
        } else if !policy.sees_all_tables {
            let existing = self.findings.existing.iter();
            let without_schema = existing.filter(|table| table.schema.is_none());
            names.tables.extend(without_schema.cloned());
        }
        let created = self.findings.created.iter();
        names.creates = !(policy.sees_all_tables && policy.sees_all_rows)
            && created
                .filter(|(_, altered)| altered.is_none())
                .any(|(table, _)| table.schema.is_none());
        if !policy.sees_all_tables {
            names.types.clone_from(&self.findings.other_types);
            names.types.extend(self.findings.attributes.iter().cloned());
            names.collations.clone_from(&self.findings.other_collations);
        }
        if !(policy.sees_all_tables && policy.sees_all_rows) {
            names.operators.clone_from(&self.findings.operators);
            names.functions.clone_from(&self.findings.other_functions);
            names
                .functions
                .extend(self.findings.attributes.iter().cloned());
        }
        names
    }

    /// Writes into names without a schema the one that the database finds them in: from then on
    /// [`Self::tables`] has full names.
    ///
    /// # Errors
    /// `Ambiguous`: a name stands where it cannot be written anew.
    pub(super) fn place(&mut self, catalogue: &Catalogue) -> Result<(), GuardError> {
        self.placement = self.findings.place(catalogue);
        if let Some(ast) = &self.ast {
            let (source, placement) = (&*self.source, &self.placement);
            self.rewriting = with_stack(self.depth, || {
                place::edits(self.dialect, ast, source, placement, &|_| false)
            })?;
        }
        Ok(())
    }

    /// Lets a reading statement give at most `rows` rows; others are left as they are. A limit of its own
    /// stays. Where both cannot be said in its text it may give more: whoever reads the rows stops.
    pub fn limit_rows(&mut self, rows: u64) {
        if self.kind == StatementKind::Read {
            self.cap = Some(self.cap.map_or(rows, |cap| cap.min(rows)));
        }
    }

    /// Shows only the rows that meet their table's condition.
    ///
    /// # Errors
    /// `RowFilter`: a condition does not parse, or cannot be put where the table stands. `Forbidden`:
    /// the statement changes something and touches a filtered table.
    pub fn filter_rows(&mut self, filters: &RowFilters) -> Result<(), GuardError> {
        if !self
            .findings
            .tables
            .iter()
            .any(|table| filters.contains(table))
        {
            return Ok(());
        }
        if !matches!(self.kind, StatementKind::Read | StatementKind::Explain) {
            return Err(GuardError::Forbidden(
                "a change that touches a table with row level security",
            ));
        }
        let rules = filters.prepared(self.dialect, &self.findings.tables)?;
        if let Some(ast) = &self.ast {
            let (source, placement) = (&*self.source, &self.placement);
            let (mut edits, placed) = with_stack(self.depth, || {
                let task = Task {
                    dialect: self.dialect,
                    source,
                    start: self.code_start,
                    placement,
                    rules: &rules.by_table,
                    leakproof: filters.leakproof(),
                    is_exact: self.is_exact,
                };
                let is_filtered = |table: &TableName| rules.by_table.contains_key(table);
                let placed = place::edits(self.dialect, ast, source, placement, &is_filtered)?;
                Ok((rewrite::apply(task, ast)?, placed))
            })?;
            edits.extend(placed);
            self.rewriting = edits;
            self.understood = rules.alone(self.dialect);
            self.rule_tables = rules.tables;
        }
        Ok(())
    }

    /// Each condition of [`Self::filter_rows`] as a query of its table alone, with the table. In the statement a name that the table does not have
    /// would mean a column of the query around it, which is the caller's to choose: `tenant = 1` holds for every row beside
    /// `(SELECT 1 AS tenant)`. What the database understands alone, it understands the same way there.
    pub fn understood(&self) -> &[(TableName, String)] {
        &self.understood
    }

    /// Whether an expression is this name alone.
    pub(super) fn has_bare_name(&self, meant: &str) -> bool {
        let Some(ast) = &self.ast else { return false };
        with_stack(self.depth, || {
            walk::any(
                ast,
                &mut |part| matches!(part, Part::Expr(Expr::Identifier(name)) if fold_ident(self.dialect, name) == meant),
            )
        })
    }

    /// Whether the rows that it gives are those that it changes, one for each: `INSERT … RETURNING` and its like, but not a query
    /// of what a common table changes.
    pub fn gives_changed_rows(&self) -> bool {
        match &self.ast {
            Some(Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_)) => true,
            Some(Statement::Query(query)) => matches!(
                &*query.body,
                SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_)
            ),
            _ => false,
        }
    }

    /// The statement as it was written, with the comments before and behind it.
    pub fn text(&self) -> &str {
        &self.source[self.start..self.end]
    }

    /// The statement as it stands now, to be run: its own text, with the row limit and the conditions put
    /// in where they belong.
    ///
    /// # Errors
    /// `Ambiguous`: what was put in makes it another statement than the one that was checked.
    pub fn sql(&self) -> Result<String, GuardError> {
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        let mut edits = self.edits.clone();
        if let Some(rows) = self.cap {
            // SQLite names a column by its text, to which a comment behind it belongs.
            let at = if self.dialect.has(Feature::CommentsInNames) {
                self.end
            } else {
                self.code_end
            };
            self.own_limit.lower(rows, at, &mut edits);
        }
        edits.extend(self.rewriting.clone());
        let text = edits.apply(&self.source, self.start, self.end)?;
        if !self.rewriting.is_empty() {
            self.check_rewritten(&text)?;
        }
        Ok(text)
    }

    /// A message of the database about the SQL that was sent, as it would be about the statement as written.
    pub fn message(&self, message: &str) -> String {
        let errors = self.dialect.rules().errors_at_end();
        let is_limit_ours = self.cap.is_some() && self.own_limit == OwnLimit::None;
        if is_limit_ours && message == errors.before_limit {
            errors.alone.to_owned()
        } else {
            message.to_owned()
        }
    }

    /// The text with the conditions in it must still be one statement of the same kind that reads these
    /// tables and no others.
    fn check_rewritten(&self, text: &str) -> Result<(), GuardError> {
        let script = Script::parse(self.dialect, text).map_err(|_| GuardError::Ambiguous)?;
        let [again] = script.statements() else {
            return Err(GuardError::Ambiguous);
        };
        let tables = |found: &BTreeSet<TableName>| -> BTreeSet<TableName> {
            // A subquery always says where its table lies.
            found
                .iter()
                .map(|table| table.or_main(self.dialect))
                .collect()
        };
        let (found, own) = (
            tables(&again.findings.tables),
            tables(&self.findings.tables),
        );
        let rules = tables(&self.rule_tables);
        let is_known = found.is_superset(&own)
            && found
                .iter()
                .all(|table| own.contains(table) || rules.contains(table));
        if again.kind == self.kind && is_known {
            Ok(())
        } else {
            Err(GuardError::Ambiguous)
        }
    }
}

/// The compiler's own drop goes down the tree by recursion.
impl Drop for SqlStatement {
    fn drop(&mut self) {
        let ast = self.ast.take();
        with_stack(self.depth, || drop(ast));
    }
}

/// Runs a step that goes down a syntax tree of at most `depth` levels by recursion.
pub(super) fn with_stack<T>(depth: usize, step: impl FnOnce() -> T) -> T {
    let needed = STEP_BYTES.saturating_add(depth.saturating_mul(LEVEL_BYTES));
    stacker::maybe_grow(needed, needed.max(STACK_BYTES), step)
}

/// The part of a text that holds one statement.
struct Piece {
    /// At least one.
    lexemes: Vec<Lexeme>,
    start: usize,
    end: usize,
}

impl Piece {
    /// What stands between two semicolons, without the white space around it.
    fn new(text: &str, lexemes: Vec<Lexeme>, start: usize, end: usize) -> Self {
        let piece = &text[start..end];
        let start = end - piece.trim_ascii_start().len();
        let end = start + text[start..end].trim_ascii_end().len();
        Self {
            lexemes,
            start,
            end,
        }
    }
}

/// The statements of a text; empty ones are left out.
fn split(text: &str, lexemes: Vec<Lexeme>) -> Result<Vec<Piece>, GuardError> {
    let too_many = || GuardError::TooComplex("too many statements");
    let is_separator = |lexeme: &Lexeme| lexeme.token == Token::SemiColon;
    let separators = lexemes.iter().filter(|lexeme| is_separator(lexeme)).count();
    // Every statement but the last ends with one; empty statements cost nothing.
    if separators > MAX_STATEMENTS * 4 {
        return Err(too_many());
    }
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut current = Vec::with_capacity(if separators == 0 { 0 } else { 16 });
    if separators == 0 {
        current = lexemes;
    } else {
        for lexeme in lexemes {
            if !is_separator(&lexeme) {
                current.push(lexeme);
                continue;
            }
            if !current.is_empty() {
                let lexemes = std::mem::take(&mut current);
                pieces.push(Piece::new(text, lexemes, start, lexeme.start));
            }
            start = lexeme.end;
        }
    }
    if !current.is_empty() {
        pieces.push(Piece::new(text, current, start, text.len()));
    }
    if pieces.len() > MAX_STATEMENTS {
        return Err(too_many());
    }
    Ok(pieces)
}

/// Whether what follows on a new line would still belong to a comment: SQLite lets one be open to the end.
fn is_open_comment(dialect: Dialect, tail: &str) -> bool {
    let is_code = |lexemes: Vec<Lexeme>| lexemes.len() == 1;
    !tail.is_empty() && !lex(dialect, &format!("{tail}\nx")).is_ok_and(is_code)
}

fn parser(dialect: Dialect, tokens: Vec<TokenWithSpan>) -> Parser<'static> {
    // Literals keep their text, in which doubled quotes are doubled.
    let options = ParserOptions::new().with_unescape(false);
    Parser::new(dialect.rules().parser())
        .with_options(options)
        .with_recursion_limit(RECURSION_LIMIT)
        .with_tokens_with_locations(tokens)
}

/// One whole statement, and a bound on its levels.
fn parse_tokens(
    dialect: Dialect,
    source: &str,
    tokens: Vec<TokenWithSpan>,
) -> Result<(Statement, usize), GuardError> {
    let depth = bounds::check(&tokens)?;
    let statement = with_stack(depth, || {
        let mut parser = parser(dialect, tokens);
        let statement = parser.parse_statement()?;
        match parser.peek_token_ref().token {
            Token::EOF => Ok(statement),
            _ => parser.expected_ref("end of statement", parser.peek_token_ref()),
        }
    });
    let statement = statement.map_err(|err| syntax_error(source, err))?;
    Ok((statement, depth))
}

/// What is wrong with the words of a statement, which its tree does not show: some words let a database
/// reach a table where the parser took them for a column, an alias or a function.
fn refusal(
    dialect: Dialect,
    statement: &Statement,
    kind: StatementKind,
    words: Words,
) -> Option<GuardError> {
    let relations = Relations::of(dialect, statement);
    if let Err(err) = relations.check() {
        return Some(err);
    }
    if words.has_xmlserialize {
        return Some(GuardError::Forbidden(
            "XMLSERIALIZE (write CAST(… AS text) instead)",
        ));
    }
    let may_insert = match kind {
        StatementKind::Write(_) => true,
        StatementKind::Read
        | StatementKind::Explain
        | StatementKind::Definition(DefinitionKind::CreateTable | DefinitionKind::CreateView) => {
            false
        }
        _ => return None,
    };
    let word = if words.has_table {
        "a query with the word TABLE outside of quotes"
    } else if words.has_stray_into || words.has_into && !may_insert {
        "a query with the word INTO outside of quotes"
    } else if words.only_count != relations.only_count {
        "a query with the word ONLY outside of quotes"
    } else {
        return None;
    };
    Some(GuardError::Forbidden(word))
}

/// The parser's words, with the place in lines and columns of the text.
fn syntax_error(source: &str, err: ParserError) -> GuardError {
    match err {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => {
            let (what, place) = text.rsplit_once(" at Line: ").unwrap_or((&text, ""));
            let column = place.rsplit(' ').next().and_then(|text| text.parse().ok());
            let at = column.map_or(source.len(), |column: usize| column.saturating_sub(1));
            let (line, column) = position(source, at.min(source.len()));
            let what = shorten(what);
            GuardError::Syntax(format!("{what} (line {line}, column {column})"))
        }
        ParserError::RecursionLimitExceeded => GuardError::TooComplex("it is nested too deeply"),
    }
}

/// Parser messages quote the text that they stumbled over.
fn shorten(text: &str) -> String {
    text.chars().take(300).collect()
}

/// Says whether a text is a condition for row level security: one whole expression.
///
/// # Errors
/// What it is instead.
pub fn check_condition(dialect: Dialect, text: &str) -> Result<(), String> {
    predicate(dialect, text).map(drop)
}

/// A condition for row level security as it is put into a statement. It must be one whole expression.
pub(super) fn predicate(dialect: Dialect, text: &str) -> Result<String, String> {
    if text.len() > MAX_BYTES {
        return Err("it is too long".to_owned());
    }
    let words = |err: GuardError| err.to_string();
    let lexemes = lex(dialect, text).map_err(words)?;
    // Comments at its ends are left out: they would swallow what follows.
    let start = lexemes.first().map_or(0, |lexeme| lexeme.start);
    let end = lexemes.last().map_or(0, |lexeme| lexeme.end);
    let Adapted { tokens, edits, .. } = adapt(dialect, lexemes);
    let depth = bounds::check(&tokens).map_err(words)?;
    with_stack(depth, || {
        let mut parser = parser(dialect, tokens);
        let condition = parser.parse_expr();
        condition.map_err(|err| shorten(&err.to_string()))?;
        match &parser.peek_token_ref().token {
            Token::EOF => Ok(()),
            other => Err(format!("it goes on after the expression with {other}")),
        }
    })?;
    edits.apply(text, start, end).map_err(words)
}
