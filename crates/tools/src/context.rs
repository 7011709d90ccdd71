use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use tidegate_metastore::Access;
use tidegate_protocol::{ClientCapabilities, InputRequest, LogLevel};
use tidegate_types::{Clock, Principal};
use tokio_util::sync::CancellationToken;

use crate::{CallWork, Catalogue, ToolFailure, Workspace};

/// Questions to the client, by the keys under which the answers come back.
pub type Questions = Vec<(String, InputRequest)>;

/// The client's answers: the `result` of each question, in the order of the questions.
pub type Answers = Vec<(String, Value)>;

/// What a call needs and may use. Cheap to clone.
#[derive(Clone)]
pub struct CallContext {
    /// The workspace that the request is bound to.
    pub workspace: Arc<Workspace>,
    /// The caller.
    pub principal: Arc<Principal>,
    /// What they may see and do in the workspace.
    pub access: Arc<Access>,
    /// The way back to the client while the call runs.
    pub client: Arc<dyn ClientChannel>,
    /// Fires when the caller gives up or the deadline passes. Whatever runs in a database must stop then.
    pub cancel: CancellationToken,
    /// Set before the first change, by every tool that makes one elsewhere than in its unit of work.
    pub write: WriteMark,
    /// What a [`WriteTool`](crate::WriteTool) changes.
    pub work: CallWork,
    /// How long the whole call may take.
    pub time_limit: Duration,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Everything that can be called.
    pub catalogue: Arc<Catalogue>,
    /// Where changes are told.
    pub changes: Arc<dyn ChangeNotifier>,
}

/// Whether a call has begun to change something. From then on nobody drops it: what stops it is `cancel` alone,
/// after which the tool ends by itself and says what came of the change.
#[derive(Debug, Clone, Default)]
pub struct WriteMark(Arc<AtomicBool>);

impl WriteMark {
    /// The next thing that the tool does may change something.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was set.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// What changed in a workspace, for its open streams on every node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The list of tools.
    Tools,
    /// The list of prompts.
    Prompts,
    /// The list of resources.
    Resources,
    /// What one resource says.
    Resource {
        /// Its URI.
        uri: String,
    },
}

/// Tells the workspace's clients about changes. The runtime implements it.
#[async_trait::async_trait]
pub trait ChangeNotifier: Send + Sync {
    /// Tells every node's streams that asked for it. Best effort: a client that misses a change finds it
    /// when its lists expire.
    async fn notify(&self, change: Change);
}

/// The way back to the client while a call runs. The runtime implements it for each era.
#[async_trait::async_trait]
pub trait ClientChannel: Send + Sync {
    /// What the client declared.
    fn capabilities(&self) -> &ClientCapabilities;

    /// Tells how far the call is; dropped when the client did not ask for it or reads too slowly.
    /// `progress` must grow from call to call.
    fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>);

    /// Sends a log message; dropped below the level that the client chose.
    fn log(&self, level: LogLevel, logger: &str, data: Value);

    /// What the tool gave as `state` before the client answered (2026-07-28), unsealed.
    fn state(&self) -> Option<&Value>;

    /// Asks the client. In the legacy era the requests are sent and awaited; in 2026-07-28 the answers
    /// that came with the call are returned, or else [`ToolFailure::InputRequired`], which the tool must
    /// pass on: it is called again from the start with the answers. So ask before changing anything.
    ///
    /// # Errors
    /// `MissingCapability`: the client did not declare that it can answer. `InputRequired`: see above.
    /// `Timeout`, `Cancelled`: no answer came.
    async fn ask(&self, questions: Questions, state: Option<Value>)
    -> Result<Answers, ToolFailure>;

    /// Lets the client poll: closes the connection of a resumable stream, which it takes up again
    /// (SEP-1699). Does nothing elsewhere.
    fn close_connection(&self) {}
}
