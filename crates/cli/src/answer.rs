//! What a command answers, for people and for programs.

use std::fmt::Write as _;

use chrono::DateTime;
use serde_json::Value;

/// The same twice.
pub(super) struct Answer {
    /// Lines, each with its end.
    pub(super) text: String,
    pub(super) json: Value,
    /// What was done, and will not do what is wanted of it yet.
    pub(super) warnings: Vec<String>,
}

impl Answer {
    /// One line.
    pub(super) fn line(text: impl Into<String>, json: Value) -> Self {
        let mut text = text.into();
        text.push('\n');
        Self::new(text, json)
    }

    fn new(text: String, json: Value) -> Self {
        Self {
            text,
            json,
            warnings: Vec::new(),
        }
    }

    /// Names and values, one a line.
    pub(super) fn facts<N: Into<String>>(
        facts: impl IntoIterator<Item = (N, String)>,
        json: Value,
    ) -> Self {
        let rows = facts
            .into_iter()
            .map(|(name, value)| vec![name.into(), value]);
        Self::new(aligned(rows.collect()), json)
    }

    /// Rows under a heading.
    pub(super) fn table<const N: usize>(
        heading: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
        json: Value,
    ) -> Self {
        let heading = heading.map(str::to_uppercase);
        let rows = std::iter::once(heading).chain(rows).map(Vec::from);
        Self::new(aligned(rows.collect()), json)
    }

    /// With a warning, if there is one.
    pub(super) fn warned(mut self, warning: Option<String>) -> Self {
        self.warnings.extend(warning);
        self
    }

    /// The answer for programs: an object has the warnings as `warnings`.
    pub(super) fn into_json(mut self) -> Value {
        if let (Value::Object(members), false) = (&mut self.json, self.warnings.is_empty()) {
            members.insert("warnings".to_owned(), self.warnings.into());
        }
        self.json
    }

    /// Says below that what was shown will not be shown again.
    pub(super) fn shown_once(mut self) -> Self {
        self.text
            .push_str("\nThis is shown once. Tidegate keeps only its hash.\n");
        self
    }
}

/// Columns as wide as their widest value, two blanks between. Control characters of names do not reach a terminal.
fn aligned(rows: Vec<Vec<String>>) -> String {
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| row.iter().map(|cell| harmless(cell)).collect())
        .collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            // Writing to a string does not fail.
            let _ = write!(line, "{cell:<width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn harmless(text: &str) -> String {
    text.chars()
        .map(|char| if char.is_control() { '\u{fffd}' } else { char })
        .collect()
}

/// A time as people read it, in UTC.
pub(super) fn time(at: i64) -> String {
    DateTime::from_timestamp(at, 0).map_or_else(
        || at.to_string(),
        |time| time.format("%Y-%m-%d %H:%M").to_string(),
    )
}

/// Likewise; a dash for never.
pub(super) fn time_or_dash(at: Option<i64>) -> String {
    at.map_or_else(|| "-".to_owned(), time)
}

pub(super) fn or_dash(text: Option<impl ToString>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| text.to_string())
}

pub(super) fn yes_or_no(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_end_with_what_they_hold() {
        let rows = [
            ["acme".to_owned(), String::new()],
            ["ä".to_owned(), "x".to_owned()],
        ];
        let table = Answer::table(["name", "note"], rows, json!([]));
        assert_eq!("NAME  NOTE\nacme\nä     x\n", table.text);
    }

    #[test]
    fn a_name_with_control_characters_does_not_reach_the_terminal() {
        let facts = Answer::facts([("name", "a\u{1b}[2Jb".to_owned())], json!({}));
        assert!(!facts.text.contains('\u{1b}'), "{:?}", facts.text);
    }
}
