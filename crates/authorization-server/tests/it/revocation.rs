//! Revocation and introspection.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_control_plane::account::{Account, UpdateAccount};
use tidegate_control_plane::api_token::{ApiToken, CreateApiToken};
use tidegate_control_plane::grant::{EndReason, FindGrant};
use tidegate_oauth_types::{ErrorCode, IssuedSecret, OAuthError, SecretKind};
use tidegate_types::{ExposeSecret, ScopeSet};

use crate::bench::{
    Bench, LOOPBACK, code_of, code_request, error, parameters, peer, public_metadata,
    refresh_token, text,
};

async fn revoke(bench: &Bench, client: &str, token: &str) -> Result<(), OAuthError> {
    let request = parameters(&[("client_id", client), ("token", token)]);
    bench.server.revoke(None, &request, &peer()).await
}

#[tokio::test]
async fn either_token_ends_the_grant() {
    for use_access_token in [false, true] {
        let bench = Bench::start().await;
        let (client, reply) = bench.connected().await;
        let refresh = refresh_token(&reply);
        let token = if use_access_token {
            reply.access_token.expose_secret()
        } else {
            refresh.as_str()
        };
        revoke(&bench, &client, token).await.unwrap();
        let refused = bench.refresh(&client, &refresh, &[]).await;
        assert_eq!(ErrorCode::InvalidGrant, error(refused));
        let id = bench.claims(&reply).await.gid;
        let ended = bench.call(FindGrant { id }).await.unwrap().ended;
        assert_eq!(Some(EndReason::ByClient), ended.map(|(_, reason)| reason));
        revoke(&bench, &client, token).await.unwrap();
        assert_eq!(1, bench.outcomes("token.revoked").await.len());
    }
}

#[tokio::test]
async fn what_is_unknown_or_anothers_is_no_error_and_ends_nothing() {
    let bench = Bench::start().await;
    let (client, reply) = bench.connected().await;
    let refresh = refresh_token(&reply);
    for made_up in ["x", "tg_rt_x", &refresh[..refresh.len() - 1], "a.b.c"] {
        revoke(&bench, &client, made_up).await.unwrap();
    }
    let other = text(
        &bench.register(public_metadata("http://localhost/x")).await,
        "client_id",
    );
    revoke(&bench, &other, &refresh).await.unwrap();
    revoke(&bench, &other, reply.access_token.expose_secret())
        .await
        .unwrap();
    bench.refresh(&client, &refresh, &[]).await.unwrap();
}

#[tokio::test]
async fn a_client_must_be_one_and_name_a_token() {
    let bench = Bench::start().await;
    let (client, reply) = bench.connected().await;
    let refused = revoke(&bench, &client, "").await;
    assert_eq!(ErrorCode::InvalidRequest, error(refused));
    for nobody in ["", "nobody"] {
        let refused = revoke(&bench, nobody, &refresh_token(&reply)).await;
        assert_eq!(ErrorCode::InvalidClient, error(refused));
    }
}

struct Confidential {
    id: String,
    secret: String,
    access: String,
    refresh: String,
}

async fn confidential(bench: &Bench) -> Confidential {
    let mut metadata = public_metadata(LOOPBACK);
    metadata["token_endpoint_auth_method"] = json!("client_secret_post");
    let registered = bench.register(metadata).await;
    let (id, secret) = (
        text(&registered, "client_id"),
        text(&registered, "client_secret"),
    );
    let transaction = bench.begin(&id, &[]).await;
    let code = code_of(&bench.allow(&transaction, "mcp:read").await);
    let mut request = code_request(&code);
    request.push(("client_secret", &secret));
    let reply = bench.token(&id, &request).await.unwrap();
    Confidential {
        access: reply.access_token.expose_secret().to_owned(),
        refresh: refresh_token(&reply),
        id,
        secret,
    }
}

impl Confidential {
    async fn introspect(&self, bench: &Bench, token: &str) -> Value {
        let request = parameters(&[
            ("client_id", &self.id),
            ("client_secret", &self.secret),
            ("token", token),
        ]);
        bench
            .server
            .introspect(None, &request, &peer())
            .await
            .unwrap()
    }
}

