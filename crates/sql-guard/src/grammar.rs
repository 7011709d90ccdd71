//! Puts a statement's tokens into a form that the parser knows, for the check alone.
//!
//! The text that is sent stays as it was written. Each rule here leaves out, or puts differently, words
//! that name no table and call no function (`BETWEEN SYMMETRIC`, `EXCLUDE TIES`, `ISNULL`), so that the
//! tree shows everything that the guard has to see. What a rule does not know stays for the parser, which
//! refuses it. A rule that fires in the wrong place gives a tree that lacks such a word, or none.

use std::collections::BTreeSet;

use sqlparser::ast::Ident;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan};

use super::edits::Edits;
use super::lexer::Lexeme;
use crate::Dialect;
use crate::dialect::Feature;
use crate::name::{TableName, fold_ident};

/// How many tokens a rule looks ahead, so that a text costs time by its length alone.
const LOOK_AHEAD: usize = 1_000;

/// A statement for the parser.
pub(super) struct Adapted {
    pub(super) tokens: Vec<TokenWithSpan>,
    /// What must be written differently for the database, too.
    pub(super) edits: Edits,
    pub(super) words: Words,
    pub(super) outside: OutsideNames,
    /// No word was left out or put differently: the tree says everything that the text says.
    pub(super) is_exact: bool,
}

/// Words that stand outside of quotes and are no labels.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Words {
    /// `LIMIT` or `FETCH` outside of all parentheses.
    pub(super) has_outer_limit: bool,
    /// `LIMIT` or `FETCH` anywhere.
    pub(super) has_limit: bool,
    /// How many tables are marked with `ONLY`.
    pub(super) only_count: usize,
    /// `TABLE` is left, and is not the one of `CREATE TABLE`.
    pub(super) has_table: bool,
    /// `INTO` that is not the one of `INSERT INTO` or `MERGE INTO`.
    pub(super) has_stray_into: bool,
    /// `INTO` of any kind.
    pub(super) has_into: bool,
    /// `XMLSERIALIZE`, whose type the parser takes for a name.
    pub(super) has_xmlserialize: bool,
}

/// Names that the tree does not show wherever they may stand.
#[derive(Debug, Clone, Default)]
pub(super) struct OutsideNames {
    /// `OPERATOR(schema.+)`: the schema is the last part of these names.
    pub(super) operator_schemas: BTreeSet<TableName>,
    /// `COLLATE schema."name"`.
    pub(super) collations: BTreeSet<TableName>,
    /// Operators, those that other words stand for as well.
    pub(super) operators: BTreeSet<TableName>,
}

/// Columns of spans are bytes of the whole text, counted from 1; an empty span has line 0.
pub(super) fn span_of(start: usize, end: usize) -> Span {
    let location = |at: usize| Location::new(1, at as u64 + 1);
    Span::new(location(start), location(end))
}

/// The bytes that a span of the tree stands for.
pub(super) fn bytes_of(span: Span) -> Option<(usize, usize)> {
    let byte = |location: Location| {
        if location.line != 1 {
            return None;
        }
        usize::try_from(location.column.checked_sub(1)?).ok()
    };
    let (start, end) = (byte(span.start)?, byte(span.end)?);
    (start <= end).then_some((start, end))
}

pub(super) fn adapt(dialect: Dialect, lexemes: Vec<Lexeme>) -> Adapted {
    let mut adapter = Adapter {
        dialect,
        output: Vec::with_capacity(lexemes.len() + 4),
        lexemes,
        at: 0,
        edits: Edits::default(),
        words: Words::default(),
        outside: OutsideNames::default(),
        is_exact: true,
        open: Vec::new(),
        tails: Vec::new(),
    };
    while adapter.at < adapter.lexemes.len() {
        adapter.step();
    }
    Adapted {
        tokens: adapter.output,
        edits: adapter.edits,
        words: adapter.words,
        outside: adapter.outside,
        is_exact: adapter.is_exact,
    }
}

