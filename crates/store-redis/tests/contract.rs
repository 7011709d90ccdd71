//! The contract of the ports, on a private Redis of each test. What sends several keys at once runs on a
//! cluster of one node too, which refuses keys of different slots in one command.

use std::sync::Arc;
use std::time::Duration;

use tidegate_store::SharedState;
use tidegate_store::contract::Harness;
use tidegate_store_redis::{RedisSettings, redis_state};
use tidegate_testkit::redis::RedisServer;
use tidegate_types::{Clock, SystemClock};

struct Redis {
    server: RedisServer,
    first_node: SharedState,
}

impl Redis {
    async fn start(server: anyhow::Result<RedisServer>) -> Self {
        let server = server.expect("this test starts its own redis-server");
        let first_node = node(&server).await;
        Self { server, first_node }
    }
}

async fn node(server: &RedisServer) -> SharedState {
    let settings = RedisSettings {
        pool_size: 8,
        // Long, since the machine that tests may be busy; what time-outs do is tested elsewhere.
        command_timeout: Duration::from_secs(10),
        connect_timeout: Duration::from_secs(10),
        ..RedisSettings::at(&server.url())
    };
    redis_state(settings).await.expect("the settings are right")
}

#[async_trait::async_trait]
impl Harness for Redis {
    fn node(&self) -> SharedState {
        self.first_node.clone()
    }

    async fn other_node(&self) -> SharedState {
        node(&self.server).await
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    async fn elapse(&self, _time: Duration) {}
}

tidegate_store::contract_tests!(Redis::start(RedisServer::start()).await);

mod cluster {
    use tidegate_store::contract::{changes, limits, tenancy};

    use super::*;

    #[test]
    fn sessions_events_and_values_keep_to_one_slot() {
        tenancy::principals_never_see_each_others_data(|| {
            Redis::start(RedisServer::start_cluster())
        });
    }

    #[tokio::test]
    async fn limits_of_one_workspace_keep_to_one_slot() {
        let harness = Redis::start(RedisServer::start_cluster()).await;
        limits::nothing_is_taken_when_one_budget_is_empty(&harness).await;
    }

    #[tokio::test]
    async fn changes_and_signals_pass_a_cluster() {
        let harness = Redis::start(RedisServer::start_cluster()).await;
        changes::a_change_is_signalled_to_every_node(&harness).await;
    }
}
