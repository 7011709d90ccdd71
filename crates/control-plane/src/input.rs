//! Checks of what callers give. Each error names the field, what came (a line of it at the most) and what is right.

use sea_query::{Cond, Expr, ExprTrait as _, Func};
use tidegate_types::check_name;
use url::Url;

use crate::ManagerError;

/// Longest address (RFC 5321 §4.5.3.1.3).
const MAX_EMAIL_CHARS: usize = 254;
const MAX_USERNAME_CHARS: usize = 64;
const MAX_URL_CHARS: usize = 2_000;
const MAX_HOST_CHARS: usize = 253;
const MAX_HASH_CHARS: usize = 512;

/// An error about `field`. What came is shown only as far as a line.
pub(crate) fn invalid(field: &str, came: &str, right: &str) -> ManagerError {
    let shown: String = came.chars().take(80).collect();
    ManagerError::Invalid(format!("{field} {shown:?} is not valid: {right}"))
}

/// A name that people or machines go by, in lower case.
pub(crate) fn username(text: &str) -> Result<String, ManagerError> {
    let name = text.to_ascii_lowercase();
    let is_allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-@+".contains(&byte);
    if (1..=MAX_USERNAME_CHARS).contains(&name.len()) && name.bytes().all(is_allowed) {
        Ok(name)
    } else {
        Err(invalid(
            "username",
            text,
            "use 1 to 64 of a-z, 0-9, ., _, -, @ and +",
        ))
    }
}

/// An address, as it was given. Only its form is checked; whether it reaches somebody is shown by a message alone.
pub(crate) fn email(text: &str) -> Result<String, ManagerError> {
    let parts = text.rsplit_once('@');
    let is_formed = parts.is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !domain.starts_with('.')
            && !domain.ends_with('.')
    });
    let is_clean = !text
        .chars()
        .any(|char| char.is_whitespace() || is_hidden(char) || "<>()[]\\,;:\"".contains(char));
    if is_formed && is_clean && text.chars().count() <= MAX_EMAIL_CHARS {
        Ok(text.to_owned())
    } else {
        Err(invalid(
            "email",
            text,
            "use name@domain, up to 254 characters without spaces",
        ))
    }
}

/// The form of an address that is looked up and unique. ASCII alone changes: Unicode has letters whose lower case is
/// an ASCII letter (U+212A), by which one person's address would pass for another's.
pub(crate) fn email_key(email: &str) -> String {
    email.to_ascii_lowercase()
}

/// Text that pages show: up to `max` printable characters, not empty.
pub(crate) fn shown_text(field: &str, text: &str, max: usize) -> Result<String, ManagerError> {
    let text = text.trim();
    let count = text.chars().count();
    if (1..=max).contains(&count) && !text.chars().any(is_hidden) {
        Ok(text.to_owned())
    } else {
        Err(invalid(
            field,
            text,
            &format!("use 1 to {max} printable characters"),
        ))
    }
}

/// Likewise, or empty.
pub(crate) fn shown_text_or_empty(
    field: &str,
    text: &str,
    max: usize,
) -> Result<String, ManagerError> {
    if text.trim().is_empty() {
        Ok(String::new())
    } else {
        shown_text(field, text, max)
    }
}

/// A text to look for: up to `max` characters without controls, without the blanks around it.
pub(crate) fn search_text(field: &str, text: &str, max: usize) -> Result<String, ManagerError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > max {
        return Err(invalid(field, text, &format!("use 1 to {max} characters")));
    }
    check_name(text).map_err(|control| ManagerError::Invalid(format!("{field} {control}")))?;
    Ok(text.to_owned())
}

/// Whether a text stands in a column in any case, as far as the database knows cases.
pub(crate) fn contains(column: &Expr, text: &str) -> Cond {
    let lower = Expr::from(Func::lower(column.clone()));
    // SQLite knows the cases of ASCII alone, so that the text is looked for as it was written too.
    Cond::any()
        .add(lower.like(anywhere(&text.to_lowercase())))
        .add(column.clone().like(anywhere(text)))
}

/// Controls, and what turns the direction of the text around it or hides in it.
fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// The hash of a password in PHC form. What came is a secret's hash and is not shown.
pub(crate) fn password_hash(text: &str) -> Result<String, ManagerError> {
    let is_formed = text.starts_with('$')
        && text.len() <= MAX_HASH_CHARS
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_formed {
        Ok(text.to_owned())
    } else {
        Err(ManagerError::Invalid(
            "password_hash is not valid: use a PHC string ($argon2id$…) of up to 512 characters"
                .to_owned(),
        ))
    }
}

/// A host name in lower case, without port.
pub(crate) fn host(field: &str, text: &str) -> Result<String, ManagerError> {
    let host = text.to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let is_v6 = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    if is_v6 || (host.len() <= MAX_HOST_CHARS && host.split('.').all(is_label)) {
        Ok(host)
    } else {
        Err(invalid(
            field,
            text,
            "use a host name as example.com, without scheme, port or path; an international one as xn--…",
        ))
    }
}

