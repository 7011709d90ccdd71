//! Text that is looked for, as each database looks for it.

use sea_query::extension::postgres::PgExpr;
use sea_query::extension::sqlite::SqliteExpr;
use sea_query::{Condition, Expr, ExprTrait, LikeExpr};
use tidegate_database::Backend;

use super::Usage;
use crate::table::Table;

/// Text in which parts may stand for any text.
pub(super) enum Pattern<'a> {
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
        // Not of the vector, which sea-query takes for an array of SQL.
        if !cases[..].contains(&other) && one(other.to_lowercase()) == Some(lower) {
            cases.push(other);
        }
    }
    cases
}

/// Whether a column matches, with any text before and after as said.
pub(super) fn matches(
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
}
