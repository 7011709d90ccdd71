//! How far this node has read the control plane's log, and what of it concerns whom.

use std::collections::HashMap;
use std::hash::Hash;

use parking_lot::RwLock;
use tidegate_types::{GrantId, WorkspaceSlug};
use tokio::sync::watch;

use super::{ControlChange, ControlChangePage};

/// Grants and workspaces whose last change is known one by one. Above that, all count as changed at once.
const MAX_KNOWN: usize = 10_000;

/// Says whether something that was learned at a place of the log still counts.
///
/// Nothing has to be removed from any cache for that, so no cache can miss it: what is remembered carries the place
/// that was known before it was asked for, and counts if nothing that concerns it changed after that place. It is the
/// same for what other nodes learned and keep in the shared store.
pub(crate) struct CacheValidity {
    has_feed: bool,
    read: RwLock<Read>,
    version: watch::Sender<u64>,
}

#[derive(Default)]
struct Read {
    /// How far the log was read; `None` before its first answer.
    place: Option<u64>,
    /// The last place after which nothing older counts, whatever it is.
    everything: u64,
    /// The last place after which no older flags of any workspace count.
    all_flags: u64,
    workspaces: HashMap<WorkspaceSlug, u64>,
    flags: HashMap<WorkspaceSlug, u64>,
    grants: HashMap<GrantId, u64>,
}

impl CacheValidity {
    /// `has_feed`: whether there is a log. Without one everything counts as long as it is remembered.
    pub(crate) fn new(has_feed: bool) -> Self {
        Self {
            has_feed,
            read: RwLock::default(),
            version: watch::Sender::new(0),
        }
    }

    /// Whether there is a log, so that anything is ever noticed.
    pub(crate) fn has_feed(&self) -> bool {
        self.has_feed
    }

    /// The place to note with what is asked for from now on. `None`: the log was not read yet, so that nothing can be
    /// remembered.
    pub(crate) fn place(&self) -> Option<u64> {
        if !self.has_feed {
            return Some(0);
        }
        self.read.read().place
    }

    /// Whether the standing of a grant in a workspace counts that was learned at a place.
    pub(crate) fn standing_holds(
        &self,
        as_of: u64,
        grant: &GrantId,
        workspace: &WorkspaceSlug,
    ) -> bool {
        if !self.has_feed {
            return true;
        }
        let read = self.read.read();
        read.place.is_some()
            && as_of >= read.everything
            && holds(&read.workspaces, workspace, as_of)
            && holds(&read.grants, grant, as_of)
    }

    /// Whether the state of a workspace counts that was learned at a place.
    pub(crate) fn state_holds(&self, as_of: u64, workspace: &WorkspaceSlug) -> bool {
        if !self.has_feed {
            return true;
        }
        let read = self.read.read();
        read.place.is_some()
            && as_of >= read.everything.max(read.all_flags)
            && holds(&read.workspaces, workspace, as_of)
            && holds(&read.flags, workspace, as_of)
    }

    /// Takes note of what was read. The first page, and one with a gap, make everything old.
    pub(crate) fn advance(&self, page: &ControlChangePage) {
        {
            let mut read = self.read.write();
            let read = &mut *read;
            if read.place.is_none() || page.has_gap {
                read.everything = page.head;
                read.workspaces.clear();
                read.flags.clear();
                read.grants.clear();
            }
            for change in &page.changes {
                read.note(change, page.head);
            }
            read.place = Some(page.head);
        }
        if page.has_gap || !page.changes.is_empty() {
            self.version.send_modify(|version| *version += 1);
        }
    }

    /// Changes whenever something may count no more.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }
}

impl Read {
    fn note(&mut self, change: &ControlChange, place: u64) {
        let is_full = match change {
            ControlChange::Session { id, .. } => !insert(&mut self.grants, id, place),
            ControlChange::Workspace { workspace } => {
                !insert(&mut self.workspaces, workspace, place)
            }
            ControlChange::Flags {
                workspace: Some(workspace),
            } => !insert(&mut self.flags, workspace, place),
            ControlChange::Flags { workspace: None } => {
                self.all_flags = place;
                false
            }
            ControlChange::Account => {
                self.everything = place;
                false
            }
            ControlChange::Keys => false,
        };
        if is_full {
            self.everything = place;
            self.grants.clear();
            self.workspaces.clear();
            self.flags.clear();
        }
    }
}

fn holds<K: Eq + Hash>(changed: &HashMap<K, u64>, key: &K, as_of: u64) -> bool {
    changed.get(key).is_none_or(|changed| as_of >= *changed)
}

