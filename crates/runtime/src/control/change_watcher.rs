//! Reads the control plane's log and lets everything know that concerns this node.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tidegate_store::{Circuit, StoreError, ValidationCache};
use tidegate_token_verifier::{Authenticator, token_id_of};
use tidegate_types::{GrantId, WorkspaceSlug};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{CacheValidity, ChangeFeed, ControlChange, ControlChangePage, ControlError};
use crate::workspace::WorkspaceRegistry;

/// How often the log is read while it answers. A revocation is noticed within this and the time of reading.
const EVERY: Duration = Duration::from_millis(250);

/// The longest pause while it does not answer.
const MOST: Duration = Duration::from_secs(5);

/// How long reading may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Pages whose changes wait to be told to the shared store.
const MAX_WAITING: usize = 256;

/// Tokens of one workspace that are forgotten one by one; above that all of it are.
const MAX_SINGLE: usize = 32;

/// Follows the log for as long as the node lives.
///
/// Started by: the node. Owns: its place in the log. Loses when it dies: nothing that a gap would not tell, but it
/// takes the node with it, since a node that does not notice revocations must not serve.
pub(crate) struct ChangeWatcher {
    feed: Arc<dyn ChangeFeed>,
    validity: Arc<CacheValidity>,
    workspaces: Arc<WorkspaceRegistry>,
    authenticator: Arc<dyn Authenticator>,
    shared: mpsc::Sender<Forgetting>,
}

/// What is to be forgotten in the shared store.
#[derive(Debug, Default, PartialEq, Eq)]
struct Forgetting {
    tokens: BTreeMap<WorkspaceSlug, BTreeSet<GrantId>>,
    workspaces: BTreeSet<WorkspaceSlug>,
}

impl ChangeWatcher {
    /// A watcher, and the work that it leaves to the background.
    pub(crate) fn new(
        feed: Arc<dyn ChangeFeed>,
        validity: Arc<CacheValidity>,
        workspaces: Arc<WorkspaceRegistry>,
        authenticator: Arc<dyn Authenticator>,
        validations: Arc<dyn ValidationCache>,
        circuit: Arc<Circuit>,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (shared, waiting) = mpsc::channel(MAX_WAITING);
        let watcher = Self {
            feed,
            validity,
            workspaces,
            authenticator,
            shared,
        };
        (watcher, forget_in_store(waiting, validations, circuit))
    }

    /// Reads for ever; whoever sees it end stops the node.
    pub(crate) async fn run(self, node_ends: CancellationToken) {
        let _guard = node_ends.drop_guard();
        let mut place = None;
        let mut failures = 0_u32;
        loop {
            let read = tokio::time::timeout(TIMEOUT, self.feed.read(place)).await;
            let pause = match read.unwrap_or_else(|elapsed| Err(ControlError(elapsed.into()))) {
                Ok(page) => {
                    if failures > 0 {
                        tracing::info!(failures, "the control plane's log can be read again");
                    }
                    failures = 0;
                    self.apply(&page, place.is_none());
                    let has_more = page.changes.len() >= 1_000;
                    place = Some(page.head);
                    if has_more { Duration::ZERO } else { EVERY }
                }
                Err(err) => {
                    failures = failures.saturating_add(1);
                    if failures.is_power_of_two() {
                        tracing::warn!(
                            failures,
                            error = &err as &dyn std::error::Error,
                            "the control plane's log cannot be read; what is remembered counts for its time"
                        );
                    }
                    (EVERY * 2_u32.saturating_pow(failures.min(8))).min(MOST)
                }
            };
            tokio::time::sleep(with_jitter(pause)).await;
        }
    }

