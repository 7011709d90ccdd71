//! The authorization endpoint, before a person decides.

use serde_json::json;
use tidegate_authorization_server::{
    Authorize, AuthorizeRefusal, BrowserContext, Closed, SwitchedOff,
};
use tidegate_control_plane::client::RemoveClient;
use tidegate_oauth_types::ErrorCode;
use tidegate_types::Role;

use crate::bench::{
    Bench, ISSUER, LOOPBACK, answer, authorization_request, error_of, peer, peer_at,
    public_metadata, scopes, slug, text,
};

#[tokio::test]
async fn what_is_wrong_with_client_or_redirect_is_shown_and_sent_nowhere() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let refusals = [
        ("client_id", "", AuthorizeRefusal::NoClient),
        ("client_id", "nobody", AuthorizeRefusal::UnknownClient),
        ("client_id", "a b", AuthorizeRefusal::NoClient),
        ("redirect_uri", "", AuthorizeRefusal::NoRedirectUri),
        (
            "redirect_uri",
            "https://evil.example/callback",
            AuthorizeRefusal::RedirectUriMismatch,
        ),
        (
            "redirect_uri",
            "javascript://127.0.0.1/%0aalert(1)",
            AuthorizeRefusal::RedirectUriMismatch,
        ),
        (
            "redirect_uri",
            "not a uri",
            AuthorizeRefusal::RedirectUriMismatch,
        ),
    ];
    for (name, value, expected) in refusals {
        assert_eq!(
            expected,
            bench.refused(&client, &[(name, value)]).await,
            "{name}={value}"
        );
    }
}

#[tokio::test]
async fn a_redirect_uri_matches_exactly_but_for_the_port_of_this_machine() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    for good in [
        "http://127.0.0.1:33418/callback",
        "http://127.0.0.1:1/callback",
        "http://127.0.0.1/callback",
    ] {
        bench.begin(&client, &[("redirect_uri", good)]).await;
    }
    for bad in [
        "http://localhost:33418/callback",
        "http://[::1]:33418/callback",
        "http://127.0.0.2:33418/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1:33418/callback/",
        "http://127.0.0.1:33418/Callback",
        "http://127.0.0.1:33418/callback?next=1",
        "http://127.0.0.1:33418/callback#part",
        "http://127.0.0.1:33418/x/../callback",
        "http://127.0.0.1:33418/%63allback",
        "http://user@127.0.0.1:33418/callback",
        "https://127.0.0.1:33418/callback",
        "http://127.0.0.1:33418@evil.example/callback",
    ] {
        assert_eq!(
            AuthorizeRefusal::RedirectUriMismatch,
            bench.refused(&client, &[("redirect_uri", bad)]).await,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn everything_else_is_told_to_the_client_with_issuer_and_state_once() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let refusals = [
        ("response_type", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        (
            "response_type",
            "code id_token",
            "unsupported_response_type",
        ),
        ("response_mode", "fragment", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("resource", "https://other.example/mcp", "invalid_target"),
        (
            "resource",
            "https://tidegate.example/other",
            "invalid_target",
        ),
        ("resource", "not a url", "invalid_target"),
        (
            "resource",
            "https://tidegate.example/mcp#part",
            "invalid_target",
        ),
        ("request", "eyJ", "request_not_supported"),
        (
            "request_uri",
            "https://a.example",
            "request_uri_not_supported",
        ),
        ("prompt", "none", "login_required"),
        ("prompt", "none login", "invalid_request"),
    ];
    for (name, value, expected) in refusals {
        let Authorize::Redirect(redirect) = bench.authorize(&client, &[(name, value)]).await else {
            panic!("{name}={value} must be a redirect");
        };
        assert!(redirect.starts_with("http://127.0.0.1:33418/callback?"));
        assert_eq!(expected, error_of(&redirect), "{name}={value}");
        assert_eq!("af0ifjsldkj", answer(&redirect)["state"]);
    }
}

#[tokio::test]
async fn an_error_goes_to_a_site_that_nobody_vouches_for_by_a_click_only() {
    let bench = Bench::start().await;
    let site = "https://phish.example/cb?page=1";
    let registered = bench.register(public_metadata(site)).await;
    let client = text(&registered, "client_id");
    for (name, value, expected) in [
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge", "", "invalid_request"),
        ("resource", "https://other.example/mcp", "invalid_target"),
        ("prompt", "none", "login_required"),
    ] {
        let changes = [("redirect_uri", site), (name, value)];
        let Authorize::Withheld(withheld) = bench.authorize(&client, &changes).await else {
            panic!("{name}={value} must be withheld");
        };
        assert_eq!(expected, withheld.code, "{name}={value}");
        assert_eq!("phish.example", withheld.host);
        assert!(
            withheld
                .redirect
                .starts_with("https://phish.example/cb?page=1&")
        );
        assert_eq!(expected, error_of(&withheld.redirect), "{name}={value}");
        assert_eq!("af0ifjsldkj", answer(&withheld.redirect)["state"]);
        assert!(!format!("{withheld:?}").contains("af0ifjsldkj"));
    }
}

#[tokio::test]
async fn a_request_without_state_is_answered_without_one() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let changes = [("state", ""), ("response_type", "token")];
    let Authorize::Redirect(redirect) = bench.authorize(&client, &changes).await else {
        panic!("must be a redirect");
    };
    assert!(!answer(&redirect).contains_key("state"));
}

#[tokio::test]
async fn the_minimum_that_real_clients_send_is_enough() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let transaction = bench.begin(&client, &[]).await;
    let view = bench
        .server
        .consent(&transaction, &bench.ana())
        .await
        .unwrap();
    assert_eq!(scopes("mcp:read mcp:query"), view.requested);
}

#[tokio::test]
async fn unknown_scopes_are_left_out_and_offline_access_is_no_scope() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    for (asked, requested) in [
        ("mcp:read offline_access", "mcp:read"),
        ("openid profile", "mcp:read mcp:query"),
        ("offline_access", "mcp:read mcp:query"),
        ("mcp:write claudeai", "mcp:read mcp:query mcp:write"),
    ] {
        let transaction = bench.begin(&client, &[("scope", asked)]).await;
        let view = bench
            .server
            .consent(&transaction, &bench.ana())
            .await
            .unwrap();
        assert_eq!(scopes(requested), view.requested, "{asked}");
    }
}

