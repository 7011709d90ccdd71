//! Long lists in parts.

use tidegate_pages::Paging;

use super::fields::Fields;

/// Rows of a part.
const ROWS: u32 = 50;

/// Parts that can be asked for; who looks for more narrows the list.
const MOST_PARTS: u32 = 200;

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part(u32);

impl Part {
    /// The part that the field `page` names; the first for anything else.
    pub(super) fn of(fields: &Fields) -> Self {
        Self(fields.read("page").unwrap_or(1).clamp(1, MOST_PARTS))
    }

    /// How many rows a part has at the most.
    pub(super) const LIMIT: u32 = ROWS;

    /// How many rows are before it.
    pub(super) const fn offset(self) -> u32 {
        (self.0 - 1) * ROWS
    }

    /// The last part of a list that has fewer rows than are before this one; nothing when there are rows here.
    ///
    /// Rows go while somebody looks at the last part of them, who then is to see the new last part.
    fn instead(self, total: u64) -> Option<Self> {
        if total > u64::from(self.offset()) || self.0 == 1 {
            return None;
        }
        let last = total.div_ceil(u64::from(ROWS)).max(1);
        Some(Self(u32::try_from(last).unwrap_or(MOST_PARTS)))
    }

    /// This part of a list that has so many rows, or its last one.
    pub(super) fn within(self, rows: usize) -> Self {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.instead(rows).unwrap_or(self)
    }

    /// The rows of this part, of all.
    pub(super) fn of_all<T>(self, all: Vec<T>) -> Vec<T> {
        let start = usize::try_from(self.offset()).unwrap_or(usize::MAX);
        all.into_iter().skip(start).take(ROWS as usize).collect()
    }

    /// What `ask` lists of this part, or of the last one where this is behind the end, and which part it is of. `total`
    /// tells how many rows the whole list has.
    pub(super) async fn listed<T, E>(
        self,
        ask: impl AsyncFn(Self) -> Result<T, E>,
        total: impl Fn(&T) -> u64,
    ) -> Result<(Self, T), E> {
        let listed = ask(self).await?;
        match self.instead(total(&listed)) {
            None => Ok((self, listed)),
            Some(last) => Ok((last, ask(last).await?)),
        }
    }

    /// As pages show it. `query` makes the query of another part of the same list.
    pub(super) fn paging(
        self,
        total: Counted,
        noun: (&'static str, &'static str),
        query: impl Fn(&str) -> String,
    ) -> Paging {
        let before = u64::from(self.offset());
        let shown = total.rows.saturating_sub(before).min(u64::from(ROWS));
        let part = |number: u32| query(&number.to_string());
        let has_more = before + shown < total.rows && self.0 < MOST_PARTS;
        Paging {
            page: self.0,
            first: before + 1,
            shown,
            total: total.rows,
            is_more: total.is_more,
            noun,
            previous: (self.0 > 1).then(|| part(self.0 - 1)),
            next: has_more.then(|| part(self.0 + 1)),
            back: "Previous",
            on: "Next",
        }
    }
}

/// How many rows there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    pub rows: u64,
    /// Whether there are more, which were not counted.
    pub is_more: bool,
}

impl From<u64> for Counted {
    fn from(rows: u64) -> Self {
        Self {
            rows,
            is_more: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(query: &str) -> Part {
        Part::of(&Fields::parse(query.as_bytes()).unwrap())
    }

    #[test]
    fn a_part_is_read_from_the_query_and_bounded() {
        for (query, offset) in [
            ("", 0),
            ("page=1", 0),
            ("page=3", 100),
            ("page=0", 0),
            ("page=-1", 0),
            ("page=x", 0),
            ("page=99999999", 9_950),
            ("page=99999999999999999999", 0),
        ] {
            assert_eq!(offset, part(query).offset(), "{query}");
        }
    }

    #[test]
    fn the_way_to_other_parts_is_there_where_there_are_some() {
        let paging = |query: &str, total: u64| {
            part(query).paging(total.into(), ("row", "rows"), |page| format!("page={page}"))
        };
        let first = paging("", 1_000);
        assert_eq!((1, 50), (first.first, first.shown));
        assert_eq!(
            (None, Some("page=2")),
            (first.previous.as_deref(), first.next.as_deref())
        );
        let last = paging("page=20", 1_000);
        assert_eq!((951, 50), (last.first, last.shown));
        assert_eq!(
            (Some("page=19"), None),
            (last.previous.as_deref(), last.next.as_deref())
        );
        let short = paging("", 7);
        assert_eq!((7, None), (short.shown, short.next));
    }

    #[test]
    fn whoever_is_behind_the_end_sees_the_last_part() {
        assert_eq!(None, part("page=2").instead(51));
        assert_eq!(Some(part("page=1")), part("page=2").instead(50));
        assert_eq!(Some(part("page=3")), part("page=9").instead(101));
        assert_eq!(Some(part("page=1")), part("page=9").instead(0));
        assert_eq!(None, part("").instead(0));
        assert_eq!(part("page=1"), part("page=9").within(50));
        let last = part("page=9").within(51);
        assert_eq!([50], *last.of_all((0..51).collect::<Vec<_>>()));
    }
}
