//! Clients that a document describes.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_authorization_server::{
    Authorize, AuthorizeRefusal, ConsentWarning, FetchError, Verified,
};
use tidegate_control_plane::client::{ClientKind, FindClient};
use tidegate_oauth_types::ErrorCode;
use tidegate_types::Role;

use crate::bench::{
    Bench, allow, answer, code_of, code_request, error, error_of, peer, refresh_token, scopes,
};

const CLIENT: &str = "https://claude.ai/oauth/mcp-client.json";
const CALLBACK: &str = "https://claude.ai/api/mcp/auth_callback";

fn document() -> Value {
    json!({
        "client_id": CLIENT,
        "client_name": "Claude",
        "client_uri": "https://claude.ai",
        "redirect_uris": [CALLBACK, "https://claude.com/api/mcp/auth_callback", "http://localhost/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    })
}

async fn bench() -> Bench {
    let bench = Bench::start().await;
    bench.web.serve(CLIENT, document());
    bench
}

fn web() -> (&'static str, &'static str) {
    ("redirect_uri", CALLBACK)
}

/// Ana lets the client in.
async fn connect(bench: &Bench) -> tidegate_authorization_server::TokenReply {
    let transaction = bench.begin(CLIENT, &[web()]).await;
    let code = code_of(&bench.allow(&transaction, "mcp:query").await);
    exchange(bench, &code).await
}

async fn exchange(bench: &Bench, code: &str) -> tidegate_authorization_server::TokenReply {
    let mut request = code_request(code);
    request.retain(|(name, _)| *name != "redirect_uri");
    request.push(web());
    bench.token(CLIENT, &request).await.unwrap()
}

#[tokio::test]
async fn a_client_whose_id_is_a_url_connects_without_registering() {
    let bench = bench().await;
    let transaction = bench.begin(CLIENT, &[web()]).await;
    let view = bench
        .server
        .consent(&transaction, &bench.ana())
        .await
        .unwrap();
    assert_eq!(
        Verified::ByHost("claude.ai".to_owned()),
        view.client.verified
    );
    assert!(view.warnings.is_empty());
    let reply = connect(&bench).await;
    bench
        .token(
            CLIENT,
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", &refresh_token(&reply)),
            ],
        )
        .await
        .unwrap();
    let id = CLIENT.parse().unwrap();
    assert_eq!(
        ClientKind::Document,
        bench.call(FindClient { id }).await.unwrap().kind
    );
    assert_eq!(1, bench.web.fetches_of(CLIENT));
}

#[tokio::test]
async fn an_answer_to_another_place_than_the_documents_host_is_warned_of() {
    let bench = bench().await;
    for (redirect, warning) in [
        (
            "https://claude.com/api/mcp/auth_callback",
            ConsentWarning::OtherHost,
        ),
        (
            "http://localhost:3118/callback",
            ConsentWarning::LocalProgram,
        ),
    ] {
        let transaction = bench.begin(CLIENT, &[("redirect_uri", redirect)]).await;
        let view = bench
            .server
            .consent(&transaction, &bench.ana())
            .await
            .unwrap();
        assert_eq!(vec![warning], view.warnings);
    }
    assert_eq!(
        AuthorizeRefusal::RedirectUriMismatch,
        bench
            .refused(CLIENT, &[("redirect_uri", "https://evil.example/")])
            .await
    );
}

#[tokio::test]
async fn a_document_that_is_not_right_lets_nobody_in() {
    let bench = Bench::start().await;
    let mut wrong = Vec::new();
    for (name, value) in [
        ("client_id", json!("https://claude.ai/oauth/other.json")),
        (
            "client_id",
            json!("https://claude.ai/oauth/mcp-client.json/"),
        ),
        ("client_id", json!(null)),
        ("client_name", json!(null)),
        ("redirect_uris", json!([])),
        ("redirect_uris", json!(["javascript:alert(1)"])),
        ("client_secret", json!("shared")),
        ("token_endpoint_auth_method", json!("client_secret_post")),
    ] {
        let mut document = document();
        document[name] = value;
        wrong.push(document);
    }
    wrong.push(json!([]));
    for (number, document) in wrong.into_iter().enumerate() {
        let client = format!("https://claude.ai/oauth/mcp-client.json?case={number}");
        let mut document = document;
        // Only the first three cases are about the id.
        if number > 2 && document.is_object() {
            document["client_id"] = json!(client);
        }
        bench.web.serve(&client, document);
        assert_eq!(
            AuthorizeRefusal::DocumentInvalid,
            bench.refused(&client, &[web()]).await,
            "case {number}"
        );
    }
}

/// What is told when this server cannot reach the host: which, and that it is this server.
fn unreachable() -> AuthorizeRefusal {
    AuthorizeRefusal::DocumentUnreachable {
        host: "claude.ai".to_owned(),
    }
}

#[tokio::test]
async fn a_person_is_told_which_host_this_server_cannot_reach() {
    let bench = Bench::start().await;
    bench
        .web
        .answer("https://claude.ai/c.json", Err(FetchError::Unreachable));
    let refused = bench.refused("https://claude.ai/c.json", &[web()]).await;
    assert_eq!(
        "this server cannot reach claude.ai, where this application is described",
        refused.to_string()
    );
    assert_eq!("client_document_unreachable", refused.code());
}

/// Claude Code keeps the id that it had, whatever is offered meanwhile.
#[tokio::test]
async fn a_common_program_of_the_person_s_machine_is_known_without_its_host() {
    let bench = Bench::start().await;
    let known = "https://claude.ai/oauth/claude-code-client-metadata";
    bench.web.answer(known, Err(FetchError::Unreachable));
    let local = ("redirect_uri", "http://localhost:33418/callback");
    let transaction = bench.begin(known, &[local]).await;
    let shown = bench
        .server
        .consent(&transaction, &bench.ana())
        .await
        .unwrap();
    assert_eq!("Claude Code", shown.client.name);
    // Codes go to the person's machine alone.
    assert_eq!(
        AuthorizeRefusal::RedirectUriMismatch,
        bench.refused(known, &[web()]).await
    );
    // What the host says counts before it.
    let other = "https://claude.ai/oauth/other";
    bench.web.answer(other, Err(FetchError::Status(404)));
    assert_eq!(
        AuthorizeRefusal::DocumentUnavailable,
        bench.refused(other, &[local]).await
    );
    let bench = Bench::start().await;
    bench.web.answer(known, Err(FetchError::Status(404)));
    assert_eq!(
        AuthorizeRefusal::DocumentUnavailable,
        bench.refused(known, &[local]).await
    );
}

#[tokio::test]
async fn documents_are_offered_only_after_a_host_of_theirs_was_reached() {
    let offers = |bench: &Bench| {
        bench
            .server
            .metadata()
            .client_id_metadata_document_supported
    };
    let bench = Bench::start().await;
    assert!(!offers(&bench));
    bench.server.watch_documents(None).await;
    assert!(offers(&bench), "that is not asked");
    // A document that came is a host that was reached.
    let bench = Bench::start().await;
    bench.web.serve(CLIENT, document());
    bench.begin(CLIENT, &[web()]).await;
    assert!(offers(&bench));
    // Who cannot register has no other way.
    let bench = Bench::with(|rules| rules.may_register = false).await;
    assert!(offers(&bench));
    let bench = Bench::with(|rules| rules.may_use_documents = false).await;
    bench.server.watch_documents(None).await;
    assert!(!offers(&bench));
}

#[tokio::test]
async fn a_document_that_cannot_be_had_is_not_asked_for_again_at_once() {
    let bench = Bench::start().await;
    for (failure, refusal) in [
        (FetchError::Unreachable, unreachable()),
        (
            FetchError::AddressNotAllowed,
            AuthorizeRefusal::DocumentUnavailable,
        ),
        (FetchError::Timeout, unreachable()),
        (
            FetchError::Status(302),
            AuthorizeRefusal::DocumentUnavailable,
        ),
        (
            FetchError::Status(404),
            AuthorizeRefusal::DocumentUnavailable,
        ),
        (FetchError::TooLarge, AuthorizeRefusal::DocumentInvalid),
        (FetchError::NotJson, AuthorizeRefusal::DocumentInvalid),
    ] {
        let client = format!("https://claude.ai/{failure:?}");
        let client = client.replace(['(', ')'], "");
        bench.web.answer(&client, Err(failure));
        for _ in 0..3 {
            assert_eq!(
                refusal,
                bench.refused(&client, &[web()]).await,
                "{failure:?}"
            );
        }
        assert_eq!(1, bench.web.fetches_of(&client), "{failure:?}");
    }
}

#[tokio::test]
async fn what_is_no_plain_url_is_not_fetched() {
    let bench = Bench::start().await;
    for client in [
        "https://claude.ai",
        "https://claude.ai/",
        "https://CLAUDE.ai/client.json",
        "https://claude.ai:443/client.json",
        "https://claude.ai/a/../client.json",
        "https://claude.ai/client.json#part",
        "https://user@claude.ai/client.json",
        "https://claude.ai./client.json",
    ] {
        assert_eq!(
            AuthorizeRefusal::DocumentInvalid,
            bench.refused(client, &[web()]).await,
            "{client}"
        );
    }
    assert_eq!(
        AuthorizeRefusal::UnknownClient,
        bench
            .refused("http://claude.ai/client.json", &[web()])
            .await
    );
    assert!(bench.web.fetches.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_client_goes_on_while_its_host_is_away() {
    let bench = bench().await;
    let reply = connect(&bench).await;
    bench.web.answer(CLIENT, Err(FetchError::Unreachable));
    bench.clock.advance(Duration::from_hours(2));
    bench
        .token(
            CLIENT,
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", &refresh_token(&reply)),
            ],
        )
        .await
        .unwrap();
    bench.begin(CLIENT, &[web()]).await;
    // One that nobody let in does not begin.
    let other = "https://claude.ai/oauth/other.json";
    assert_eq!(unreachable(), bench.refused(other, &[web()]).await);
}

#[tokio::test]
async fn a_redirect_that_left_the_document_is_not_answered() {
    let bench = bench().await;
    let transaction = bench.begin(CLIENT, &[web()]).await;
    let mut changed = document();
    changed["redirect_uris"] = json!(["https://claude.ai/new"]);
    bench.web.serve(CLIENT, changed);
    // Within the life of what was fetched nothing changes; afterwards the request is void.
    bench.clock.advance(Duration::from_mins(5));
    bench
        .server
        .consent(&transaction, &bench.ana())
        .await
        .unwrap();
    bench.clock.advance(Duration::from_secs(3_400));
    assert_eq!(
        AuthorizeRefusal::RedirectUriMismatch,
        bench.refused(CLIENT, &[web()]).await
    );
}

#[tokio::test]
async fn a_changed_document_reaches_the_manager_with_the_next_consent() {
    let bench = bench().await;
    connect(&bench).await;
    let mut changed = document();
    changed["client_name"] = json!("Claude, renamed");
    bench.web.serve(CLIENT, changed);
    bench.clock.advance(Duration::from_hours(1));
    connect(&bench).await;
    let id = CLIENT.parse().unwrap();
    let known = bench.call(FindClient { id }).await.unwrap();
    assert_eq!("Claude, renamed", known.metadata.client_name);
}

#[tokio::test]
async fn an_assured_client_that_asks_for_no_more_is_let_in_again_without_asking() {
    let bench = bench().await;
    connect(&bench).await;
    let session = bench.ana();
    let again = async |is_cross_site, changes: &[(&str, &str)]| {
        bench
            .authorize_as(&session, is_cross_site, CLIENT, changes)
            .await
    };
    let scope = |text| ("scope", text);
    let Authorize::Redirect(redirect) = again(false, &[web(), scope("mcp:read")]).await else {
        panic!("must be let in");
    };
    assert_eq!(
        scopes("mcp:read"),
        exchange(&bench, &code_of(&redirect)).await.scope
    );
    let none = ("prompt", "none");
    assert!(
        matches!(again(false, &[web(), none]).await, Authorize::Redirect(redirect) if answer(&redirect).contains_key("code"))
    );
    // For more, after another site sent the browser, for a local program, when the client wants it, for another
    // resource: asked again.
    let asked: [(bool, Vec<(&str, &str)>); 6] = [
        (false, vec![web(), scope("mcp:write")]),
        (true, vec![web(), scope("mcp:read")]),
        (false, vec![("redirect_uri", "http://localhost/callback")]),
        (
            false,
            vec![("redirect_uri", "https://claude.com/api/mcp/auth_callback")],
        ),
        (false, vec![web(), ("prompt", "consent")]),
        (
            false,
            vec![web(), ("resource", "https://tidegate.example/w/acme/mcp")],
        ),
    ];
    for (is_cross_site, changes) in asked {
        let outcome = again(is_cross_site, &changes).await;
        assert!(
            matches!(outcome, Authorize::Consent { .. }),
            "{changes:?}: {outcome:?}"
        );
    }
    let Authorize::Redirect(redirect) = again(true, &[web(), none]).await else {
        panic!("must be told");
    };
    assert_eq!("consent_required", error_of(&redirect));
    assert_eq!(2, bench.outcomes("consent.remembered").await.len());
}

#[tokio::test]
async fn nothing_is_remembered_for_others_after_the_end_or_with_a_choice() {
    let bench = bench().await;
    let reply = connect(&bench).await;
    let ben = bench.person("ben").await;
    bench.join("acme", &ben, Role::Admin).await;
    let outcome = bench
        .authorize_as(&bench.session(&ben), false, CLIENT, &[web()])
        .await;
    assert!(matches!(outcome, Authorize::Consent { .. }));
    bench.join("rival", &bench.ana, Role::Viewer).await;
    let outcome = bench
        .authorize_as(&bench.ana(), false, CLIENT, &[web()])
        .await;
    assert!(matches!(outcome, Authorize::Consent { .. }));
    let leave = tidegate_control_plane::workspace::RemoveMembership {
        workspace: "rival".parse().unwrap(),
        account: bench.ana.id.clone(),
    };
    bench.call(leave).await;
    let outcome = bench
        .authorize_as(&bench.ana(), false, CLIENT, &[web()])
        .await;
    assert!(matches!(outcome, Authorize::Redirect(_)));
    let refresh = refresh_token(&reply);
    let revoke = crate::bench::parameters(&[("client_id", CLIENT), ("token", &refresh)]);
    bench.server.revoke(None, &revoke, &peer()).await.unwrap();
    // The grant that was remembered last is another one: end it as well.
    let filter = tidegate_control_plane::grant::GrantFilter {
        account: Some(bench.ana.id.clone()),
        ..Default::default()
    };
    let reason = tidegate_control_plane::grant::EndReason::ByUser;
    bench
        .call(tidegate_control_plane::grant::EndGrants { filter, reason })
        .await;
    let outcome = bench
        .authorize_as(&bench.ana(), false, CLIENT, &[web()])
        .await;
    assert!(matches!(outcome, Authorize::Consent { .. }));
}

#[tokio::test]
async fn documents_can_be_bound_to_hosts_or_switched_off() {
    let bench = Bench::with(|rules| rules.document_hosts = vec!["chatgpt.com".to_owned()]).await;
    bench.web.serve(CLIENT, document());
    assert_eq!(
        AuthorizeRefusal::DocumentHostRefused,
        bench.refused(CLIENT, &[web()]).await
    );
    let bench = Bench::with(|rules| rules.may_use_documents = false).await;
    bench.web.serve(CLIENT, document());
    assert_eq!(
        AuthorizeRefusal::UnknownClient,
        bench.refused(CLIENT, &[web()]).await
    );
    assert!(
        !bench
            .server
            .metadata()
            .client_id_metadata_document_supported
    );
    assert!(bench.web.fetches.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_address_makes_us_fetch_only_so_many() {
    let bench = Bench::with(|rules| rules.limits.client_document.burst = 2).await;
    let mut refusals = Vec::new();
    for number in 0..4 {
        refusals.push(
            bench
                .refused(&format!("https://h{number}.example/c"), &[web()])
                .await,
        );
    }
    let codes: Vec<&str> = refusals.iter().map(AuthorizeRefusal::code).collect();
    assert_eq!(
        vec![
            "client_document_unreachable",
            "client_document_unreachable",
            "too_many_requests",
            "too_many_requests"
        ],
        codes
    );
    assert_eq!(2, bench.web.fetches.lock().unwrap().len());
}

#[tokio::test]
async fn a_host_is_not_flooded_through_us_from_many_addresses() {
    let bench = Bench::with(|rules| rules.limits.client_document.burst = 2).await;
    for number in 0..5 {
        let peer = crate::bench::peer_at(&format!("203.0.113.{number}"));
        let browser = tidegate_authorization_server::BrowserContext {
            peer: &peer,
            session: None,
            is_cross_site: true,
        };
        let client = format!("https://victim.example/{number}");
        let request = crate::bench::authorization_request(&client, &[web()]);
        bench.server.authorize(&request, browser).await;
    }
    assert_eq!(2, bench.web.fetches.lock().unwrap().len());
}

#[tokio::test]
async fn a_client_that_nobody_let_in_proves_nothing_at_the_token_endpoint() {
    let bench = bench().await;
    let refused = bench.exchange(CLIENT, "tg_ac_x").await;
    assert_eq!(ErrorCode::InvalidGrant, error(refused));
    let decided = bench.begin(CLIENT, &[web()]).await;
    let denied = bench
        .server
        .decide(&decided, &bench.ana(), allow("rival", "mcp:read"), &peer())
        .await;
    denied.unwrap_err();
    let id = CLIENT.parse().unwrap();
    assert_eq!(None, bench.call(FindClient { id }).await);
}
