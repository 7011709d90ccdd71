//! What a person sees and decides.

use std::time::Duration;

use serde_json::json;
use tidegate_authorization_server::{Authorize, Closed, ConsentDecision, ConsentWarning, Verified};
use tidegate_control_plane::client::{Client, ClientKind, CreateClient, FindClient};
use tidegate_control_plane::policy::{
    ClientDecision, ClientMatch, PolicyRule, SetPolicyRule, SetUnknownClients, UnknownClients,
};
use tidegate_control_plane::workspace::{RemoveMembership, UpdateWorkspace};
use tidegate_oauth_types::ClientMetadata;
use tidegate_types::{ClientId, Role, ScopeSet};

use crate::bench::{
    Bench, LOOPBACK, allow, answer, code_of, error_of, peer, public_metadata, refresh_token,
    scopes, slug, text, token_at,
};

#[tokio::test]
async fn a_person_sees_who_asks_for_what_and_where_it_goes() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let transaction = bench
        .begin(&client, &[("scope", "mcp:write foreign")])
        .await;
    let view = bench
        .server
        .consent(&transaction, &bench.ana())
        .await
        .unwrap();
    assert_eq!("Claude Code (tidegate)", view.client.name);
    assert_eq!(Verified::No, view.client.verified);
    assert_eq!(
        vec![ConsentWarning::Unverified, ConsentWarning::LocalProgram],
        view.warnings
    );
    assert_eq!(vec!["foreign".to_owned()], view.ignored_scopes);
    assert_eq!(Duration::from_hours(1), view.access_life);
    let [acme] = view.workspaces.as_slice() else {
        panic!("{:?}", view.workspaces);
    };
    assert_eq!(
        (Role::Editor, "ACME", None),
        (acme.role, acme.title.as_str(), acme.closed)
    );
    assert_eq!(scopes("mcp:read mcp:query mcp:write"), acme.scopes);
}

#[tokio::test]
async fn more_than_queries_is_never_chosen_at_first() {
    let bench = Bench::start().await;
    let registered = bench.public_client().await;
    let verified = verified_client(&bench).await;
    for client in [&registered, &verified] {
        for (requested, chosen) in [
            ("mcp:admin", "mcp:read mcp:query"),
            ("mcp:write", "mcp:read mcp:query"),
            (
                "mcp:read mcp:query mcp:write mcp:admin",
                "mcp:read mcp:query",
            ),
            ("mcp:query", "mcp:read mcp:query"),
            ("mcp:read", "mcp:read"),
            ("", "mcp:read mcp:query"),
        ] {
            let transaction = bench.begin(client, &[("scope", requested)]).await;
            let view = bench.server.consent(&transaction, &bench.ana()).await;
            let view = view.unwrap();
            assert_eq!(scopes(chosen), view.preselected_scopes, "{requested}");
        }
    }
}

/// A client that an administrator added, and stands for.
async fn verified_client(bench: &Bench) -> String {
    let metadata = ClientMetadata::from_settings(public_metadata(LOOPBACK)).unwrap();
    let client = Client {
        id: ClientId::random(),
        kind: ClientKind::Registered,
        metadata,
        owner: None,
        acts_as: None,
        workspace: None,
        scopes: ScopeSet::all(),
        is_verified: true,
        has_secret: false,
        created_at: 0,
        last_used_at: None,
    };
    let create = CreateClient {
        client,
        secret: None,
        registration_token: None,
    };
    bench.call(create).await.id.to_string()
}

#[tokio::test]
async fn scopes_that_no_tool_needs_can_neither_be_seen_nor_agreed_to() {
    let bench = Bench::with(|rules| rules.offered_scopes = scopes("mcp:read mcp:query")).await;
    let client = bench.public_client().await;
    for requested in ["mcp:admin", "mcp:write", "mcp:read mcp:write"] {
        let transaction = bench.begin(&client, &[("scope", requested)]).await;
        let view = bench.server.consent(&transaction, &bench.ana()).await;
        let offered = view.unwrap().workspaces.remove(0).scopes;
        assert_eq!(scopes("mcp:read mcp:query"), offered, "{requested}");
        let code = code_of(&bench.allow(&transaction, "mcp:admin").await);
        let reply = bench.exchange(&client, &code).await.unwrap();
        assert_eq!(scopes("mcp:read mcp:query"), reply.scope, "{requested}");
    }
}

