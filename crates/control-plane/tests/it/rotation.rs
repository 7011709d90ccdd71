//! Refresh tokens: rotation, repeats, replays, and two nodes at once.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tidegate_control_plane::effective_grant::IneffectiveReason;
use tidegate_control_plane::grant::{
    EndGrant, EndReason, EraseWrappedSuccessors, FindGrant, FindGrantOfRefreshToken, Grant,
    RefreshRules, RemoveOldGrants, RotateRefreshToken, Rotation,
};
use tidegate_control_plane::{LocalManager, LocalSettings, Manager, ManagerError};
use tidegate_oauth_types::SecretHash;
use tidegate_testkit::postgres::PostgresServer;
use tidegate_types::{ClientId, GrantId};

use crate::deployment::{Deployment, RULES, client, days, invalid, token};
use crate::fixture::{Fixture, START, clock, postgres_settings, scenarios, sqlite_settings};

fn rotate(client: &ClientId, presented: SecretHash, successor: SecretHash) -> RotateRefreshToken {
    RotateRefreshToken {
        client: client.clone(),
        presented,
        successor,
        wrapped_successor: format!("wrapped.{successor}"),
        rules: RULES,
    }
}

impl Deployment {
    async fn present(&self, presented: SecretHash) -> (Rotation, SecretHash) {
        let successor = token();
        let asked = rotate(&self.client.id, presented, successor);
        (self.manager.call(asked).await.unwrap(), successor)
    }

    /// Presents a live token and gives its successor.
    async fn refresh(&self, presented: SecretHash) -> SecretHash {
        let (rotation, successor) = self.present(presented).await;
        assert!(matches!(rotation, Rotation::Rotated(_)), "{rotation:?}");
        successor
    }

    async fn repeat(&self, presented: SecretHash) -> String {
        match self.present(presented).await.0 {
            Rotation::Repeated {
                wrapped_successor, ..
            } => wrapped_successor,
            other => panic!("must be a repeat: {other:?}"),
        }
    }

    async fn is_replay(&self, presented: SecretHash) -> Grant {
        match self.present(presented).await.0 {
            Rotation::Replayed(grant) => grant,
            other => panic!("must be a replay: {other:?}"),
        }
    }

    async fn find(&self, id: &GrantId) -> Grant {
        let asked = FindGrant { id: id.clone() };
        self.manager.call(asked).await.unwrap().unwrap()
    }
}

async fn a_chain_of_refreshes_goes_on(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (grant, mut presented) = deployment.grant(fixture.now()).await;
    for _ in 0..5 {
        fixture.pass(Duration::from_hours(1));
        presented = deployment.refresh(presented).await;
    }
    let found = FindGrantOfRefreshToken {
        refresh_token: presented,
    };
    let found = deployment.manager.call(found).await.unwrap().unwrap();
    assert_eq!(grant.id, found.id);
    assert_eq!(Some(fixture.now()), found.last_used_at);
}

async fn a_client_that_asks_twice_gets_the_same_successor(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (_, first) = deployment.grant(fixture.now()).await;
    let second = deployment.refresh(first).await;
    fixture.pass(Duration::from_secs(119));
    assert_eq!(format!("wrapped.{second}"), deployment.repeat(first).await);
    assert_eq!(format!("wrapped.{second}"), deployment.repeat(first).await);
    deployment.refresh(second).await;
}

async fn a_replay_after_the_window_ends_that_grant_alone(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (other, other_token) = deployment.grant(fixture.now()).await;
    let (grant, first) = deployment.grant(fixture.now()).await;
    let second = deployment.refresh(first).await;
    fixture.pass(Duration::from_mins(2));
    let before = deployment.head().await;
    let ended = deployment.is_replay(first).await;
    assert_eq!(Some((fixture.now(), EndReason::RefreshReplay)), ended.ended);
    // It is in the database, whatever becomes of the answer.
    assert_eq!(ended, deployment.find(&grant.id).await);
    assert!(deployment.tells_to_check(before, &grant.id).await);
    assert_eq!(
        IneffectiveReason::Ended,
        deployment.refusal(&grant.id).await
    );
    let (rotation, _) = deployment.present(second).await;
    assert!(matches!(rotation, Rotation::Ended(_)), "{rotation:?}");
    // The same account and client: another authorization goes on.
    deployment.refresh(other_token).await;
    deployment.scopes(&other.id).await;
}

/// A client with many windows is no thief.
async fn too_many_repeats_are_refused_and_the_grant_goes_on(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (grant, first) = deployment.grant(fixture.now()).await;
    let second = deployment.refresh(first).await;
    for _ in 0..RULES.max_repeats {
        deployment.repeat(first).await;
    }
    for _ in 0..3 {
        let (rotation, _) = deployment.present(first).await;
        assert!(matches!(rotation, Rotation::TooOften(_)), "{rotation:?}");
    }
    assert_eq!(None, deployment.find(&grant.id).await.ended);
    deployment.refresh(second).await;
    // Its successor was used: now it is a replay.
    deployment.is_replay(first).await;
}

