//! Where this node stands with the workspace's charts, dashboards and datasets.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use tidegate_store::Epoch;

/// Which changes this node's own calls made, and whether it knows the others'. Answers that were kept before a change are
/// not given after it.
#[derive(Debug, Default)]
pub(crate) struct ContentChanges {
    /// The place in the change log of the last one of its own.
    published_at: AtomicU64,
    /// Those that the log does not have yet.
    unpublished: AtomicUsize,
    /// Whether the log could not be read when there was something new in it.
    is_behind: AtomicBool,
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

    /// It stands in the log, at this place, which this node has read as far as `known`.
    pub(super) fn published(&self, at: Epoch, known: Epoch) {
        if at <= known {
            // The log was lost and begins anew: what is known of it is another log's.
            self.fall_behind();
        }
        self.published_at.fetch_max(at.0, Ordering::AcqRel);
        self.unpublished.fetch_sub(1, Ordering::AcqRel);
    }

    /// There is something in the log that could not be read.
    pub(super) fn fall_behind(&self) {
        self.is_behind.store(true, Ordering::Release);
    }

    /// The log was read to its end.
    pub(super) fn caught_up(&self) {
        self.is_behind.store(false, Ordering::Release);
    }

    /// The log was lost and begins anew: no place in it is known.
    pub(super) fn forget(&self) {
        self.published_at.store(0, Ordering::Release);
    }

    /// Whether the log has all that this node changed.
    pub(super) fn is_published(&self) -> bool {
        self.unpublished.load(Ordering::Acquire) == 0
    }

    /// Whether this node knows of all changes that it has heard of, and all others of its own.
    pub(super) fn is_settled(&self) -> bool {
        self.is_published() && !self.is_behind.load(Ordering::Acquire)
    }

    /// What a kept answer rests on, where this node has read the log as far as `known`.
    pub(super) fn epoch(&self, known: Epoch) -> Epoch {
        known.max(Epoch(self.published_at.load(Ordering::Acquire)))
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
        content.published(Epoch(6), Epoch(4));
        assert!(content.is_published());
        assert_eq!(Epoch(6), content.epoch(Epoch(4)));
        assert_eq!(Epoch(7), content.epoch(Epoch(7)));
    }

    #[test]
    fn a_log_that_begins_anew_counts_from_its_beginning() {
        let content = ContentChanges::default();
        content.announce();
        content.published(Epoch(900), Epoch(899));
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
        content.published(Epoch(1), Epoch(0));
        assert!(content.is_published());
    }

    #[test]
    fn a_place_that_is_known_already_is_of_another_log() {
        let content = ContentChanges::default();
        content.announce();
        content.published(Epoch(1), Epoch(900));
        assert!(!content.is_settled());
        content.caught_up();
        assert!(content.is_settled());
    }
}
