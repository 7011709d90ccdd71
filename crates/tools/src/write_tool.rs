//! Tools that change the metastore.

use std::future::Future;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidegate_metastore::{CommitError, MetastoreError, UnitOfWork, WriteError};
use tidegate_types::Scope;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use crate::listing::metastore_failure;
use crate::{ArgumentLayout, CacheRule, CallContext, Tool, ToolFailure, ToolSpec, Touches};

/// A tool that changes the workspace's metastore: a [`Tool`] that is lent a unit of work.
///
/// The tool cannot commit. Once its answer has gone through all layers and is ready to be sent, the runtime commits, which
/// nobody cancels, and tells every node what changed. When the tool or a layer fails, or the answer says `isError`,
/// nothing was changed.
///
/// The unit's transaction begins with its first statement and may hold up other writers from then on: ask the client and
/// run queries before.
pub trait WriteTool: Send + Sync + 'static {
    /// What the call takes. Doc comments of the fields become descriptions in the schema.
    type Arguments: DeserializeOwned + JsonSchema + Send;
    /// What it gives; serialized once, as JSON text.
    type Answer: Serialize + Send;

    /// Everything else about the tool. It must touch databases, need `mcp:write`, not be read-only and never be cached:
    /// [`CatalogueBuilder::write_tool`](crate::CatalogueBuilder::write_tool) does not compile otherwise.
    const SPEC: ToolSpec;

    /// Where the published schema puts the arguments. Every layout is taken, whatever is published.
    const LAYOUT: ArgumentLayout = ArgumentLayout::Request;

    /// Does the work. Dropping the future undoes it.
    fn call(
        &self,
        context: &CallContext,
        work: &mut UnitOfWork,
        arguments: Self::Arguments,
    ) -> impl Future<Output = Result<Self::Answer, ToolFailure>> + Send;
}

/// A writing tool as the catalogue takes it.
pub(crate) struct Writing<T>(T);

impl<T: WriteTool> Writing<T> {
    const IS_SOUND: () = {
        assert!(
            matches!(T::SPEC.scope, Scope::Write | Scope::Admin),
            "a writing tool needs the scope mcp:write"
        );
        assert!(
            !T::SPEC.annotations.is_read_only,
            "a writing tool is not read-only"
        );
        assert!(
            matches!(T::SPEC.cache, CacheRule::Never),
            "what a writing tool answers is never kept"
        );
        assert!(
            matches!(T::SPEC.touches, Touches::Databases),
            "a writing tool touches a database"
        );
    };

    pub(crate) fn new(tool: T) -> Self {
        let () = Self::IS_SOUND;
        Self(tool)
    }
}

impl<T: WriteTool> Tool for Writing<T> {
    type Arguments = T::Arguments;
    type Answer = T::Answer;

    const SPEC: ToolSpec = T::SPEC;
    const LAYOUT: ArgumentLayout = T::LAYOUT;

    async fn call(
        &self,
        context: &CallContext,
        arguments: T::Arguments,
    ) -> Result<T::Answer, ToolFailure> {
        let mut work = context.work.lock(context).await;
        self.0.call(context, &mut work, arguments).await
    }
}

/// The unit of work of a call, made when a writing tool begins. It stays until the runtime takes it.
#[derive(Debug, Clone, Default)]
pub struct CallWork(Arc<Mutex<Option<UnitOfWork>>>);

impl CallWork {
    async fn lock<'a>(&'a self, context: &CallContext) -> MappedMutexGuard<'a, UnitOfWork> {
        let guard = self.0.lock().await;
        MutexGuard::map(guard, |slot| {
            slot.get_or_insert_with(|| {
                let at = context.clock.now().naive_utc();
                let metastore = &context.workspace.metastore;
                metastore.unit_of_work(Arc::clone(&context.access), at)
            })
        })
    }

    /// The unit, to commit or drop it. `None`: no writing tool began.
    pub async fn take(&self) -> Option<UnitOfWork> {
        self.0.lock().await.take()
    }
}

impl From<WriteError> for ToolFailure {
    fn from(err: WriteError) -> Self {
        match err {
            WriteError::NotFound(thing) => Self::NotFound(format!(
                "{} '{}' not found, or you may not see it",
                thing.kind, thing.id
            )),
            WriteError::Forbidden { kind, view } => Self::Forbidden(format!(
                "access denied: no role of yours lets you change a {kind} (can_write on {view})"
            )),
            WriteError::NotOwner(thing) => Self::Forbidden(format!(
                "access denied: only the owners of {thing} and administrators may change it"
            )),
            WriteError::ManagedExternally(thing) => Self::Forbidden(format!(
                "access denied: {thing} is managed by another system, which would undo the change; change it there"
            )),
            WriteError::Metastore(MetastoreError::Conflict { .. }) => Self::failed(
                "nothing was changed: it conflicts with what the workspace holds, such as a name that is taken or \
                 something that is gone",
            ),
            WriteError::Metastore(err) => metastore_failure(err),
        }
    }
}

impl From<CommitError> for ToolFailure {
    fn from(err: CommitError) -> Self {
        match err {
            CommitError::Undone(err) => metastore_failure(err),
            CommitError::Unknown(_) => Self::OutcomeUnknown,
        }
    }
}
