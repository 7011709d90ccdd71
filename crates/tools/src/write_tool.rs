//! Tools that change the metastore.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidegate_metastore::UnitOfWork;
use tidegate_types::Scope;

use crate::{ArgumentLayout, CacheRule, CallContext, Tool, ToolFailure, ToolSpec, Touches};

/// A tool that changes the workspace's metastore: a [`Tool`] that is lent a unit of work.
///
/// The tool cannot commit. Once its answer has gone through all layers and is ready to be sent, the runtime commits, which
/// nobody cancels, and tells every node what changed. When the tool or a layer fails, or the answer says `isError`,
/// nothing was changed.
///
/// The unit's transaction begins with its first statement and may hold up other writers from then on: ask the client and
/// run queries before. Texts of the arguments are names unless they say that they may have lines, as in [`Tool`].
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

    /// Does the work. What it changed is undone when it fails or its future is dropped.
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
        let metastore = &context.workspace.metastore;
        let mut work = metastore.unit_of_work(context.principal.user, Arc::clone(&context.clock));
        // A tool that fails, or is given up, leaves nothing to commit, whatever a layer makes of it.
        let answer = self.0.call(context, &mut work, arguments).await?;
        context.work.put(work)?;
        Ok(answer)
    }
}

/// What a writing tool changed and the runtime has not committed yet.
#[derive(Debug, Clone, Default)]
pub struct CallWork(Arc<Mutex<Option<UnitOfWork>>>);

impl CallWork {
    fn put(&self, work: UnitOfWork) -> Result<(), ToolFailure> {
        let mut slot = self.slot();
        if slot.is_some() {
            return Err(ToolFailure::internal(
                "two tools that write ran in one call",
            ));
        }
        *slot = Some(work);
        Ok(())
    }

    /// The unit, to commit or drop it. `None`: no writing tool came to its end.
    pub fn take(&self) -> Option<UnitOfWork> {
        self.slot().take()
    }

    fn slot(&self) -> MutexGuard<'_, Option<UnitOfWork>> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
