//! How many change streams may be open on this node: in all, and of each user.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tidegate_types::{Principal, UserId, WorkspaceSlug};

/// Places for open streams.
#[derive(Debug, Clone)]
pub(crate) struct StreamPlaces(Arc<Inner>);

type Owner = (WorkspaceSlug, UserId);

#[derive(Debug)]
struct Inner {
    in_all: usize,
    of_user: usize,
    open: AtomicUsize,
    by_owner: Mutex<HashMap<Owner, usize>>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// The node has none.
    OnNode,
    /// The user has as many as a user may.
    OfUser,
}

impl StreamPlaces {
    pub(crate) fn new(in_all: usize, of_user: usize) -> Self {
        Self(Arc::new(Inner {
            in_all,
            of_user,
            open: AtomicUsize::new(0),
            by_owner: Mutex::default(),
        }))
    }

    /// A place for one more stream, until it is dropped.
    pub(crate) fn take(&self, principal: &Principal) -> Result<StreamPlace, NoPlace> {
        let owner = (principal.workspace.clone(), principal.user);
        let mut by_owner = self.0.by_owner.lock();
        if self.0.open.load(Ordering::Relaxed) >= self.0.in_all {
            return Err(NoPlace::OnNode);
        }
        let open = by_owner.entry(owner.clone()).or_default();
        if *open >= self.0.of_user {
            return Err(NoPlace::OfUser);
        }
        *open += 1;
        // Changed under the lock alone.
        self.0.open.fetch_add(1, Ordering::Relaxed);
        Ok(StreamPlace {
            places: self.clone(),
            owner,
        })
    }

    /// How many are open.
    pub(crate) fn open(&self) -> usize {
        self.0.open.load(Ordering::Relaxed)
    }
}

/// The place of an open stream.
#[derive(Debug)]
pub(crate) struct StreamPlace {
    places: StreamPlaces,
    owner: Owner,
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut by_owner = self.places.0.by_owner.lock();
        self.places.0.open.fetch_sub(1, Ordering::Relaxed);
        if let Some(open) = by_owner.get_mut(&self.owner) {
            *open -= 1;
            if *open == 0 {
                by_owner.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tidegate_types::{ClientName, Credential, ScopeSet};

    use super::*;

    fn user(workspace: &str, id: i64) -> Principal {
        Principal {
            workspace: workspace.parse().unwrap(),
            user: UserId(id),
            username: "finn".into(),
            scopes: ScopeSet::all(),
            client: ClientName("test".into()),
            credential: Credential::Development,
        }
    }

    #[test]
    fn a_user_has_so_many_and_the_others_have_theirs() {
        let places = StreamPlaces::new(10, 2);
        let finn = user("acme", 1);
        let (first, _second) = (places.take(&finn).unwrap(), places.take(&finn).unwrap());
        assert_eq!(NoPlace::OfUser, places.take(&finn).unwrap_err());
        let _other_user = places.take(&user("acme", 2)).unwrap();
        let _other_workspace = places.take(&user("rival", 1)).unwrap();
        drop(first);
        assert!(places.take(&finn).is_ok());
    }

    #[test]
    fn the_node_has_so_many_and_forgets_who_has_none() {
        let places = StreamPlaces::new(3, 2);
        let taken: Vec<_> = (0..3)
            .map(|id| places.take(&user("acme", id)).unwrap())
            .collect();
        assert_eq!(NoPlace::OnNode, places.take(&user("acme", 9)).unwrap_err());
        assert_eq!(3, places.open());
        drop(taken);
        assert_eq!(0, places.open());
        assert!(places.0.by_owner.lock().is_empty());
    }
}