#[tokio::test]
async fn what_was_given_before_is_kept_when_less_is_offered() {
    let mut bench = Bench::start().await;
    let client = bench.public_client().await;
    let asked = bench.code(&client, &[("scope", "mcp:write")]).await;
    let reply = bench.exchange(&client, &asked).await.unwrap();
    assert_eq!(scopes("mcp:read mcp:query mcp:write"), reply.scope);
    bench.rules.offered_scopes = scopes("mcp:read mcp:query");
    let node = bench.other_node(&bench.state);
    let token = refresh_token(&reply);
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", &token)];
    let refreshed = token_at(&node, &client, &pairs).await.unwrap();
    assert_eq!(reply.scope, refreshed.scope);
}

#[tokio::test]
async fn of_several_workspaces_only_the_last_used_one_is_chosen_at_first() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let preselected = async || {
        let transaction = bench.begin(&client, &[]).await;
        let view = bench.server.consent(&transaction, &bench.ana()).await;
        view.unwrap().preselected_workspace
    };
    assert_eq!(Some(slug("acme")), preselected().await, "the only one");
    bench.join("rival", &bench.ana, Role::Viewer).await;
    assert_eq!(None, preselected().await, "none was used");
    for used in ["rival", "acme"] {
        bench.clock.advance(Duration::from_mins(1));
        let transaction = bench.begin(&client, &[]).await;
        let decision = allow(used, "mcp:read");
        let code = bench
            .server
            .decide(&transaction, &bench.ana(), decision, &peer())
            .await;
        let reply = bench.exchange(&client, &code_of(&code.unwrap())).await;
        reply.unwrap();
        assert_eq!(Some(slug(used)), preselected().await);
    }
    // What somebody else used is nothing to Ana.
    let eve = bench.person("eve").await;
    bench.join("rival", &eve, Role::Viewer).await;
    bench.clock.advance(Duration::from_mins(1));
    let transaction = bench.begin(&client, &[]).await;
    let decided = bench
        .server
        .decide(
            &transaction,
            &bench.session(&eve),
            allow("rival", "mcp:read"),
            &peer(),
        )
        .await;
    decided.unwrap();
    assert_eq!(Some(slug("acme")), preselected().await);
    // One that cannot be chosen is not chosen.
    let hibernate = UpdateWorkspace {
        slug: slug("acme"),
        title: None,
        hosts: None,
        is_hibernated: Some(true),
    };
    bench.call(hibernate).await;
    assert_eq!(None, preselected().await);
}

#[tokio::test]
async fn nobody_gives_away_more_than_their_role_and_the_request_allow() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    for (requested, chosen, granted) in [
        ("mcp:admin", "mcp:admin", "mcp:read mcp:query mcp:write"),
        ("mcp:read", "mcp:admin", "mcp:read"),
        ("mcp:write", "mcp:read", "mcp:read"),
    ] {
        let transaction = bench.begin(&client, &[("scope", requested)]).await;
        let code = code_of(&bench.allow(&transaction, chosen).await);
        let reply = bench.exchange(&client, &code).await.unwrap();
        assert_eq!(scopes(granted), reply.scope, "{requested}, {chosen}");
        // The next request must not build on this grant.
        let token = crate::bench::refresh_token(&reply);
        let revoke = crate::bench::parameters(&[("client_id", &client), ("token", &token)]);
        bench.server.revoke(None, &revoke, &peer()).await.unwrap();
    }
}

#[tokio::test]
async fn a_decision_with_nothing_in_it_is_refused() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let transaction = bench.begin(&client, &[]).await;
    let nothing = ConsentDecision::Allow {
        workspace: slug("acme"),
        scopes: tidegate_types::ScopeSet::NONE,
        offline: true,
    };
    let refused = bench
        .server
        .decide(&transaction, &bench.ana(), nothing, &peer())
        .await;
    assert_eq!("nothing_allowed", refused.unwrap_err().code());
    // And can still be decided.
    bench.allow(&transaction, "mcp:read").await;
}