    fn apply(&self, page: &ControlChangePage, is_first: bool) {
        if is_first {
            // What was verified before the log was read may rest on anything.
            self.authenticator.keys_changed();
        } else if !page.has_gap && page.changes.is_empty() {
            self.validity.advance(page);
            return;
        }
        let has_keys = page.changes.contains(&ControlChange::Keys);
        if page.has_gap || has_keys {
            self.authenticator.keys_changed();
        }
        // From here on nothing older counts on this node. The rest makes room, and tells other nodes.
        self.validity.advance(page);
        let mut forgetting = Forgetting::default();
        let mut changed: BTreeSet<WorkspaceSlug> = BTreeSet::new();
        let touches_all = page.has_gap || page.changes.contains(&ControlChange::Account);
        if touches_all {
            forgetting.workspaces.extend(self.workspaces.slugs());
        }
        if page.has_gap {
            changed.extend(self.workspaces.slugs());
        }
        for change in &page.changes {
            match change {
                ControlChange::Session { workspace, id } => {
                    let places = match workspace {
                        Some(workspace) => vec![workspace.clone()],
                        None => self.workspaces.slugs(),
                    };
                    for place in places {
                        forgetting
                            .tokens
                            .entry(place)
                            .or_default()
                            .insert(id.clone());
                    }
                }
                ControlChange::Workspace { workspace } => {
                    forgetting.workspaces.insert(workspace.clone());
                    changed.insert(workspace.clone());
                }
                ControlChange::Flags { .. } | ControlChange::Keys | ControlChange::Account => {}
            }
        }
        for workspace in changed {
            self.workspaces.reconsider(&workspace);
        }
        forgetting.widen();
        if forgetting != Forgetting::default() && self.shared.try_send(forgetting).is_err() {
            // Every node tells the store, and none believes it more than the log.
            tracing::warn!("the shared store is not told of changes: too many wait");
        }
    }
}

impl Forgetting {
    /// Makes of many tokens of a workspace all of it.
    fn widen(&mut self) {
        let many: Vec<WorkspaceSlug> = self
            .tokens
            .iter()
            .filter(|(_, tokens)| tokens.len() > MAX_SINGLE)
            .map(|(workspace, _)| workspace.clone())
            .collect();
        self.workspaces.extend(many);
        let Self { tokens, workspaces } = self;
        tokens.retain(|workspace, _| !workspaces.contains(workspace));
    }
}

/// Tells the shared store what nodes must not find there any more that cannot read the log.
async fn forget_in_store(
    mut waiting: mpsc::Receiver<Forgetting>,
    validations: Arc<dyn ValidationCache>,
    circuit: Arc<Circuit>,
) {
    let note = |outcome: Option<Result<(), StoreError>>| {
        if let Some(Err(err)) = outcome {
            tracing::warn!(
                error = &err as &dyn std::error::Error,
                "the shared store was not told of a change"
            );
        }
    };
    while let Some(forgetting) = waiting.recv().await {
        for workspace in &forgetting.workspaces {
            note(circuit.run(validations.forget_all(workspace)).await);
        }
        for (workspace, tokens) in &forgetting.tokens {
            for grant in tokens {
                let token = token_id_of(grant);
                note(circuit.run(validations.forget(workspace, &token)).await);
            }
        }
    }
}

/// A pause that is up to a fifth longer, so that nodes do not ask in step.
fn with_jitter(pause: Duration) -> Duration {
    let mut byte = [0];
    // Without randomness they ask in step, which is no harm.
    let _ = aws_lc_rs::rand::fill(&mut byte);
    pause + pause.mul_f64(f64::from(byte[0]) / 255.0 / 5.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(name: &str) -> WorkspaceSlug {
        name.parse().unwrap()
    }

    #[test]
    fn many_tokens_of_a_workspace_are_the_workspace() {
        let grants = |count: usize| (0..count).map(|n| format!("grant-{n:08}").parse().unwrap());
        let mut forgetting = Forgetting::default();
        forgetting
            .tokens
            .insert(slug("few"), grants(MAX_SINGLE).collect());
        forgetting
            .tokens
            .insert(slug("many"), grants(MAX_SINGLE + 1).collect());
        forgetting.tokens.insert(slug("all"), grants(1).collect());
        forgetting.workspaces.insert(slug("all"));
        forgetting.widen();
        assert_eq!(
            BTreeSet::from([slug("all"), slug("many")]),
            forgetting.workspaces
        );
        let left: Vec<_> = forgetting.tokens.into_keys().collect();
        assert_eq!(vec![slug("few")], left);
    }

    #[test]
    fn a_pause_grows_by_a_fifth_at_most() {
        for _ in 0..100 {
            let pause = with_jitter(EVERY);
            assert!(pause >= EVERY && pause <= EVERY.mul_f64(1.2));
        }
    }
}
