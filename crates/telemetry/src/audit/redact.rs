//! What of a call's arguments may be written down.

use std::borrow::Cow;

use serde_json::Value;
use tidegate_config::SqlLiterals;

/// The most that is kept of one call's arguments, in bytes.
const MOST_BYTES: usize = 4096;
/// The most that is kept of one text, in bytes.
const MOST_TEXT_BYTES: usize = 2048;
const REDACTED: &str = "[redacted]";

/// A call's arguments as JSON of 4 KiB at most, without what must not be written down: values of
/// keys that name a secret, passwords in connection strings, bearer tokens, and, with
/// [`SqlLiterals::Mask`], the literals of SQL.
///
/// Longer texts are cut; arguments that are still too long are replaced by
/// `{"truncated": true, "bytes": …}`.
pub fn redact_arguments(arguments: &Value, sql_literals: SqlLiterals) -> String {
    let text = redact(None, arguments, sql_literals).to_string();
    if text.len() <= MOST_BYTES {
        return text;
    }
    serde_json::json!({ "truncated": true, "bytes": text.len() }).to_string()
}

fn redact(key: Option<&str>, value: &Value, sql_literals: SqlLiterals) -> Value {
    match value {
        _ if key.is_some_and(names_a_secret) && !value.is_null() => Value::from(REDACTED),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), redact(Some(key), value, sql_literals)))
            .collect(),
        Value::Array(items) => items
            .iter()
            .map(|item| redact(key, item, sql_literals))
            .collect(),
        Value::String(text) => Value::from(redact_text(key, text, sql_literals)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn names_a_secret(key: &str) -> bool {
    const PARTS: [&str; 11] = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "authorization",
        "cookie",
        "credential",
        "apikey",
        "privatekey",
        "sqlalchemyuri",
    ];
    // Numbers of tokens are no tokens.
    const HARMLESS: [&str; 3] = ["tokenlimit", "maxtokens", "tokencount"];
    let plain: String = key
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    PARTS.iter().any(|part| plain.contains(part)) && !HARMLESS.contains(&plain.as_str())
}

fn redact_text(key: Option<&str>, text: &str, sql_literals: SqlLiterals) -> String {
    // Some clients send all arguments as JSON in a text.
    if text.trim_start().starts_with(['{', '['])
        && let Ok(inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text)
    {
        return cut(&redact(key, &inner, sql_literals).to_string());
    }
    if is_sql(key) && sql_literals == SqlLiterals::Mask {
        return cut(&mask_literals(text));
    }
    cut(&without_passwords(text))
}

fn is_sql(key: Option<&str>) -> bool {
    key.is_some_and(|key| {
        let key = key.to_ascii_lowercase();
        matches!(
            key.as_str(),
            "sql" | "query" | "where" | "having" | "expression" | "statement"
        ) || key.ends_with("_sql")
            || key.starts_with("sql_")
            || key.ends_with("sqlexpression")
    })
}

fn cut(text: &str) -> String {
    if text.len() <= MOST_TEXT_BYTES {
        return text.to_owned();
    }
    let mut end = MOST_TEXT_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

/// `scheme://user:password@host` without the password, and `Bearer …` without the token, wherever
/// they stand in a text.
fn without_passwords(text: &str) -> String {
    let mut written = String::new();
    let mut after_bearer = false;
    for word in text.split_inclusive(char::is_whitespace) {
        let is_token = std::mem::replace(
            &mut after_bearer,
            word.trim().eq_ignore_ascii_case("bearer"),
        );
        if is_token {
            written.push_str(REDACTED);
        } else {
            written.push_str(&without_password(word));
        }
        // What follows is cut anyway.
        if written.len() > MOST_TEXT_BYTES {
            break;
        }
    }
    written
}

fn without_password(word: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = word.split_once("://") else {
        return word.into();
    };
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // A password may hold any of these unescaped, so the last @ counts, even behind them.
    let Some(at) = rest.rfind('@') else {
        return word.into();
    };
    match rest[..at].split_once(':') {
        Some((user, _)) if !user.contains(['/', '?', '#']) || at < authority_end => {
            format!("{scheme}://{user}:{REDACTED}{}", &rest[at..]).into()
        }
        _ => word.into(),
    }
}

/// SQL with `?` in place of texts and numbers. It errs on the side of masking: a text that does not
/// end is masked to the end, comments go, since they may hold anything.
fn mask_literals(sql: &str) -> String {
    let mut masked = String::with_capacity(sql.len().min(MOST_TEXT_BYTES + 1));
    let mut chars = sql.chars().peekable();
    // What follows is cut anyway.
    while masked.len() <= MOST_TEXT_BYTES
        && let Some(next) = chars.next()
    {
        match next {
            '\'' => {
                while let Some(c) = chars.next() {
                    let is_end = c == '\'' && chars.next_if_eq(&'\'').is_none();
                    if c == '\\' {
                        // MySQL, BigQuery and others escape so; elsewhere too much is masked.
                        chars.next();
                    }
                    if is_end {
                        break;
                    }
                }
                masked.push('?');
            }
            '-' if chars.peek() == Some(&'-') => while chars.next_if(|c| *c != '\n').is_some() {},
            '/' if chars.peek() == Some(&'*') => {
                let mut last = ' ';
                chars.next();
                for c in chars.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            '$' => mask_dollar(&mut masked, &mut chars),
            c if c.is_alphabetic() || c == '_' => {
                masked.push(c);
                while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
                {
                    masked.push(c);
                }
            }
            c if c.is_ascii_digit() => {
                while chars
                    .next_if(|c| c.is_alphanumeric() || *c == '.')
                    .is_some()
                {}
                masked.push('?');
            }
            c => masked.push(c),
        }
    }
    masked
}

/// PostgreSQL's `$tag$text$tag$`.
fn mask_dollar(masked: &mut String, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    let mut tag = String::from("$");
    while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
        tag.push(c);
    }
    if chars.next_if_eq(&'$').is_none() {
        // A parameter: $1.
        masked.push_str(&tag);
        return;
    }
    // What follows the first `$` of the tag at its end. It has no other `$`, so no character is looked at more than twice.
    let rest = format!("{}$", &tag[1..]);
    while let Some(c) = chars.next() {
        let is_end = |chars: &std::iter::Peekable<std::str::Chars<'_>>| {
            let mut ahead = chars.clone();
            rest.chars().all(|expected| ahead.next() == Some(expected))
        };
        if c == '$' && is_end(chars) {
            chars.nth(rest.chars().count() - 1);
            break;
        }
    }
    masked.push('?');
}

#[cfg(test)]
mod tests;