#[tokio::test]
async fn the_first_who_opens_a_request_is_the_only_one_who_decides() {
    let bench = Bench::start().await;
    let mallory = bench.person("mallory").await;
    bench.join("acme", &mallory, Role::Admin).await;
    let mallory = bench.session(&mallory);
    let client = bench.public_client().await;
    let transaction = bench.begin(&client, &[]).await;
    bench
        .server
        .consent(&transaction, &bench.ana())
        .await
        .unwrap();
    let seen = bench.server.consent(&transaction, &mallory).await;
    assert_eq!("other_account", seen.unwrap_err().code());
    for decision in [allow("acme", "mcp:read"), ConsentDecision::Deny] {
        let decided = bench
            .server
            .decide(&transaction, &mallory, decision, &peer())
            .await;
        assert_eq!("other_account", decided.unwrap_err().code());
    }
    code_of(&bench.allow(&transaction, "mcp:read").await);
    // Nor does the code reach somebody who comes later.
    let late = bench
        .server
        .decide(&transaction, &mallory, ConsentDecision::Deny, &peer())
        .await;
    assert_eq!("other_account", late.unwrap_err().code());
}

#[tokio::test]
async fn a_request_that_began_in_a_session_belongs_to_its_person() {
    let bench = Bench::start().await;
    let mallory = bench.person("mallory").await;
    bench.join("acme", &mallory, Role::Admin).await;
    let client = bench.public_client().await;
    let asked = bench.authorize_as(&bench.ana(), true, &client, &[]).await;
    let Authorize::Consent { transaction } = asked else {
        panic!("{asked:?}");
    };
    let seen = bench
        .server
        .consent(&transaction, &bench.session(&mallory))
        .await;
    assert_eq!("other_account", seen.unwrap_err().code());
}

#[tokio::test]
async fn a_form_that_is_sent_twice_leads_to_the_same_place() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let transaction = bench.begin(&client, &[]).await;
    let first = bench.allow(&transaction, "mcp:read").await;
    assert_eq!(first, bench.allow(&transaction, "mcp:write").await);
    let deny = bench
        .server
        .decide(&transaction, &bench.ana(), ConsentDecision::Deny, &peer())
        .await;
    assert_eq!(first, deny.unwrap());
    bench.exchange(&client, &code_of(&first)).await.unwrap();
}

#[tokio::test]
async fn of_two_decisions_at_once_one_counts_and_both_hear_it() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    for _ in 0..10 {
        let transaction = bench.begin(&client, &[]).await;
        let session = bench.ana();
        let peer = peer();
        let deny = bench
            .server
            .decide(&transaction, &session, ConsentDecision::Deny, &peer);
        let allow = bench
            .server
            .decide(&transaction, &session, allow("acme", "mcp:read"), &peer);
        let (deny, allow) = tokio::join!(deny, allow);
        assert_eq!(deny.unwrap(), allow.unwrap());
    }
}

#[tokio::test]
async fn no_is_told_to_the_client() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let transaction = bench.begin(&client, &[]).await;
    let redirect = bench
        .server
        .decide(&transaction, &bench.ana(), ConsentDecision::Deny, &peer())
        .await
        .unwrap();
    assert!(redirect.starts_with("http://127.0.0.1:33418/callback?"));
    assert_eq!("access_denied", error_of(&redirect));
    assert_eq!("af0ifjsldkj", answer(&redirect)["state"]);
}

#[tokio::test]
async fn ten_minutes_are_enough_and_no_more() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let transaction = bench.begin(&client, &[]).await;
    bench.clock.advance(Duration::from_secs(599));
    bench
        .server
        .consent(&transaction, &bench.ana())
        .await
        .unwrap();
    bench.clock.advance(Duration::from_secs(1));
    let late = bench.server.consent(&transaction, &bench.ana()).await;
    assert_eq!("unknown_request", late.unwrap_err().code());
    let late = bench
        .server
        .decide(
            &transaction,
            &bench.ana(),
            allow("acme", "mcp:read"),
            &peer(),
        )
        .await;
    assert_eq!("unknown_request", late.unwrap_err().code());
}

#[tokio::test]
async fn made_up_transactions_are_unknown() {
    let bench = Bench::start().await;
    for made_up in [
        "",
        "x",
        "tg_tx_AAAA",
        "tg_ac_0000000000000000000000000000000000000000000aaaaaa",
    ] {
        let seen = bench.server.consent(made_up, &bench.ana()).await;
        assert_eq!("unknown_request", seen.unwrap_err().code());
    }
}

