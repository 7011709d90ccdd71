//! Placeholders in SQL: `{{ name }}` with the values of a call's `template_params`. Nothing else of
//! Jinja is supported; what is left over is refused rather than sent to the database.

use serde_json::{Map, Value};

use crate::Dialect;
use crate::GuardError;
use crate::lexer::{Surroundings, surroundings};

/// Why a template could not be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// More than a plain name stands between the braces, or a `{% … %}` tag.
    #[error(
        "the SQL holds the template {0:?}; only plain names such as {{{{ name }}}} are filled in, from template_params"
    )]
    Unsupported(String),
    /// There is no such value.
    #[error(
        "the SQL asks for the template parameter {0:?}, which does not exist in template_params"
    )]
    Missing(String),
    /// Lists and objects have no one way to stand in SQL.
    #[error("template_params.{0} must be text, a number, true, false or null")]
    NotScalar(String),
    /// The value would end what it stands in.
    #[error("template_params.{0} cannot be filled in inside of a comment or of $$…$$")]
    Misplaced(String),
    /// The text around the placeholders is no SQL.
    #[error(transparent)]
    Sql(#[from] GuardError),
}

/// A placeholder: the bytes of the template that it takes, and the name in it.
struct Placeholder<'a> {
    start: usize,
    end: usize,
    name: &'a str,
}

/// Fills in the placeholders. In quotes a value is data: quotes in it are doubled. Outside of quotes a text goes in
/// as SQL. The result is SQL like any other: it is parsed and checked afterwards, so that a value can do no more
/// than the caller could have written.
///
/// # Errors
/// See [`TemplateError`].
pub fn render(
    dialect: Dialect,
    sql: &str,
    params: &Map<String, Value>,
) -> Result<String, TemplateError> {
    let placeholders = placeholders(sql)?;
    if placeholders.is_empty() {
        return Ok(sql.to_owned());
    }
    // Where each stands is told by the text with a word in its place.
    let mut filler = sql.to_owned().into_bytes();
    for placeholder in &placeholders {
        filler[placeholder.start..placeholder.end].fill(b'a');
    }
    let filler = String::from_utf8_lossy(&filler);
    let starts: Vec<_> = placeholders
        .iter()
        .map(|placeholder| placeholder.start)
        .collect();
    let places = surroundings(dialect, &filler, &starts)?;
    let mut rendered = String::with_capacity(sql.len());
    let mut at = 0;
    for (placeholder, place) in placeholders.iter().zip(places) {
        let value = value_of(placeholder.name, params)?;
        rendered.push_str(&sql[at..placeholder.start]);
        rendered.push_str(&written(placeholder.name, value, place)?);
        at = placeholder.end;
    }
    rendered.push_str(&sql[at..]);
    Ok(rendered)
}

/// Whether the text asks for one of the parameters.
pub fn mentions_any(sql: &str, params: &Map<String, Value>) -> bool {
    !params.is_empty()
        && sql
            .split("{{")
            .skip(1)
            .filter_map(|rest| rest.split("}}").next())
            .any(|inner| params.contains_key(trimmed(inner)))
}

fn trimmed(inner: &str) -> &str {
    inner.trim_matches(['-', ' ', '\t', '\n', '\r'])
}

fn placeholders(sql: &str) -> Result<Vec<Placeholder<'_>>, TemplateError> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        let rest = &sql[at..];
        let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).min() else {
            return Ok(found);
        };
        let tail = &rest[start..];
        let is_tag = tail.starts_with("{%");
        let close = if is_tag { "%}" } else { "}}" };
        let inner_end = tail.find(close);
        let inner = inner_end.map_or("", |end| trimmed(&tail[2..end]));
        if !looks_like_template(inner, is_tag) {
            // Braces of an array or JSON literal.
            at += start + 2;
            continue;
        }
        let end = inner_end.map_or(tail.len(), |end| end + 2);
        if is_tag || !is_name(inner) {
            return Err(TemplateError::Unsupported(
                tail[..end].chars().take(80).collect(),
            ));
        }
        found.push(Placeholder {
            start: at + start,
            end: at + start + end,
            name: inner,
        });
        at += start + end;
    }
}

fn value_of(name: &str, params: &Map<String, Value>) -> Result<String, TemplateError> {
    match params.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(Value::Bool(flag)) => Ok(flag.to_string()),
        Some(Value::Null) => Ok("null".to_owned()),
        Some(Value::Array(_) | Value::Object(_)) => Err(TemplateError::NotScalar(name.to_owned())),
        None => Err(TemplateError::Missing(name.to_owned())),
    }
}