/// An open parenthesis, bracket or brace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Plain,
    /// `ANY (VALUES …`, for the parser `ANY (SELECT * FROM (VALUES …`.
    Values,
    /// `ROWS FROM (…`.
    RowsFrom,
    /// `XMLEXISTS(…`.
    XmlExists,
    /// `XMLTABLE(…`.
    XmlTable,
    /// `SUBSTRING(…`, and whether `SIMILAR` was in it.
    Substring(bool),
}

pub(crate) struct Adapter {
    dialect: Dialect,
    lexemes: Vec<Lexeme>,
    at: usize,
    output: Vec<TokenWithSpan>,
    edits: Edits,
    words: Words,
    outside: OutsideNames,
    is_exact: bool,
    open: Vec<Open>,
    /// Where the words behind the number of a `FETCH FIRST` stand, and how many.
    tails: Vec<(usize, usize)>,
}

impl Adapter {
    /// Hands on or leaves out at least one token.
    fn step(&mut self) {
        if let Some((_, count)) = self.tails.pop_if(|(at, _)| *at == self.at) {
            return self.skip(count);
        }
        let is_adapted = match &self.lexemes[self.at].token {
            Token::Word(word) if word.quote_style.is_none() => self.word(word.keyword),
            Token::Number(text, _) => {
                let is_new = self.dialect.has(Feature::PrefixedNumbers)
                    && text.bytes().any(|byte| {
                        !matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')
                    });
                if is_new {
                    self.new_number();
                }
                false
            }
            Token::LParen | Token::LBracket | Token::LBrace => self.opening(),
            Token::RParen | Token::RBracket | Token::RBrace => self.closing(),
            Token::Period => self.whole_row(),
            token => {
                if self.dialect.has(Feature::CustomObjects)
                    && *self.last(0) != Token::Period
                    && let Some(operator) = operator_name(token)
                {
                    self.outside.operators.insert(TableName::bare(operator));
                }
                false
            }
        };
        self.is_exact &= !is_adapted;
        if !is_adapted {
            self.take();
        }
    }

    fn word(&mut self, keyword: Keyword) -> bool {
        self.note(keyword);
        if self.dialect.has(Feature::CustomObjects) && !self.is_label() {
            self.note_names(keyword);
        }
        let is_table = keyword == Keyword::TABLE
            && !self.is_label()
            && !self.was_one_of(0, &["CREATE", "UNLOGGED"]);
        let is_adapted = self.dialect.rules().adapt(self, keyword);
        self.words.has_table |= is_table && !is_adapted;
        is_adapted || self.any_word(keyword)
    }

    /// Hands on the token as it is.
    fn take(&mut self) {
        let lexeme = &mut self.lexemes[self.at];
        let token = std::mem::replace(&mut lexeme.token, Token::EOF);
        let span = span_of(lexeme.start, lexeme.end);
        self.output.push(TokenWithSpan { token, span });
        self.at += 1;
    }

    /// Hands on a token that is not there, in the place of the one that is next.
    fn put(&mut self, token: Token) {
        let at = self.at.min(self.lexemes.len() - 1);
        let span = span_of(self.lexemes[at].start, self.lexemes[at].end);
        self.output.push(TokenWithSpan { token, span });
    }

    fn put_words(&mut self, words: &[&str]) {
        for word in words {
            self.put(Token::make_word(word, None));
        }
    }

    fn skip(&mut self, count: usize) {
        self.at = (self.at + count).min(self.lexemes.len());
    }

    /// The token that many places on; what was handed on is gone.
    fn peek(&self, ahead: usize) -> &Token {
        let lexeme = self.lexemes.get(self.at + ahead);
        lexeme.map_or(&Token::EOF, |lexeme| &lexeme.token)
    }

    fn is_word(&self, ahead: usize, text: &str) -> bool {
        is_word(self.peek(ahead), text)
    }