/// A host name, or a private scheme as `cursor://` (RFC 3986 §3.1), in lower case.
pub(crate) fn host_or_scheme(field: &str, text: &str) -> Result<String, ManagerError> {
    let Some(scheme) = text.strip_suffix("://") else {
        return host(field, text);
    };
    let is_scheme = (1..=MAX_HOST_CHARS).contains(&scheme.len())
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if is_scheme {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(invalid(field, text, "use a private scheme as cursor://"))
    }
}

/// An absolute http or https URL without a password in it.
pub(crate) fn web_url(field: &str, text: &str) -> Result<String, ManagerError> {
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.host().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && text.len() <= MAX_URL_CHARS
    });
    match url {
        Some(_) => Ok(text.to_owned()),
        // What came may have a password in it.
        None => Err(ManagerError::Invalid(format!(
            "{field} is not valid: use an absolute http or https URL without user and password, up to \
             {MAX_URL_CHARS} characters"
        ))),
    }
}

/// A number of rows from 1 to `max`.
pub(crate) fn limit(limit: u32, max: u32) -> Result<u64, ManagerError> {
    if (1..=max).contains(&limit) {
        Ok(u64::from(limit))
    } else {
        Err(ManagerError::Invalid(format!(
            "limit {limit} is not valid: use 1 to {max}"
        )))
    }
}

/// The pattern that finds `text` anywhere, whatever is in it; its escape is a backslash.
pub(crate) fn anywhere(text: &str) -> sea_query::LikeExpr {
    sea_query::LikeExpr::new(format!("%{}%", escaped(text))).escape('\\')
}

/// The pattern that finds what begins with `text`.
pub(crate) fn beginning(text: &str) -> sea_query::LikeExpr {
    sea_query::LikeExpr::new(format!("{}%", escaped(text))).escape('\\')
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        if matches!(char, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(result: Result<String, ManagerError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn a_username_is_taken_in_lower_case() {
        assert_eq!("ada.l@x+1", username("Ada.L@x+1").unwrap());
        for bad in ["", "a b", "ädä", "a/b", "a\n", "\u{212A}", &"a".repeat(65)] {
            assert!(
                said(username(bad)).contains("use 1 to 64 of a-z"),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn an_address_has_a_name_and_a_domain() {
        for good in ["a@b", "Ada.Lovelace+x@Example.com", "\u{fc}@example.com"] {
            assert_eq!(good, email(good).unwrap());
        }
        let long = format!("{}@b", "a".repeat(254));
        for bad in [
            "",
            "a",
            "@b",
            "a@",
            "a b@c",
            "a@.c",
            "a@c.",
            "a\u{202E}@b",
            "<a@b>",
            &long,
        ] {
            assert!(said(email(bad)).contains("use name@domain"), "{bad:?}");
        }
    }

    #[test]
    fn addresses_that_look_alike_to_unicode_stay_different() {
        assert_eq!("kim@x.com", email_key("Kim@X.com"));
        assert_ne!("kim@x.com", email_key("\u{212A}im@x.com"));
    }

    #[test]
    fn shown_text_hides_nothing() {
        assert_eq!("Ada", shown_text("title", " Ada ", 3).unwrap());
        for bad in ["", "  ", "a\u{202E}b", "a\0b", "four", "a\u{200B}"] {
            assert!(shown_text("title", bad, 3).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_host_is_a_host_alone() {
        for (given, host_name) in [
            ("A.Example.com", "a.example.com"),
            ("localhost", "localhost"),
            ("[::1]", "[::1]"),
            ("127.0.0.1", "127.0.0.1"),
        ] {
            assert_eq!(host_name, host("host", given).unwrap());
        }
        for bad in [
            "",
            "a:80",
            "https://a",
            "a/b",
            "a..b",
            "-a",
            "a b",
            "ä.com",
            "[x]",
            "*.a.com",
        ] {
            assert!(said(host("host", bad)).starts_with("host "), "{bad:?}");
        }
    }

    #[test]
    fn a_private_scheme_stands_for_a_host() {
        assert_eq!("cursor://", host_or_scheme("host", "Cursor://").unwrap());
        assert_eq!("a.example", host_or_scheme("host", "A.example").unwrap());
        for bad in ["://", "1a://", "a b://", "a://b"] {
            assert!(
                said(host_or_scheme("host", bad)).starts_with("host "),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said_without_its_password() {
        assert!(web_url("public_url", "https://a.example/x").is_ok());
        for bad in [
            "",
            "ftp://a",
            "//a",
            "https://user:hunter2@a.example",
            "javascript:alert(1)",
        ] {
            let said = said(web_url("public_url", bad));
            assert!(said.starts_with("public_url is not valid"), "{said}");
            assert!(!said.contains("hunter2"));
        }
        assert!(!said(password_hash("hunter2")).contains("hunter2"));
    }

    #[test]
    fn signs_of_patterns_are_looked_for_as_they_are() {
        assert_eq!("50\\%\\_\\\\", escaped("50%_\\"));
    }
}
