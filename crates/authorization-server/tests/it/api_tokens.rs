//! `POST /v1/auth/`.

use tidegate_control_plane::api_token::{ApiToken, CreateApiToken, EndApiToken};
use tidegate_control_plane::workspace::RemoveMembership;
use tidegate_oauth_types::{ErrorCode, IssuedSecret, SecretKind};
use tidegate_types::{Clock, ExposeSecret, Role, SecretString};

use crate::bench::{Bench, error, peer, scopes, slug};

async fn api_token(
    bench: &Bench,
    workspace: Option<&str>,
    expires_at: Option<i64>,
) -> (ApiToken, SecretString) {
    let secret = IssuedSecret::draw(SecretKind::ApiToken);
    let text = secret.text.expose_secret();
    let create = CreateApiToken {
        account: bench.ana.id.clone(),
        name: "script".to_owned(),
        scopes: scopes("mcp:read mcp:query"),
        workspace: workspace.map(slug),
        secret: secret.hash,
        hint: text[text.len() - 4..].to_owned(),
        expires_at,
    };
    (bench.call(create).await, secret.text)
}

#[tokio::test]
async fn a_name_and_a_secret_become_an_access_token() {
    let bench = Bench::start().await;
    let (token, secret) = api_token(&bench, Some("acme"), None).await;
    let access = bench
        .server
        .exchange_api_token(token.id.as_str(), &secret, &peer())
        .await
        .unwrap();
    let claims = bench.claims_of(access.expose_secret()).await;
    assert_eq!(token.id, claims.gid);
    assert_eq!(bench.ana.id, claims.sub);
    assert_eq!(Some(slug("acme")), claims.workspace);
    assert_eq!("https://tidegate.example/w/acme/mcp", claims.aud.as_str());
    assert_eq!(scopes("mcp:read mcp:query"), claims.scope);
    assert_eq!(3600, claims.exp - claims.iat);
}

#[tokio::test]
async fn one_for_any_workspace_leaves_the_choice_to_the_request() {
    let bench = Bench::start().await;
    bench.join("rival", &bench.ana, Role::Viewer).await;
    let (token, secret) = api_token(&bench, None, None).await;
    let access = bench
        .server
        .exchange_api_token(token.id.as_str(), &secret, &peer())
        .await
        .unwrap();
    let claims = bench.claims_of(access.expose_secret()).await;
    assert_eq!(None, claims.workspace);
    assert_eq!("https://tidegate.example/mcp", claims.aud.as_str());
}

#[tokio::test]
async fn it_does_not_outlive_the_api_token() {
    let bench = Bench::start().await;
    let ends = bench.clock.unix_secs() + 600;
    let (token, secret) = api_token(&bench, Some("acme"), Some(ends)).await;
    let access = bench
        .server
        .exchange_api_token(token.id.as_str(), &secret, &peer())
        .await
        .unwrap();
    assert_eq!(ends, bench.claims_of(access.expose_secret()).await.exp);
    bench.clock.advance(std::time::Duration::from_mins(10));
    let refused = bench
        .server
        .exchange_api_token(token.id.as_str(), &secret, &peer())
        .await;
    assert_eq!(ErrorCode::InvalidGrant, error(refused));
}

#[tokio::test]
async fn wrong_names_and_ended_tokens_are_told_alike() {
    let bench = Bench::start().await;
    let (token, secret) = api_token(&bench, None, None).await;
    let (ended, ended_secret) = api_token(&bench, None, None).await;
    bench
        .call(EndApiToken {
            id: ended.id.clone(),
            account: None,
        })
        .await;
    let made_up: SecretString = "tg_pat_x".into();
    let mut bodies = std::collections::BTreeSet::new();
    for (name, secret) in [
        (ended.id.as_str(), &secret),
        ("nobody", &secret),
        ("", &secret),
        (token.id.as_str(), &ended_secret),
        (ended.id.as_str(), &ended_secret),
        (token.id.as_str(), &made_up),
    ] {
        let refused = bench
            .server
            .exchange_api_token(name, secret, &peer())
            .await
            .unwrap_err();
        bodies.insert(serde_json::to_string(&refused).unwrap());
    }
    let leave = RemoveMembership {
        workspace: slug("acme"),
        account: bench.ana.id.clone(),
    };
    bench.call(leave).await;
    let refused = bench
        .server
        .exchange_api_token(token.id.as_str(), &secret, &peer())
        .await
        .unwrap_err();
    bodies.insert(serde_json::to_string(&refused).unwrap());
    assert_eq!(1, bodies.len(), "{bodies:?}");
}
