//! How something scarce is shared: over workspaces, and within a workspace over its users.

use std::collections::HashMap;

use tidegate_types::{UserId, may_take_one_more, most_of};

/// A workspace on this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct WorkspaceShare(pub(super) u64);

impl WorkspaceShare {
    /// One of its users.
    pub(super) fn holder(self, user: UserId) -> Holder {
        Holder {
            workspace: self,
            user,
        }
    }
}

/// One user of one workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Holder {
    pub(super) workspace: WorkspaceShare,
    pub(super) user: UserId,
}

/// A number of equal things, and who holds how many of them.
///
/// A running call cannot be pushed aside, so something always stays free for whoever comes next: see
/// [`may_take_one_more`]. The users of a workspace share its part by the same rule.
#[derive(Debug)]
pub(super) struct Shares {
    total: usize,
    held: usize,
    workspaces: HashMap<WorkspaceShare, Part>,
}

#[derive(Debug, Default)]
struct Part {
    held: usize,
    users: HashMap<UserId, usize>,
}

impl Shares {
    /// Shares of `total` things, at least one.
    pub(super) fn new(total: usize) -> Self {
        Self {
            total: total.max(1),
            held: 0,
            workspaces: HashMap::new(),
        }
    }

    /// How many are held by anybody.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// How many the workspace holds.
    pub(super) fn held_by(&self, workspace: WorkspaceShare) -> usize {
        self.workspaces.get(&workspace).map_or(0, |part| part.held)
    }

    /// How many the user holds.
    pub(super) fn held_by_user(&self, holder: Holder) -> usize {
        self.workspaces
            .get(&holder.workspace)
            .and_then(|part| part.users.get(&holder.user))
            .copied()
            .unwrap_or(0)
    }

    /// Whether the holder's part allows one more.
    pub(super) fn may_take(&self, holder: Holder) -> bool {
        let free = self.total.saturating_sub(self.held);
        let by_workspace = self.held_by(holder.workspace);
        if !may_take_one_more(by_workspace, free) {
            return false;
        }
        let free_in_workspace = most_of(by_workspace + free) - by_workspace;
        may_take_one_more(self.held_by_user(holder), free_in_workspace)
    }

    /// Takes one, whether or not the part allows it.
    pub(super) fn take(&mut self, holder: Holder) {
        let part = self.workspaces.entry(holder.workspace).or_default();
        *part.users.entry(holder.user).or_default() += 1;
        part.held += 1;
        self.held += 1;
    }

    /// Gives one back.
    pub(super) fn give_back(&mut self, holder: Holder) {
        let Some(part) = self.workspaces.get_mut(&holder.workspace) else {
            return;
        };
        let Some(by_user) = part.users.get_mut(&holder.user) else {
            return;
        };
        *by_user -= 1;
        part.held -= 1;
        self.held -= 1;
        if *by_user == 0 {
            part.users.remove(&holder.user);
        }
        if part.held == 0 {
            self.workspaces.remove(&holder.workspace);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holder(workspace: u64, user: i64) -> Holder {
        Holder {
            workspace: WorkspaceShare(workspace),
            user: UserId(user),
        }
    }

    /// Takes as many as the holder may have.
    fn fill(shares: &mut Shares, holder: Holder) -> usize {
        let before = shares.held_by_user(holder);
        while shares.may_take(holder) {
            shares.take(holder);
        }
        shares.held_by_user(holder) - before
    }

    #[test]
    fn one_user_leaves_room_for_others_of_the_workspace_and_those_for_other_workspaces() {
        let mut shares = Shares::new(32);
        assert_eq!(18, fill(&mut shares, holder(1, 1)));
        assert_eq!(5, fill(&mut shares, holder(1, 2)));
        assert_eq!(1, fill(&mut shares, holder(1, 3)));
        assert_eq!(5, fill(&mut shares, holder(2, 1)));
        assert!(shares.may_take(holder(3, 1)));
    }

    #[test]
    fn the_smallest_numbers_still_let_calls_run() {
        for total in [0, 1] {
            let mut shares = Shares::new(total);
            assert_eq!(1, fill(&mut shares, holder(1, 1)));
            assert!(!shares.may_take(holder(2, 1)));
        }
        let mut shares = Shares::new(2);
        assert_eq!(1, fill(&mut shares, holder(1, 1)));
        assert!(shares.may_take(holder(2, 1)));
    }

    #[test]
    fn what_was_given_back_can_be_taken_again() {
        let mut shares = Shares::new(8);
        let all = fill(&mut shares, holder(1, 1));
        for _ in 0..all {
            shares.give_back(holder(1, 1));
        }
        assert_eq!(0, shares.held());
        assert!(shares.workspaces.is_empty());
        assert_eq!(all, fill(&mut shares, holder(1, 1)));
        // Nobody holds it: nothing happens.
        shares.give_back(holder(9, 9));
        assert_eq!(all, shares.held());
    }

    proptest! {
        #[test]
        fn nobody_takes_the_last_one_who_has_one_already(
            total in 2_usize..64,
            steps in prop::collection::vec((1_u64..5, 1_i64..4, any::<bool>()), 0..400),
        ) {
            let mut shares = Shares::new(total);
            for (workspace, user, gives_back) in steps {
                let holder = holder(workspace, user);
                let (had, free) = (shares.held_by(holder.workspace), total - shares.held());
                if gives_back {
                    shares.give_back(holder);
                } else if shares.may_take(holder) {
                    prop_assert!(free > 0 && (had == 0 || free > 1));
                    shares.take(holder);
                } else if had == 0 {
                    prop_assert_eq!(0, free);
                }
                let sum: usize = shares.workspaces.values().map(|part| part.held).sum();
                prop_assert_eq!(sum, shares.held());
                prop_assert!(shares.held() <= total);
            }
        }
    }
}
