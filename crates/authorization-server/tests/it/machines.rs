//! Clients that get tokens for themselves.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tidegate_authorization_server::{AuthorizeRefusal, TokenReply};
use tidegate_control_plane::account::{Account, CreateServiceAccount};
use tidegate_control_plane::client::{Client, ClientKind, CreateClient, UpdateClient};
use tidegate_control_plane::grant::{EndGrant, EndReason, FindGrant};
use tidegate_control_plane::workspace::RemoveMembership;
use tidegate_oauth_types::{
    ClientMetadata, ErrorCode, GrantType, IssuedSecret, OAuthError, SecretKind,
    TokenEndpointAuthMethod,
};
use tidegate_types::{AccountId, ExposeSecret, Role};

use crate::bench::{Bench, error, parameters, peer, scopes, slug};

struct Machine {
    id: String,
    secret: String,
}

async fn service(bench: &Bench, role: Role) -> Account {
    let create = CreateServiceAccount {
        username: "nightly".to_owned(),
        display_name: "Nightly report".to_owned(),
        workspace: slug("acme"),
        role,
        superset_username: None,
        made_by: None,
    };
    bench.call(create).await
}

async fn machine(
    bench: &Bench,
    acts_as: &AccountId,
    owner: Option<&AccountId>,
    workspace: Option<&str>,
) -> Machine {
    let secret = IssuedSecret::draw(SecretKind::ClientSecret);
    let client = Client {
        id: tidegate_types::ClientId::random(),
        kind: ClientKind::Machine,
        metadata: ClientMetadata {
            client_name: "Nightly".to_owned(),
            redirect_uris: Vec::new(),
            grant_types: vec![GrantType::ClientCredentials],
            token_endpoint_auth_method: TokenEndpointAuthMethod::ClientSecretBasic,
            application_type: None,
            client_uri: None,
            jwks: None,
            jwks_uri: None,
            scope: None,
            software_id: None,
            software_version: None,
        },
        owner: owner.cloned(),
        acts_as: Some(acts_as.clone()),
        workspace: workspace.map(slug),
        scopes: scopes("mcp:read mcp:query mcp:write"),
        is_verified: false,
        has_secret: true,
        created_at: 0,
        last_used_at: None,
    };
    let create = CreateClient {
        client,
        secret: Some(secret.hash),
        registration_token: None,
    };
    Machine {
        id: bench.call(create).await.id.to_string(),
        secret: secret.text.expose_secret().to_owned(),
    }
}

impl Machine {
    async fn token(
        &self,
        bench: &Bench,
        changes: &[(&str, &str)],
    ) -> Result<TokenReply, OAuthError> {
        let pair = STANDARD.encode(format!("{}:{}", self.id, self.secret));
        let header = format!("Basic {pair}");
        let mut pairs = vec![("grant_type", "client_credentials")];
        pairs.extend(changes);
        bench
            .server
            .token(Some(&header), &parameters(&pairs), &peer())
            .await
    }
}

#[tokio::test]
async fn a_machine_gets_an_hour_as_its_service_account_and_no_refresh_token() {
    let bench = Bench::start().await;
    let account = service(&bench, Role::Analyst).await;
    let machine = machine(&bench, &account.id, None, None).await;
    let reply = machine.token(&bench, &[]).await.unwrap();
    assert_eq!(3600, reply.expires_in);
    assert!(reply.refresh_token.is_none());
    // Role and client together.
    assert_eq!(scopes("mcp:read mcp:query"), reply.scope);
    let claims = bench.claims(&reply).await;
    assert_eq!(account.id, claims.sub);
    assert_eq!(Some(slug("acme")), claims.workspace);
    assert_eq!(machine.id, claims.client_id.as_str());
}

#[tokio::test]
async fn a_machine_that_asks_for_nothing_that_exists_gets_nothing() {
    let bench = Bench::start().await;
    let account = service(&bench, Role::Editor).await;
    let machine = machine(&bench, &account.id, None, None).await;
    let refused = machine.token(&bench, &[("scope", "read:all")]).await;
    assert_eq!(ErrorCode::InvalidScope, error(refused));
    let known = machine
        .token(&bench, &[("scope", "read:all mcp:read")])
        .await
        .unwrap();
    assert_eq!(scopes("mcp:read"), known.scope);
}

