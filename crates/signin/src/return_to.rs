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
