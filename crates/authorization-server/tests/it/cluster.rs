//! Two nodes, one Redis, one PostgreSQL or SQLite: what must happen once happens once.

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use tidegate_authorization_server::{AuthorizationServer, Rules};
use tidegate_control_plane::grant::{EndReason, FindGrant};
use tidegate_control_plane::{LocalManager, LocalSettings, Manager};
use tidegate_oauth_types::ErrorCode;
use tidegate_store::SharedState;
use tidegate_store_redis::{RedisSettings, redis_state};
use tidegate_testkit::postgres::PostgresServer;
use tidegate_testkit::redis::RedisServer;
use tidegate_types::ManualClock;

use crate::bench::{
    Bench, START, allow, code_of, code_request, error, peer, refresh_token, token_at,
};

/// Two nodes; the servers live as long.
struct Cluster {
    bench: Bench,
    other: AuthorizationServer,
    redis: RedisServer,
    _postgres: Option<PostgresServer>,
}

async fn state(redis: &RedisServer) -> SharedState {
    let settings = RedisSettings {
        pool_size: 8,
        command_timeout: Duration::from_secs(10),
        connect_timeout: Duration::from_secs(10),
        ..RedisSettings::at(&redis.url())
    };
    redis_state(settings).await.unwrap()
}

async fn cluster(postgres: Option<PostgresServer>) -> Cluster {
    let redis = RedisServer::start().unwrap();
    // The clock of what is stored; Redis' own runs beside it.
    let start = DateTime::from_timestamp(START, 0).unwrap();
    let clock = Arc::new(ManualClock::at(start));
    let folder = tempfile::tempdir().unwrap();
    let settings = match &postgres {
        Some(server) => LocalSettings::Postgres {
            url: server.create_database("manager").unwrap().into(),
            secret: "0123456789abcdef0123456789abcdef".into(),
        },
        None => LocalSettings::Sqlite {
            path: folder.path().join("manager.sqlite"),
            secret: None,
        },
    };
    let manager = LocalManager::open(settings, Arc::clone(&clock) as _)
        .await
        .unwrap();
    let manager = Manager::Local(Arc::new(manager));
    let bench = Bench::on(
        manager,
        state(&redis).await,
        clock,
        folder,
        Rules::default(),
    )
    .await;
    let other = bench.other_node(&state(&redis).await);
    Cluster {
        bench,
        other,
        redis,
        _postgres: postgres,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_goes_from_node_to_node() {
    let cluster = cluster(None).await;
    let bench = &cluster.bench;
    let client = bench.public_client().await;
    let transaction = bench.begin(&client, &[]).await;
    cluster
        .other
        .consent(&transaction, &bench.ana())
        .await
        .unwrap();
    let decision = allow("acme", "mcp:read");
    let redirect = bench
        .server
        .decide(&transaction, &bench.ana(), decision.clone(), &peer())
        .await
        .unwrap();
    let again = cluster
        .other
        .decide(&transaction, &bench.ana(), decision, &peer())
        .await
        .unwrap();
    assert_eq!(redirect, again);
    let reply = token_at(&cluster.other, &client, &code_request(&code_of(&redirect)))
        .await
        .unwrap();
    bench.claims(&reply).await;
    bench
        .refresh(&client, &refresh_token(&reply), &[])
        .await
        .unwrap();
}

async fn one_of_two_gets_a_code(cluster: Cluster) {
    let bench = &cluster.bench;
    let client = bench.public_client().await;
    for _ in 0..20 {
        let code = bench.code(&client, &[]).await;
        let request = code_request(&code);
        let (a, b) = tokio::join!(
            token_at(&bench.server, &client, &request),
            token_at(&cluster.other, &client, &request)
        );
        let (winner, loser) = match (a, b) {
            (Ok(winner), Err(loser)) | (Err(loser), Ok(winner)) => (winner, loser),
            both => panic!("exactly one must win: {both:?}"),
        };
        assert_eq!(ErrorCode::InvalidGrant, loser.code);
        // Whoever comes later, on whichever node, ends it.
        let replay = token_at(&cluster.other, &client, &request).await;
        assert_eq!(ErrorCode::InvalidGrant, error(replay));
        let id = bench.claims(&winner).await.gid;
        let ended = bench.call(FindGrant { id }).await.unwrap().ended;
        assert_eq!(Some(EndReason::CodeReplay), ended.map(|(_, reason)| reason));
    }
}

async fn parallel_refreshes_converge(cluster: Cluster) {
    let bench = &cluster.bench;
    let (client, reply) = bench.connected().await;
    let mut token = refresh_token(&reply);
    let gid = bench.claims(&reply).await.gid;
    for at_once in [8, 12, 64] {
        let pairs = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token.as_str()),
        ];
        let asks = (0..at_once).map(|number| {
            let node = if number % 2 == 0 {
                &bench.server
            } else {
                &cluster.other
            };
            token_at(node, &client, &pairs)
        });
        let replies = futures_util::future::join_all(asks).await;
        let replies: Vec<_> = replies.into_iter().map(Result::unwrap).collect();
        let successor = refresh_token(&replies[0]);
        for reply in &replies {
            assert_eq!(successor, refresh_token(reply));
            assert_eq!(gid, bench.claims(reply).await.gid);
        }
        assert_ne!(token, successor);
        token = successor;
    }
    assert_eq!(None, bench.call(FindGrant { id: gid }).await.unwrap().ended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_nodes_one_takes_a_code() {
    one_of_two_gets_a_code(cluster(None).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_nodes_one_takes_a_code_on_postgresql() {
    one_of_two_gets_a_code(cluster(Some(PostgresServer::start().unwrap())).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshes_at_once_converge_on_one_successor() {
    parallel_refreshes_converge(cluster(None).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshes_at_once_converge_on_one_successor_on_postgresql() {
    parallel_refreshes_converge(cluster(Some(PostgresServer::start().unwrap())).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_nobody_connects_and_everybody_refreshes() {
    let mut cluster = cluster(None).await;
    let (client, reply) = cluster.bench.connected().await;
    let code = cluster.bench.code(&client, &[]).await;
    cluster.redis.kill();
    let bench = &cluster.bench;
    let refreshed = bench
        .refresh(&client, &refresh_token(&reply), &[])
        .await
        .unwrap();
    bench.claims(&refreshed).await;
    let refused = bench.exchange(&client, &code).await;
    assert_eq!(ErrorCode::TemporarilyUnavailable, error(refused));
    assert_eq!(
        "temporarily_unavailable",
        bench.redirect_error(&client, &[]).await
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_in_redis_or_the_manager_is_a_secret_in_the_clear() {
    let cluster = cluster(None).await;
    let bench = &cluster.bench;
    let client = bench.public_client().await;
    let transaction = bench.begin(&client, &[]).await;
    let code = code_of(&bench.allow(&transaction, "mcp:read").await);
    let kept = bench.code(&client, &[]).await;
    let reply = bench.exchange(&client, &code).await.unwrap();
    let refresh = refresh_token(&reply);
    let mut dump = String::new();
    for key in cluster.redis.command("keys *").unwrap().lines() {
        dump.push_str(key);
        dump.push_str(
            &cluster
                .redis
                .command(&format!("get {key}"))
                .unwrap_or_default(),
        );
    }
    assert!(dump.contains("transaction"), "{dump}");
    for secret in [&transaction, &code, &kept, &refresh] {
        assert!(!dump.contains(secret.as_str()), "{dump}");
    }
}
