//! Where this node stands with the workspace's charts, dashboards and datasets.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tidegate_store::Epoch;

/// Which changes this node's own calls made. Answers that were kept before them are not given any more.
#[derive(Debug, Default)]
pub(crate) struct ContentChanges {
    /// The place in the change log of the last one.
    written: AtomicU64,
    /// Those that the log does not have yet.
    unpublished: AtomicUsize,
}

impl ContentChanges {
    /// A change is about to be committed.
    pub(super) fn announce(&self) {
        self.unpublished.fetch_add(1, Ordering::AcqRel);
    }

    /// It was not.
    pub(super) fn withdraw(&self) {
        self.unpublished.fetch_sub(1, Ordering::AcqRel);
    }

    /// It stands in the log, at this place.
    pub(super) fn published(&self, at: Epoch) {
        self.written.fetch_max(at.0, Ordering::AcqRel);
        self.unpublished.fetch_sub(1, Ordering::AcqRel);
    }

    /// The log was lost and begins anew: no place in it is known.
    pub(super) fn forget(&self) {
        self.written.store(0, Ordering::Release);
    }

    /// Whether the log has all that this node changed.
    pub(super) fn is_published(&self) -> bool {
        self.unpublished.load(Ordering::Acquire) == 0
    }

    /// What a kept answer rests on, where this node has read the log as far as `known`.
    pub(super) fn epoch(&self, known: Epoch) -> Epoch {
        known.max(Epoch(self.written.load(Ordering::Acquire)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_rest_on_what_this_node_wrote_before_it_reads_it_in_the_log() {
        let content = ContentChanges::default();
        assert_eq!(Epoch(4), content.epoch(Epoch(4)));
        content.announce();
        assert!(!content.is_published());
        content.published(Epoch(6));
        assert!(content.is_published());
        assert_eq!(Epoch(6), content.epoch(Epoch(4)));
        assert_eq!(Epoch(7), content.epoch(Epoch(7)));
    }

    #[test]
    fn a_log_that_begins_anew_counts_from_its_beginning() {
        let content = ContentChanges::default();
        content.announce();
        content.published(Epoch(900));
        content.forget();
        assert_eq!(Epoch(2), content.epoch(Epoch(2)));
    }

    #[test]
    fn as_long_as_one_of_several_changes_is_not_published_none_counts_as_such() {
        let content = ContentChanges::default();
        content.announce();
        content.announce();
        content.withdraw();
        assert!(!content.is_published());
        content.published(Epoch(1));
        assert!(content.is_published());
    }
}