/// `false`: there is no room.
fn insert<K: Eq + Hash + Clone>(changed: &mut HashMap<K, u64>, key: &K, place: u64) -> bool {
    if let Some(last) = changed.get_mut(key) {
        *last = place;
        return true;
    }
    if changed.len() >= MAX_KNOWN {
        return false;
    }
    changed.insert(key.clone(), place);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(head: u64, changes: Vec<ControlChange>) -> ControlChangePage {
        ControlChangePage {
            changes,
            head,
            has_gap: false,
        }
    }

    fn slug(name: &str) -> WorkspaceSlug {
        name.parse().unwrap()
    }

    fn grant(n: usize) -> GrantId {
        format!("grant-{n:08}").parse().unwrap()
    }

    fn session(n: usize) -> ControlChange {
        ControlChange::Session {
            workspace: Some(slug("acme")),
            id: grant(n),
        }
    }

    fn begun() -> CacheValidity {
        let validity = CacheValidity::new(true);
        validity.advance(&page(100, Vec::new()));
        validity
    }

    #[test]
    fn before_the_first_answer_nothing_counts() {
        let validity = CacheValidity::new(true);
        assert_eq!(None, validity.place());
        assert!(!validity.standing_holds(u64::MAX, &grant(1), &slug("acme")));
        assert!(!validity.state_holds(u64::MAX, &slug("acme")));
    }

    #[test]
    fn without_a_log_everything_counts() {
        let validity = CacheValidity::new(false);
        assert_eq!(Some(0), validity.place());
        assert!(validity.standing_holds(0, &grant(1), &slug("acme")));
        assert!(validity.state_holds(0, &slug("acme")));
    }

    #[test]
    fn what_others_learned_before_this_node_began_does_not_count() {
        let validity = begun();
        assert!(!validity.standing_holds(99, &grant(1), &slug("acme")));
        assert!(validity.standing_holds(100, &grant(1), &slug("acme")));
    }

    #[test]
    fn a_change_makes_old_what_it_concerns_and_nothing_else() {
        let holds = |change: ControlChange| {
            let validity = begun();
            validity.advance(&page(101, vec![change]));
            assert_eq!(Some(101), validity.place());
            [
                validity.standing_holds(100, &grant(1), &slug("acme")),
                validity.standing_holds(100, &grant(2), &slug("acme")),
                validity.standing_holds(100, &grant(2), &slug("rival")),
                validity.state_holds(100, &slug("acme")),
                validity.state_holds(100, &slug("rival")),
                validity.standing_holds(101, &grant(1), &slug("acme"))
                    && validity.state_holds(101, &slug("acme")),
            ]
        };
        let workspace = || Some(slug("acme"));
        assert_eq!([false, true, true, true, true, true], holds(session(1)));
        let acme = ControlChange::Workspace {
            workspace: slug("acme"),
        };
        assert_eq!([false, false, true, false, true, true], holds(acme));
        let flags = ControlChange::Flags {
            workspace: workspace(),
        };
        assert_eq!([true, true, true, false, true, true], holds(flags));
        let all_flags = ControlChange::Flags { workspace: None };
        assert_eq!([true, true, true, false, false, true], holds(all_flags));
        let account = holds(ControlChange::Account);
        assert_eq!([false, false, false, false, false, true], account);
        assert_eq!([true; 6], holds(ControlChange::Keys));
    }

    #[test]
    fn after_a_gap_nothing_older_counts() {
        let validity = begun();
        validity.advance(&page(101, vec![session(1)]));
        validity.advance(&ControlChangePage {
            has_gap: true,
            ..page(50, Vec::new())
        });
        assert_eq!(Some(50), validity.place());
        assert!(!validity.standing_holds(49, &grant(2), &slug("acme")));
        assert!(validity.standing_holds(50, &grant(1), &slug("acme")));
    }

    #[test]
    fn more_changes_than_can_be_known_make_everything_old() {
        let validity = begun();
        let many = (0..=MAX_KNOWN).map(session).collect();
        validity.advance(&page(200, many));
        assert!(!validity.standing_holds(199, &grant(MAX_KNOWN + 5), &slug("rival")));
        assert!(validity.standing_holds(200, &grant(0), &slug("acme")));
        assert!(validity.read.read().grants.len() <= MAX_KNOWN);
    }

    #[test]
    fn only_news_wake_those_who_watch() {
        let validity = begun();
        let mut watch = validity.watch();
        validity.advance(&page(100, Vec::new()));
        assert!(!watch.has_changed().unwrap());
        validity.advance(&page(101, vec![session(1)]));
        assert!(watch.has_changed().unwrap());
        watch.mark_unchanged();
    }
}
