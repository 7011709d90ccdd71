//! Where a page stands in its list.

use serde::Serialize;

/// Where a page stands in its list.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Pagination {
    pub(super) page: u32,
    pub(super) page_size: u32,
    pub(super) total_count: u64,
    pub(super) total_pages: u64,
    pub(super) has_next: bool,
    pub(super) has_previous: bool,
}

impl Pagination {
    pub(super) fn new(page: u32, page_size: u32, total_count: u64) -> Self {
        let total_pages = total_count.div_ceil(u64::from(page_size.max(1)));
        Self {
            page,
            page_size,
            total_count,
            total_pages,
            has_next: u64::from(page) < total_pages,
            has_previous: page > 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_its_neighbours() {
        let of = |page, size, total| {
            let at = Pagination::new(page, size, total);
            (at.total_pages, at.has_next, at.has_previous)
        };
        assert_eq!((11, true, false), of(1, 10, 103));
        assert_eq!((11, false, true), of(11, 10, 103));
        assert_eq!((11, false, true), of(999, 10, 103));
        assert_eq!((0, false, false), of(1, 10, 0));
    }
}
