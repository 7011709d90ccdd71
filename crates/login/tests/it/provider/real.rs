//! Against node-oidc-provider, which is certified and says nearly everything at `userinfo` only.

use serde_json::{Value, json};
use tidegate_control_plane::account::{Account, AccountKey, CreateAccount, UpdateAccount};
use tidegate_control_plane::team::{CreateTeam, SetTeamWorkspace};
use tidegate_control_plane::workspace::ListMemberships;
use tidegate_login::{
    AccountCreation, GroupGrant, NewSession, ProviderSettings, ReturnTo, SignIn, SignInError,
};
use tidegate_oauth_types::Parameters;
use tidegate_types::{ExposeSecret, Role};

use super::real_server::{Browser, RealProvider};
use crate::invitations::invite;
use crate::stage::{GOOD, Stage, peer};

fn people() -> Value {
    json!({
        "u-alice": {
            "email": "alice@acme.test", "email_verified": true,
            "preferred_username": "alice", "name": "Alice Liddell",
            "groups": ["bi", "leads"],
        },
        "u-unproven": {
            "email": "alice@acme.test", "email_verified": false,
            "preferred_username": "alice", "name": "Not Alice", "groups": [],
        },
        "u-foreign": {
            "email": "eve@evil.test", "email_verified": true,
            "preferred_username": "eve", "name": "Eve",
        },
        "u-bare": {},
    })
}

fn settings(provider: &RealProvider, client: &str) -> ProviderSettings {
    let mut settings = ProviderSettings::new("real", &provider.issuer(), client);
    settings.title = "Real".to_owned();
    if client != "public" {
        settings.client_secret = Some("a secret: 100% + of 42 characters & more".into());
    }
    settings.scopes.push("groups".to_owned());
    settings.claims.groups = Some("groups".to_owned());
    settings.trusted_domains = vec!["acme.test".to_owned()];
    settings.creates_accounts = AccountCreation::Always;
    settings
}

async fn stage(provider: &RealProvider, change: impl FnOnce(&mut ProviderSettings)) -> Stage {
    let mut settings = settings(provider, "basic");
    change(&mut settings);
    Stage::with(|all| all.providers = vec![settings]).await
}

async fn through(sign_in: &SignIn, who: &str) -> Result<(NewSession, ReturnTo), SignInError> {
    through_by(sign_in, who, None).await
}

async fn through_by(
    sign_in: &SignIn,
    who: &str,
    invitation: Option<&str>,
) -> Result<(NewSession, ReturnTo), SignInError> {
    let return_to = ReturnTo::parse(Some("/oauth/consent/x?y=z"));
    let from = peer("192.0.2.1");
    let begun = sign_in
        .begin_upstream("real", &return_to, invitation, &from)
        .await?;
    let answer = Browser::new().pass(&begun.redirect, Some(who)).await;
    sign_in
        .finish_upstream("real", &answer, begun.binding.expose_secret(), &from)
        .await
}

async fn account_of(sign_in: &SignIn, who: &str) -> Account {
    through(sign_in, who).await.unwrap().0.session.account
}

async fn refusal(sign_in: &SignIn, who: &str) -> &'static str {
    match through(sign_in, who).await {
        Ok(_) => "signed in",
        Err(err) => err.code(),
    }
}

#[tokio::test]
async fn somebody_new_gets_an_account_and_is_known_again() {
    let provider = RealProvider::start(people());
    let stage = stage(&provider, |_| ()).await;
    let shown = stage.sign_in.providers();
    assert_eq!(("real", "Real"), (&*shown[0].id, &*shown[0].title));
    let (session, return_to) = through(&stage.sign_in, "u-alice").await.unwrap();
    assert_eq!("/oauth/consent/x?y=z", return_to.as_str());
    assert!(stage.is_open(&session).await);
    let alice = session.session.account;
    assert_eq!("alice", alice.username);
    assert_eq!("Alice Liddell", alice.display_name);
    assert_eq!(Some("alice@acme.test"), alice.email.as_deref());
    assert!(alice.is_email_verified && !alice.is_administrator && !alice.has_password);
    assert_eq!(alice.id, account_of(&stage.sign_in, "u-alice").await.id);
    assert_eq!(1, stage.events("account.created").await.len());
    let signed_in = stage.last("sign_in.succeeded").await;
    assert_eq!(Some("provider:real"), signed_in.detail.as_deref());
}

