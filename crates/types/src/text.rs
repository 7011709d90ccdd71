//! Texts from outside: arguments of tools, form fields, claims of tokens, messages of databases.
//!
//! PostgreSQL stores no U+0000, terminals and logs obey the others, and two names that look alike may differ
//! by one. So texts from outside are checked where they come in, by these functions alone.

use std::borrow::Cow;

/// A control character where none may be: C0, U+007F or C1 (Unicode category `Cc`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must not contain the control character U+{:04X}", u32::from(*.character))]
pub struct ControlCharacter {
    /// The first one.
    pub character: char,
}

/// Checks a text that may have lines, such as SQL or a description: tab, line feed and carriage return are
/// its only control characters.
///
/// # Errors
/// The first other control character. The message is a clause that follows the name of the field.
pub fn check_text(text: &str) -> Result<(), ControlCharacter> {
    find(text, |character| {
        character.is_control() && !matches!(character, '\t' | '\n' | '\r')
    })
}

/// Checks a name, such as a user, schema, table, slug, URI or key: it has no control characters at all.
///
/// # Errors
/// The first control character. The message is a clause that follows the name of the field.
pub fn check_name(name: &str) -> Result<(), ControlCharacter> {
    find(name, char::is_control)
}

/// Checks all texts of a JSON value: names of members as names, values as texts that may have lines.
///
/// # Errors
/// The first control character that is refused, in no promised order.
pub fn check_json(value: &serde_json::Value) -> Result<(), ControlCharacter> {
    use serde_json::Value;
    match value {
        Value::String(text) => check_text(text),
        Value::Array(items) => items.iter().try_for_each(check_json),
        Value::Object(members) => members.iter().try_for_each(|(name, value)| {
            check_name(name)?;
            check_json(value)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn find(text: &str, is_refused: impl Fn(char) -> bool) -> Result<(), ControlCharacter> {
    match text.chars().find(|character| is_refused(*character)) {
        Some(character) => Err(ControlCharacter { character }),
        None => Ok(()),
    }
}

/// The start of a text that is shown to somebody, at most about `bytes` bytes, with a note when the rest is left
/// out.
pub fn shortened(text: &str, bytes: usize) -> Cow<'_, str> {
    if text.len() <= bytes {
        return Cow::Borrowed(text);
    }
    let start = &text[..text.floor_char_boundary(bytes)];
    Cow::Owned(format!("{start}… [cut: {} bytes in all]", text.len()))
}

/// The start of a text, at most `bytes` bytes of it, with `…` at its end where something is left out.
pub fn beginning(text: &str, bytes: usize) -> Cow<'_, str> {
    if text.len() <= bytes {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}…", &text[..text.floor_char_boundary(bytes)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_letters_and_says_so() {
        assert_eq!("short", shortened("short", 5));
        assert_eq!("éé… [cut: 8 bytes in all]", shortened("éééé", 5));
        assert_eq!("short", beginning("short", 5));
        assert_eq!("éé…", beginning("éééé", 5));
    }

    const LINES: [char; 3] = ['\t', '\n', '\r'];

    #[test]
    fn every_control_character_is_refused_in_names_and_all_but_three_in_texts() {
        for character in (0..=0x9f).filter_map(char::from_u32) {
            let text = format!("a{character}b");
            let is_control = u32::from(character) < 0x20 || u32::from(character) >= 0x7f;
            assert_eq!(is_control, check_name(&text).is_err(), "{text:?}");
            let is_refused = is_control && !LINES.contains(&character);
            assert_eq!(is_refused, check_text(&text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_control_character_is_found_at_any_depth_of_json() {
        use serde_json::json;
        for taken in [
            json!(null),
            json!({ "a": ["b\n", { "ü": "売上\t\r", "n": 1 }] }),
        ] {
            assert_eq!(Ok(()), check_json(&taken), "{taken}");
        }
        for refused in [
            json!("\0"),
            json!(["a", ["\u{1b}"]]),
            json!({ "a": { "b": ["\u{85}"] } }),
            json!({ "a\0": 1 }),
            json!([{ "a\n": 1 }]),
            json!({ "a": "\u{7f}" }),
        ] {
            assert!(check_json(&refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn letters_of_any_script_pass() {
        for text in [
            "",
            "Übersicht",
            "отчёт",
            "売上",
            "👩‍💻",
            "a\u{a0}b",
            "\u{2028}",
        ] {
            assert_eq!(Ok(()), check_name(text), "{text:?}");
        }
    }

    #[test]
    fn the_error_names_the_code_point() {
        let told = |text: &str| check_name(text).unwrap_err().to_string();
        assert_eq!(
            "must not contain the control character U+0000",
            told("finn\0")
        );
        assert_eq!(
            "must not contain the control character U+0085",
            told("a\u{85}\0")
        );
    }
}
