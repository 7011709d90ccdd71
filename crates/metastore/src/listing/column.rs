use std::marker::PhantomData;

use chrono::NaiveDateTime;
use sea_query::extension::postgres::PgExpr;
use sea_query::extension::sqlite::SqliteExpr;
use sea_query::{
    Condition, Expr, ExprTrait, LikeExpr, NullOrdering, Order, SelectStatement, Value,
};
use uuid::Uuid;

use super::Direction;
use crate::table::Table;
use tidegate_database::{Backend, CellKind};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    /// A whole number.
    Integer,
    /// Text.
    Text,
    /// Long text, of which only equality and presence are asked.
    LongText,
    /// True or false.
    Flag,
    /// A time, UTC.
    Time,
    /// A UUID.
    Uuid,
    /// JSON in a column of its own.
    Json,
}

impl ColumnKind {
    /// What the database is asked for.
    pub(super) const fn cell(self) -> CellKind {
        match self {
            Self::Integer => CellKind::Integer,
            Self::Text | Self::LongText | Self::Json => CellKind::Text,
            Self::Flag => CellKind::Flag,
            Self::Time => CellKind::Time,
            Self::Uuid => CellKind::Uuid,
        }
    }
}

/// What lists use a column for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// It is shown when no columns are asked for.
    List,
    /// It is offered for ordering.
    Sort,
    /// A search looks into it.
    Search,
    /// The list tool filters by it.
    Filter,
}

/// A column of the table that `T` describes. All are constants of this crate, so that no name from outside ever reaches SQL.
#[derive(Debug)]
pub struct Column<T> {
    /// The column's name in its table and in answers.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// What it is, for people; empty where its name says it.
    pub about: &'static str,
    /// The operators that `get_schema` names for it, where they are not those of its kind.
    pub operators: Option<&'static [&'static str]>,
    /// Whether its text is JSON, which answers show as such.
    pub is_json: bool,
    /// Whether answers show it at all.
    pub is_shown: bool,
    /// Whether answers show an empty text where it is null, as Superset's do.
    pub is_empty_for_null: bool,
    /// The table that it is in: `T`'s own, or one that is joined.
    table: &'static str,
    /// Whether nulls have to be ordered.
    has_nulls: bool,
    /// Its place among the columns of each use.
    places: [Option<u8>; 4],
    of: PhantomData<fn() -> T>,
}

impl<T> PartialEq for Column<T> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// What a line of `table!` may say of a column.
impl<T> Column<T> {
    pub(crate) const fn new(
        table: &'static str,
        name: &'static str,
        kind: ColumnKind,
        is_nullable: bool,
        about: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            about,
            operators: None,
            is_json: false,
            is_shown: true,
            is_empty_for_null: false,
            table,
            has_nulls: is_nullable,
            places: [None; 4],
            of: PhantomData,
        }
    }

    const fn used(mut self, usage: Usage, place: u8) -> Self {
        self.places[usage as usize] = Some(place);
        self
    }

    /// It is shown by default, at this place.
    pub(crate) const fn list(self, place: u8) -> Self {
        self.used(Usage::List, place)
    }

    /// It is offered for ordering.
    pub(crate) const fn sort(self, place: u8) -> Self {
        self.used(Usage::Sort, place)
    }

    /// A search looks into it.
    pub(crate) const fn search(self, place: u8) -> Self {
        self.used(Usage::Search, place)
    }

    /// The list tool filters by it.
    pub(crate) const fn filter(self, place: u8) -> Self {
        self.used(Usage::Filter, place)
    }

    /// It understands these operators only.
    pub(crate) const fn operators(mut self, operators: &'static [&'static str]) -> Self {
        self.operators = Some(operators);
        self
    }

    /// It is in a table that the entity joins.
    pub(crate) const fn of(mut self, table: &'static str) -> Self {
        self.table = table;
        self
    }

    /// Superset fills it in every row, though it may be null.
    pub(crate) const fn filled(mut self) -> Self {
        self.has_nulls = false;
        self
    }

    /// Its text is JSON.
    pub(crate) const fn json(mut self) -> Self {
        self.is_json = true;
        self
    }

    /// Answers never show it.
    pub(crate) const fn hidden(mut self) -> Self {
        self.is_shown = false;
        self
    }

    /// Answers show an empty text where it is null.
    pub(crate) const fn empty_for_null(mut self) -> Self {
        self.is_empty_for_null = true;
        self
    }
}

