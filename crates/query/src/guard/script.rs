use std::collections::BTreeSet;

use sqlparser::ast::{Expr, Query, Statement};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError, ParserOptions};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::bounds::{self, MAX_BYTES, MAX_STATEMENTS};
use super::classify::{Findings, StatementKind, classify};
use super::filter::{self, RowFilters};
use super::limit::{self, LimitRule};
use super::{GuardError, Policy, quote};
use crate::Dialect;
use crate::name::TableName;

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
    /// `None` only while it is dropped.
    ast: Option<Statement>,
    /// A bound on the levels of the tree.
    depth: usize,
    kind: StatementKind,
    findings: Findings,
}

impl Script {
    /// Parses a text of statements. An empty text, or one of comments, has none.
    ///
    /// # Errors
    /// `TooLong`, `TooComplex`, `Syntax`. Any text gives one of them or a script; none panics.
    pub fn parse(dialect: Dialect, text: &str) -> Result<Self, GuardError> {
        let mut parsed = parse_statements(dialect, text)?;
        let depth = parsed.depth;
        let statements = std::mem::take(&mut parsed.statements).into_iter();
        Ok(Self {
            statements: statements
                .map(|ast| SqlStatement::new(dialect, ast, depth))
                .collect(),
        })
    }

    /// Refuses the script when any statement may not run under `policy`.
    ///
    /// # Errors
    /// `DmlNotAllowed`, `Forbidden`, `Functions` or `Tables` of the first statement that has one.
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

    /// Whether any statement changes something.
    pub fn is_write(&self) -> bool {
        self.statements.iter().any(SqlStatement::is_write)
    }
}