/// The value as it is written there.
fn written(name: &str, value: String, place: Surroundings) -> Result<String, TemplateError> {
    match place {
        Surroundings::Code => Ok(value),
        Surroundings::Quotes { quote, has_escapes } => {
            let doubled: String = [quote, quote].iter().collect();
            let value = value.replace(quote, &doubled);
            Ok(if has_escapes {
                value.replace('\\', "\\\\")
            } else {
                value
            })
        }
        Surroundings::Other => {
            let is_harmless = value
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | ' ' | '-' | '.' | ','))
                && !value.contains("--");
            if is_harmless {
                Ok(value)
            } else {
                Err(TemplateError::Misplaced(name.to_owned()))
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `{{1,2},{3,4}}` is an array in PostgreSQL and `'{%'` a pattern; neither has a name or a sum of
/// numbers alone between its braces.
fn looks_like_template(inner: &str, is_tag: bool) -> bool {
    let word: String = inner
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    if is_tag {
        return matches!(
            word.as_str(),
            "if" | "elif"
                | "else"
                | "endif"
                | "for"
                | "endfor"
                | "set"
                | "endset"
                | "macro"
                | "endmacro"
                | "raw"
                | "endraw"
                | "block"
                | "include"
                | "import"
                | "from"
                | "with"
                | "call"
                | "filter"
                | "do"
        );
    }
    let after = inner[word.len()..].trim_start().chars().next();
    !word.is_empty() && !matches!(after, Some(',' | ':' | '{' | '}'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fill(sql: &str, params: &Value) -> Result<String, TemplateError> {
        render(Dialect::PostgreSql, sql, params.as_object().unwrap())
    }

    #[test]
    fn names_are_filled_in_from_the_parameters() {
        let params = json!({"x": "hello", "n": 5, "yes": true, "none": null});
        assert_eq!(
            Ok("select 'hello', 5, true, 5, null from t_5".to_owned()),
            fill(
                "select '{{ x }}', {{n}}, {{- yes -}}, {{ n }}, {{none}} from t_{{n}}",
                &params
            )
        );
    }

    #[test]
    fn what_is_not_a_known_name_is_refused() {
        let none = json!({});
        assert_eq!(
            Err(TemplateError::Missing("nope".into())),
            fill("select {{ nope }}", &none)
        );
        for sql in [
            "select {{ 1 + 1 }}",
            "select '{{ current_user_id() }}'",
            "select {{ x | upper }}",
            "{% if true %} select 1 {% endif %}",
            "{% set x = 1 %}",
        ] {
            let err = fill(sql, &none).expect_err(sql);
            assert!(matches!(err, TemplateError::Unsupported(_)), "{sql}: {err}");
        }
        let outcome = fill("select {{x}}", &json!({"x": [1]}));
        assert_eq!(Err(TemplateError::NotScalar("x".into())), outcome);
    }

    #[test]
    fn braces_of_literals_stay() {
        for sql in [
            "select '{{1,2},{3,4}}'::int[]",
            "select '{\"a\":{\"b\":{}}}'::json",
            "select 1 where x like '{%'",
            "select '{{a,b},{c,d}}'::text[]",
            "select '{{'",
        ] {
            assert_eq!(Ok(sql.to_owned()), fill(sql, &json!({"a": 1})), "{sql}");
        }
    }

    #[test]
    fn in_quotes_a_value_is_data() {
        let params = json!({
            "x": "a' union select note from secret --",
            "y": "a\"b",
            "z": "a\\'",
            "hex": "00",
            "ok": "fine",
        });
        let params = params.as_object().unwrap();
        for (dialect, sql, expected) in [
            (
                Dialect::PostgreSql,
                "select '{{x}}' from t",
                "select 'a'' union select note from secret --' from t",
            ),
            (
                Dialect::Sqlite,
                "select '{{x}}' from [t]",
                "select 'a'' union select note from secret --' from [t]",
            ),
            (Dialect::PostgreSql, "select x'{{hex}}'", "select x'00'"),
            (Dialect::PostgreSql, r#"select "{{y}}""#, r#"select "a""b""#),
            (
                Dialect::Sqlite,
                r#"select "{{y}}", `{{y}}`"#,
                r#"select "a""b", `a"b`"#,
            ),
            (Dialect::PostgreSql, "select E'{{z}}'", r"select E'a\\'''"),
            (Dialect::PostgreSql, "select '%{{z}}%'", r"select '%a\''%'"),
            (
                Dialect::PostgreSql,
                "select 1 -- {{ok}}",
                "select 1 -- fine",
            ),
        ] {
            let outcome = render(dialect, sql, params);
            assert_eq!(Ok(expected.to_owned()), outcome, "{sql}");
        }
    }

    #[test]
    fn a_value_never_ends_what_it_cannot_be_written_in() {
        let params = json!({"x": "\n; select 2", "y": "a$$b", "z": "a] from secret"});
        let params = params.as_object().unwrap();
        for (dialect, sql) in [
            (Dialect::PostgreSql, "select 1 -- {{x}}"),
            (Dialect::PostgreSql, "select 1 /* {{x}} */"),
            (Dialect::PostgreSql, "select $${{y}}$$"),
            (Dialect::Sqlite, "select [{{z}}]"),
        ] {
            let outcome = render(dialect, sql, params);
            assert!(
                matches!(outcome, Err(TemplateError::Misplaced(_))),
                "{sql}: {outcome:?}"
            );
        }
    }

    #[test]
    fn text_around_the_placeholders_must_be_sql() {
        let outcome = fill("select '{{x}}", &json!({"x": 1}));
        assert!(matches!(outcome, Err(TemplateError::Sql(_))), "{outcome:?}");
    }

    #[test]
    fn a_parameter_that_is_asked_for_is_found() {
        let params = json!({"x": 1});
        let params = params.as_object().unwrap();
        for (sql, expected) in [
            ("select {{x}}", true),
            ("select '{{ x }}'", true),
            ("select '{{- x -}}'", true),
            ("select '{{y}}', x", false),
            ("select x", false),
            ("select '{{1,2}}'", false),
        ] {
            assert_eq!(expected, mentions_any(sql, params), "{sql}");
        }
        assert!(!mentions_any("select {{x}}", &Map::new()));
    }
}