#[tokio::test]
async fn each_way_to_prove_who_we_are_works() {
    for (client, method) in [
        ("basic", "client_secret_basic"),
        ("post", "client_secret_post"),
        ("public", "none"),
    ] {
        let provider = RealProvider::start_with(people(), &[method]);
        let settings = settings(&provider, client);
        let stage = Stage::with(|all| all.providers = vec![settings]).await;
        assert_eq!(
            "signed in",
            refusal(&stage.sign_in, "u-alice").await,
            "{client}"
        );
    }
}

#[tokio::test]
async fn id_tokens_that_are_signed_with_our_own_secret_are_refused() {
    let provider = RealProvider::start(people());
    let stage = stage(&provider, |settings| {
        settings.client_id = "symmetric".to_owned();
    })
    .await;
    assert_eq!(
        "provider_unverified",
        refusal(&stage.sign_in, "u-alice").await
    );
    assert_eq!(
        "id_token_algorithm",
        stage.last("sign_in.failed").await.outcome
    );
}

/// An account that an administrator made, to be signed in to by the provider.
async fn prepared(stage: &Stage, name: &str) -> Account {
    let create = CreateAccount {
        username: name.to_owned(),
        email: Some(format!("{name}@acme.test")),
        is_email_verified: true,
        display_name: name.to_owned(),
        password_hash: None,
        must_change_password: false,
        is_administrator: false,
    };
    stage.manager.call(create).await.unwrap()
}

#[tokio::test]
async fn a_verified_address_of_a_trusted_domain_is_the_account_that_has_it() {
    let provider = RealProvider::start(people());
    let stage = stage(&provider, |settings| {
        settings.creates_accounts = AccountCreation::Never;
    })
    .await;
    let alice = prepared(&stage, "alice").await;
    assert_eq!(alice.id, account_of(&stage.sign_in, "u-alice").await.id);
    let linked = stage.last("account.linked").await;
    assert_eq!(Some(alice.id.clone()), linked.account);
    // From now on by issuer and subject, whatever the address is.
    let update = UpdateAccount {
        id: alice.id.clone(),
        email: Some("other@acme.test".to_owned()),
        display_name: None,
        is_active: None,
        is_administrator: None,
    };
    stage.manager.call(update).await.unwrap();
    assert_eq!(alice.id, account_of(&stage.sign_in, "u-alice").await.id);
}

/// Whoever makes an invitation knows its link, can accept it with a password of their own, and waits until the one whom it
/// names comes by their provider and works in an account that somebody else can open.
#[tokio::test]
async fn an_account_with_a_password_is_connected_by_its_owner_only() {
    let provider = RealProvider::start(people());
    let stage = stage(&provider, |_| ()).await;
    let alice = stage.person("alice").await;
    assert_eq!(
        "account_has_password",
        refusal(&stage.sign_in, "u-alice").await
    );
    assert!(stage.events("account.linked").await.is_empty());
    let session = stage.enter("alice", GOOD).await.unwrap().session;
    let connect = async |who: &str| {
        let (return_to, from) = (ReturnTo::parse(Some("/settings")), peer("192.0.2.1"));
        let begun = stage
            .sign_in
            .connect_upstream(&session, "real", &return_to, &from)
            .await
            .unwrap();
        let answer = Browser::new().pass(&begun.redirect, Some(who)).await;
        let binding = begun.binding.expose_secret();
        let finished = stage
            .sign_in
            .finish_upstream("real", &answer, binding, &from);
        finished
            .await
            .map(|(session, _)| session.session.account.id)
            .map_err(|err| err.code())
    };
    assert_eq!(Ok(alice.id.clone()), connect("u-alice").await);
    assert_eq!(Ok(alice.id.clone()), connect("u-alice").await, "again");
    assert_eq!(alice.id, account_of(&stage.sign_in, "u-alice").await.id);
    let eve = account_of(&stage.sign_in, "u-foreign").await;
    assert_ne!(alice.id, eve.id);
    assert_eq!(Err("identity_taken"), connect("u-foreign").await);
    assert_eq!(eve.id, account_of(&stage.sign_in, "u-foreign").await.id);
    // Whoever signs out everywhere while somebody else is on the way.
    stage.later(1);
    stage.sign_in.sign_out_everywhere(&session).await.unwrap();
    assert_eq!(Err("signed_out"), connect("u-bare").await);
}