impl<T> Column<T> {
    /// Its place among the columns of a use; columns of the same place follow each other as in the table. `None`: it is not
    /// used so.
    pub fn place(&self, usage: Usage) -> Option<u8> {
        self.places[usage as usize]
    }

    /// The column in SQL.
    pub(super) fn in_sql(&self) -> (&'static str, &'static str) {
        (self.table, self.name)
    }

    /// Table and column, for errors.
    pub(super) fn stored_as(&self) -> String {
        format!("{}.{}", self.table, self.name)
    }

    /// Adds it to what a statement reads.
    pub(crate) fn select(&self, statement: &mut SelectStatement, backend: Backend) {
        let column = Expr::col(self.in_sql());
        match (self.kind, backend) {
            // As text, so that both backends give the document as it was written.
            (ColumnKind::Json, Backend::Postgres) => {
                statement.expr_as(column.cast_as("text"), self.name)
            }
            _ => statement.expr(column),
        };
    }

    /// Orders a statement by it: nulls come last, or first where it runs downwards.
    pub(super) fn order(&self, statement: &mut SelectStatement, direction: Direction) {
        let (order, nulls) = match direction {
            Direction::Ascending => (Order::Asc, NullOrdering::Last),
            Direction::Descending => (Order::Desc, NullOrdering::First),
        };
        if self.has_nulls {
            statement.order_by_with_nulls(self.in_sql(), order, nulls);
        } else {
            statement.order_by(self.in_sql(), order);
        }
    }
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Text; read as a time or UUID where the column holds one.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Number(f64),
    /// True or false.
    Flag(bool),
}

/// What a filter asks of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Equal.
    Equal(Scalar),
    /// Present and not equal.
    NotEqual(Scalar),
    /// Greater.
    Greater(Scalar),
    /// Greater or equal.
    GreaterOrEqual(Scalar),
    /// Less.
    Less(Scalar),
    /// Less or equal.
    LessOrEqual(Scalar),
    /// One of these.
    In(Vec<Scalar>),
    /// Present and none of these.
    NotIn(Vec<Scalar>),
    /// Begins with this, wildcards taken literally.
    StartsWith(String),
    /// Ends with this, wildcards taken literally.
    EndsWith(String),
    /// Contains this pattern, `%` and `_` being wildcards; case counts.
    Like(String),
    /// Contains this pattern, `%` and `_` being wildcards; case does not count.
    LikeAnyCase(String),
    /// Null.
    IsNull,
    /// Not null.
    IsNotNull,
}

/// Text in which parts may stand for any text.
enum Pattern<'a> {
    /// Wildcards stand for themselves.
    Literal(&'a str),
    /// `%` stands for any text, `_` for any character.
    Wild(&'a str),
}

impl Pattern<'_> {
    /// For `LIKE`. A backslash is the escape character and no wildcard of ours, so it is escaped itself.
    fn for_like(&self) -> String {
        match self {
            Self::Literal(text) => text
                .replace('\\', "\\\\")
                .replace('%', "\\%")
                .replace('_', "\\_"),
            Self::Wild(text) => text.replace('\\', "\\\\"),
        }
    }

    /// For SQLite's `GLOB`, whose wildcards are `*`, `?` and `[…]`. It compares case, so that a letter whose case does
    /// not count becomes the set of its cases.
    fn for_glob(&self, any_case: bool) -> String {
        let (text, is_wild) = match self {
            Self::Literal(text) => (text, false),
            Self::Wild(text) => (text, true),
        };
        let mut glob = String::with_capacity(text.len() + 2);
        for character in text.chars() {
            match character {
                '%' if is_wild => glob.push('*'),
                '_' if is_wild => glob.push('?'),
                '*' | '?' | '[' => glob.extend(['[', character, ']']),
                letter if any_case => match cases(letter).as_slice() {
                    [only] => glob.push(*only),
                    several => {
                        glob.push('[');
                        glob.extend(several);
                        glob.push(']');
                    }
                },
                other => glob.push(other),
            }
        }
        glob
    }

    fn is_ascii(&self) -> bool {
        match self {
            Self::Literal(text) | Self::Wild(text) => text.is_ascii(),
        }
    }
}

