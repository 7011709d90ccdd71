//! The table of `docs/errors.md`, read as text.

use super::Shown;

const DOCUMENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md"));

/// Stands for anything in a text.
const ANYTHING: char = '…';

/// A row: what it says that the client gets.
#[derive(Debug)]
pub(super) struct Row {
    pub id: String,
    pub status: String,
    pub code: String,
    pub text: String,
}

impl Row {
    /// Whether an error is what the row says.
    pub(super) fn describes(&self, shown: &Shown) -> bool {
        self.status == shown.status.to_string()
            && self.code == shown.code
            && matches(&self.text, &shown.text)
    }
}

/// The rows: lines of six columns, the first with the row's id as code.
pub(super) fn rows() -> Vec<Row> {
    let lines = DOCUMENT.lines().filter(|line| line.starts_with("| `"));
    lines.map(row).collect()
}

fn row(line: &str) -> Row {
    let inside = line.trim().trim_matches('|');
    let columns: Vec<&str> = inside.split(" | ").map(str::trim).collect();
    let [id, status, code, text, cause, advice] = columns[..] else {
        panic!("not six columns: {line}");
    };
    assert!(
        !cause.is_empty() && !advice.is_empty(),
        "an empty column: {line}"
    );
    Row {
        id: id.trim_matches('`').to_owned(),
        status: status.to_owned(),
        code: code.to_owned(),
        text: text.trim_matches('`').trim().to_owned(),
    }
}

/// Whether a text is as a pattern says, in which [`ANYTHING`] stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    // A cell of a table has one line.
    let text = text.replace('\n', " ");
    let Some((first, others)) = pattern.split_once(ANYTHING) else {
        return pattern == text;
    };
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let (between, last) = others.rsplit_once(ANYTHING).unwrap_or(("", others));
    for part in between.split(ANYTHING) {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[test]
fn a_pattern_is_held_at_both_ends_and_in_order() {
    for (pattern, text, expected) in [
        ("a b", "a b", true),
        ("a b", "a b c", false),
        ("a … c", "a b c", true),
        ("a … c", "a b c d", false),
        ("… b …", "a b c", true),
        ("…b…a…", "a b", false),
        ("a … a", "a a", false),
        ("a b", "a\nb", true),
    ] {
        assert_eq!(expected, matches(pattern, text), "{pattern} {text}");
    }
}
