//! The keys that access tokens are signed with.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tidegate_control_plane::signing_key::{
    AddSigningKey, ListSigningKeys, RemoveSigningKey, SigningKey,
};
use tidegate_oauth_types::{Algorithm, Signer, VerificationKeys};
use tidegate_types::{Clock, ExposeSecret};

use crate::bench::{Bench, ISSUER, refresh_token};

const DAY: Duration = Duration::from_hours(24);

async fn published(bench: &Bench) -> Vec<String> {
    let jwks = bench.server.jwks().await.unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

fn kid(token: &str) -> String {
    VerificationKeys::named_key(token).unwrap()
}

#[tokio::test]
async fn the_first_start_makes_a_key_that_signs_at_once() {
    let bench = Bench::start().await;
    let (_, reply) = bench.connected().await;
    assert_eq!(
        vec![kid(reply.access_token.expose_secret())],
        published(&bench).await
    );
    let jwks = bench.server.jwks().await.unwrap();
    let key = &jwks["keys"][0];
    assert_eq!(
        ("EC", "ES256", "sig"),
        (
            key["kty"].as_str().unwrap(),
            key["alg"].as_str().unwrap(),
            key["use"].as_str().unwrap()
        )
    );
    assert!(key.get("d").is_none());
}

#[tokio::test]
async fn a_key_that_is_announced_before_any_other_keeps_nobody_waiting() {
    let bench = Bench::start().await;
    let made = Signer::generate(Algorithm::Es256).unwrap();
    let announced = AddSigningKey {
        key: SigningKey {
            id: made.kid.clone(),
            algorithm: "ES256".to_owned(),
            private_key: STANDARD.encode(made.pkcs8),
            public_jwk: made.public_jwk,
            signs_from: bench.clock.unix_secs() + 3_600,
            published_until: None,
        },
        overlap_secs: 7_200,
    };
    bench.call(announced).await;
    let (_, reply) = bench.connected().await;
    let signing = kid(reply.access_token.expose_secret());
    assert_ne!(made.kid, signing);
    let published = published(&bench).await;
    assert!(
        published.contains(&signing) && published.contains(&made.kid),
        "{published:?}"
    );
}

#[tokio::test]
async fn nodes_that_start_at_once_make_one_key() {
    let bench = Bench::start().await;
    let nodes: Vec<_> = (0..5).map(|_| bench.other_node(&bench.state)).collect();
    let sets = futures_util::future::join_all(
        nodes
            .iter()
            .map(tidegate_authorization_server::AuthorizationServer::jwks),
    )
    .await;
    let first = sets[0].as_ref().unwrap().clone();
    for set in sets {
        assert_eq!(first, set.unwrap());
    }
    assert_eq!(1, bench.call(ListSigningKeys {}).await.len());
}

#[tokio::test]
async fn a_key_is_published_a_day_before_it_signs_and_stays_after() {
    let bench = Bench::start().await;
    let (client, reply) = bench.connected().await;
    let old = kid(reply.access_token.expose_secret());
    let mut token = refresh_token(&reply);
    let mut history = Vec::new();
    // Ana's grant ends after 90 days; the key is as old, so it is watched from day 80 with a grant of then.
    bench.clock.advance(DAY * 80);
    let code = bench.code(&client, &[]).await;
    token.clear();
    let reply = bench.exchange(&client, &code).await.unwrap();
    token.push_str(&refresh_token(&reply));
    for day in 80..96 {
        let reply = bench.refresh(&client, &token, &[]).await.unwrap();
        token = refresh_token(&reply);
        // Whatever signs is published.
        let claims = bench.claims(&reply).await;
        assert_eq!(3600, claims.exp - claims.iat);
        let signs_old = kid(reply.access_token.expose_secret()) == old;
        history.push((day, signs_old, published(&bench).await.len()));
        bench.clock.advance(DAY);
    }
    let taken_over = history
        .iter()
        .find(|(_, signs_old, _)| !signs_old)
        .unwrap()
        .0;
    let announced = history.iter().find(|(_, _, count)| *count == 2).unwrap().0;
    assert!(announced < taken_over, "{history:?}");
    assert!((89..=91).contains(&taken_over), "{history:?}");
    assert_eq!(1, history.last().unwrap().2, "{history:?}");
}

#[tokio::test]
async fn another_algorithm_takes_over_after_it_was_announced() {
    let mut bench = Bench::start().await;
    let (client, reply) = bench.connected().await;
    bench.rules.algorithm = Algorithm::Rs256;
    bench.server = bench.other_node(&bench.state);
    let before = bench
        .refresh(&client, &refresh_token(&reply), &[])
        .await
        .unwrap();
    assert_eq!(2, published(&bench).await.len());
    assert_eq!(
        kid(reply.access_token.expose_secret()),
        kid(before.access_token.expose_secret())
    );
    bench.clock.advance(DAY * 2);
    let after = bench
        .refresh(&client, &refresh_token(&before), &[])
        .await
        .unwrap();
    assert_ne!(
        kid(reply.access_token.expose_secret()),
        kid(after.access_token.expose_secret())
    );
    bench.claims(&after).await;
}

#[tokio::test]
async fn a_key_that_was_taken_out_signs_no_more_once_nodes_hear_of_it() {
    let bench = Bench::start().await;
    let (client, reply) = bench.connected().await;
    let old = reply.access_token.expose_secret();
    assert!(bench.call(RemoveSigningKey { id: kid(old) }).await);
    bench.server.forget_keys();
    let next = bench
        .refresh(&client, &refresh_token(&reply), &[])
        .await
        .unwrap();
    assert_ne!(kid(old), kid(next.access_token.expose_secret()));
    let jwks = bench.server.jwks().await.unwrap();
    let keys = VerificationKeys::from_jwks(jwks["keys"].as_array().unwrap());
    assert!(
        keys.verify(old, ISSUER, bench.clock.unix_secs(), Duration::ZERO)
            .is_err()
    );
}