async fn a_token_whose_successor_was_used_is_a_replay_within_the_window(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (grant, first) = deployment.grant(fixture.now()).await;
    let second = deployment.refresh(first).await;
    deployment.refresh(second).await;
    deployment.is_replay(first).await;
    assert_eq!(
        IneffectiveReason::Ended,
        deployment.refusal(&grant.id).await
    );
}

async fn a_grant_that_its_owner_ended_is_not_reported_as_a_replay(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    for reason in [
        EndReason::ByUser,
        EndReason::ByAdministrator,
        EndReason::ByClient,
    ] {
        let (grant, first) = deployment.grant(fixture.now()).await;
        let second = deployment.refresh(first).await;
        let id = grant.id.clone();
        deployment
            .manager
            .call(EndGrant { id, reason })
            .await
            .unwrap();
        fixture.pass(Duration::from_mins(10));
        for presented in [first, second] {
            let (rotation, _) = deployment.present(presented).await;
            let Rotation::Ended(grant) = rotation else {
                panic!("must be ended: {rotation:?}");
            };
            assert_eq!(Some(reason), grant.ended.map(|(_, reason)| reason));
        }
    }
}

async fn a_replayed_grant_keeps_its_reason(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (grant, first) = deployment.grant(fixture.now()).await;
    deployment.refresh(first).await;
    fixture.pass(Duration::from_secs(500));
    let replayed = deployment.is_replay(first).await;
    let (rotation, _) = deployment.present(first).await;
    assert_eq!(Rotation::Ended(replayed.clone()), rotation);
    let end = EndGrant {
        id: grant.id.clone(),
        reason: EndReason::ByUser,
    };
    assert_eq!(Some(replayed), deployment.manager.call(end).await.unwrap());
}

async fn a_refresh_token_expires_and_its_grant_before_it(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (_, first) = deployment.grant(fixture.now()).await;
    fixture.pass(days(30));
    let (rotation, _) = deployment.present(first).await;
    assert!(matches!(rotation, Rotation::Ended(_)), "{rotation:?}");

    let (grant, mut presented) = deployment.grant(fixture.now()).await;
    for _ in 0..4 {
        fixture.pass(days(20));
        presented = deployment.refresh(presented).await;
    }
    // Ten days before the grant's end the last token was issued for thirty.
    fixture.pass(days(10));
    let (rotation, _) = deployment.present(presented).await;
    assert!(matches!(rotation, Rotation::Ended(_)), "{rotation:?}");
    assert_eq!(
        IneffectiveReason::Expired,
        deployment.refusal(&grant.id).await
    );
}

async fn another_clients_token_is_unknown_and_stays_good(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (_, first) = deployment.grant(fixture.now()).await;
    let rival = client(
        "rival",
        tidegate_control_plane::client::ClientKind::Registered,
    );
    let rival = deployment.manager.call(rival).await.unwrap();
    let stolen = rotate(&rival.id, first, token());
    assert_eq!(
        Rotation::Unknown,
        deployment.manager.call(stolen).await.unwrap()
    );
    assert_eq!(Rotation::Unknown, deployment.present(token()).await.0);
    deployment.refresh(first).await;
}

async fn a_successor_that_is_another_token_changes_nothing(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (_, first) = deployment.grant(fixture.now()).await;
    let (_, taken) = deployment.grant(fixture.now()).await;
    let id = &deployment.client.id;
    let result = deployment.manager.call(rotate(id, first, taken)).await;
    assert!(
        matches!(result, Err(ManagerError::Conflict(_))),
        "{result:?}"
    );
    invalid(deployment.manager.call(rotate(id, first, first)).await);
    deployment.refresh(first).await;
    deployment.refresh(taken).await;
}

async fn rules_have_bounds(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (_, first) = deployment.grant(fixture.now()).await;
    let with = |rules| RotateRefreshToken {
        rules,
        ..rotate(&deployment.client.id, first, token())
    };
    for (field, rules) in [
        (
            "life_secs",
            RefreshRules {
                life_secs: 0,
                ..RULES
            },
        ),
        (
            "repeat_window_secs",
            RefreshRules {
                repeat_window_secs: 301,
                ..RULES
            },
        ),
        (
            "max_repeats",
            RefreshRules {
                max_repeats: 1_001,
                ..RULES
            },
        ),
    ] {
        let words = invalid(deployment.manager.call(with(rules)).await);
        assert!(words.contains(field), "{words}");
    }
    let long = RotateRefreshToken {
        wrapped_successor: "x".repeat(2_000),
        ..with(RULES)
    };
    let words = invalid(deployment.manager.call(long).await);
    assert!(words.contains("wrapped_successor"), "{words}");
    deployment.refresh(first).await;
}

