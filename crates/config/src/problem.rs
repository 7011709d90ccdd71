use std::fmt;

/// One thing that is wrong with the settings, and what would be right.
///
/// Shown as `server.port: got 99999 (environment TIDEGATE_SERVER__PORT), expected 0 to 65535`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Path of the key, as in `server.port`, or the name of a file or an environment variable.
    pub key: String,
    /// Where the value came from: a file's name, `environment NAME`, or `default`.
    pub origin: String,
    /// What came, shortened; `[redacted]` for secrets.
    pub found: String,
    /// What would be right.
    pub expected: String,
}

impl Problem {
    pub(crate) fn new(
        key: impl Into<String>,
        origin: &Origin,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self {
            key: key.into(),
            origin: origin.to_string(),
            found: shorten(&found.into()),
            expected: expected.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: got {} ({}), expected {}",
            self.key, self.found, self.origin, self.expected
        )
    }
}

impl std::error::Error for Problem {}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File(String),
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(name) => f.write_str(name),
            Self::Environment(name) => write!(f, "environment {name}"),
        }
    }
}

/// A line of what came; a pasted document would hide the rest of the report.
fn shorten(found: &str) -> String {
    const MOST: usize = 120;
    let line: String = found.chars().take(MOST).collect();
    if line.len() < found.len() {
        format!("{line}…")
    } else {
        line
    }
}

/// `, did you mean "x"?` for the known name that is nearest to `wrong`, when one is near.
pub(crate) fn nearest<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| {
            (
                strsim::jaro_winkler(&wrong.to_lowercase(), &name.to_lowercase()),
                name,
            )
        })
        .filter(|(score, _)| *score > 0.82)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}
