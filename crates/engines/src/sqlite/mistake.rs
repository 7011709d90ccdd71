//! What SQLite says of a name that it does not know.

use crate::mistake::{last, said};
use crate::{QueryError, UnknownName};

/// `SQLITE_ERROR`, which most mistakes are.
const ERROR: &str = "1";

/// `None` when the failure is about something else.
pub(super) fn unknown_name(err: &QueryError) -> Option<UnknownName> {
    let (ERROR, message) = said(err)? else {
        return None;
    };
    if let Some(name) = message.strip_prefix("no such table: ") {
        return Some(UnknownName::Table(last(name).to_owned()));
    }
    let name = match message.strip_prefix("no such column: ") {
        // It suspects that a text was meant, and says so.
        Some(name) => last(name.split(" - should this be").next()?),
        None => message.split_once(" has no column named ")?.1,
    };
    Some(UnknownName::Column(Some(name.trim_matches('"').to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unknown_name_is_found_in_what_the_server_says() {
        let table = |name: &str| Some(UnknownName::Table(name.to_owned()));
        let column = |name: &str| Some(UnknownName::Column(Some(name.to_owned())));
        for (code, message, expected) in [
            ("1", "no such table: salez", table("salez")),
            ("1", "no such table: main.salez", table("salez")),
            ("1", "no such column: amout", column("amout")),
            ("1", "no such column: s.amout", column("amout")),
            (
                "1",
                r#"no such column: "amout" - should this be a string literal in single-quotes?"#,
                column("amout"),
            ),
            (
                "1",
                "table sales has no column named amout",
                column("amout"),
            ),
            ("1", "no such function: amout", None),
        ] {
            let err = QueryError::Database {
                message: message.to_owned(),
                code: Some(code.to_owned()),
            };
            assert_eq!(expected, unknown_name(&err), "{message}");
        }
    }
}
