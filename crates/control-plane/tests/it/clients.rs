//! Clients: what belongs together, their secrets, their bounds.

use std::time::Duration;

use tidegate_control_plane::ManagerError;
use tidegate_control_plane::account::{Account, AccountKey, CreateServiceAccount, FindAccount};
use tidegate_control_plane::client::{
    AddSecret, CheckRegistrationToken, CheckSecret, Client, ClientFilter, ClientKind, CreateClient,
    FindClient, ListClients, ListSecrets, NoteClientUse, RegisterMachine, RemoveClient,
    UpdateClient,
};
use tidegate_control_plane::workspace::ListMemberships;
use tidegate_oauth_types::{
    GrantType, IssuedSecret, SecretHash, SecretKind, TokenEndpointAuthMethod,
};
use tidegate_types::{AccountId, ClientId, Role, Scope, ScopeSet};

use crate::deployment::{Deployment, client, invalid, person, service, slug};
use crate::fixture::{Fixture, scenarios};

fn secret() -> SecretHash {
    IssuedSecret::draw(SecretKind::ClientSecret).hash
}

fn machine_as(account: &Account) -> CreateClient {
    let mut asked = client("pipeline", ClientKind::Machine);
    asked.client.acts_as = Some(account.id.clone());
    asked
}

impl Deployment {
    async fn find_client(&self, id: &ClientId) -> Option<Client> {
        self.manager
            .call(FindClient { id: id.clone() })
            .await
            .unwrap()
    }

    async fn knows(&self, id: &ClientId, secret: SecretHash) -> bool {
        let id = id.clone();
        self.manager.call(CheckSecret { id, secret }).await.unwrap()
    }
}

async fn a_client_is_found_as_it_was_made(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    for kind in [
        ClientKind::Registered,
        ClientKind::Dynamic,
        ClientKind::Document,
    ] {
        let made = deployment
            .manager
            .call(client("a-client", kind))
            .await
            .unwrap();
        assert_eq!(Some(made.clone()), deployment.find_client(&made.id).await);
        assert_eq!(fixture.now(), made.created_at);
    }
    let of_kind = ListClients {
        filter: ClientFilter {
            kind: Some(ClientKind::Document),
            ..ClientFilter::default()
        },
    };
    let list = deployment.manager.call(of_kind).await.unwrap();
    assert_eq!("https://a-client.example/client.json", list[0].id.as_str());
    assert_eq!(1, list.len());
}

async fn what_does_not_go_together_is_refused(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let registered = || client("a-client", ClientKind::Registered);
    let machine = || machine_as(&deployment.grace);
    let mut cases: Vec<(&str, CreateClient)> = Vec::new();
    let mut case = |field, mut asked: CreateClient, change: &dyn Fn(&mut CreateClient)| {
        change(&mut asked);
        cases.push((field, asked));
    };
    case("scopes", registered(), &|it| {
        it.client.scopes = ScopeSet::NONE;
    });
    case("id", registered(), &|it| {
        it.client.id = "https://a.example/".parse().unwrap();
    });
    case("id", client("a", ClientKind::Document), &|it| {
        it.client.id = ClientId::random();
    });
    case("owner", client("a", ClientKind::Dynamic), &|it| {
        it.client.owner = Some(deployment.grace.id.clone());
    });
    case("acts_as", machine(), &|it| it.client.acts_as = None);
    case("acts_as", registered(), &|it| {
        it.client.acts_as = Some(deployment.grace.id.clone());
    });
    case("acts_as", machine(), &|it| it.client.owner = None);
    case("secret", registered(), &|it| it.secret = Some(secret()));
    case("secret", machine(), &|it| it.secret = None);
    case("registration_token", registered(), &|it| {
        it.registration_token = Some(secret());
    });
    case("client_credentials", registered(), &|it| {
        it.client
            .metadata
            .grant_types
            .push(GrantType::ClientCredentials);
    });
    case("grant_types", machine(), &|it| {
        it.client
            .metadata
            .grant_types
            .push(GrantType::AuthorizationCode);
    });
    case("token_endpoint_auth_method", machine(), &|it| {
        it.client.metadata.token_endpoint_auth_method = TokenEndpointAuthMethod::None;
        it.secret = None;
    });
    case("jwks", machine(), &|it| {
        it.client.metadata.token_endpoint_auth_method = TokenEndpointAuthMethod::PrivateKeyJwt;
        it.secret = None;
    });
    case("client_name", registered(), &|it| {
        it.client.metadata.client_name = String::new();
    });
    case("client_name", registered(), &|it| {
        it.client.metadata.client_name = "Claude\u{202e}".into();
    });
    case("redirect_uris", registered(), &|it| {
        it.client.metadata.redirect_uris = vec!["https://a.example/".into(); 33];
    });
    case("metadata", registered(), &|it| {
        it.client.metadata.jwks = Some(serde_json::json!({ "keys": "x".repeat(300_000) }));
    });
    for (field, asked) in cases {
        let words = invalid(deployment.manager.call(asked).await);
        assert!(words.contains(field), "{field}: {words}");
    }
    let all = ListClients {
        filter: ClientFilter::default(),
    };
    assert_eq!(1, deployment.manager.call(all).await.unwrap().len());
}

