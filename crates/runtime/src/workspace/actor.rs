//! The actor of an active workspace.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, ResponseActFuture,
    ResponseFuture, SpawnHandle, WrapFuture,
};
use tidegate_metastore::Access;
use tidegate_store::{Change, Epoch};
use tidegate_types::{EntityRef, UserId};
use tokio::sync::watch;

use super::WorkspaceError;
use super::handle::Shared;

/// How long after the change log could not be read or written it is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// After this, a commit of which nothing was heard has happened or never will.
const COMMITS_SETTLE: Duration = Duration::from_secs(30);

type AccessResult = Result<Arc<Access>, WorkspaceError>;

/// Loads rights, each user's once at a time, and applies what changes in the workspace.
///
/// Started by: [`super::WorkspaceRegistry`]. Owns: the cache of rights in [`Shared`]. Loses when it dies: those caches. Capacity: its mailbox. Restarted by: the registry, on the
/// next request.
pub(crate) struct WorkspaceActor {
    shared: Arc<Shared>,
    loading: HashMap<UserId, watch::Receiver<Option<AccessResult>>>,
    is_catching_up: bool,
    is_behind: bool,
    /// The next try after the log could not be read.
    reads_again: Option<SpawnHandle>,
    mailbox: usize,
}

impl WorkspaceActor {
    pub(super) fn new(shared: Arc<Shared>, mailbox: usize) -> Self {
        Self {
            shared,
            loading: HashMap::new(),
            is_catching_up: false,
            is_behind: false,
            reads_again: None,
            mailbox,
        }
    }

    fn apply(&self, change: &Change) {
        match change {
            // Token and user caches are small, and a lost user is rare: emptying all is simple and safe.
            Change::Rights | Change::UserLost { .. } | Change::Flags => {
                self.shared.access.invalidate_all();
                self.shared.validated.invalidate_all();
            }
            Change::Revoked { token } => self.shared.validated.invalidate(token),
            // Cached answers rest on the epoch, which stands in their keys.
            Change::Content { things } => self.shared.content_changed(things),
            Change::Tools | Change::Prompts | Change::Resources | Change::Resource { .. } => {}
        }
    }

    fn forget_everything(&self) {
        self.shared.access.invalidate_all();
        self.shared.validated.invalidate_all();
    }
}

impl Actor for WorkspaceActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(self.mailbox);
    }
}

/// Loads a user's rights. Reply: the rights, shared by everybody who asked meanwhile.
#[derive(Message)]
#[rtype(result = "AccessResult")]
pub(super) struct LoadAccess {
    pub user: UserId,
}

impl Handler<LoadAccess> for WorkspaceActor {
    type Result = ResponseFuture<AccessResult>;

    fn handle(
        &mut self,
        LoadAccess { user }: LoadAccess,
        context: &mut Self::Context,
    ) -> Self::Result {
        if let Some(access) = self.shared.access.get(&user) {
            return Box::pin(std::future::ready(Ok(access)));
        }
        let mut outcome = if let Some(loading) = self.loading.get(&user) {
            loading.clone()
        } else {
            let (done, outcome) = watch::channel(None);
            self.loading.insert(user, outcome.clone());
            let metastore = self.shared.workspace.metastore.clone();
            let load = async move {
                match metastore.access_of(user).await {
                    Ok(Some(access)) => Ok(Arc::new(access)),
                    Ok(None) => Err(WorkspaceError::NotAMember),
                    Err(err) => Err(WorkspaceError::Unavailable(Arc::new(err))),
                }
            };
            let epoch = self.shared.epoch.load(Ordering::Acquire);
            context.spawn(
                load.into_actor(self)
                    .map(move |result: AccessResult, actor, _| {
                        actor.loading.remove(&user);
                        // What was read before a change may already be wrong: it serves those who wait, and no one else.
                        if let (Ok(access), true) =
                            (&result, epoch == actor.shared.epoch.load(Ordering::Acquire))
                        {
                            actor.shared.access.insert(user, Arc::clone(access));
                        }
                        let _ = done.send(Some(result));
                    }),
            );
            outcome
        };
        Box::pin(async move {
            match outcome.wait_for(Option::is_some).await {
                Ok(result) => result.clone().unwrap_or(Err(WorkspaceError::Overloaded)),
                Err(_) => Err(WorkspaceError::Overloaded),
            }
        })
    }
}

