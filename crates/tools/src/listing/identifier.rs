use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use crate::ToolFailure;

/// How a call names one thing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(crate) enum Identifier {
    Id(i64),
    Text(String),
}

/// What an identifier turns out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Id(i64),
    Uuid(Uuid),
    /// Neither: a dashboard's slug, or nothing.
    Name(String),
}

impl Identifier {
    /// Digits are an id, as Superset reads them.
    pub(crate) fn key(&self) -> Key {
        let text = match self {
            Self::Id(id) => return Key::Id(*id),
            Self::Text(text) => text.trim(),
        };
        if let Ok(id) = text.parse() {
            return Key::Id(id);
        }
        text.parse()
            .map_or_else(|_| Key::Name(text.to_owned()), Key::Uuid)
    }

    /// As it came, at most a line of it.
    fn shown(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Text(text) => text.chars().take(100).collect(),
        }
    }
}

/// The same whether there is no such thing or the caller may not see it.
pub(crate) fn not_found(what: &str, identifier: &Identifier, hint: &str) -> ToolFailure {
    ToolFailure::NotFound(format!(
        "{what} '{}' not found, or you may not see it; {hint}",
        identifier.shown()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_an_id_and_a_uuid_is_a_uuid() {
        let key = |text: &str| Identifier::Text(text.to_owned()).key();
        assert_eq!(Key::Id(7), key(" 7 "));
        assert_eq!(Key::Id(-1), key("-1"));
        assert!(matches!(
            key("08aff161-f60c-4cb3-a225-dc9b1140d2e3"),
            Key::Uuid(_)
        ));
        assert_eq!(Key::Name("births".into()), key("births"));
    }
}