async fn a_machine_acts_as_its_owner_or_a_service_and_as_nobody_else(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let manager = &deployment.manager;
    let ada = person(manager, "ada").await;
    let robot = service(manager, "robot", &ada.id).await;
    let owned_by = |owner: &Account, acts_as: &Account| {
        let mut asked = machine_as(acts_as);
        asked.client.owner = Some(owner.id.clone());
        manager.call(asked)
    };
    owned_by(&deployment.grace, &deployment.grace)
        .await
        .unwrap();
    owned_by(&deployment.grace, &robot).await.unwrap();
    manager.call(machine_as(&robot)).await.unwrap();
    let words = invalid(owned_by(&deployment.grace, &ada).await);
    assert!(words.contains("acts_as"), "{words}");
}

async fn a_person_has_ten_clients(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let mut ids = Vec::new();
    let owned = || {
        let mut asked = client("mine", ClientKind::Registered);
        asked.client.owner = Some(deployment.grace.id.clone());
        deployment.manager.call(asked)
    };
    for _ in 0..10 {
        ids.push(owned().await.unwrap().id);
    }
    let eleventh = owned().await;
    assert!(
        matches!(eleventh, Err(ManagerError::LimitReached(_))),
        "{eleventh:?}"
    );
    let id = ids.pop().unwrap();
    deployment.manager.call(RemoveClient { id }).await.unwrap();
    owned().await.unwrap();
}

async fn an_id_is_taken_once(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let asked = client("a-client", ClientKind::Document);
    deployment.manager.call(asked.clone()).await.unwrap();
    let again = deployment.manager.call(asked).await;
    assert!(matches!(again, Err(ManagerError::Conflict(_))), "{again:?}");
}

async fn a_secret_is_exchanged_with_overlap(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let asked = machine_as(&service(&deployment.manager, "robot", &deployment.grace.id).await);
    let first = asked.secret.unwrap();
    let id = deployment.manager.call(asked).await.unwrap().id;
    let add = |secret, overlap_secs| {
        deployment.manager.call(AddSecret {
            id: id.clone(),
            secret,
            overlap_secs,
        })
    };
    assert!(deployment.knows(&id, first).await);
    assert!(!deployment.knows(&id, secret()).await);
    assert!(!deployment.knows(&deployment.client.id, first).await);
    let second = secret();
    add(second, 3_600).await.unwrap();
    assert!(deployment.knows(&id, first).await);
    assert!(deployment.knows(&id, second).await);
    // A longer overlap does not bring back what was to end earlier.
    let third = secret();
    add(third, 86_400).await.unwrap();
    let fourth = add(secret(), 86_400).await;
    assert!(
        matches!(fourth, Err(ManagerError::LimitReached(_))),
        "{fourth:?}"
    );
    fixture.pass(Duration::from_hours(1));
    assert!(!deployment.knows(&id, first).await);
    assert!(deployment.knows(&id, second).await);
    let last = secret();
    add(last, 0).await.unwrap();
    for ended in [first, second, third] {
        assert!(!deployment.knows(&id, ended).await);
    }
    assert!(deployment.knows(&id, last).await);
    let live = ListSecrets { id: id.clone() };
    let live = deployment.manager.call(live).await.unwrap();
    assert_eq!(
        vec![None],
        live.iter().map(|one| one.expires_at).collect::<Vec<_>>()
    );
    assert!(deployment.find_client(&id).await.unwrap().has_secret);
    invalid(add(secret(), u32::MAX).await);
}