#[tokio::test]
async fn a_client_that_names_its_scopes_when_it_registers_need_not_again() {
    let bench = Bench::start().await;
    let mut metadata = public_metadata(LOOPBACK);
    metadata["scope"] = json!("mcp:read offline_access");
    let client = text(&bench.register(metadata).await, "client_id");
    let transaction = bench.begin(&client, &[]).await;
    let view = bench
        .server
        .consent(&transaction, &bench.ana())
        .await
        .unwrap();
    assert_eq!(scopes("mcp:read"), view.requested);
}

#[tokio::test]
async fn a_resource_is_read_leniently_and_names_the_workspace() {
    let bench = Bench::start().await;
    bench.join("rival", &bench.ana, Role::Viewer).await;
    let client = bench.public_client().await;
    for (resource, workspaces) in [
        ("", &["acme", "rival"][..]),
        ("https://tidegate.example/mcp", &["acme", "rival"]),
        ("https://tidegate.example/mcp/", &["acme", "rival"]),
        ("https://tidegate.example", &["acme", "rival"]),
        (
            "HTTPS://TIDEGATE.example:443/mcp?kb_name=1",
            &["acme", "rival"],
        ),
        ("https://tidegate.example/w/acme/mcp", &["acme"]),
        ("https://rival.example/mcp", &["rival"]),
        ("https://rival.example", &["rival"]),
    ] {
        let transaction = bench.begin(&client, &[("resource", resource)]).await;
        let view = bench
            .server
            .consent(&transaction, &bench.ana())
            .await
            .unwrap();
        let offered: Vec<_> = view
            .workspaces
            .iter()
            .map(|choice| choice.slug.as_str())
            .collect();
        assert_eq!(workspaces, offered, "{resource}");
        assert_eq!(workspaces.len() == 1, view.is_workspace_given, "{resource}");
    }
}

#[tokio::test]
async fn a_client_that_is_gone_is_told_apart_from_nothing_else() {
    let bench = Bench::start().await;
    let (client, _) = bench.connected().await;
    let id = client.parse().unwrap();
    assert!(bench.call(RemoveClient { id }).await);
    assert_eq!(
        AuthorizeRefusal::UnknownClient,
        bench.refused(&client, &[]).await
    );
}

#[tokio::test]
async fn a_client_with_one_web_site_need_not_say_where() {
    let bench = Bench::start().await;
    let registered = bench
        .register(public_metadata("https://app.example/callback"))
        .await;
    let client = text(&registered, "client_id");
    bench.begin(&client, &[("redirect_uri", "")]).await;
}