async fn a_wrapped_successor_is_erased_when_its_window_is_over(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (_, first) = deployment.grant(fixture.now()).await;
    deployment.refresh(first).await;
    let erase = || deployment.manager.call(EraseWrappedSuccessors {});
    assert_eq!(0, erase().await.unwrap());
    fixture.pass(Duration::from_mins(2));
    assert_eq!(1, erase().await.unwrap());
    assert_eq!(0, erase().await.unwrap());
}

async fn a_wrapped_successor_is_erased_when_the_successor_is_used(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (grant, first) = deployment.grant(fixture.now()).await;
    let second = deployment.refresh(first).await;
    deployment.refresh(second).await;
    fixture.pass(Duration::from_mins(2));
    // That of `second` alone is left.
    let left = deployment.manager.call(EraseWrappedSuccessors {}).await;
    assert_eq!(1, left.unwrap());
    let (_, third) = deployment.grant(fixture.now()).await;
    deployment.refresh(third).await;
    let end = EndGrant {
        id: deployment.find(&grant.id).await.id,
        reason: EndReason::ByUser,
    };
    deployment.manager.call(end).await.unwrap();
}

async fn old_tokens_are_forgotten_and_the_live_one_stays(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (_, first) = deployment.grant(fixture.now()).await;
    let second = deployment.refresh(first).await;
    let tidy = || deployment.manager.call(RemoveOldGrants {});
    assert_eq!(0, tidy().await.unwrap());
    fixture.pass(days(29));
    let third = deployment.refresh(second).await;
    fixture.pass(days(2));
    assert_eq!(1, tidy().await.unwrap());
    assert_eq!(Rotation::Unknown, deployment.present(first).await.0);
    deployment.refresh(third).await;
    fixture.pass(days(460));
    // The grant, and with it what was left of its tokens.
    assert!(tidy().await.unwrap() >= 1);
    let (rotation, _) = deployment.present(third).await;
    assert_eq!(Rotation::Unknown, rotation);
}

scenarios!(
    a_chain_of_refreshes_goes_on,
    a_client_that_asks_twice_gets_the_same_successor,
    a_replay_after_the_window_ends_that_grant_alone,
    too_many_repeats_are_refused_and_the_grant_goes_on,
    a_token_whose_successor_was_used_is_a_replay_within_the_window,
    a_grant_that_its_owner_ended_is_not_reported_as_a_replay,
    a_replayed_grant_keeps_its_reason,
    a_refresh_token_expires_and_its_grant_before_it,
    another_clients_token_is_unknown_and_stays_good,
    a_successor_that_is_another_token_changes_nothing,
    rules_have_bounds,
    a_wrapped_successor_is_erased_when_its_window_is_over,
    a_wrapped_successor_is_erased_when_the_successor_is_used,
    old_tokens_are_forgotten_and_the_live_one_stays,
);

const RACERS: usize = 64;

/// Two nodes, one database, one token, as many calls at once as somebody may have windows, several rounds.
async fn race(settings: LocalSettings) {
    let node = async || {
        let opened = LocalManager::open(settings.clone(), clock()).await;
        Manager::Local(Arc::new(opened.unwrap()))
    };
    let nodes = [node().await, node().await];
    let deployment = Deployment::on(nodes[0].clone()).await;
    let rules = RefreshRules {
        max_repeats: 100,
        ..RULES
    };
    let (_, mut presented) = deployment.grant(START).await;
    for round in 0..5 {
        let calls: Vec<_> = (0..RACERS)
            .map(|racer| {
                let node = nodes[racer % 2].clone();
                let asked = RotateRefreshToken {
                    rules,
                    ..rotate(&deployment.client.id, presented, token())
                };
                let successor = asked.successor;
                tokio::spawn(async move { (node.call(asked).await.unwrap(), successor) })
            })
            .collect();
        let mut winners = Vec::new();
        let mut repeated = HashSet::new();
        for call in calls {
            match call.await.unwrap() {
                (Rotation::Rotated(_), successor) => winners.push(successor),
                (
                    Rotation::Repeated {
                        wrapped_successor, ..
                    },
                    _,
                ) => {
                    repeated.insert(wrapped_successor);
                }
                (other, _) => panic!("round {round}: {other:?}"),
            }
        }
        assert_eq!(1, winners.len(), "round {round}");
        let expected = HashSet::from([format!("wrapped.{}", winners[0])]);
        assert_eq!(expected, repeated, "round {round}");
        presented = winners[0];
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_racing_nodes_one_rotates_and_the_others_get_its_successor_on_postgres() {
    let server = PostgresServer::start().unwrap();
    let url = server.create_database("race").unwrap();
    race(postgres_settings(&url)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_racing_nodes_one_rotates_and_the_others_get_its_successor_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    race(sqlite_settings(&folder.path().join("manager.sqlite"))).await;
}
