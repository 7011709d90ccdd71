//! Enterprise-managed authorization: an identity provider vouches for a person.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_authorization_server::{AssertionIssuer, FetchError, TokenReply};
use tidegate_control_plane::account::{LinkUpstream, SetPassword, UpdateAccount};
use tidegate_control_plane::invitation::{AcceptInvitation, CreateInvitation};
use tidegate_control_plane::policy::{ClientDecision, ClientMatch, PolicyRule, SetPolicyRule};
use tidegate_oauth_types::{ErrorCode, IssuedSecret, OAuthError, SecretKind};
use tidegate_types::{Clock, Role};

use crate::bench::{Bench, ISSUER, error, public_metadata, scopes, slug, text};
use crate::signed::{Pair, merged};

const PROVIDER: &str = "https://acme.okta.example";
const KEYS: &str = "https://acme.okta.example/oauth2/v1/keys";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TYPE: &str = "oauth-id-jag+jwt";

struct Enterprise {
    bench: Bench,
    pair: Pair,
    client: String,
    secret: String,
}

async fn enterprise(trusts_email: bool) -> Enterprise {
    let pair = Pair::draw();
    let bench = Bench::with(|rules| {
        rules.assertion_issuers = vec![AssertionIssuer {
            issuer: PROVIDER.to_owned(),
            jwks_uri: KEYS.parse().unwrap(),
            trusts_email,
        }];
    })
    .await;
    bench.web.serve(KEYS, pair.key_set());
    let mut metadata = public_metadata("https://app.example/callback");
    metadata["token_endpoint_auth_method"] = json!("client_secret_post");
    metadata["grant_types"] = json!(["authorization_code", GRANT]);
    let registered = bench.register(metadata).await;
    let link = LinkUpstream {
        id: bench.ana.id.clone(),
        issuer: PROVIDER.to_owned(),
        subject: "00u1".to_owned(),
        proved_email: None,
    };
    bench.call(link).await;
    Enterprise {
        client: text(&registered, "client_id"),
        secret: text(&registered, "client_secret"),
        bench,
        pair,
    }
}

impl Enterprise {
    fn claims(&self, jti: &str) -> Value {
        let now = self.bench.clock.unix_secs();
        json!({
            "iss": PROVIDER, "sub": "00u1", "aud": ISSUER, "client_id": self.client, "jti": jti,
            "iat": now, "exp": now + 300, "resource": "https://tidegate.example/mcp",
        })
    }

    fn assertion(&self, jti: &str, changes: &[(&str, Value)]) -> String {
        self.pair.sign(TYPE, &merged(self.claims(jti), changes))
    }

    async fn token(
        &self,
        assertion: &str,
        changes: &[(&str, &str)],
    ) -> Result<TokenReply, OAuthError> {
        let mut pairs = vec![
            ("client_secret", self.secret.as_str()),
            ("grant_type", GRANT),
            ("assertion", assertion),
        ];
        pairs.extend(changes);
        self.bench.token(&self.client, &pairs).await
    }
}

#[tokio::test]
async fn a_trusted_providers_word_gives_a_token_without_refresh() {
    let enterprise = enterprise(false).await;
    let reply = enterprise
        .token(&enterprise.assertion("1", &[]), &[])
        .await
        .unwrap();
    assert!(reply.refresh_token.is_none());
    let claims = enterprise.bench.claims(&reply).await;
    assert_eq!(enterprise.bench.ana.id, claims.sub);
    assert_eq!("https://tidegate.example/mcp", claims.aud.as_str());
    assert_eq!(Some(slug("acme")), claims.workspace);
    assert_eq!(scopes("mcp:read mcp:query mcp:write"), reply.scope);
}

#[tokio::test]
async fn tokens_of_one_hour_share_a_grant() {
    let enterprise = enterprise(false).await;
    let one = enterprise
        .token(&enterprise.assertion("1", &[]), &[])
        .await
        .unwrap();
    let two = enterprise
        .token(&enterprise.assertion("2", &[]), &[])
        .await
        .unwrap();
    let bench = &enterprise.bench;
    assert_eq!(bench.claims(&one).await.gid, bench.claims(&two).await.gid);
    bench.clock.advance(Duration::from_mins(50));
    let three = enterprise
        .token(&enterprise.assertion("3", &[]), &[])
        .await
        .unwrap();
    assert_ne!(bench.claims(&one).await.gid, bench.claims(&three).await.gid);
}

