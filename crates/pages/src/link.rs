use std::fmt;

use url::Url;

use crate::UntrustedText;

/// A link to a page of somebody else: `https` and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebLink(Url);

impl WebLink {
    /// The link, when it is one that may be shown.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        (url.scheme() == "https" && url.has_host() && is_plain).then_some(Self(url))
    }

    pub(crate) fn host(&self) -> UntrustedText {
        UntrustedText::new(self.0.host_str().unwrap_or_default())
    }
}

impl fmt::Display for WebLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// A link that gives a browser's answer to an app, whatever its scheme is, unless a browser would run it as a script
/// or open a file. Debug does not show it, since a code is in it.
#[derive(Clone, PartialEq, Eq)]
pub struct AppLink(Url);

/// Schemes that browsers handle themselves, by running or showing what is in the link.
const REFUSED: [&str; 9] = [
    "javascript",
    "data",
    "vbscript",
    "file",
    "blob",
    "about",
    "view-source",
    "filesystem",
    "chrome",
];

impl AppLink {
    /// The link, when it is one that may be followed.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        (!REFUSED.contains(&url.scheme())).then_some(Self(url))
    }
}

impl fmt::Display for AppLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl fmt::Debug for AppLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppLink({}:[redacted])", self.0.scheme())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_strangers_are_https() {
        assert!(WebLink::parse("https://claude.ai/about").is_some());
        for refused in [
            "http://claude.ai",
            "javascript:alert(1)",
            "https://claude.ai@evil.example/",
            "//claude.ai",
            "https://",
            "data:text/html,x",
        ] {
            assert!(WebLink::parse(refused).is_none(), "{refused}");
        }
    }

    #[test]
    fn apps_are_opened_and_scripts_are_not() {
        for followed in [
            "cursor://a/b?code=1",
            "com.example.app:/cb",
            "https://a.example/",
        ] {
            assert!(AppLink::parse(followed).is_some(), "{followed}");
        }
        for refused in [
            "javascript:alert(1)",
            "JaVaScRiPt://localhost/%0aalert(1)",
            " javascript:1",
            "data:text/html,x",
            "/path",
        ] {
            assert!(AppLink::parse(refused).is_none(), "{refused}");
        }
        let shown = format!("{:?}", AppLink::parse("cursor://cb?code=secret").unwrap());
        assert_eq!("AppLink(cursor:[redacted])", shown);
    }
}