/// Whoever manages a workspace invites somebody, and takes the invitation themselves.
#[tokio::test]
async fn a_squatter_on_an_address_neither_gets_its_owner_nor_keeps_them_out() {
    let provider = RealProvider::start(people());
    let stage = stage(&provider, |_| ()).await;
    let boss = stage.person("boss").await;
    let secret = invite(&stage, &boss, "alice@acme.test").await;
    let squatter = stage
        .sign_in
        .accept_invitation(&secret, "mallory", "M", &GOOD.into(), &peer("192.0.2.9"))
        .await
        .unwrap()
        .session
        .account;
    assert_eq!(Some("alice@acme.test"), squatter.email.as_deref());
    assert!(!squatter.is_email_verified);
    let alice = account_of(&stage.sign_in, "u-alice").await;
    assert_ne!(squatter.id, alice.id);
    assert_eq!("alice", alice.username);
    assert!(alice.is_email_verified);
    let list = ListMemberships {
        account: alice.id.clone(),
    };
    assert!(stage.manager.call(list).await.unwrap().is_empty());
    assert_eq!(alice.id, account_of(&stage.sign_in, "u-alice").await.id);
    // The address is hers now: an invitation to it is for her account alone, and it is no name of the squatter's.
    let secret = invite(&stage, &boss, "alice@acme.test").await;
    let again = stage
        .sign_in
        .accept_invitation(&secret, "mallory2", "M", &GOOD.into(), &peer("192.0.2.9"))
        .await;
    assert!(again.is_err());
    assert_eq!(
        "wrong_credentials",
        stage.refusal("alice@acme.test", GOOD).await
    );
    stage.enter("mallory", GOOD).await.unwrap();
}

#[tokio::test]
async fn an_address_that_is_not_proven_or_not_trusted_is_nobodys() {
    let provider = RealProvider::start(people());
    for (who, trusted) in [("u-unproven", "acme.test"), ("u-alice", "other.test")] {
        let stage = stage(&provider, |settings| {
            settings.trusted_domains = vec![trusted.to_owned()];
        })
        .await;
        let alice = stage.person("alice").await;
        let account = account_of(&stage.sign_in, who).await;
        assert_ne!(alice.id, account.id, "{who}");
        assert!(!account.is_email_verified);
        assert_ne!("alice", account.username);
        assert!(
            account.username.starts_with("alice-"),
            "{}",
            account.username
        );
    }
}

#[tokio::test]
async fn whoever_has_no_account_gets_none_where_none_are_made() {
    let provider = RealProvider::start(people());
    for creation in [AccountCreation::Never, AccountCreation::Invited] {
        let stage = stage(&provider, |settings| settings.creates_accounts = creation).await;
        assert_eq!("no_account", refusal(&stage.sign_in, "u-alice").await);
        let key = AccountKey::Username("alice".to_owned());
        assert!(stage.account(key).await.is_none());
    }
}

#[tokio::test]
async fn only_proven_addresses_of_allowed_domains_sign_in() {
    let provider = RealProvider::start(people());
    let stage = stage(&provider, |settings| {
        settings.allowed_domains = vec!["acme.test".to_owned()];
    })
    .await;
    assert_eq!("signed in", refusal(&stage.sign_in, "u-alice").await);
    for who in ["u-unproven", "u-foreign", "u-bare"] {
        assert_eq!(
            "domain_not_allowed",
            refusal(&stage.sign_in, who).await,
            "{who}"
        );
    }
}