#[tokio::test]
async fn all_its_tokens_stand_on_one_grant_until_that_ends() {
    let bench = Bench::start().await;
    let account = service(&bench, Role::Editor).await;
    let machine = machine(&bench, &account.id, None, None).await;
    let one = bench
        .claims(&machine.token(&bench, &[]).await.unwrap())
        .await;
    let two = bench
        .claims(
            &machine
                .token(&bench, &[("scope", "mcp:read")])
                .await
                .unwrap(),
        )
        .await;
    assert_eq!(one.gid, two.gid);
    assert_eq!(scopes("mcp:read"), two.scope);
    bench.clock.advance(Duration::from_mins(129_570));
    let later = bench
        .claims(&machine.token(&bench, &[]).await.unwrap())
        .await;
    assert_ne!(one.gid, later.gid);
    let reason = EndReason::ByAdministrator;
    bench
        .call(EndGrant {
            id: later.gid.clone(),
            reason,
        })
        .await;
    // Ending a connection of a machine ends its tokens; it may begin anew as long as it is a client.
    let anew = bench
        .claims(&machine.token(&bench, &[]).await.unwrap())
        .await;
    assert_ne!(later.gid, anew.gid);
}

#[tokio::test]
async fn a_machine_that_may_do_more_now_does() {
    let bench = Bench::start().await;
    let account = service(&bench, Role::Editor).await;
    let machine = machine(&bench, &account.id, None, None).await;
    let set = |text| UpdateClient {
        id: machine.id.parse().unwrap(),
        metadata: None,
        scopes: Some(scopes(text)),
        is_verified: None,
    };
    bench.call(set("mcp:read")).await;
    assert_eq!(
        scopes("mcp:read"),
        machine.token(&bench, &[]).await.unwrap().scope
    );
    bench.call(set("mcp:write")).await;
    assert_eq!(
        scopes("mcp:read mcp:query mcp:write"),
        machine.token(&bench, &[]).await.unwrap().scope
    );
}

#[tokio::test]
async fn a_machine_of_a_person_acts_within_their_rights_of_today() {
    let bench = Bench::start().await;
    let machine = machine(&bench, &bench.ana.id, Some(&bench.ana.id), None).await;
    assert_eq!(
        scopes("mcp:read mcp:query mcp:write"),
        machine.token(&bench, &[]).await.unwrap().scope
    );
    bench.join("acme", &bench.ana, Role::Viewer).await;
    assert_eq!(
        scopes("mcp:read"),
        machine.token(&bench, &[]).await.unwrap().scope
    );
    let leave = RemoveMembership {
        workspace: slug("acme"),
        account: bench.ana.id.clone(),
    };
    bench.call(leave).await;
    assert_eq!(
        ErrorCode::InvalidGrant,
        error(machine.token(&bench, &[]).await)
    );
}

#[tokio::test]
async fn with_several_workspaces_the_resource_says_which() {
    let bench = Bench::start().await;
    bench.join("rival", &bench.ana, Role::Viewer).await;
    let machine = machine(&bench, &bench.ana.id, Some(&bench.ana.id), None).await;
    assert_eq!(
        ErrorCode::InvalidTarget,
        error(machine.token(&bench, &[]).await)
    );
    for (resource, workspace) in [
        ("https://tidegate.example/w/acme/mcp", "acme"),
        ("https://rival.example/mcp", "rival"),
    ] {
        let claims = bench
            .claims(
                &machine
                    .token(&bench, &[("resource", resource)])
                    .await
                    .unwrap(),
            )
            .await;
        assert_eq!(Some(slug(workspace)), claims.workspace);
        assert_eq!(resource, claims.aud.as_str());
    }
    let refused = machine
        .token(&bench, &[("resource", "https://other.example/mcp")])
        .await;
    assert_eq!(ErrorCode::InvalidTarget, error(refused));
    let refused = machine
        .token(
            &bench,
            &[("resource", "https://tidegate.example/w/nowhere/mcp")],
        )
        .await;
    assert_eq!(ErrorCode::InvalidGrant, error(refused));
}

