//! The contract of the ports, on memory.

use std::sync::Arc;
use std::time::Duration;

use tidegate_store::SharedState;
use tidegate_store::contract::Harness;
use tidegate_store_memory::{MemoryLimits, memory_state};
use tidegate_types::{Clock, ManualClock};

struct Memory {
    clock: Arc<ManualClock>,
    state: SharedState,
}

impl Memory {
    fn start() -> Self {
        let clock = Arc::new(ManualClock::at(
            chrono::DateTime::UNIX_EPOCH + Duration::from_secs(1_760_000_000),
        ));
        let state = memory_state(
            Arc::clone(&clock) as Arc<dyn Clock>,
            MemoryLimits::default(),
        );
        Self { clock, state }
    }
}

#[async_trait::async_trait]
impl Harness for Memory {
    fn node(&self) -> SharedState {
        self.state.clone()
    }

    async fn other_node(&self) -> SharedState {
        self.state.clone()
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }

    async fn elapse(&self, time: Duration) {
        // The clock counts in milliseconds, so that less than one would not pass.
        self.clock.advance(time.max(Duration::from_millis(1)));
    }
}

tidegate_store::contract_tests!(Memory::start());