    fn is_name(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), Token::Word(_))
    }

    /// The token that many places back in what was handed on.
    fn last(&self, back: usize) -> &Token {
        let token = self.output.iter().rev().nth(back);
        token.map_or(&Token::EOF, |token| &token.token)
    }

    fn was_word(&self, back: usize, text: &str) -> bool {
        is_word(self.last(back), text)
    }

    fn was_one_of(&self, back: usize, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.was_word(back, text))
    }

    /// Whether the word that is next is a label or a column: behind `AS` or a period any word is a name.
    fn is_label(&self) -> bool {
        *self.last(0) == Token::Period || self.was_word(0, "AS")
    }

    fn note(&mut self, keyword: Keyword) {
        if !matches!(
            keyword,
            Keyword::LIMIT | Keyword::FETCH | Keyword::ONLY | Keyword::INTO
        ) || self.is_label()
        {
            return;
        }
        match keyword {
            Keyword::LIMIT | Keyword::FETCH => {
                self.words.has_limit = true;
                self.words.has_outer_limit |= self.open.is_empty();
            }
            Keyword::ONLY if !self.was_one_of(0, &["ROW", "ROWS"]) => self.words.only_count += 1,
            Keyword::INTO => {
                self.words.has_into = true;
                let is_action = self.was_word(1, "OR");
                let is_change = self.was_one_of(0, &["INSERT", "REPLACE", "MERGE"]);
                self.words.has_stray_into |= !is_change && !is_action;
            }
            _ => {}
        }
    }

    /// Whatever stands around them, these words have such a name behind them.
    fn note_names(&mut self, keyword: Keyword) {
        match keyword {
            Keyword::COLLATE => {
                if let Some(name) = self.names(1) {
                    self.outside.collations.insert(name);
                }
            }
            Keyword::OPERATOR if *self.peek(1) == Token::LParen => {
                if let Some(name) = self.names(2) {
                    self.outside
                        .operators
                        .extend(self.qualified_operator(&name));
                    self.outside.operator_schemas.insert(name);
                }
            }
            keyword => {
                let operators = if self.is_word(0, "NULLIF") {
                    &["="]
                } else {
                    called_by(keyword)
                };
                let operators = operators.iter().copied();
                let operators = operators.map(|operator| TableName::bare(operator.to_owned()));
                self.outside.operators.extend(operators);
            }
        }
    }

    /// `OPERATOR(schema.+)`, with the name before the operator at hand.
    fn qualified_operator(&self, schema: &TableName) -> Option<TableName> {
        let parts = [&schema.catalog, &schema.schema]
            .into_iter()
            .flatten()
            .count();
        Some(TableName {
            catalog: schema.schema.clone(),
            schema: Some(schema.table.clone()),
            table: operator_name(self.peek(4 + 2 * parts))?,
        })
    }

    /// A name from that many places on, the operator at its end left out.
    fn names(&self, mut ahead: usize) -> Option<TableName> {
        let mut parts = Vec::new();
        while let Token::Word(word) = self.peek(ahead)
            && ahead <= LOOK_AHEAD
        {
            let ident = Ident {
                value: word.value.clone(),
                quote_style: word.quote_style,
                span: Span::empty(),
            };
            parts.push(fold_ident(self.dialect, &ident));
            if *self.peek(ahead + 1) != Token::Period {
                break;
            }
            ahead += 2;
        }
        let table = parts.pop()?;
        let schema = parts.pop();
        // More names than there can be are a database's name, too.
        let catalog = parts.pop();
        Some(TableName {
            catalog,
            schema,
            table,
        })
    }

    /// PostgreSQL 16 has `0x1F`, `0o17`, `0b101` and `1_000`. Until 14 they were a number and an alias, and
    /// in parentheses they are an error there, rather than another answer.
    fn new_number(&mut self) {
        let lexeme = &self.lexemes[self.at];
        if let Token::Number(text, _) = &lexeme.token {
            let text = format!("({text})");
            self.edits.replace(lexeme.start, lexeme.end, text);
        }
    }

    fn opening(&mut self) -> bool {
        let has_calls = self.dialect.has(Feature::SpecialCalls);
        let has_xml = self.dialect.has(Feature::Xml);
        let is_values =
            has_calls && self.is_word(1, "VALUES") && self.was_one_of(0, &["ANY", "SOME", "ALL"]);
        self.open.push(if is_values {
            Open::Values
        } else if has_calls && self.was_word(0, "SUBSTRING") {
            Open::Substring(false)
        } else if has_xml && self.was_word(0, "XMLEXISTS") {
            Open::XmlExists
        } else if has_xml && self.was_word(0, "XMLTABLE") {
            Open::XmlTable
        } else {
            Open::Plain
        });
        if !is_values {
            return false;
        }
        self.take();
        self.put_words(&["SELECT"]);
        self.put(Token::Mul);
        self.put_words(&["FROM"]);
        self.put(Token::LParen);
        true
    }

    fn closing(&mut self) -> bool {
        match self.open.pop() {
            Some(Open::Values) => self.put(Token::RParen),
            Some(Open::RowsFrom) => {
                self.take();
                if self.is_word(0, "WITH") && self.is_word(1, "ORDINALITY") {
                    self.skip(2);
                }
                return true;
            }
            _ => {}
        }
        false
    }

    /// `(…).*`: the columns of a row.
    fn whole_row(&mut self) -> bool {
        let is_row = self.dialect.has(Feature::RowExpansion)
            && matches!(self.last(0), Token::RParen | Token::RBracket)
            && *self.peek(1) == Token::Mul;
        if is_row {
            self.skip(2);
        }
        is_row
    }

    /// What both databases have.
    fn any_word(&mut self, keyword: Keyword) -> bool {
        match keyword {
            Keyword::NoKeyword if self.is_word(0, "ISNULL") => self.is_null(),
            Keyword::EXCLUDE => self.frame_exclusion(),
            _ => false,
        }
    }

    /// `a ISNULL`.
    fn is_null(&mut self) -> bool {
        let ends_expression = match self.last(0) {
            Token::Word(word) => {
                word.quote_style.is_some()
                    || !matches!(
                        word.keyword,
                        Keyword::SELECT
                            | Keyword::WHERE
                            | Keyword::AND
                            | Keyword::OR
                            | Keyword::NOT
                            | Keyword::ON
                            | Keyword::AS
                            | Keyword::BY
                            | Keyword::FROM
                            | Keyword::JOIN
                    )
            }
            Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::EscapedStringLiteral(_)
            | Token::HexStringLiteral(_)
            | Token::RParen
            | Token::RBracket => true,
            _ => false,
        };
        let is_test = ends_expression && !matches!(self.peek(1), Token::LParen | Token::Period);
        if is_test {
            self.put_words(&["IS", "NULL"]);
            self.skip(1);
        }
        is_test
    }

    /// `EXCLUDE CURRENT ROW | GROUP | TIES | NO OTHERS` at the end of a window.
    fn frame_exclusion(&mut self) -> bool {
        let length = if self.is_word(1, "CURRENT") && self.is_word(2, "ROW")
            || self.is_word(1, "NO") && self.is_word(2, "OTHERS")
        {
            3
        } else if self.is_word(1, "GROUP") || self.is_word(1, "TIES") {
            2
        } else {
            return false;
        };
        let is_frame = self.was_one_of(0, &["ROW", "PRECEDING", "FOLLOWING"])
            && *self.peek(length) == Token::RParen;
        if is_frame {
            self.skip(length);
        }
        is_frame
    }

    /// `WITH a AS [NOT] MATERIALIZED (…)`, `a NOT GLOB b`.
    pub(crate) fn sqlite_word(&mut self, keyword: Keyword) -> bool {
        if keyword == Keyword::NOT {
            let is_operator = ["GLOB", "REGEXP", "MATCH"]
                .iter()
                .any(|word| self.is_word(1, word));
            if is_operator {
                return self.skip_if(true, 1);
            }
        }
        let length = match keyword {
            Keyword::NOT if self.is_word(1, "MATERIALIZED") => 2,
            Keyword::MATERIALIZED => 1,
            _ => return false,
        };
        let is_hint = self.was_word(0, "AS") && *self.peek(length) == Token::LParen;
        if is_hint {
            self.skip(length);
        }
        is_hint
    }

    pub(crate) fn postgres_word(&mut self, keyword: Keyword) -> bool {
        match keyword {
            Keyword::SYMMETRIC | Keyword::ASYMMETRIC => {
                self.skip_if(self.was_word(0, "BETWEEN"), 1)
            }
            Keyword::VARIADIC => {
                let is_argument = matches!(self.last(0), Token::LParen | Token::Comma);
                self.skip_if(is_argument, 1)
            }
            Keyword::DISTINCT => self.skip_if(self.is_grouping(), 1),
            Keyword::ALL => {
                let is_last = matches!(self.peek(1), Token::EOF | Token::RParen)
                    || [
                        "HAVING",
                        "ORDER",
                        "LIMIT",
                        "WINDOW",
                        "UNION",
                        "EXCEPT",
                        "INTERSECT",
                        "OFFSET",
                        "FETCH",
                    ]
                    .iter()
                    .any(|word| self.is_word(1, word));
                self.skip_if(self.is_grouping() && !is_last, 1)
            }
            Keyword::UESCAPE => {
                let is_escape = matches!(self.last(0), Token::UnicodeStringLiteral(_))
                    && matches!(self.peek(1), Token::SingleQuotedString(_));
                self.skip_if(is_escape, 2)
            }
            Keyword::COLLATION => self.collation_for(),
            // Of version 17.
            Keyword::AT => self.skip_if(self.is_word(1, "LOCAL"), 2),
            Keyword::NAME => self.xml_name(),
            Keyword::TABLE => self.table_command(),
            Keyword::ROWS => self.rows_from(),
            Keyword::SEARCH => self.search_clause(),
            Keyword::CYCLE => self.cycle_clause(),
            Keyword::FETCH => self.fetch_first(),
            Keyword::SIMILAR | Keyword::ESCAPE => self.substring_similar(keyword),
            Keyword::OPERATOR => self.prefix_operator(),
            Keyword::PASSING => self.xml_passing(),
            // A function may name what is left of it without the word.
            Keyword::LATERAL => self.skip_if(self.is_word(1, "XMLTABLE"), 1),
            Keyword::NoKeyword if self.is_word(0, "DOCUMENT") => self.xml_document(),
            Keyword::NoKeyword if self.is_word(0, "XMLSERIALIZE") => {
                self.words.has_xmlserialize |= *self.peek(1) == Token::LParen;
                false
            }
            _ => false,
        }
    }

    fn skip_if(&mut self, is_meant: bool, count: usize) -> bool {
        if is_meant {
            self.skip(count);
        }
        is_meant
    }

    fn is_grouping(&self) -> bool {
        self.was_word(0, "BY") && self.was_word(1, "GROUP")
    }

    /// `COLLATION FOR (a)`, which calls `pg_collation_for`.
    fn collation_for(&mut self) -> bool {
        let is_call = self.is_word(1, "FOR") && *self.peek(2) == Token::LParen;
        if is_call {
            self.put_words(&["pg_collation_for"]);
            self.skip(2);
        }
        is_call
    }

    /// `a IS [NOT] DOCUMENT`.
    fn xml_document(&mut self) -> bool {
        if self.was_word(0, "IS") || self.was_word(0, "NOT") && self.was_word(1, "IS") {
            self.put_words(&["NULL"]);
            self.skip(1);
            return true;
        }
        false
    }

    /// `XMLEXISTS('//a' PASSING [BY REF] b [BY REF])`, for the parser with a comma, and `XMLTABLE` without the mark.
    fn xml_passing(&mut self) -> bool {
        let is_by = self.is_word(1, "BY") && (self.is_word(2, "REF") || self.is_word(2, "VALUE"));
        if self.open.last() == Some(&Open::XmlTable) && is_by {
            self.take();
            self.skip(2);
            return true;
        }
        if self.open.last() != Some(&Open::XmlExists) {
            return false;
        }
        self.put(Token::Comma);
        self.skip(if is_by { 3 } else { 1 });
        true
    }

    /// `OPERATOR(pg_catalog.-) a`, for the parser `- a`.
    fn prefix_operator(&mut self) -> bool {
        let is_prefix = matches!(self.last(0), Token::EOF | Token::Comma | Token::LParen)
            || self.was_one_of(
                0,
                &[
                    "SELECT", "WHERE", "AND", "OR", "NOT", "ON", "THEN", "ELSE", "WHEN", "BY",
                ],
            );
        let is_sign = |token: &Token| {
            matches!(
                token,
                Token::Minus | Token::Plus | Token::Tilde | Token::AtSign
            )
        };
        let is_qualified = *self.peek(1) == Token::LParen
            && self.is_name(2)
            && *self.peek(3) == Token::Period
            && is_sign(self.peek(4))
            && *self.peek(5) == Token::RParen;
        if !is_prefix || !is_qualified {
            return false;
        }
        self.put(Token::Minus);
        self.skip(6);
        true
    }

    /// `XMLELEMENT(NAME a, …)`.
    fn xml_name(&mut self) -> bool {
        let is_name = *self.last(0) == Token::LParen
            && self.was_one_of(1, &["XMLELEMENT", "XMLPI"])
            && self.is_name(1);
        let count = if *self.peek(2) == Token::Comma { 3 } else { 2 };
        self.skip_if(is_name, count)
    }

    /// `TABLE a` is `SELECT * FROM a`, and is written so, since it may become a query of some of its rows.
    fn table_command(&mut self) -> bool {
        let starts_query = match self.last(0) {
            Token::EOF | Token::LParen => true,
            Token::RParen => is_word(&self.output[0].token, "WITH"),
            _ => {
                let is_set = |adapter: &Self, back| {
                    adapter.was_one_of(back, &["UNION", "EXCEPT", "INTERSECT"])
                };
                is_set(self, 0) || self.was_one_of(0, &["ALL", "DISTINCT"]) && is_set(self, 1)
            }
        };
        if !starts_query || !self.is_name(1) {
            return false;
        }
        let (start, end) = (self.lexemes[self.at].start, self.lexemes[self.at].end);
        self.edits.replace(start, end, "SELECT * FROM".to_owned());
        self.put_words(&["SELECT"]);
        self.put(Token::Mul);
        self.put_words(&["FROM"]);
        self.skip(1);
        true
    }

    /// `ROWS FROM (f(…), g(…))`, for the parser `(SELECT f(…), g(…))`.
    fn rows_from(&mut self) -> bool {
        let is_source = self.is_word(1, "FROM")
            && *self.peek(2) == Token::LParen
            && (matches!(self.last(0), Token::Comma | Token::LParen)
                || self.was_one_of(0, &["FROM", "JOIN", "LATERAL"]));
        if !is_source {
            return false;
        }
        self.skip(2);
        self.take();
        self.open.push(Open::RowsFrom);
        self.put_words(&["SELECT"]);
        true
    }

    /// `WITH RECURSIVE a AS (…) SEARCH DEPTH FIRST BY b, c SET d`.
    fn search_clause(&mut self) -> bool {
        let is_clause = *self.last(0) == Token::RParen
            && (self.is_word(1, "DEPTH") || self.is_word(1, "BREADTH"))
            && self.is_word(2, "FIRST")
            && self.is_word(3, "BY");
        if !is_clause {
            return false;
        }
        let Some(length) = self.names_and_set(4) else {
            return false;
        };
        self.skip(length);
        true
    }

    /// `WITH RECURSIVE a AS (…) CYCLE b, c SET d [TO true DEFAULT false] USING e`.
    fn cycle_clause(&mut self) -> bool {
        if *self.last(0) != Token::RParen {
            return false;
        }
        let Some(mut length) = self.names_and_set(1) else {
            return false;
        };
        if self.is_word(length, "TO") && self.is_word(length + 2, "DEFAULT") {
            let is_constant = |token: &Token| {
                matches!(
                    token,
                    Token::Number(..)
                        | Token::SingleQuotedString(_)
                        | Token::EscapedStringLiteral(_)
                ) || ["TRUE", "FALSE", "NULL"]
                    .iter()
                    .any(|word| is_word(token, word))
            };
            if !is_constant(self.peek(length + 1)) || !is_constant(self.peek(length + 3)) {
                return false;
            }
            length += 4;
        }
        if !self.is_word(length, "USING") || !self.is_name(length + 1) {
            return false;
        }
        self.skip(length + 2);
        true
    }

    /// `a, b SET c` from that many places on, and where it ends.
    fn names_and_set(&self, mut ahead: usize) -> Option<usize> {
        loop {
            if !self.is_name(ahead) || ahead > LOOK_AHEAD {
                return None;
            }
            ahead += 1;
            if *self.peek(ahead) != Token::Comma {
                break;
            }
            ahead += 1;
        }
        (self.is_word(ahead, "SET") && self.is_name(ahead + 1)).then_some(ahead + 2)
    }

    /// `FETCH FIRST (1 + 2) ROWS ONLY`, for the parser `LIMIT (1 + 2)`. It knows the form with a number.
    fn fetch_first(&mut self) -> bool {
        let is_clause =
            !self.output.is_empty() && (self.is_word(1, "FIRST") || self.is_word(1, "NEXT"));
        let is_rows =
            |adapter: &Self, ahead| adapter.is_word(ahead, "ROW") || adapter.is_word(ahead, "ROWS");
        let is_plain =
            is_rows(self, 2) || matches!(self.peek(2), Token::Number(..)) && is_rows(self, 3);
        if !is_clause || is_plain {
            return false;
        }
        let mut depth = 0_usize;
        let mut end = 2;
        loop {
            match self.peek(end) {
                _ if end > LOOK_AHEAD => return false,
                Token::EOF => return false,
                Token::LParen => depth += 1,
                Token::RParen if depth == 0 => return false,
                Token::RParen => depth -= 1,
                _ if depth == 0 && is_rows(self, end) => break,
                _ => {}
            }
            end += 1;
        }
        let tail = if self.is_word(end + 1, "ONLY") {
            2
        } else if self.is_word(end + 1, "WITH") && self.is_word(end + 2, "TIES") {
            3
        } else {
            return false;
        };
        self.tails.push((self.at + end, tail));
        self.put_words(&["LIMIT"]);
        self.skip(2);
        true
    }

    /// `SUBSTRING(a SIMILAR b ESCAPE c)`, for the parser with commas.
    fn substring_similar(&mut self, keyword: Keyword) -> bool {
        let is_operator = self.is_word(1, "TO");
        let Some(Open::Substring(has_similar)) = self.open.last_mut() else {
            return false;
        };
        match keyword {
            Keyword::SIMILAR if !*has_similar && !is_operator => *has_similar = true,
            Keyword::ESCAPE if *has_similar => {}
            _ => return false,
        }
        self.put(Token::Comma);
        self.skip(1);
        true
    }
}

