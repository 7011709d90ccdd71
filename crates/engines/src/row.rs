//! The values of one row, within what a row may take.

use serde_json::Value;

/// The longest row in bytes, as the database sends it and as JSON; texts beyond their share of it are cut.
pub(crate) const ROW_BYTES: usize = 1 << 20;
/// What the cut texts of a value end with.
pub(crate) const CUT_MARK: &str = "… [cut]";

/// Takes the values of a row in their order. Each may take its share of what those before it left, so that
/// short values are never cut for a long one.
pub(crate) struct RowBudget {
    bytes_left: usize,
    columns_left: usize,
    size: usize,
    is_cut: bool,
}

impl RowBudget {
    /// For a row of so many columns, whose names and punctuation take `overhead` bytes.
    pub(crate) fn new(limit: usize, columns: usize, overhead: usize) -> Self {
        Self {
            bytes_left: limit.saturating_sub(overhead),
            columns_left: columns,
            size: overhead,
            is_cut: false,
        }
    }

    /// A value of about so many bytes of JSON that is never cut.
    pub(crate) fn value(&mut self, value: Value, bytes: usize) -> Value {
        self.take(bytes);
        value
    }

    /// A text, cut if it takes more than its share.
    pub(crate) fn text(&mut self, text: &str) -> Value {
        let share = self.share();
        let bytes = escaped_len(text) + 2;
        if bytes <= share {
            self.is_cut |= text.ends_with(CUT_MARK);
            self.take(bytes);
            return Value::from(text);
        }
        let kept = beginning(text, share.saturating_sub(CUT_MARK.len() + 2));
        let cut = [kept, CUT_MARK].concat();
        self.is_cut = true;
        self.take(escaped_len(&cut) + 2);
        Value::from(cut)
    }

    /// How long the next text may be.
    pub(crate) fn share(&self) -> usize {
        self.bytes_left / self.columns_left.max(1)
    }

    /// About what the row takes as JSON.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Whether a text was cut, here or before.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    fn take(&mut self, bytes: usize) {
        self.size += bytes;
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        self.columns_left = self.columns_left.saturating_sub(1);
    }
}

/// What a byte takes in a JSON string beyond itself.
fn escape(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0C => 1,
        ..0x20 => 5,
        _ => 0,
    }
}

/// Bytes of a text in a JSON string, without its quotes.
fn escaped_len(text: &str) -> usize {
    text.len() + text.bytes().map(escape).sum::<usize>()
}

/// The longest beginning that takes at most so many bytes in a JSON string.
fn beginning(text: &str, bytes: usize) -> &str {
    let mut size = 0;
    for (at, letter) in text.char_indices() {
        size += letter.len_utf8() + u8::try_from(letter).map_or(0, escape);
        if size > bytes {
            return &text[..at];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_is_cut_to_its_share_and_says_so() {
        let mut row = RowBudget::new(1_000, 3, 10);
        assert_eq!(json!("short"), row.text("short"));
        assert!(!row.is_cut());
        let long = row.text(&"é".repeat(1_000));
        let text = long.as_str().unwrap();
        assert!(
            text.ends_with(CUT_MARK) && text.len() > 400 && text.len() < 500,
            "{}",
            text.len()
        );
        assert!(row.is_cut());
        let rest = row.text(&"\u{1}".repeat(1_000));
        assert!(serde_json::to_string(&rest).unwrap().len() < 510);
        assert!(row.size() <= 1_000);
    }

    #[test]
    fn the_size_of_a_text_is_what_json_makes_of_it() {
        for text in ["", "plain", "q\"b\\n\n\r\t\u{8}\u{c}\u{1}\u{1f} é 😀"] {
            assert_eq!(
                serde_json::to_string(text).unwrap().len(),
                escaped_len(text) + 2
            );
        }
    }

    #[test]
    fn what_the_wire_has_cut_counts_as_cut() {
        let mut row = RowBudget::new(1_000, 1, 0);
        row.text(&format!("abc{CUT_MARK}"));
        assert!(row.is_cut());
    }
}
