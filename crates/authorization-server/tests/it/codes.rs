//! Codes for tokens.

use std::time::Duration;

use tidegate_control_plane::grant::{EndReason, FindGrant};
use tidegate_oauth_types::ErrorCode;
use tidegate_types::ExposeSecret;

use crate::bench::{
    Bench, ISSUER, LOOPBACK, VERIFIER, code_of, code_request, error, parameters, peer,
    public_metadata, refresh_token, scopes, slug, text,
};

fn with<'a>(code: &'a str, name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut pairs = code_request(code);
    pairs.retain(|(before, _)| *before != name);
    pairs.push((name, value));
    pairs
}

#[tokio::test]
async fn a_code_becomes_tokens_for_exactly_what_was_agreed_to() {
    let bench = Bench::start().await;
    let (client, reply) = bench.connected().await;
    assert_eq!(3600, reply.expires_in);
    assert_eq!(scopes("mcp:read mcp:query"), reply.scope);
    let claims = bench.claims(&reply).await;
    assert_eq!(ISSUER, claims.iss);
    assert_eq!(bench.ana.id, claims.sub);
    assert_eq!("https://tidegate.example/mcp", claims.aud.as_str());
    assert_eq!(client, claims.client_id.as_str());
    assert_eq!(Some(slug("acme")), claims.workspace);
    assert_eq!(scopes("mcp:read mcp:query"), claims.scope);
    assert_eq!(3600, claims.exp - claims.iat);
    let grant = bench.call(FindGrant { id: claims.gid }).await.unwrap();
    assert!(grant.is_offline);
    assert_eq!(90 * 86_400, grant.expires_at - grant.created_at);
    assert_eq!(Some("198.51.100.7".to_owned()), grant.address);
}

#[tokio::test]
async fn the_answer_has_the_members_that_clients_read() {
    let bench = Bench::start().await;
    let (_, reply) = bench.connected().await;
    let json = serde_json::to_value(&reply).unwrap();
    let names: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        [
            "access_token",
            "expires_in",
            "refresh_token",
            "scope",
            "token_type"
        ]
        .map(str::to_owned)
        .to_vec(),
        names
    );
    assert_eq!("Bearer", json["token_type"]);
    assert_eq!("mcp:read mcp:query", json["scope"]);
}

#[tokio::test]
async fn a_missing_parameter_is_named_and_the_code_is_still_good() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let code = bench.code(&client, &[]).await;
    for name in ["grant_type", "code", "code_verifier"] {
        let refused = bench
            .token(&client, &with(&code, name, ""))
            .await
            .unwrap_err();
        assert_eq!(ErrorCode::InvalidRequest, refused.code, "{name}");
        assert!(refused.description.contains(name), "{refused}");
    }
    bench.exchange(&client, &code).await.unwrap();
}

#[tokio::test]
async fn a_request_without_client_is_no_clients() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let code = bench.code(&client, &[]).await;
    let request = parameters(&code_request(&code));
    let refused = bench.server.token(None, &request, &peer()).await;
    assert_eq!(ErrorCode::InvalidClient, error(refused));
    let refused = bench.exchange("nobody", &code).await;
    assert_eq!(ErrorCode::InvalidClient, error(refused));
    let refused = bench
        .token(&client, &with(&code, "grant_type", "password"))
        .await;
    assert_eq!(ErrorCode::UnsupportedGrantType, error(refused));
}

#[tokio::test]
async fn whatever_is_wrong_with_a_code_is_told_alike_and_burns_it() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let other = text(
        &bench.register(public_metadata("http://localhost/x")).await,
        "client_id",
    );
    let wrong = "A".repeat(43);
    let cases = [
        ("client_mismatch", other.as_str(), "code_verifier", VERIFIER),
        (
            "redirect_uri_mismatch",
            &client,
            "redirect_uri",
            "http://127.0.0.1:33419/callback",
        ),
        ("redirect_uri_mismatch", &client, "redirect_uri", ""),
        ("verifier_mismatch", &client, "code_verifier", &wrong),
        ("verifier_mismatch", &client, "code_verifier", "short"),
    ];
    let mut bodies = std::collections::BTreeSet::new();
    for (_, presenter, name, value) in cases {
        let code = bench.code(&client, &[]).await;
        let refused = bench
            .token(presenter, &with(&code, name, value))
            .await
            .unwrap_err();
        bodies.insert(serde_json::to_string(&refused).unwrap());
        let refused = bench.exchange(&client, &code).await.unwrap_err();
        bodies.insert(serde_json::to_string(&refused).unwrap());
    }
    let made_up = bench.exchange(&client, "tg_ac_made_up").await.unwrap_err();
    bodies.insert(serde_json::to_string(&made_up).unwrap());
    assert_eq!(1, bodies.len(), "{bodies:?}");
    let mut reasons = bench.outcomes("token.refused").await;
    reasons.retain(|reason| reason != "code_used_up");
    let expected: Vec<_> = cases
        .iter()
        .map(|case| case.0)
        .chain(["code_malformed"])
        .collect();
    assert_eq!(expected, reasons);
}

#[tokio::test]
async fn the_resource_must_be_the_authorized_one_or_absent() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    for (resource, expected) in [
        ("https://rival.example/mcp", Some(ErrorCode::InvalidTarget)),
        (
            "https://tidegate.example/w/acme/mcp",
            Some(ErrorCode::InvalidTarget),
        ),
        ("https://other.example/mcp", Some(ErrorCode::InvalidTarget)),
        ("https://tidegate.example/mcp/", None),
        ("https://tidegate.example", None),
        ("", None),
    ] {
        let code = bench.code(&client, &[]).await;
        let reply = bench
            .token(&client, &with(&code, "resource", resource))
            .await;
        assert_eq!(
            expected,
            reply.err().map(|refused| refused.code),
            "{resource}"
        );
    }
}

