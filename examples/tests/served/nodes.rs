//! A change, as two nodes see it that share Redis and a metastore in PostgreSQL.

use std::time::{Duration, Instant};

use tidegate_testkit::postgres::PostgresServer;
use tidegate_testkit::redis::RedisServer;
use tidegate_testkit::superset;

use crate::harness::{Afterwards, Served};

const DEADLINE: Duration = Duration::from_secs(20);

struct Deployment {
    nodes: [Served; 2],
    redis: RedisServer,
    _postgres: PostgresServer,
}

impl Deployment {
    async fn start() -> Self {
        let postgres = PostgresServer::start().unwrap();
        let metastore = superset::restore(&postgres, "superset").unwrap();
        let redis = RedisServer::start().unwrap();
        let redis_url = redis.url();
        let settings = [
            ("STATE__BACKEND", "redis"),
            ("STATE__REDIS__URL", redis_url.as_str()),
            ("STATE__REPLICAS", "2"),
            (
                "STATE__SECRET",
                "a secret of the nodes, of 32 characters and more",
            ),
            ("WORKSPACES__DEMO__METASTORE", metastore.as_str()),
        ];
        let node = || Served::start_with("admin", &settings, Afterwards::Nothing);
        Self {
            nodes: [node().await, node().await],
            redis,
            _postgres: postgres,
        }
    }

    async fn stop(self) {
        for node in self.nodes {
            node.stop("rename_chart").await;
        }
    }
}

/// Until the node lists the chart by this name; other nodes hear of changes within moments.
async fn eventually_lists(node: &Served, name: &str) {
    let begun = Instant::now();
    loop {
        let (_, listed) = node.first_chart().await;
        if listed == name {
            return;
        }
        assert!(begun.elapsed() < DEADLINE, "{listed:?} is still listed");
        tokio::task::yield_now().await;
    }
}

#[actix_rt::test]
async fn a_change_is_seen_here_at_once_and_by_the_other_node_as_soon_as_it_hears_of_it() {
    let deployment = Deployment::start().await;
    let [here, there] = &deployment.nodes;
    let (id, before) = here.first_chart().await;
    assert_eq!((id, before), there.first_chart().await);
    for name in ["First", "Second", "Third"] {
        let renamed = here.rename(id, name).await;
        assert!(renamed.contains("previous_name"), "{renamed}");
        assert_eq!(name, here.first_chart().await.1);
        eventually_lists(there, name).await;
    }
    let renamed = there.rename(id, "From there").await;
    assert!(renamed.contains("Third"), "{renamed}");
    assert_eq!("From there", there.first_chart().await.1);
    eventually_lists(here, "From there").await;
    deployment.stop().await;
}

#[actix_rt::test]
async fn what_was_changed_while_redis_was_away_is_told_when_it_is_back() {
    let deployment = Deployment::start().await;
    let [here, there] = &deployment.nodes;
    let (id, before) = here.first_chart().await;
    assert_eq!(before, there.first_chart().await.1);
    deployment.redis.pause().unwrap();
    let renamed = here.rename(id, "Meanwhile").await;
    assert!(renamed.contains("previous_name"), "{renamed}");
    assert_eq!("Meanwhile", here.first_chart().await.1);
    deployment.redis.resume().unwrap();
    // The answer from before the change is in Redis still.
    assert_eq!("Meanwhile", here.first_chart().await.1);
    eventually_lists(there, "Meanwhile").await;
    assert_eq!("Meanwhile", here.first_chart().await.1);
    deployment.stop().await;
}
