//! Python's literals as JSON, since settings are copied out of a `superset_config.py`.

use std::iter::Peekable;
use std::str::Chars;

/// Reads a JSON value, or the same in Python's form: single quotes, `True`, `False`, `None`, commas
/// before a closing bracket, comments.
pub(crate) fn parse(text: &str) -> Option<serde_json::Value> {
    serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(&to_json(text)))
        .ok()
}

fn to_json(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(next) = chars.next() {
        match next {
            '\'' | '"' => copy_string(&mut json, &mut chars, next),
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            ']' | '}' => {
                let kept = json.trim_end().trim_end_matches(',').len();
                json.truncate(kept);
                json.push(next);
            }
            c if c.is_ascii_alphabetic() => {
                let mut word = String::from(c);
                while let Some(more) = chars.next_if(char::is_ascii_alphanumeric) {
                    word.push(more);
                }
                json.push_str(match word.as_str() {
                    "True" => "true",
                    "False" => "false",
                    "None" => "null",
                    other => other,
                });
            }
            c => json.push(c),
        }
    }
    json
}

fn copy_string(json: &mut String, chars: &mut Peekable<Chars<'_>>, quote: char) {
    json.push('"');
    while let Some(next) = chars.next() {
        match next {
            c if c == quote => break,
            '\\' => match chars.next() {
                // JSON knows no \'.
                Some('\'') => json.push('\''),
                Some(escaped) => json.extend(['\\', escaped]),
                None => break,
            },
            '"' => json.push_str("\\\""),
            c => json.push(c),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_dictionary_of_python_is_read() {
        let text = r#"{
            'enabled': True, # on
            "CACHE_REDIS_URL": None,
            'names': ["a", 'it\'s', 'say "x"',],
            "event_store_ttl": 3600,
        }"#;
        assert_eq!(
            Some(
                json!({"enabled": true, "CACHE_REDIS_URL": null, "names": ["a", "it's", "say \"x\""], "event_store_ttl": 3600})
            ),
            parse(text)
        );
    }

    #[test]
    fn words_in_texts_stay_as_they_are() {
        assert_eq!(
            Some(json!({"a": "None, True]"})),
            parse("{'a': 'None, True]'}")
        );
    }

    proptest! {
        #[test]
        fn json_means_itself_and_nothing_panics(text in ".*") {
            let value = json!({ "key": text });
            prop_assert_eq!(Some(value.clone()), parse(&value.to_string()));
            let _ = parse(&text);
        }
    }
}