#[tokio::test]
async fn a_token_for_one_workspace_is_for_that_alone() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let resource = ("resource", "https://tidegate.example/w/acme/mcp");
    let code = bench.code(&client, &[resource]).await;
    let claims = bench
        .claims(&bench.exchange(&client, &code).await.unwrap())
        .await;
    assert_eq!("https://tidegate.example/w/acme/mcp", claims.aud.as_str());
    assert_eq!(Some(slug("acme")), claims.workspace);
}

#[tokio::test]
async fn a_code_is_good_for_a_minute() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let code = bench.code(&client, &[]).await;
    bench.clock.advance(Duration::from_secs(59));
    bench.exchange(&client, &code).await.unwrap();
    let code = bench.code(&client, &[]).await;
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(
        ErrorCode::InvalidGrant,
        error(bench.exchange(&client, &code).await)
    );
}

#[tokio::test]
async fn the_second_use_of_a_code_ends_what_the_first_one_gave() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let code = bench.code(&client, &[]).await;
    let reply = bench.exchange(&client, &code).await.unwrap();
    let id = bench.claims(&reply).await.gid;
    bench.clock.advance(Duration::from_secs(500));
    assert_eq!(
        ErrorCode::InvalidGrant,
        error(bench.exchange(&client, &code).await)
    );
    let grant = bench.call(FindGrant { id }).await.unwrap();
    assert_eq!(
        Some(EndReason::CodeReplay),
        grant.ended.map(|(_, reason)| reason)
    );
    let refused = bench.refresh(&client, &refresh_token(&reply), &[]).await;
    assert_eq!(ErrorCode::InvalidGrant, error(refused));
    assert_eq!(
        vec!["grant_ended".to_owned()],
        bench.outcomes("code.replayed").await
    );
}

#[tokio::test]
async fn the_second_use_of_a_code_ends_nobody_elses_grant() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let first = bench.code(&client, &[]).await;
    bench.exchange(&client, &first).await.unwrap();
    let second = bench.code(&client, &[]).await;
    let reply = bench.exchange(&client, &second).await.unwrap();
    bench.exchange(&client, &first).await.unwrap_err();
    bench
        .refresh(&client, &refresh_token(&reply), &[])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_confidential_clients_code_needs_its_secret_and_is_not_burnt_by_a_wrong_one() {
    let bench = Bench::start().await;
    let mut metadata = public_metadata(LOOPBACK);
    metadata["token_endpoint_auth_method"] = "client_secret_post".into();
    let registered = bench.register(metadata).await;
    let (client, secret) = (
        text(&registered, "client_id"),
        text(&registered, "client_secret"),
    );
    let transaction = bench.begin(&client, &[]).await;
    let code = code_of(&bench.allow(&transaction, "mcp:read").await);
    for wrong in [
        "",
        "wrong",
        "tg_cs_0000000000000000000000000000000000000000000aaaaaa",
    ] {
        let refused = bench
            .token(&client, &with(&code, "client_secret", wrong))
            .await;
        assert_eq!(ErrorCode::InvalidClient, error(refused), "{wrong}");
    }
    bench
        .token(&client, &with(&code, "client_secret", &secret))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_public_client_that_shows_a_secret_is_not_itself() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let code = bench.code(&client, &[]).await;
    let refused = bench
        .token(&client, &with(&code, "client_secret", "anything"))
        .await;
    assert_eq!(ErrorCode::InvalidClient, error(refused));
}

#[tokio::test]
async fn a_workspace_that_is_switched_off_after_consent_gives_no_tokens() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let code = bench.code(&client, &[]).await;
    bench.switches.off_in.lock().unwrap().insert(slug("acme"));
    assert_eq!(
        ErrorCode::AccessDenied,
        error(bench.exchange(&client, &code).await)
    );
}

#[tokio::test]
async fn a_client_that_asks_without_end_is_stopped_after_it_proved_itself() {
    let bench = Bench::with(|rules| rules.limits.token_of_client.burst = 2).await;
    let client = bench.public_client().await;
    for _ in 0..2 {
        let refused = bench.exchange(&client, "tg_ac_x").await;
        assert_eq!(ErrorCode::InvalidGrant, error(refused));
    }
    let refused = bench.exchange(&client, "tg_ac_x").await;
    assert_eq!(ErrorCode::TooManyRequests, error(refused));
    // Names that nobody proves use up nobody's budget.
    let other = text(
        &bench.register(public_metadata("http://localhost/y")).await,
        "client_id",
    );
    let refused = bench.exchange(&other, "tg_ac_x").await;
    assert_eq!(ErrorCode::InvalidGrant, error(refused));
}

#[tokio::test]
async fn an_address_is_stopped_whatever_client_it_names() {
    let bench = Bench::with(|rules| rules.limits.token.burst = 3).await;
    for client in ["a", "b", "c"] {
        let refused = bench.exchange(client, "tg_ac_x").await;
        assert_eq!(ErrorCode::InvalidClient, error(refused));
    }
    let refused = bench.exchange("d", "tg_ac_x").await;
    assert_eq!(ErrorCode::TooManyRequests, error(refused));
}

#[tokio::test]
async fn tokens_differ_each_time() {
    let bench = Bench::start().await;
    let (_, one) = bench.connected().await;
    let (_, two) = bench.connected().await;
    assert_ne!(
        one.access_token.expose_secret(),
        two.access_token.expose_secret()
    );
    assert_ne!(bench.claims(&one).await.jti, bench.claims(&two).await.jti);
    assert_ne!(bench.claims(&one).await.gid, bench.claims(&two).await.gid);
}