/// Reads the change log from the last known place, applies it and passes it on to this node's streams.
/// Reply: when this node knows everything that stood in the log when it was asked.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct CatchUp {
    /// Whether signals may have been lost, so that what is cached may be wrong already.
    pub after_gap: bool,
}

impl Handler<CatchUp> for WorkspaceActor {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, CatchUp { after_gap }: CatchUp, _: &mut Self::Context) -> Self::Result {
        if after_gap {
            self.forget_everything();
        }
        if self.is_catching_up {
            self.is_behind = true;
            return Box::pin(actix::fut::ready(()));
        }
        self.is_catching_up = true;
        let log = Arc::clone(&self.shared.log);
        let slug = self.shared.workspace.slug.clone();
        let after = Epoch(self.shared.epoch.load(Ordering::Acquire));
        let read = async move { log.read(&slug, after).await };
        Box::pin(read.into_actor(self).map(move |page, actor, context| {
            actor.is_catching_up = false;
            match page {
                Ok(page) => {
                    if page.has_gap {
                        actor.forget_everything();
                        // Streams read the log themselves at a place that they know already, and find the gap.
                        let _ = actor.shared.feed.send((page.head, Change::Tools));
                    }
                    for (_, change) in &page.changes {
                        actor.apply(change);
                    }
                    actor.shared.epoch.store(page.head.0, Ordering::Release);
                    if page.has_gap {
                        actor.shared.content.forget();
                    }
                    actor.shared.content.caught_up();
                    for item in page.changes {
                        // Nobody listening is no failure.
                        let _ = actor.shared.feed.send(item);
                    }
                }
                Err(err) => {
                    tracing::warn!(error = %err, "could not read the change log; cached rights are dropped");
                    actor.forget_everything();
                    actor.shared.content.fall_behind();
                    let again = context.run_later(TRY_AGAIN, |_, context| {
                        context.notify(CatchUp { after_gap: false });
                    });
                    // One is enough, however many signals come meanwhile.
                    if let Some(earlier) = actor.reads_again.replace(again) {
                        context.cancel_future(earlier);
                    }
                }
            }
            if std::mem::take(&mut actor.is_behind)
                && let Err(err) = context.address().try_send(CatchUp { after_gap: false }) {
                    tracing::warn!(error = %err, "a workspace is too busy to catch up; cached rights are dropped");
                    actor.forget_everything();
                }
        }))
    }
}

/// Tells every node what a call of this one changed, trying until the change log has it.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Publish {
    things: Vec<EntityRef>,
    /// Whether it may happen yet.
    is_unsettled: bool,
}

impl Publish {
    /// The change happened.
    pub(super) fn happened(things: Vec<EntityRef>) -> Self {
        Self {
            things,
            is_unsettled: false,
        }
    }

    /// The change may have happened, or may happen yet.
    pub(super) fn unsettled(things: Vec<EntityRef>) -> Self {
        Self {
            things,
            is_unsettled: true,
        }
    }
}

impl Handler<Publish> for WorkspaceActor {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, publish: Publish, _: &mut Self::Context) -> Self::Result {
        let shared = Arc::clone(&self.shared);
        let tell = async move { (shared.tell(&publish.things).await, publish) };
        Box::pin(
            tell.into_actor(self)
                .map(|(told, publish), actor, context| {
                    let (pause, next) = match told {
                        Ok(place) if !publish.is_unsettled => {
                            actor.shared.published(place, &publish.things);
                            return;
                        }
                        Ok(_) => (COMMITS_SETTLE, Publish::happened(publish.things)),
                        Err(_) => (TRY_AGAIN, publish),
                    };
                    context.run_later(pause, move |_, context| context.notify(next));
                }),
        )
    }
}