#[tokio::test]
async fn only_ones_own_workspaces_can_be_chosen() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let transaction = bench.begin(&client, &[]).await;
    for foreign in ["rival", "nowhere"] {
        let decided = bench
            .server
            .decide(
                &transaction,
                &bench.ana(),
                allow(foreign, "mcp:read"),
                &peer(),
            )
            .await;
        assert_eq!("not_a_member", decided.unwrap_err().code(), "{foreign}");
    }
}

#[tokio::test]
async fn the_workspace_of_the_resource_cannot_be_changed_at_consent() {
    let bench = Bench::start().await;
    bench.join("rival", &bench.ana, Role::Viewer).await;
    let client = bench.public_client().await;
    let resource = ("resource", "https://tidegate.example/w/acme/mcp");
    let transaction = bench.begin(&client, &[resource]).await;
    let decided = bench
        .server
        .decide(
            &transaction,
            &bench.ana(),
            allow("rival", "mcp:read"),
            &peer(),
        )
        .await;
    assert_eq!("not_for_this_client", decided.unwrap_err().code());
}

#[tokio::test]
async fn a_workspace_of_others_looks_as_one_that_does_not_exist() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    for foreign in ["rival", "nowhere"] {
        let resource = format!("https://tidegate.example/w/{foreign}/mcp");
        let transaction = bench.begin(&client, &[("resource", &resource)]).await;
        let view = bench
            .server
            .consent(&transaction, &bench.ana())
            .await
            .unwrap();
        assert!(view.workspaces.is_empty());
        let decided = bench
            .server
            .decide(
                &transaction,
                &bench.ana(),
                allow(foreign, "mcp:read"),
                &peer(),
            )
            .await;
        assert_eq!("not_a_member", decided.unwrap_err().code());
    }
}

#[tokio::test]
async fn a_place_that_was_lost_while_the_page_was_open_is_lost() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let transaction = bench.begin(&client, &[]).await;
    bench
        .server
        .consent(&transaction, &bench.ana())
        .await
        .unwrap();
    let lost = RemoveMembership {
        workspace: slug("acme"),
        account: bench.ana.id.clone(),
    };
    assert!(bench.call(lost).await);
    let decided = bench
        .server
        .decide(
            &transaction,
            &bench.ana(),
            allow("acme", "mcp:read"),
            &peer(),
        )
        .await;
    assert_eq!("not_a_member", decided.unwrap_err().code());
}

#[tokio::test]
async fn what_administrators_say_of_clients_counts() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let transaction = bench.begin(&client, &[]).await;
    let closed = async || {
        let view = bench
            .server
            .consent(&transaction, &bench.ana())
            .await
            .unwrap();
        view.workspaces[0].closed
    };
    bench
        .call(SetUnknownClients {
            workspace: Some(slug("acme")),
            to: UnknownClients::NeedApproval,
        })
        .await;
    assert_eq!(Some(Closed::ClientNeedsApproval), closed().await);
    let decided = bench
        .server
        .decide(
            &transaction,
            &bench.ana(),
            allow("acme", "mcp:read"),
            &peer(),
        )
        .await;
    assert_eq!("client_needs_approval", decided.unwrap_err().code());
    let rule = |decision| SetPolicyRule {
        rule: PolicyRule {
            workspace: Some(slug("acme")),
            matches: ClientMatch::Host("127.0.0.1".to_owned()),
            decision,
        },
    };
    bench.call(rule(ClientDecision::Approved)).await;
    assert_eq!(None, closed().await);
    bench.call(rule(ClientDecision::Blocked)).await;
    assert_eq!(Some(Closed::ClientBlocked), closed().await);
}

#[tokio::test]
async fn the_manager_learns_of_a_client_when_somebody_lets_it_in() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let find = FindClient {
        id: client.parse().unwrap(),
    };
    let transaction = bench.begin(&client, &[]).await;
    bench
        .server
        .consent(&transaction, &bench.ana())
        .await
        .unwrap();
    assert_eq!(None, bench.call(find.clone()).await);
    bench.allow(&transaction, "mcp:read").await;
    let known = bench.call(find).await.unwrap();
    assert_eq!(ClientKind::Dynamic, known.kind);
    assert_eq!(None, known.owner);
}