#[tokio::test]
async fn a_machine_for_one_workspace_goes_nowhere_else() {
    let bench = Bench::start().await;
    bench.join("rival", &bench.ana, Role::Viewer).await;
    let machine = machine(&bench, &bench.ana.id, Some(&bench.ana.id), Some("acme")).await;
    let claims = bench
        .claims(&machine.token(&bench, &[]).await.unwrap())
        .await;
    assert_eq!(Some(slug("acme")), claims.workspace);
    let refused = machine
        .token(&bench, &[("resource", "https://rival.example/mcp")])
        .await;
    assert_eq!(ErrorCode::InvalidTarget, error(refused));
}

#[tokio::test]
async fn a_wrong_secret_is_no_machine() {
    let bench = Bench::start().await;
    let account = service(&bench, Role::Viewer).await;
    let mut machine = machine(&bench, &account.id, None, None).await;
    let right = std::mem::replace(
        &mut machine.secret,
        IssuedSecret::draw(SecretKind::ClientSecret)
            .text
            .expose_secret()
            .to_owned(),
    );
    assert_eq!(
        ErrorCode::InvalidClient,
        error(machine.token(&bench, &[]).await)
    );
    let no_secret = bench
        .token(&machine.id, &[("grant_type", "client_credentials")])
        .await;
    assert_eq!(ErrorCode::InvalidClient, error(no_secret));
    // The body will do as well as the header.
    let pairs = [
        ("grant_type", "client_credentials"),
        ("client_secret", right.as_str()),
    ];
    bench.token(&machine.id, &pairs).await.unwrap();
}

#[tokio::test]
async fn nobody_else_gets_tokens_so_and_machines_ask_nobody() {
    let bench = Bench::start().await;
    let account = service(&bench, Role::Viewer).await;
    let machine = machine(&bench, &account.id, None, None).await;
    assert_eq!(
        AuthorizeRefusal::NotForPeople,
        bench.refused(&machine.id, &[]).await
    );
    let client = bench.public_client().await;
    let refused = bench
        .token(&client, &[("grant_type", "client_credentials")])
        .await;
    assert_eq!(ErrorCode::UnauthorizedClient, error(refused));
}

#[tokio::test]
async fn a_machine_may_ask_for_less_but_not_for_nothing() {
    let bench = Bench::start().await;
    let account = service(&bench, Role::Viewer).await;
    let machine = machine(&bench, &account.id, None, None).await;
    let reply = machine
        .token(&bench, &[("scope", "mcp:admin")])
        .await
        .unwrap();
    assert_eq!(scopes("mcp:read"), reply.scope);
    let id = bench.claims(&reply).await.gid;
    assert_eq!(
        scopes("mcp:read mcp:query mcp:write"),
        bench.call(FindGrant { id }).await.unwrap().scopes
    );
}

#[tokio::test]
async fn a_machine_that_got_no_token_is_not_connected() {
    let bench = Bench::start().await;
    let account = service(&bench, Role::Viewer).await;
    let machine = machine(&bench, &account.id, None, None).await;
    let refused = machine.token(&bench, &[("scope", "made-up")]).await;
    assert_eq!(ErrorCode::InvalidScope, error(refused));
    assert_eq!(0, bench.grants(&machine.id).await);

    machine.token(&bench, &[]).await.unwrap();
    assert_eq!(1, bench.grants(&machine.id).await);
    let refused = machine.token(&bench, &[("scope", "made-up")]).await;
    assert_eq!(ErrorCode::InvalidScope, error(refused));
    assert_eq!(1, bench.grants(&machine.id).await, "its other tokens go on");
}

#[tokio::test]
async fn a_switched_off_workspace_gives_machines_nothing() {
    let bench = Bench::start().await;
    let account = service(&bench, Role::Viewer).await;
    let machine = machine(&bench, &account.id, None, None).await;
    bench.switches.off_in.lock().unwrap().insert(slug("acme"));
    assert_eq!(
        ErrorCode::AccessDenied,
        error(machine.token(&bench, &[]).await)
    );
}