#[tokio::test]
async fn role_provider_and_request_narrow_together() {
    let enterprise = enterprise(false).await;
    let scope = json!("mcp:read mcp:query");
    let assertion = enterprise.assertion("1", &[("scope", scope.clone())]);
    assert_eq!(
        scopes("mcp:read mcp:query"),
        enterprise.token(&assertion, &[]).await.unwrap().scope
    );
    let assertion = enterprise.assertion("2", &[("scope", scope)]);
    let reply = enterprise
        .token(&assertion, &[("scope", "mcp:read")])
        .await
        .unwrap();
    assert_eq!(scopes("mcp:read"), reply.scope);
    assert_eq!(
        scopes("mcp:read"),
        enterprise.bench.claims(&reply).await.scope
    );
    let bench = &enterprise.bench;
    bench.join("acme", &bench.ana, Role::Viewer).await;
    let reply = enterprise
        .token(&enterprise.assertion("3", &[]), &[])
        .await
        .unwrap();
    assert_eq!(scopes("mcp:read"), reply.scope);
}

#[tokio::test]
async fn an_assertion_is_good_once() {
    let enterprise = enterprise(false).await;
    let assertion = enterprise.assertion("once", &[]);
    enterprise.token(&assertion, &[]).await.unwrap();
    assert_eq!(
        ErrorCode::InvalidGrant,
        error(enterprise.token(&assertion, &[]).await)
    );
    assert_eq!(
        vec!["assertion_replayed".to_owned()],
        enterprise.bench.outcomes("token.refused").await
    );
}

#[tokio::test]
async fn whatever_is_wrong_with_it_is_told_alike() {
    let enterprise = enterprise(false).await;
    let now = enterprise.bench.clock.unix_secs();
    let mut assertions: Vec<_> = [
        ("iss", json!("https://evil.example")),
        ("sub", json!("00u2")),
        ("aud", json!("https://other.example")),
        ("aud", json!([ISSUER, "https://other.example"])),
        ("client_id", json!("another")),
        ("client_id", json!(null)),
        ("exp", json!(now - 60)),
        ("exp", json!(now + 86_400)),
        ("iat", json!(null)),
        ("jti", json!(null)),
        ("resource", json!("https://other.example/mcp")),
        ("resource", json!("https://rival.example/mcp")),
    ]
    .into_iter()
    .map(|change| enterprise.assertion("wrong", &[change]))
    .collect();
    assertions.push(Pair::draw().sign(TYPE, &enterprise.claims("stranger")));
    assertions.push(enterprise.pair.sign("JWT", &enterprise.claims("type")));
    assertions.push("x".to_owned());
    let mut bodies = std::collections::BTreeSet::new();
    for assertion in &assertions {
        let refused = enterprise.token(assertion, &[]).await.unwrap_err();
        bodies.insert(serde_json::to_string(&refused).unwrap());
    }
    assert_eq!(1, bodies.len(), "{bodies:?}");
}

#[tokio::test]
async fn the_requests_resource_must_be_the_assertions() {
    let enterprise = enterprise(false).await;
    let refused = enterprise
        .token(
            &enterprise.assertion("1", &[]),
            &[("resource", "https://tidegate.example/w/acme/mcp")],
        )
        .await;
    assert_eq!(ErrorCode::InvalidTarget, error(refused));
}

#[tokio::test]
async fn an_address_names_somebody_only_where_the_provider_may_say_so() {
    for (trusts_email, verified, is_let_in) in [
        (true, json!(true), true),
        (true, json!(null), true),
        (true, json!(false), false),
        (false, json!(true), false),
    ] {
        let enterprise = enterprise(trusts_email).await;
        let changes = [
            ("sub", json!("unlinked")),
            ("email", json!("ANA@people.example")),
            ("email_verified", verified.clone()),
        ];
        let reply = enterprise
            .token(&enterprise.assertion("1", &changes), &[])
            .await;
        assert_eq!(
            is_let_in,
            reply.is_ok(),
            "{trusts_email} {verified}: {reply:?}"
        );
    }
}

/// Whoever set the password may be somebody else, such as the sender of an invitation.
#[tokio::test]
async fn an_address_does_not_name_an_account_that_a_password_opens() {
    let enterprise = enterprise(true).await;
    let bench = &enterprise.bench;
    let set = SetPassword {
        id: bench.ana.id.clone(),
        password_hash: "$argon2id$v=19$x".to_owned(),
        must_change: false,
    };
    bench.call(set).await;
    let changes = [
        ("sub", json!("unlinked")),
        ("email", json!("ana@people.example")),
        ("email_verified", json!(true)),
    ];
    let refused = enterprise
        .token(&enterprise.assertion("1", &changes), &[])
        .await;
    assert_eq!(ErrorCode::InvalidGrant, error(refused));
    assert_eq!(
        vec!["account_has_password".to_owned()],
        bench.outcomes("token.refused").await
    );
    // The identity that its owner connected is theirs.
    enterprise
        .token(&enterprise.assertion("2", &[]), &[])
        .await
        .unwrap();
}