/// The operators by whose names PostgreSQL's grammar looks for what these words do (`gram.y`, `parse_expr.c`).
fn called_by(keyword: Keyword) -> &'static [&'static str] {
    match keyword {
        Keyword::LIKE => &["~~", "!~~"],
        Keyword::ILIKE => &["~~*", "!~~*"],
        Keyword::SIMILAR => &["~", "!~"],
        Keyword::BETWEEN => &[">=", "<=", "<", ">"],
        Keyword::IN => &["=", "<>"],
        Keyword::CASE | Keyword::DISTINCT | Keyword::NATURAL | Keyword::USING => &["="],
        _ => &[],
    }
}

/// The name of an operator, as PostgreSQL's catalogue has it.
fn operator_name(token: &Token) -> Option<String> {
    let is_other = matches!(
        token,
        Token::EOF
            | Token::Word(_)
            | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::EscapedStringLiteral(_)
            | Token::Comma
            | Token::LParen
            | Token::RParen
            | Token::Period
            | Token::RArrow
    );
    if is_other {
        return None;
    }
    let text = token.to_string();
    let is_operator = text
        .bytes()
        .all(|byte| b"~!@#^&|`?+-*/%<>=".contains(&byte));
    is_operator.then_some(text)
}

fn is_word(token: &Token, text: &str) -> bool {
    match token {
        Token::Word(word) => word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text),
        _ => false,
    }
}