#[tokio::test]
async fn somebody_of_whom_the_provider_says_nothing_gets_a_name_that_nobody_foresees() {
    let provider = RealProvider::start(people());
    let stage = stage(&provider, |_| ()).await;
    let account = account_of(&stage.sign_in, "u-bare").await;
    assert!(
        account.username.starts_with("user-"),
        "{}",
        account.username
    );
    assert_eq!(None, account.email);
}

#[tokio::test]
async fn an_account_that_is_switched_off_does_not_get_in() {
    let provider = RealProvider::start(people());
    let stage = stage(&provider, |_| ()).await;
    let alice = account_of(&stage.sign_in, "u-alice").await;
    let update = UpdateAccount {
        id: alice.id,
        email: None,
        display_name: None,
        is_active: Some(false),
        is_administrator: None,
    };
    stage.manager.call(update).await.unwrap();
    assert_eq!(
        "wrong_credentials",
        refusal(&stage.sign_in, "u-alice").await
    );
    assert_eq!("account_off", stage.last("sign_in.failed").await.outcome);
}

#[tokio::test]
async fn groups_give_and_take_places() {
    let provider = RealProvider::start(people());
    let workspace = |group: &str, slug: &str, role| GroupGrant::Workspace {
        group: group.to_owned(),
        workspace: slug.parse().unwrap(),
        role,
    };
    let grants = vec![
        workspace("bi", "acme", Role::Viewer),
        workspace("leads", "acme", Role::Editor),
        workspace("hr", "rival", Role::Admin),
        workspace("bi", "gone", Role::Admin),
        GroupGrant::Team {
            group: "bi".to_owned(),
            team: "data".to_owned(),
        },
        GroupGrant::Team {
            group: "bi".to_owned(),
            team: "gone".to_owned(),
        },
    ];
    let stage = stage(&provider, |settings| settings.groups = grants).await;
    let name = "data".to_owned();
    stage
        .manager
        .call(CreateTeam { name: name.clone() })
        .await
        .unwrap();
    let give = SetTeamWorkspace {
        team: name,
        workspace: "rival".parse().unwrap(),
        role: Some(Role::Viewer),
    };
    stage.manager.call(give).await.unwrap();
    let alice = account_of(&stage.sign_in, "u-alice").await;
    let places = async || {
        let list = ListMemberships {
            account: alice.id.clone(),
        };
        let places = stage.manager.call(list).await.unwrap();
        let of = |place: &tidegate_control_plane::workspace::Membership| {
            (place.workspace.to_string(), place.role, place.is_by_team)
        };
        places.iter().map(of).collect::<Vec<_>>()
    };
    let expected = vec![
        ("acme".to_owned(), Role::Editor, false),
        ("rival".to_owned(), Role::Viewer, true),
    ];
    assert_eq!(expected, places().await);
    account_of(&stage.sign_in, "u-alice").await;
    assert_eq!(expected, places().await);
    // The same person, whose provider now says that they are in other groups.
    let left =
        json!({"u-alice": {"email": "alice@acme.test", "email_verified": true, "groups": ["hr"]}});
    let mut provider = provider;
    provider.set_people(left);
    stage.later(11);
    account_of(&stage.sign_in, "u-alice").await;
    assert_eq!(
        vec![("rival".to_owned(), Role::Admin, false)],
        places().await
    );
    // That nothing is said of groups is not that there are none.
    provider.set_people(json!({"u-alice": {"email": "alice@acme.test"}}));
    stage.later(11);
    account_of(&stage.sign_in, "u-alice").await;
    assert_eq!(
        vec![("rival".to_owned(), Role::Admin, false)],
        places().await
    );
}

