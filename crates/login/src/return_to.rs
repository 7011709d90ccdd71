/// Where a browser goes after it signed in: a path of this origin and nothing else, whatever came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

/// Longer ones are nobody's bookmark.
const MOST_BYTES: usize = 2_048;

impl ReturnTo {
    /// The path that came, with its query; `/` for anything that a browser could take for another place: other
    /// schemes and hosts, `//host`, `/\host`, control characters and blanks, dot segments, fragments.
    pub fn parse(presented: Option<&str>) -> Self {
        match presented {
            Some(path) if is_local(path) => Self(path.to_owned()),
            _ => Self("/".to_owned()),
        }
    }

    /// The path, beginning with exactly one `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_local(text: &str) -> bool {
    // URL parsers drop tabs and line ends, and take `\` for `/`.
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#'));
    let path = text.split('?').next().unwrap_or_default();
    let lower = path.to_ascii_lowercase().replace("%2e", ".");
    is_plain
        && text.len() <= MOST_BYTES
        && path.starts_with('/')
        && !path.contains("//")
        && !lower.contains("%2f")
        && !lower.contains("%5c")
        && !lower
            .split('/')
            .any(|segment| matches!(segment, "." | ".."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_of_ours_are_kept() {
        for path in [
            "/",
            "/oauth/consent/tg_tx_abc",
            "/settings/mcp?tab=apps&x=//y",
            "/device?user_code=BCDF-GHJK",
            "/a%20b/c.d/..e/~f",
        ] {
            assert_eq!(path, ReturnTo::parse(Some(path)).as_str());
        }
    }

    #[test]
    fn everything_else_is_the_front_page() {
        for elsewhere in [
            "",
            "https://evil.test",
            "HTTPS://evil.test/",
            "//evil.test",
            "///evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "/\t/evil.test",
            "/\n/evil.test",
            "\t//evil.test",
            " //evil.test",
            "/ /evil.test",
            "javascript:alert(1)",
            "data:text/html,x",
            "evil.test",
            "./x",
            "../x",
            "/./evil",
            "/.//evil.test",
            "/..//evil.test",
            "/a/../..//evil.test",
            "/%2e%2e//evil.test",
            "/%2E/x",
            "/%2f/evil.test",
            "/%2F%2Fevil.test",
            "/%5cevil.test",
            "/a//b",
            "/a#b",
            "/ä",
            "/a\u{0}b",
            "/a\r\nset-cookie: x",
            "?x",
            "#x",
            "@evil.test",
            ":80/",
        ] {
            assert_eq!(
                "/",
                ReturnTo::parse(Some(elsewhere)).as_str(),
                "{elsewhere:?}"
            );
        }
        assert_eq!("/", ReturnTo::parse(None).as_str());
        let long = format!("/{}", "a".repeat(2_048));
        assert_eq!("/", ReturnTo::parse(Some(&long)).as_str());
    }

    proptest! {
        /// As browsers resolve it (WHATWG URL), from any page of ours.
        #[test]
        fn whatever_came_it_stays_at_the_origin(text in "[/\\\\.%a-z0-9:@?#\\t\\n 2eEfF-]{0,40}") {
            let path = ReturnTo::parse(Some(&text));
            for page in ["https://tide.test/", "https://tide.test/sign-in/x/callback?y=z"] {
                let page = url::Url::parse(page).unwrap();
                let url = page.join(path.as_str()).unwrap();
                prop_assert_eq!(page.origin(), url.origin());
                // And again, by whoever takes the path out of it.
                let again = page.join(url.path()).unwrap();
                prop_assert_eq!(page.origin(), again.origin());
            }
        }
    }
}