#[tokio::test]
async fn asking_for_more_adds_to_what_a_client_has() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let transaction = bench.begin(&client, &[("scope", "mcp:write")]).await;
    let code = code_of(&bench.allow(&transaction, "mcp:write").await);
    bench.exchange(&client, &code).await.unwrap();
    // A client that replaces its scopes instead of adding (C34).
    let transaction = bench.begin(&client, &[("scope", "mcp:read")]).await;
    let view = bench
        .server
        .consent(&transaction, &bench.ana())
        .await
        .unwrap();
    let acme = &view.workspaces[0];
    assert_eq!(scopes("mcp:read mcp:query mcp:write"), acme.granted);
    assert_eq!(scopes("mcp:read mcp:query mcp:write"), acme.scopes);
    let code = code_of(&bench.allow(&transaction, "mcp:write").await);
    let reply = bench.exchange(&client, &code).await.unwrap();
    assert_eq!(scopes("mcp:read mcp:query mcp:write"), reply.scope);
}

#[tokio::test]
async fn a_client_that_may_not_go_on_alone_gets_no_refresh_token() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let transaction = bench.begin(&client, &[]).await;
    let online = ConsentDecision::Allow {
        workspace: slug("acme"),
        scopes: scopes("mcp:read"),
        offline: false,
    };
    let redirect = bench
        .server
        .decide(&transaction, &bench.ana(), online, &peer())
        .await
        .unwrap();
    let reply = bench.exchange(&client, &code_of(&redirect)).await.unwrap();
    assert!(reply.refresh_token.is_none());
}

#[tokio::test]
async fn a_person_who_must_change_their_password_decides_nothing() {
    let bench = Bench::start().await;
    let client = bench.public_client().await;
    let transaction = bench.begin(&client, &[]).await;
    let mut session = bench.ana();
    session.must_change_password = true;
    let decided = bench
        .server
        .decide(&transaction, &session, allow("acme", "mcp:read"), &peer())
        .await;
    assert_eq!("sign_in_again", decided.unwrap_err().code());
}

#[tokio::test]
async fn an_unverified_client_is_never_let_in_silently() {
    let bench = Bench::start().await;
    let registered = bench
        .register(public_metadata("https://claude.ai/api/mcp/auth_callback"))
        .await;
    let client = text(&registered, "client_id");
    let redirect = ("redirect_uri", "https://claude.ai/api/mcp/auth_callback");
    let transaction = bench.begin(&client, &[redirect]).await;
    let code = code_of(&bench.allow(&transaction, "mcp:read mcp:query").await);
    let mut request = crate::bench::code_request(&code);
    request.retain(|(name, _)| *name != "redirect_uri");
    request.push(redirect);
    bench.token(&client, &request).await.unwrap();
    let again = bench
        .authorize_as(&bench.ana(), false, &client, &[redirect])
        .await;
    assert!(matches!(again, Authorize::Consent { .. }), "{again:?}");
}

#[tokio::test]
async fn ones_own_client_asks_nobody_else() {
    let bench = Bench::start().await;
    let ben = bench.person("ben").await;
    bench.join("acme", &ben, Role::Viewer).await;
    let mut metadata = public_metadata(LOOPBACK);
    metadata["client_name"] = json!("Claude");
    let metadata = tidegate_oauth_types::ClientMetadata::from_settings(metadata).unwrap();
    let client = tidegate_control_plane::client::Client {
        id: "bens-client".parse().unwrap(),
        kind: ClientKind::Registered,
        metadata,
        owner: Some(ben.id.clone()),
        acts_as: None,
        workspace: None,
        scopes: tidegate_types::ScopeSet::all(),
        is_verified: false,
        has_secret: false,
        created_at: 0,
        last_used_at: None,
    };
    bench
        .call(tidegate_control_plane::client::CreateClient {
            client,
            secret: None,
            registration_token: None,
        })
        .await;
    let transaction = bench.begin("bens-client", &[]).await;
    let seen = bench.server.consent(&transaction, &bench.ana()).await;
    assert_eq!("not_yours", seen.unwrap_err().code());
    let decided = bench
        .server
        .decide(
            &transaction,
            &bench.ana(),
            allow("acme", "mcp:read"),
            &peer(),
        )
        .await;
    assert_eq!("not_yours", decided.unwrap_err().code());
    let transaction = bench.begin("bens-client", &[]).await;
    bench
        .server
        .consent(&transaction, &bench.session(&ben))
        .await
        .unwrap();
}
