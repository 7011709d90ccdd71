//! Changes to a text by position. The rest of the text stays as it was written.

use super::GuardError;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

/// Pieces of a text that others take the place of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Edits {
    edits: Vec<Edit>,
}

impl Edits {
    /// Puts `text` in the place of the bytes from `start` to `end`.
    pub(super) fn replace(&mut self, start: usize, end: usize, text: String) {
        self.edits.push(Edit { start, end, text });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.edits.extend(other.edits);
    }

    /// The part of `source` from `start` to `end` with the changes in it.
    ///
    /// # Errors
    /// `Ambiguous`: two changes overlap, or one lies outside.
    pub(super) fn apply(
        &self,
        source: &str,
        start: usize,
        end: usize,
    ) -> Result<String, GuardError> {
        let mut edits: Vec<_> = self.edits.iter().collect();
        edits.sort_by_key(|edit| edit.start);
        let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
        let mut text = String::with_capacity(end.saturating_sub(start) + added);
        let mut at = start;
        for edit in edits {
            let kept = source.get(at..edit.start).ok_or(GuardError::Ambiguous)?;
            text.push_str(kept);
            text.push_str(&edit.text);
            if edit.end < edit.start || edit.end > end {
                return Err(GuardError::Ambiguous);
            }
            at = edit.end;
        }
        text.push_str(source.get(at..end).ok_or(GuardError::Ambiguous)?);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_stand_where_they_belong_whatever_their_order() {
        let mut edits = Edits::default();
        edits.replace(11, 11, " LIMIT 3".into());
        edits.replace(7, 8, "(é)".into());
        assert_eq!(
            Ok("select (é), b LIMIT 3".to_owned()),
            edits.apply("select a, b; x", 0, 11)
        );
    }

    #[test]
    fn changes_that_overlap_or_lie_outside_are_refused() {
        for (start, end) in [(2, 4), (0, 9), (3, 2), (9, 9)] {
            let mut edits = Edits::default();
            edits.replace(1, 3, "x".into());
            edits.replace(start, end, "y".into());
            let outcome = edits.apply("abcdefgh", 0, 6);
            assert_eq!(Err(GuardError::Ambiguous), outcome, "{start} {end}");
        }
    }
}
