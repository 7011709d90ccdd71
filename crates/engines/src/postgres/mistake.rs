//! What PostgreSQL says of a name that it does not know.

use crate::mistake::{last, said};
use crate::{QueryError, UnknownName};

/// `None` when the failure is about something else.
pub(super) fn unknown_name(err: &QueryError) -> Option<UnknownName> {
    match said(err)? {
        // undefined_column
        ("42703", message) => {
            let name =
                message
                    .strip_prefix("column ")
                    .and_then(|rest| match rest.strip_prefix('"') {
                        Some(quoted) => quoted.split_once('"').map(|(name, _)| name),
                        // With its table, and without quotes.
                        None => rest.strip_suffix(" does not exist").map(last),
                    });
            Some(UnknownName::Column(name.map(str::to_owned)))
        }
        // undefined_table, which a name is as well that stands for no table of the FROM.
        ("42P01", message) => {
            let name = message
                .strip_prefix("relation \"")?
                .strip_suffix("\" does not exist")?;
            Some(UnknownName::Table(last(name).to_owned()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unknown_name_is_found_in_what_the_server_says() {
        let table = |name: &str| Some(UnknownName::Table(name.to_owned()));
        let column = |name: &str| Some(UnknownName::Column(Some(name.to_owned())));
        for (code, message, expected) in [
            (
                "42P01",
                r#"relation "salez" does not exist"#,
                table("salez"),
            ),
            (
                "42P01",
                r#"relation "shop.salez" does not exist"#,
                table("salez"),
            ),
            ("42P01", r#"missing FROM-clause entry for table "s""#, None),
            ("42703", r#"column "amout" does not exist"#, column("amout")),
            (
                "42703",
                "column s.amout does not exist\nHINT: Perhaps you meant to reference the column \"s.amount\".",
                column("amout"),
            ),
            (
                "42703",
                r#"column "amout" of relation "sales" does not exist"#,
                column("amout"),
            ),
            (
                "42703",
                "Spalte »amout« existiert nicht",
                Some(UnknownName::Column(None)),
            ),
            ("42883", "function amout(integer) does not exist", None),
        ] {
            let err = QueryError::Database {
                message: message.to_owned(),
                code: Some(code.to_owned()),
            };
            assert_eq!(expected, unknown_name(&err), "{message}");
        }
    }
}