fn inactive() -> Value {
    json!({ "active": false })
}

#[tokio::test]
async fn a_client_learns_what_its_own_token_comes_to() {
    let bench = Bench::start().await;
    let client = confidential(&bench).await;
    let answer = client.introspect(&bench, &client.access).await;
    let claims = bench.claims_of(&client.access).await;
    assert_eq!(
        json!({
            "active": true, "token_type": "Bearer", "iss": "https://tidegate.example", "sub": bench.ana.id,
            "client_id": client.id, "scope": "mcp:read", "gid": claims.gid, "exp": claims.exp, "iat": claims.iat,
            "jti": claims.jti, "aud": "https://tidegate.example/mcp", "workspace": "acme",
        }),
        answer
    );
}

#[tokio::test]
async fn what_is_not_active_or_anothers_says_nothing_more() {
    let bench = Bench::start().await;
    let client = confidential(&bench).await;
    let (_, foreign) = bench.connected().await;
    for token in [
        foreign.access_token.expose_secret(),
        "x",
        "a.b.c",
        "tg_pat_x",
        &client.refresh,
    ] {
        assert_eq!(inactive(), client.introspect(&bench, token).await);
    }
    bench.clock.advance(Duration::from_secs(3600 + 31));
    assert_eq!(inactive(), client.introspect(&bench, &client.access).await);
}

#[tokio::test]
async fn a_token_of_an_ended_grant_is_not_active() {
    let bench = Bench::start().await;
    let client = confidential(&bench).await;
    let request = parameters(&[
        ("client_id", &client.id),
        ("client_secret", &client.secret),
        ("token", &client.refresh),
    ]);
    bench.server.revoke(None, &request, &peer()).await.unwrap();
    assert_eq!(inactive(), client.introspect(&bench, &client.access).await);
}

#[tokio::test]
async fn a_public_client_learns_nothing() {
    let bench = Bench::start().await;
    let (client, reply) = bench.connected().await;
    let request = parameters(&[
        ("client_id", &client),
        ("token", reply.access_token.expose_secret()),
    ]);
    let refused = bench.server.introspect(None, &request, &peer()).await;
    assert_eq!(ErrorCode::InvalidClient, error(refused));
}

async fn api_token(bench: &Bench, account: &Account) -> (ApiToken, String) {
    let secret = IssuedSecret::draw(SecretKind::ApiToken);
    let text = secret.text.expose_secret().to_owned();
    let create = CreateApiToken {
        account: account.id.clone(),
        name: "introspection".to_owned(),
        scopes: ScopeSet::all(),
        workspace: None,
        secret: secret.hash,
        hint: text[text.len() - 4..].to_owned(),
        expires_at: None,
    };
    (bench.call(create).await, text)
}

#[tokio::test]
async fn an_administrators_api_token_learns_of_any_and_a_members_of_none() {
    let bench = Bench::start().await;
    let (client, reply) = bench.connected().await;
    let (_, secret) = api_token(&bench, &bench.ana).await;
    let header = format!("Bearer {secret}");
    let request = parameters(&[("token", reply.access_token.expose_secret())]);
    let refused = bench
        .server
        .introspect(Some(&header), &request, &peer())
        .await;
    assert_eq!(ErrorCode::InvalidClient, error(refused));
    let promote = UpdateAccount {
        id: bench.ana.id.clone(),
        email: None,
        display_name: None,
        is_active: None,
        is_administrator: Some(true),
    };
    bench.call(promote).await;
    let answer = bench
        .server
        .introspect(Some(&header), &request, &peer())
        .await
        .unwrap();
    assert_eq!(json!(true), answer["active"]);
    assert_eq!(json!(client), answer["client_id"]);
    let itself = parameters(&[("token", secret.as_str())]);
    let answer = bench
        .server
        .introspect(Some(&header), &itself, &peer())
        .await
        .unwrap();
    assert_eq!(json!(true), answer["active"]);
}
