//! What a form or a query says.

use std::collections::BTreeMap;
use std::fmt;

use tidegate_types::{check_name, check_text};
use url::form_urlencoded;

use super::failure::Failure;

/// Bytes of a form. The largest is a machine client's key set.
pub(super) const MOST_BYTES: usize = 64 * 1024;

/// The largest form has nine.
const MOST_FIELDS: usize = 64;

/// Characters of what is looked for in a list.
const MOST_SEARCHED: usize = 200;

/// Fields of several lines.
const MULTI_LINE: [&str; 2] = ["redirect_uris", "jwks"];

/// Fields of passwords.
const PASSWORDS: [&str; 4] = ["password", "current", "new", "again"];

/// Fields by name, each at most once. Blank ones count as absent. Debug shows no values: passwords are among them.
#[derive(Default)]
pub(super) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// `Malformed`: a name stands twice, there are too many, or a control character stands where none may be.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Failure> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text) {
            if fields.len() == MOST_FIELDS {
                return Err(Failure::Malformed("The form has too many fields."));
            }
            // Only what is written into a box of several lines may have lines. Passwords are hashed as they are, and are
            // kept nowhere.
            let checked = match &*name {
                name if PASSWORDS.contains(&name) => Ok(()),
                name if MULTI_LINE.contains(&name) => check_text(&value),
                _ => check_name(&value),
            };
            if checked.is_err() || check_name(&name).is_err() {
                return Err(Failure::Malformed(
                    "A field has a control character in it, which nobody can see. Write it again by hand.",
                ));
            }
            if fields
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return Err(Failure::Malformed("A field of the form stands twice."));
            }
        }
        Ok(Self(fields))
    }

    /// A field with something in it, as it came.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.trim().is_empty())
    }

    /// A field without the blanks around it; empty when it did not come.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).map_or("", str::trim)
    }

    /// What is looked for in a list: the beginning of the field `search`.
    pub(super) fn search(&self) -> String {
        self.text("search").chars().take(MOST_SEARCHED).collect()
    }

    /// Whether a tick box is ticked.
    pub(super) fn is_ticked(&self, name: &str) -> bool {
        self.text(name) == "yes"
    }

    /// A field that is read as something.
    ///
    /// # Errors
    /// What the field is to be, in words for people.
    pub(super) fn read<T: std::str::FromStr>(&self, name: &'static str) -> Result<T, String>
    where
        T::Err: fmt::Display,
    {
        let text = self.text(name);
        if text.is_empty() {
            return Err(format!("{name}: choose or write something"));
        }
        text.parse().map_err(|err| format!("{name}: {err}"))
    }

    /// As [`read`](Self::read), absent without a value.
    ///
    /// # Errors
    /// As there.
    pub(super) fn read_if_there<T: std::str::FromStr>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, String>
    where
        T::Err: fmt::Display,
    {
        self.get(name).map(|_| self.read(name)).transpose()
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Fields {
    /// All fields with something in them but these, by name.
    pub(super) fn without(&self, left_out: &[&str]) -> Vec<(String, String)> {
        self.0
            .iter()
            .filter(|(name, value)| !left_out.contains(&name.as_str()) && !value.trim().is_empty())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

/// A query of these fields, those without a value left out.
pub(super) fn query<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields.into_iter().filter(|(_, value)| !value.is_empty()));
    query.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_character_is_refused_before_anybody_is_asked_about_it() {
        for refused in [
            "username=%00",
            "username=a%00b",
            "email=a%1Bb",
            "client=%C2%85",
            "x=%7F",
            // Lines are for boxes of several lines.
            "name=a%0Ab",
            "redirect_uris=a%0Bb",
            "jwks=%00",
            "na%00me=a",
        ] {
            assert!(Fields::parse(refused.as_bytes()).is_err(), "{refused}");
        }
        for taken in [
            "jwks=%7B%0A%09%7D%0D",
            "redirect_uris=a%0D%0Ab",
            "password=a%00b",
            "name=%C3%BC",
        ] {
            assert!(Fields::parse(taken.as_bytes()).is_ok(), "{taken}");
        }
    }

    #[test]
    fn a_field_stands_once() {
        let fields = Fields::parse(b"name=+Ada+&empty=+&scope=mcp%3Aread").unwrap();
        assert_eq!(Some(" Ada "), fields.get("name"));
        assert_eq!("Ada", fields.text("name"));
        assert_eq!(None, fields.get("empty"));
        assert_eq!("mcp:read", fields.text("scope"));
        assert!(Fields::parse(b"a=1&a=2").is_err());
        let many = (0..65)
            .map(|at| format!("f{at}=1"))
            .collect::<Vec<_>>()
            .join("&");
        assert!(Fields::parse(many.as_bytes()).is_err());
    }

    #[test]
    fn values_are_not_shown() {
        let fields = Fields::parse(b"password=secret").unwrap();
        assert_eq!("{\"password\"}", format!("{fields:?}"));
    }

    #[test]
    fn queries_leave_out_what_is_empty() {
        assert_eq!(
            "workspace=sales&client=https%3A%2F%2Fa%2F%3Fb%26c",
            query([
                ("workspace", "sales"),
                ("username", ""),
                ("client", "https://a/?b&c")
            ])
        );
    }
}