/// The letters that a letter is the same as when case does not count: those with its lower case, as PostgreSQL's
/// `ILIKE` compares them. A case of several letters (`SS` for `ß`) is none of them there either.
fn cases(letter: char) -> Vec<char> {
    /// The capital of `ß`, which no rule leads to.
    const CAPITAL_SHARP_S: char = '\u{1e9e}';
    fn one(mut letters: impl Iterator<Item = char>) -> Option<char> {
        letters.next().filter(|_| letters.next().is_none())
    }
    let lower = one(letter.to_lowercase()).unwrap_or(letter);
    let upper = one(lower.to_uppercase());
    let capital = (lower == 'ß').then_some(CAPITAL_SHARP_S);
    let mut cases = vec![letter];
    for other in [Some(lower), upper, capital].into_iter().flatten() {
        // A letter with another lower case is another letter: `ς` ends words as `σ`, and has its capital.
        if !cases[..].contains(&other) && one(other.to_lowercase()) == Some(lower) {
            cases.push(other);
        }
    }
    cases
}

/// Whether a column matches, with any text before and after as said.
fn matches(
    column: Expr,
    (before, pattern, after): (bool, Pattern<'_>, bool),
    any_case: bool,
    backend: Backend,
) -> Expr {
    let around = |text: String, any: &str| {
        format!(
            "{}{text}{}",
            if before { any } else { "" },
            if after { any } else { "" }
        )
    };
    let like = || LikeExpr::new(around(pattern.for_like(), "%"));
    match (backend, any_case) {
        // PostgreSQL's escape character is the backslash unless another is named.
        (Backend::Postgres, true) => column.ilike(like()),
        (Backend::Postgres, false) => column.like(like()),
        // SQLite's LIKE ignores the case of ASCII letters, and GLOB never does. Neither uses an index here: all but what
        // begins with a text is looked for anywhere.
        (Backend::Sqlite, true) if pattern.is_ascii() => column.like(like().escape('\\')),
        (Backend::Sqlite, any_case) => column.glob(around(pattern.for_glob(any_case), "*")),
    }
}

/// `text` anywhere in one of the columns that are searched, whatever its case. `%` and `_` are wildcards, as in Superset.
pub(super) fn search<T: Table>(text: &str, backend: Backend) -> Condition {
    T::COLUMNS
        .iter()
        .filter(|column| column.place(Usage::Search).is_some())
        .fold(Condition::any(), |any, column| {
            let column = Expr::col(column.in_sql());
            any.add(matches(
                column,
                (true, Pattern::Wild(text), true),
                true,
                backend,
            ))
        })
}

impl<T> Column<T> {
    /// The value as the column stores it. `None`: the column cannot hold such a value.
    fn stored(&self, scalar: &Scalar) -> Option<Value> {
        Some(match (self.kind, scalar) {
            (ColumnKind::Integer, Scalar::Integer(number)) => (*number).into(),
            (ColumnKind::Integer, Scalar::Number(number)) => (*number).into(),
            (ColumnKind::Integer, Scalar::Text(text)) => text.trim().parse::<i64>().ok()?.into(),
            (ColumnKind::Flag, Scalar::Flag(flag)) => (*flag).into(),
            (ColumnKind::Flag, Scalar::Integer(number @ (0 | 1))) => (*number == 1).into(),
            (ColumnKind::Flag, Scalar::Text(text)) => text
                .trim()
                .to_ascii_lowercase()
                .parse::<bool>()
                .ok()?
                .into(),
            (ColumnKind::Text | ColumnKind::LongText, Scalar::Text(text)) => text.as_str().into(),
            (ColumnKind::Text | ColumnKind::LongText, Scalar::Integer(number)) => {
                number.to_string().into()
            }
            (ColumnKind::Text | ColumnKind::LongText, Scalar::Number(number)) => {
                number.to_string().into()
            }
            (ColumnKind::Text | ColumnKind::LongText, Scalar::Flag(flag)) => {
                flag.to_string().into()
            }
            (ColumnKind::Time, Scalar::Text(text)) => time(text)?.into(),
            (ColumnKind::Uuid, Scalar::Text(text)) => text.trim().parse::<Uuid>().ok()?.into(),
            _ => return None,
        })
    }

    /// Whether the column can be compared with such a value at all; when not, the caller should say so
    /// rather than give an empty list.
    pub fn can_hold(&self, scalar: &Scalar) -> bool {
        self.stored(scalar).is_some()
    }

    /// The filter as a condition. A value that the column cannot hold equals nothing.
    pub(super) fn condition(&self, filter: &Filter, backend: Backend) -> Expr {
        let column = || Expr::col(self.in_sql());
        let nothing = || Expr::val(1).eq(0);
        let compared = |scalar: &Scalar, compare: fn(Expr, Value) -> Expr| {
            self.stored(scalar)
                .map_or_else(nothing, |value| compare(column(), value))
        };
        let stored = |scalars: &[Scalar]| {
            scalars
                .iter()
                .filter_map(|scalar| self.stored(scalar))
                .collect::<Vec<_>>()
        };
        // Only text has a LIKE in PostgreSQL.
        let textual = || match (self.kind, backend) {
            (ColumnKind::Text | ColumnKind::LongText, _) | (_, Backend::Sqlite) => column(),
            (_, Backend::Postgres) => column().cast_as("text"),
        };
        match filter {
            Filter::Equal(scalar) => compared(scalar, ExprTrait::eq),
            Filter::NotEqual(scalar) => match self.stored(scalar) {
                Some(value) => column().ne(value),
                None => column().is_not_null(),
            },
            Filter::Greater(scalar) => compared(scalar, ExprTrait::gt),
            Filter::GreaterOrEqual(scalar) => compared(scalar, ExprTrait::gte),
            Filter::Less(scalar) => compared(scalar, ExprTrait::lt),
            Filter::LessOrEqual(scalar) => compared(scalar, ExprTrait::lte),
            Filter::In(scalars) => match stored(scalars) {
                values if values.is_empty() => nothing(),
                values => column().is_in(values),
            },
            Filter::NotIn(scalars) => match stored(scalars) {
                values if values.is_empty() => column().is_not_null(),
                values => column().is_not_in(values),
            },
            Filter::StartsWith(text) => matches(
                textual(),
                (false, Pattern::Literal(text), true),
                false,
                backend,
            ),
            Filter::EndsWith(text) => matches(
                textual(),
                (true, Pattern::Literal(text), false),
                false,
                backend,
            ),
            Filter::Like(text) => {
                matches(textual(), (true, Pattern::Wild(text), true), false, backend)
            }
            Filter::LikeAnyCase(text) => {
                matches(textual(), (true, Pattern::Wild(text), true), true, backend)
            }
            Filter::IsNull => column().is_null(),
            Filter::IsNotNull => column().is_not_null(),
        }
    }
}

/// ISO 8601, with a `T` or a space, with or without a time of day, a fraction, a zone.
fn time(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    if let Ok(zoned) = chrono::DateTime::parse_from_rfc3339(text) {
        return Some(zoned.naive_utc());
    }
    let text = text.replacen('T', " ", 1);
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(&text, format).ok())
        .or_else(|| {
            chrono::NaiveDate::parse_from_str(&text, "%Y-%m-%d")
                .ok()
                .map(Into::into)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_whose_case_does_not_count_is_the_set_of_its_cases() {
        let glob = |text| Pattern::Wild(text).for_glob(true);
        assert_eq!("[éÉ][cC]?", glob("éc_"));
        assert_eq!("[Оо][Тт][Чч]*7", glob("ОТЧ%7"));
        assert_eq!("[ßẞ][ẞß]", glob("ßẞ"));
        assert_eq!("[σΣ][Σσ]ς", glob("σΣς"));
        // One case, or one of several letters.
        assert_eq!("売İ[[]-]", glob("売İ[-]"));
    }

    #[test]
    fn wildcards_in_a_beginning_or_ending_are_taken_literally() {
        assert_eq!(r"50\% \_ \\", Pattern::Literal(r"50% _ \").for_like());
        assert_eq!(r"50% _ \\", Pattern::Wild(r"50% _ \").for_like());
        assert_eq!("50% _ [*]", Pattern::Literal("50% _ *").for_glob(false));
        assert_eq!("50* ? [[]", Pattern::Wild("50% _ [").for_glob(false));
    }

    #[test]
    fn times_are_read_in_the_forms_that_people_write() {
        for text in [
            "2026-01-02",
            "2026-01-02T00:00",
            "2026-01-02 00:00:00.000",
            "2026-01-02T01:00:00+01:00",
        ] {
            assert_eq!(
                "2026-01-02 00:00:00",
                time(text).unwrap().to_string(),
                "{text}"
            );
        }
        assert_eq!(None, time("yesterday"));
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_noticed() {
        let id = Column::<()>::new("slices", "id", ColumnKind::Integer, false, "");
        assert!(id.can_hold(&Scalar::Integer(3)));
        assert!(id.can_hold(&Scalar::Text("3".into())));
        assert!(!id.can_hold(&Scalar::Text("three".into())));
        assert!(!id.can_hold(&Scalar::Flag(true)));
    }
}