#[tokio::test]
async fn an_invited_person_gets_their_account_by_the_provider_that_proves_the_address() {
    let provider = RealProvider::start(people());
    let stage = stage(&provider, |settings| {
        settings.creates_accounts = AccountCreation::Invited;
        settings.trusted_domains.clear();
    })
    .await;
    let boss = stage.person("boss").await;
    let secret = invite(&stage, &boss, "Alice@acme.test").await;
    // Whoever made the link has it as well.
    for who in ["u-foreign", "u-unproven", "u-bare"] {
        let stolen = through_by(&stage.sign_in, who, Some(&secret)).await;
        assert_eq!("no_account", stolen.unwrap_err().code(), "{who}");
    }
    let alice = through_by(&stage.sign_in, "u-alice", Some(&secret))
        .await
        .unwrap();
    let alice = alice.0.session.account;
    assert_eq!("alice", alice.username);
    let list = ListMemberships {
        account: alice.id.clone(),
    };
    assert_eq!(
        Role::Editor,
        stage.manager.call(list).await.unwrap()[0].role
    );
    assert_eq!(alice.id, account_of(&stage.sign_in, "u-alice").await.id);
    assert!(stage.sign_in.invitation(&secret).await.unwrap().is_none());
}

#[tokio::test]
async fn an_invitation_for_an_address_with_an_account_opens_that_account_to_nobody() {
    let provider = RealProvider::start(people());
    let stage = stage(&provider, |settings| settings.trusted_domains.clear()).await;
    let boss = stage.person("boss").await;
    let alice = stage.person("alice").await;
    let secret = invite(&stage, &boss, "alice@acme.test").await;
    let other = through_by(&stage.sign_in, "u-alice", Some(&secret))
        .await
        .unwrap();
    assert_ne!(alice.id, other.0.session.account.id);
    assert!(
        stage.sign_in.invitation(&secret).await.unwrap().is_some(),
        "not used"
    );
}

#[tokio::test]
async fn an_answer_is_taken_once_and_only_in_the_browser_that_began() {
    let provider = RealProvider::start(people());
    let stage = stage(&provider, |_| ()).await;
    let from = peer("192.0.2.1");
    let begin = async || {
        stage
            .sign_in
            .begin_upstream("real", &ReturnTo::parse(None), None, &from)
            .await
            .unwrap()
    };
    let (mine, theirs) = (begin().await, begin().await);
    let answer = Browser::new()
        .pass(&theirs.redirect, Some("u-foreign"))
        .await;
    let finish = async |answer: &Parameters, binding: &str| {
        let finished = stage
            .sign_in
            .finish_upstream("real", answer, binding, &from)
            .await;
        finished.map(|_| ()).map_err(|err| err.code())
    };
    // Somebody's link that would sign me in as them.
    for binding in ["", "x", mine.binding.expose_secret()] {
        assert_eq!(Err("not_begun_here"), finish(&answer, binding).await);
    }
    // It did not hurt the one whose answer it is.
    assert_eq!(
        Ok(()),
        finish(&answer, theirs.binding.expose_secret()).await
    );
    let again = finish(&answer, theirs.binding.expose_secret()).await;
    assert_eq!(Err("not_begun_here"), again);
}

#[tokio::test]
async fn somebody_who_cancels_is_told_so_in_our_words() {
    let provider = RealProvider::start(people());
    let stage = stage(&provider, |_| ()).await;
    let from = peer("192.0.2.1");
    let begun = stage
        .sign_in
        .begin_upstream("real", &ReturnTo::parse(None), None, &from)
        .await
        .unwrap();
    let answer = Browser::new().pass(&begun.redirect, None).await;
    assert_eq!(Some("access_denied"), answer.get("error"));
    let binding = begun.binding.expose_secret();
    let err = stage
        .sign_in
        .finish_upstream("real", &answer, binding, &from)
        .await;
    let err = err.unwrap_err();
    assert_eq!("provider_denied", err.code());
    let theirs = answer.get("error_description").unwrap_or("-");
    assert!(!err.to_string().contains(theirs));
}