async fn a_use_is_noted_at_most_once_a_minute(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let id = deployment.client.id.clone();
    let last_use = async || deployment.find_client(&id).await.unwrap().last_used_at;
    let note = || deployment.manager.call(NoteClientUse { id: id.clone() });
    assert_eq!(None, last_use().await);
    note().await.unwrap();
    let first = fixture.now();
    assert_eq!(Some(first), last_use().await);
    fixture.pass(Duration::from_secs(59));
    note().await.unwrap();
    assert_eq!(Some(first), last_use().await);
    fixture.pass(Duration::from_secs(1));
    note().await.unwrap();
    assert_eq!(Some(fixture.now()), last_use().await);
    let unknown = NoteClientUse {
        id: ClientId::random(),
    };
    deployment.manager.call(unknown).await.unwrap();
}

async fn a_registration_token_is_of_its_client_alone(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let token = IssuedSecret::draw(SecretKind::RegistrationToken).hash;
    let mut asked = client("dynamic", ClientKind::Dynamic);
    asked.registration_token = Some(token);
    let id = deployment.manager.call(asked).await.unwrap().id;
    let check = |id: &ClientId, secret| {
        deployment.manager.call(CheckRegistrationToken {
            id: id.clone(),
            secret,
        })
    };
    assert!(check(&id, token).await.unwrap());
    assert!(!check(&id, secret()).await.unwrap());
    assert!(!check(&deployment.client.id, token).await.unwrap());
}

async fn a_client_changes_by_what_is_given(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let update = UpdateClient {
        id: deployment.client.id.clone(),
        metadata: None,
        scopes: None,
        is_verified: None,
    };
    let same = deployment.manager.call(update.clone()).await.unwrap();
    assert_eq!(deployment.client, same);
    let mut metadata = same.metadata.clone();
    metadata.client_name = "renamed".into();
    let changed = UpdateClient {
        metadata: Some(metadata),
        scopes: Some(Scope::Read.into()),
        is_verified: Some(true),
        ..update.clone()
    };
    let changed = deployment.manager.call(changed).await.unwrap();
    assert_eq!("renamed", changed.metadata.client_name);
    assert_eq!(
        Some(changed.clone()),
        deployment.find_client(&changed.id).await
    );
    let empty = UpdateClient {
        scopes: Some(ScopeSet::NONE),
        ..update.clone()
    };
    invalid(deployment.manager.call(empty).await);
    let unknown = UpdateClient {
        id: ClientId::random(),
        ..update
    };
    let unknown = deployment.manager.call(unknown).await;
    assert!(matches!(
        unknown,
        Err(ManagerError::NotFound { what: "client" })
    ));
}

async fn a_list_is_of_those_asked_for(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let mut mine = client("mine", ClientKind::Registered);
    mine.client.owner = Some(deployment.grace.id.clone());
    mine.client.workspace = Some(slug("acme"));
    let mine = deployment.manager.call(mine).await.unwrap();
    let list = |filter| deployment.manager.call(ListClients { filter });
    let by_owner = ClientFilter {
        owner: Some(deployment.grace.id.clone()),
        ..ClientFilter::default()
    };
    assert_eq!(vec![mine.clone()], list(by_owner).await.unwrap());
    let by_workspace = ClientFilter {
        workspace: Some(slug("acme")),
        ..ClientFilter::default()
    };
    assert_eq!(vec![mine], list(by_workspace).await.unwrap());
    assert_eq!(2, list(ClientFilter::default()).await.unwrap().len());
}