impl SqlStatement {
    fn new(dialect: Dialect, mut ast: Statement, depth: usize) -> Self {
        let (kind, findings) = with_stack(depth, || {
            quote::relations(dialect, &mut ast);
            classify(dialect, &ast)
        });
        Self {
            dialect,
            ast: Some(ast),
            depth,
            kind,
            findings,
        }
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

    /// The functions that it calls, in lower case.
    pub fn functions(&self) -> &BTreeSet<String> {
        &self.findings.functions
    }

    fn check(&self, policy: Policy) -> Result<(), GuardError> {
        match self.kind {
            StatementKind::Forbidden(part) => return Err(GuardError::Forbidden(part)),
            StatementKind::Write(part) if !policy.allow_dml => {
                return Err(GuardError::DmlNotAllowed(part));
            }
            StatementKind::Definition(kind) if !policy.allow_dml => {
                return Err(GuardError::DmlNotAllowed(kind.words()));
            }
            StatementKind::Definition(kind) if !policy.definitions.contains(kind) => {
                return Err(GuardError::DefinitionNotAllowed(kind));
            }
            _ => {}
        }
        self.findings.check(policy)
    }

    /// Puts a row limit on a reading statement; others are left as they are.
    pub fn limit_rows(&mut self, rows: u64, rule: LimitRule) {
        if let (StatementKind::Read, Some(Statement::Query(query))) = (self.kind, &mut self.ast) {
            limit::set(query, rows, rule);
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
        let (dialect, ast) = (self.dialect, &mut self.ast);
        if let Some(ast) = ast {
            // The conditions' own levels come on top, and those of the subqueries.
            self.depth += filter::apply(dialect, ast, filters, self.depth)?;
        }
        Ok(())
    }

    /// The statement as it stands now, written out for reading. Only [`Self::sql`] is fit to be run.
    pub fn text(&self) -> String {
        match &self.ast {
            Some(ast) => with_stack(self.depth, || format!("{ast:#}")),
            None => String::new(),
        }
    }

    /// The statement as it stands now, to be run.
    ///
    /// It is parsed again and must give the same tree: the guard has looked at the tree, and the
    /// database reads the text. (The library's writer leaves a quote after a backslash as it is, which
    /// would end a string early.)
    ///
    /// # Errors
    /// `Ambiguous`: it does not.
    pub fn sql(&self) -> Result<String, GuardError> {
        let text = self.text();
        let tokens = tokenize(self.dialect, &text).map_err(|_| GuardError::Ambiguous)?;
        if matches!(self.kind, StatementKind::Read | StatementKind::Explain)
            && let Some(word) = tokens.iter().find_map(reaching_word)
        {
            return Err(GuardError::Forbidden(word));
        }
        let again = parse_tokens(self.dialect, tokens).map_err(|_| GuardError::Ambiguous)?;
        let depth = self.depth.max(again.depth);
        let is_same = with_stack(depth, || match (again.statements.as_slice(), &self.ast) {
            ([again], Some(ast)) => again == ast,
            _ => false,
        });
        if is_same {
            Ok(text)
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

/// Statements, and a bound on the levels of their trees.
struct Parsed {
    statements: Vec<Statement>,
    depth: usize,
}

impl Drop for Parsed {
    fn drop(&mut self) {
        let statements = std::mem::take(&mut self.statements);
        if !statements.is_empty() {
            with_stack(self.depth, || drop(statements));
        }
    }
}

/// Runs a step that goes down a syntax tree of at most `depth` levels by recursion.
pub(super) fn with_stack<T>(depth: usize, step: impl FnOnce() -> T) -> T {
    let needed = STEP_BYTES.saturating_add(depth.saturating_mul(LEVEL_BYTES));
    stacker::maybe_grow(needed, needed.max(STACK_BYTES), step)
}

fn options() -> ParserOptions {
    // Literals keep their text: what is checked is then written back letter by letter.
    ParserOptions::new().with_unescape(false)
}

fn parse_statements(dialect: Dialect, text: &str) -> Result<Parsed, GuardError> {
    if text.len() > MAX_BYTES {
        return Err(GuardError::TooLong {
            bytes: text.len(),
            limit: MAX_BYTES,
        });
    }
    parse_tokens(dialect, tokenize(dialect, text)?)
}

fn parse_tokens(dialect: Dialect, tokens: Vec<TokenWithSpan>) -> Result<Parsed, GuardError> {
    let depth = bounds::check(&tokens)?;
    let separators = tokens
        .iter()
        .filter(|token| token.token == Token::SemiColon);
    // Every statement but the last ends with one; empty statements cost nothing.
    if separators.count() > MAX_STATEMENTS * 4 {
        return Err(GuardError::TooComplex("too many statements"));
    }
    let statements = with_stack(depth, || {
        Parser::new(dialect.parser())
            .with_options(options())
            .with_recursion_limit(RECURSION_LIMIT)
            .with_tokens_with_locations(tokens)
            .parse_statements()
    })
    .map_err(syntax_error)?;
    let parsed = Parsed { statements, depth };
    if parsed.statements.len() > MAX_STATEMENTS {
        return Err(GuardError::TooComplex("too many statements"));
    }
    Ok(parsed)
}

/// A word that, outside of quotes, lets a database reach a table which the tree does not name as one,
/// wherever the parser took it for a column or an alias. None of them is needed to read.
fn reaching_word(token: &TokenWithSpan) -> Option<&'static str> {
    let Token::Word(word) = &token.token else {
        return None;
    };
    if word.quote_style.is_some() {
        return None;
    }
    match word.keyword {
        Keyword::TABLE => Some("a query with the word TABLE outside of quotes"),
        Keyword::INTO => Some("a query with the word INTO outside of quotes"),
        Keyword::ONLY => Some("a query with the word ONLY outside of quotes"),
        _ => None,
    }
}

fn tokenize(dialect: Dialect, text: &str) -> Result<Vec<TokenWithSpan>, GuardError> {
    Tokenizer::new(dialect.parser(), text)
        .with_unescape(false)
        .tokenize_with_location()
        .map_err(|err| GuardError::Syntax(shorten(&err.to_string())))
}

fn syntax_error(err: ParserError) -> GuardError {
    match err {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => {
            GuardError::Syntax(shorten(&text))
        }
        ParserError::RecursionLimitExceeded => GuardError::TooComplex("it is nested too deeply"),
    }
}

/// Parser messages quote the text that they stumbled over.
fn shorten(text: &str) -> String {
    text.chars().take(300).collect()
}

/// Parses a text of one query that we wrote ourselves.
pub(super) fn one_query(dialect: Dialect, text: &str) -> Result<Query, GuardError> {
    match parse_statements(dialect, text)?.statements.pop() {
        Some(Statement::Query(query)) => Ok(*query),
        _ => Err(GuardError::Syntax("not a query".to_owned())),
    }
}

/// Parses a condition for row level security, and gives a bound on its levels. It must be one whole
/// expression.
pub(super) fn predicate(dialect: Dialect, text: &str) -> Result<(Expr, usize), String> {
    if text.len() > MAX_BYTES {
        return Err("it is too long".to_owned());
    }
    let tokens = tokenize(dialect, text).map_err(|err| err.to_string())?;
    let depth = bounds::check(&tokens).map_err(|err| err.to_string())?;
    let mut parser = Parser::new(dialect.parser())
        .with_options(options())
        .with_recursion_limit(RECURSION_LIMIT)
        .with_tokens_with_locations(tokens);
    let expr =
        with_stack(depth, || parser.parse_expr()).map_err(|err| shorten(&err.to_string()))?;
    match parser.next_token().token {
        Token::EOF => Ok((expr, depth)),
        other => Err(format!("it goes on after the expression with {other}")),
    }
}