#[tokio::test]
async fn a_sign_in_that_took_too_long_begins_again() {
    let provider = RealProvider::start(people());
    let stage = stage(&provider, |_| ()).await;
    let from = peer("192.0.2.1");
    let begun = stage
        .sign_in
        .begin_upstream("real", &ReturnTo::parse(None), None, &from)
        .await
        .unwrap();
    let answer = Browser::new().pass(&begun.redirect, Some("u-alice")).await;
    stage.later(601);
    let binding = begun.binding.expose_secret();
    let late = stage
        .sign_in
        .finish_upstream("real", &answer, binding, &from)
        .await;
    assert_eq!("not_begun_here", late.unwrap_err().code());
}

#[tokio::test]
async fn new_keys_of_the_provider_are_fetched_when_a_token_names_them() {
    let mut provider = RealProvider::start(people());
    let stage = stage(&provider, |_| ()).await;
    account_of(&stage.sign_in, "u-alice").await;
    provider.restart();
    // What is known is a minute old, and would be good for an hour.
    stage.later(60);
    account_of(&stage.sign_in, "u-alice").await;
}

#[tokio::test]
async fn another_node_ends_what_one_began() {
    let provider = RealProvider::start(people());
    let stage = stage(&provider, |_| ()).await;
    let other = stage.node(|all| all.providers = vec![settings(&provider, "basic")]);
    let from = peer("192.0.2.1");
    let begun = stage
        .sign_in
        .begin_upstream("real", &ReturnTo::parse(None), None, &from)
        .await
        .unwrap();
    let answer = Browser::new().pass(&begun.redirect, Some("u-alice")).await;
    let binding = begun.binding.expose_secret();
    let (session, _) = other
        .finish_upstream("real", &answer, binding, &from)
        .await
        .unwrap();
    assert!(stage.is_open(&session).await);
}

#[tokio::test]
async fn many_first_sign_ins_at_once_make_one_account() {
    let provider = RealProvider::start(people());
    let stage = stage(&provider, |_| ()).await;
    let mut tabs = Vec::new();
    for _ in 0..4 {
        let sign_in = stage.sign_in.clone();
        tabs.push(tokio::spawn(async move {
            account_of(&sign_in, "u-alice").await.id
        }));
    }
    let mut ids = Vec::new();
    for tab in tabs {
        ids.push(tab.await.unwrap());
    }
    ids.dedup();
    assert_eq!(1, ids.len());
    assert_eq!(1, stage.events("account.created").await.len());
}

#[tokio::test]
async fn a_provider_that_is_down_is_said_to_be_and_others_go_on() {
    let mut provider = RealProvider::start(people());
    let stage = stage(&provider, |_| ()).await;
    provider.stop();
    stage.person("bob").await;
    assert_eq!(
        "provider_unreachable",
        refusal(&stage.sign_in, "u-alice").await
    );
    assert_eq!(
        "provider_unreachable",
        refusal(&stage.sign_in, "u-alice").await
    );
    stage.enter("bob", GOOD).await.unwrap();
    provider.restart();
    stage.later(11);
    account_of(&stage.sign_in, "u-alice").await;
}

#[tokio::test]
async fn a_network_begins_so_many_sign_ins_in_a_minute_and_no_more() {
    let provider = RealProvider::start(people());
    let stage = stage(&provider, |_| ()).await;
    let begin = async |address: &str, provider: &str| {
        let begun = stage
            .sign_in
            .begin_upstream(provider, &ReturnTo::parse(None), None, &peer(address))
            .await;
        begun.map(|_| ()).map_err(|err| err.code())
    };
    let mut begun = 0;
    while begin("192.0.2.1", "real").await.is_ok() {
        begun += 1;
        assert!(begun <= 60);
    }
    assert_eq!(Err("locked"), begin("192.0.2.1", "real").await);
    assert_eq!(Ok(()), begin("192.0.2.2", "real").await);
    assert_eq!(Err("unknown_provider"), begin("192.0.2.2", "../real").await);
    stage.later(60);
    assert_eq!(Ok(()), begin("192.0.2.1", "real").await);
}