#[tokio::test]
async fn sign_in_is_asked_for_when_the_client_wants_it() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let before = bench.ana();
    for prompt in ["login", "select_account", "login consent"] {
        bench.clock.advance(std::time::Duration::from_mins(1));
        let changes = [("prompt", prompt)];
        let Authorize::Consent { transaction } =
            bench.authorize_as(&before, false, &client, &changes).await
        else {
            panic!("{prompt} must be shown");
        };
        let refused = bench
            .server
            .consent(&transaction, &before)
            .await
            .unwrap_err();
        assert_eq!("sign_in_again", refused.code(), "{prompt}");
        // Whoever signs in then may be another person.
        let ben = bench.person(&format!("ben-{}", prompt.len())).await;
        bench.join("acme", &ben, Role::Viewer).await;
        bench
            .server
            .consent(&transaction, &bench.session(&ben))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn another_account_begins_the_same_request_again() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let changes = [
        ("scope", "mcp:read"),
        ("resource", "https://tidegate.example/w/acme/mcp"),
    ];
    let transaction = bench.begin(&client, &changes).await;
    let view = bench
        .server
        .consent(&transaction, &bench.ana())
        .await
        .unwrap();
    let link = view.other_account.unwrap();
    let (path, query) = link.split_once('?').unwrap();
    assert_eq!("/oauth/authorize", path);
    let again = tidegate_oauth_types::Parameters::parse_query(query).unwrap();
    let original = authorization_request(&client, &changes);
    for name in original.names() {
        assert_eq!(original.get(name), again.get(name), "{name}");
    }
    assert_eq!(Some("select_account"), again.get("prompt"));
}

#[tokio::test]
async fn a_switched_off_server_or_workspace_asks_nobody() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let transaction = bench.begin(&client, &[]).await;
    let resource = ("resource", "https://tidegate.example/w/acme/mcp");
    bench.switches.off_in.lock().unwrap().insert(slug("acme"));
    assert_eq!(
        "access_denied",
        bench.redirect_error(&client, &[resource]).await
    );
    let view = bench
        .server
        .consent(&transaction, &bench.ana())
        .await
        .unwrap();
    assert_eq!(
        Some(Closed::SwitchedOff(SwitchedOff::OAuthInWorkspace)),
        view.workspaces[0].closed
    );
    for off in [SwitchedOff::OAuth, SwitchedOff::Service] {
        *bench.switches.off.lock().unwrap() = Some(off);
        assert_eq!(
            AuthorizeRefusal::SwitchedOff(off),
            bench.refused(&client, &[]).await
        );
        let refused = bench
            .server
            .consent(&transaction, &bench.ana())
            .await
            .unwrap_err();
        assert_eq!("switched_off", refused.code());
        assert_eq!(off.to_string(), refused.to_string());
    }
}

#[tokio::test]
async fn whoever_is_kept_out_by_a_flag_hears_which_one() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let code = bench.code(&client, &[]).await;
    for (off, flag) in [
        (SwitchedOff::Service, "MCP_SERVICE_ENABLED"),
        (SwitchedOff::OAuth, "MCP_OAUTH_ENABLED"),
    ] {
        *bench.switches.off.lock().unwrap() = Some(off);
        let registered = bench
            .server
            .register(public_metadata(LOOPBACK), &peer())
            .await;
        let exchanged = bench.exchange(&client, &code).await;
        for refused in [registered.map(drop), exchanged.map(drop)] {
            let told = refused.unwrap_err();
            assert_eq!(ErrorCode::AccessDenied, told.code);
            let told = told.to_string();
            assert!(
                told.contains("switched off") && told.contains(flag),
                "{told}"
            );
        }
    }
    // The code was not used up.
    *bench.switches.off.lock().unwrap() = None;
    bench.exchange(&client, &code).await.unwrap();
}

#[tokio::test]
async fn an_address_that_asks_without_end_is_stopped_and_others_are_not() {
    let bench = Bench::with(|rules| rules.limits.authorize.burst = 3).await;
    let client = bench.public_client().await;
    let request = authorization_request(&client, &[]);
    let ask = async |address: &str| {
        let peer = peer_at(address);
        let browser = BrowserContext {
            peer: &peer,
            session: None,
            is_cross_site: true,
        };
        bench.server.authorize(&request, browser).await
    };
    for _ in 0..3 {
        assert!(matches!(
            ask("203.0.113.1").await,
            Authorize::Consent { .. }
        ));
    }
    assert!(matches!(
        ask("203.0.113.1").await,
        Authorize::Refused(AuthorizeRefusal::TooMany)
    ));
    assert!(matches!(
        ask("203.0.113.2").await,
        Authorize::Consent { .. }
    ));
}

#[tokio::test]
async fn the_true_reason_of_a_refusal_is_in_the_audit() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    bench.refused("nobody", &[]).await;
    bench
        .redirect_error(&client, &[("resource", "https://other.example/mcp")])
        .await;
    assert_eq!(
        ["unknown_client", "resource_unknown"]
            .map(str::to_owned)
            .to_vec(),
        bench.outcomes("authorize.refused").await
    );
    let events = bench.events("authorize.refused").await;
    assert_eq!(Some(peer().address.to_string()), events[0].address);
}

#[tokio::test]
async fn the_issuer_is_the_configured_one() {
    let bench = Bench::start().await;
    assert_eq!(ISSUER, bench.server.metadata().issuer);
}