/// Mallory invited Victor to her workspace and took the invitation herself.
#[tokio::test]
async fn an_invitation_that_somebody_else_took_names_nobody() {
    let enterprise = enterprise(true).await;
    let bench = &enterprise.bench;
    let mallory = bench.person("mallory").await;
    bench.join("rival", &mallory, Role::Admin).await;
    let secret = IssuedSecret::draw(SecretKind::Invitation).hash;
    let invite = CreateInvitation {
        secret,
        email: "victor@people.example".to_owned(),
        workspace: slug("rival"),
        role: Role::Admin,
        invited_by: mallory.id.clone(),
    };
    bench.call(invite).await;
    for password_hash in [Some("$argon2id$v=19$x".to_owned()), None] {
        let accept = AcceptInvitation {
            secret,
            signed_in_as: None,
            username: "victor".to_owned(),
            display_name: "Victor".to_owned(),
            password_hash,
            identity: None,
            is_email_proved: false,
        };
        // The first takes the invitation; for the second it is gone.
        let is_first = accept.password_hash.is_some();
        assert_eq!(is_first, bench.manager.call(accept).await.is_ok());
        let changes = [
            ("sub", json!("victor")),
            ("email", json!("victor@people.example")),
            ("email_verified", json!(true)),
        ];
        let jti = IssuedSecret::draw(SecretKind::Invitation).hash.to_string();
        let refused = enterprise
            .token(&enterprise.assertion(&jti, &changes), &[])
            .await;
        assert_eq!(ErrorCode::InvalidGrant, error(refused));
    }
    assert_eq!(
        vec!["account_unknown".to_owned(); 2],
        bench.outcomes("token.refused").await
    );
}

/// A membership that somebody was given unasked would make the workspace ambiguous.
#[tokio::test]
async fn an_invitation_alone_changes_nothing_for_whoever_is_invited() {
    let enterprise = enterprise(true).await;
    let bench = &enterprise.bench;
    let mallory = bench.person("mallory").await;
    bench.join("rival", &mallory, Role::Admin).await;
    let invite = CreateInvitation {
        secret: IssuedSecret::draw(SecretKind::Invitation).hash,
        email: "ana@people.example".to_owned(),
        workspace: slug("rival"),
        role: Role::Admin,
        invited_by: mallory.id.clone(),
    };
    bench.call(invite).await;
    let unnamed = [("resource", json!(null))];
    let reply = enterprise
        .token(&enterprise.assertion("1", &unnamed), &[])
        .await
        .unwrap();
    assert_eq!(Some(slug("acme")), bench.claims(&reply).await.workspace);
}

#[tokio::test]
async fn whoever_is_off_or_blocked_is_not_let_in_by_anybodys_word() {
    let enterprise = enterprise(false).await;
    let bench = &enterprise.bench;
    let rule = |decision| SetPolicyRule {
        rule: PolicyRule {
            workspace: Some(slug("acme")),
            matches: ClientMatch::Client(enterprise.client.parse().unwrap()),
            decision,
        },
    };
    bench.call(rule(ClientDecision::Blocked)).await;
    assert_eq!(
        ErrorCode::InvalidGrant,
        error(enterprise.token(&enterprise.assertion("1", &[]), &[]).await)
    );
    bench.call(rule(ClientDecision::Approved)).await;
    enterprise
        .token(&enterprise.assertion("2", &[]), &[])
        .await
        .unwrap();
    let off = UpdateAccount {
        id: bench.ana.id.clone(),
        email: None,
        display_name: None,
        is_active: Some(false),
        is_administrator: None,
    };
    bench.call(off).await;
    assert_eq!(
        ErrorCode::InvalidGrant,
        error(enterprise.token(&enterprise.assertion("3", &[]), &[]).await)
    );
}

#[tokio::test]
async fn a_provider_that_is_away_is_worth_trying_again() {
    let enterprise = enterprise(false).await;
    enterprise
        .bench
        .web
        .answer(KEYS, Err(FetchError::Unreachable));
    let refused = enterprise.token(&enterprise.assertion("1", &[]), &[]).await;
    assert_eq!(ErrorCode::TemporarilyUnavailable, error(refused));
}

#[tokio::test]
async fn a_public_client_brings_no_assertions() {
    let enterprise = enterprise(false).await;
    let public = enterprise.bench.public_client().await;
    let assertion = enterprise.assertion("1", &[("client_id", json!(public))]);
    let refused = enterprise
        .bench
        .token(&public, &[("grant_type", GRANT), ("assertion", &assertion)])
        .await;
    assert_eq!(ErrorCode::UnauthorizedClient, error(refused));
}

#[tokio::test]
async fn it_is_announced_only_where_somebody_is_trusted() {
    let profile = |bench: &Bench| {
        bench
            .server
            .metadata()
            .authorization_grant_profiles_supported
    };
    assert!(profile(&Bench::start().await).is_empty());
    assert_eq!(1, profile(&enterprise(false).await.bench).len());
}
