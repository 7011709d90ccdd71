use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tidegate_tools::{CallLayer, LayeredCall, ToolFailure, ToolOutput};

/// While it is on, refuses what is not marked as reading alone.
#[derive(Debug, Clone, Default)]
pub struct Maintenance(Arc<AtomicBool>);

impl Maintenance {
    /// Turns it on or off.
    pub fn set(&self, is_on: bool) {
        self.0.store(is_on, Ordering::Release);
    }
}

#[async_trait::async_trait]
impl CallLayer for Maintenance {
    async fn call(&self, call: LayeredCall<'_>) -> Result<ToolOutput, ToolFailure> {
        if self.0.load(Ordering::Acquire) && !call.spec().annotations.is_read_only {
            return Err(ToolFailure::failed(
                "this workspace is under maintenance: nothing is changed now",
            ));
        }
        call.run().await
    }
}