/// A machine that is to act as a new service account of `acme`.
fn new_machine(deployment: &Deployment, name: &str) -> RegisterMachine {
    let mut asked = client("pipeline", ClientKind::Machine);
    asked.client.owner = Some(deployment.grace.id.clone());
    asked.client.workspace = Some(slug("acme"));
    RegisterMachine {
        client: asked.client,
        secret: asked.secret,
        service: Some(CreateServiceAccount {
            username: name.to_owned(),
            display_name: "Robot".to_owned(),
            workspace: slug("acme"),
            role: Role::Analyst,
            superset_username: Some("robot.user".to_owned()),
            made_by: Some(deployment.grace.id.clone()),
        }),
    }
}

async fn a_machine_is_registered_with_its_account(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let asked = new_machine(&deployment, "robot");
    let secret = asked.secret.unwrap();
    let made = deployment.manager.call(asked).await.unwrap();
    let service = made.service.unwrap();
    assert_eq!(Some(&service.id), made.client.acts_as.as_ref());
    assert!(deployment.knows(&made.client.id, secret).await);
    let account = service.id.clone();
    let places = deployment.manager.call(ListMemberships { account }).await;
    let places = places.unwrap();
    assert_eq!(
        (Role::Analyst, "robot.user"),
        (places[0].role, places[0].superset_username.as_str())
    );
    // An account that is there.
    let mut again = new_machine(&deployment, "unused");
    again.client.id = "pipeline-2".parse().unwrap();
    again.client.acts_as = Some(service.id);
    again.service = None;
    let made = deployment.manager.call(again).await.unwrap();
    assert_eq!(None, made.service);
}

async fn of_a_machine_that_cannot_be_registered_nothing_is_left(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let manager = &deployment.manager;
    let taken = new_machine(&deployment, "taken");
    let taken = manager.call(taken).await.unwrap().client.id;
    let before = deployment.head().await;
    let mut cases = Vec::new();
    let mut case = |change: &dyn Fn(&mut RegisterMachine)| {
        let mut asked = new_machine(&deployment, "robot");
        asked.client.id = "another".parse().unwrap();
        change(&mut asked);
        cases.push(asked);
    };
    case(&|it| it.client.id = taken.clone());
    case(&|it| it.secret = None);
    case(&|it| it.client.kind = ClientKind::Registered);
    case(&|it| it.client.scopes = ScopeSet::NONE);
    case(&|it| it.client.workspace = None);
    case(&|it| it.service.as_mut().unwrap().workspace = slug("elsewhere"));
    case(&|it| it.service.as_mut().unwrap().username = "taken".to_owned());
    case(&|it| it.client.owner = Some(AccountId::new()));
    for asked in cases {
        let refused = manager.call(asked.clone()).await;
        assert!(refused.is_err(), "{asked:?}");
    }
    let key = AccountKey::Username("robot".to_owned());
    assert_eq!(None, manager.call(FindAccount { key }).await.unwrap());
    assert_eq!(before, deployment.head().await);
    let mut good = new_machine(&deployment, "robot");
    good.client.id = "another".parse().unwrap();
    manager.call(good).await.unwrap();
}

scenarios!(
    a_machine_is_registered_with_its_account,
    of_a_machine_that_cannot_be_registered_nothing_is_left,
    a_client_is_found_as_it_was_made,
    what_does_not_go_together_is_refused,
    a_machine_acts_as_its_owner_or_a_service_and_as_nobody_else,
    a_person_has_ten_clients,
    an_id_is_taken_once,
    a_secret_is_exchanged_with_overlap,
    a_use_is_noted_at_most_once_a_minute,
    a_registration_token_is_of_its_client_alone,
    a_client_changes_by_what_is_given,
    a_list_is_of_those_asked_for,
);
