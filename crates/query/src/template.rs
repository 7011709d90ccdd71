//! Placeholders in SQL: `{{ name }}` with the values of a call's `template_params`. Nothing else of
//! Jinja is supported; what is left over is refused rather than sent to the database.

use serde_json::{Map, Value};

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
}

/// Fills in the placeholders. The result is SQL like any other: it is parsed and checked afterwards, so
/// that a value can do no more than the caller could have written.
///
/// # Errors
/// `Unsupported`, `Missing`, `NotScalar`.
pub fn render(sql: &str, params: Option<&Map<String, Value>>) -> Result<String, TemplateError> {
    let mut rendered = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        rendered.push_str(&rest[..start]);
        let tail = &rest[start..];
        let is_tag = tail.starts_with("{%");
        let close = if is_tag { "%}" } else { "}}" };
        let inner_end = tail.find(close);
        let inner = inner_end.map_or("", |end| {
            tail[2..end].trim_matches(['-', ' ', '\t', '\n', '\r'])
        });
        if !looks_like_template(inner, is_tag) {
            // Braces of an array or JSON literal.
            rendered.push_str(&tail[..2]);
            rest = &tail[2..];
            continue;
        }
        let end = inner_end.map_or(tail.len(), |end| end + 2);
        if is_tag || !is_name(inner) {
            return Err(TemplateError::Unsupported(
                tail[..end].chars().take(80).collect(),
            ));
        }
        match params.and_then(|params| params.get(inner)) {
            Some(Value::String(text)) => rendered.push_str(text),
            Some(Value::Number(number)) => rendered.push_str(&number.to_string()),
            Some(Value::Bool(flag)) => rendered.push_str(if *flag { "true" } else { "false" }),
            Some(Value::Null) => rendered.push_str("null"),
            Some(Value::Array(_) | Value::Object(_)) => {
                return Err(TemplateError::NotScalar(inner.to_owned()));
            }
            None => return Err(TemplateError::Missing(inner.to_owned())),
        }
        rest = &tail[end..];
    }
    rendered.push_str(rest);
    Ok(rendered)
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
        render(sql, params.as_object())
    }

    #[test]
    fn names_are_filled_in_from_the_parameters() {
        let params = json!({"x": "hello", "n": 5, "yes": true});
        assert_eq!(
            Ok("select 'hello', 5, true, 5".to_owned()),
            fill("select '{{ x }}', {{n}}, {{- yes -}}, {{ n }}", &params)
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
            assert_eq!(Ok(sql.to_owned()), render(sql, None), "{sql}");
        }
    }
}
