//! What pages and commands do alike: secrets are drawn where they are asked for, and open what was made.

use std::time::Duration;

use tidegate_control_plane::account::{AccountKey, FindAccount};
use tidegate_control_plane::api_token::{FindApiToken, IssueApiToken};
use tidegate_control_plane::client::{
    CheckSecret, Client, ClientKind, FindClient, IssueClientSecret, MachineAccount,
    NewServiceAccount, RegisterApplication, RegisterMachineClient, RemoveMachine,
};
use tidegate_control_plane::invitation::{FindInvitation, IssueInvitation};
use tidegate_control_plane::{Manager, UseCase as _};
use tidegate_oauth_types::{
    ClientMetadata, GrantType, SecretHash, SecretKind, TokenEndpointAuthMethod,
};
use tidegate_types::{AccountId, ExposeSecret as _, Role, Scope, SecretString};

use crate::deployment::{Deployment, client, slug};
use crate::fixture::{Fixture, scenarios};

fn metadata(method: TokenEndpointAuthMethod) -> ClientMetadata {
    let mut metadata = client("made", ClientKind::Registered).client.metadata;
    metadata.token_endpoint_auth_method = method;
    metadata
}

fn machine(owner: &AccountId, acts_as: MachineAccount) -> RegisterMachineClient {
    let mut metadata = metadata(TokenEndpointAuthMethod::ClientSecretBasic);
    metadata.grant_types = vec![GrantType::ClientCredentials];
    metadata.redirect_uris.clear();
    RegisterMachineClient {
        id: None,
        metadata,
        owner: Some(owner.clone()),
        acts_as,
        workspace: slug("acme"),
        scopes: Scope::Read.into(),
        is_verified: false,
    }
}

fn robot(owner: &AccountId) -> MachineAccount {
    MachineAccount::New(NewServiceAccount {
        username: "robot".to_owned(),
        display_name: "Robot".to_owned(),
        role: Role::Viewer,
        superset_username: None,
        made_by: Some(owner.clone()),
    })
}

async fn opens(manager: &Manager, client: &Client, secret: &SecretString) -> bool {
    let secret = secret.expose_secret();
    let check = CheckSecret {
        id: client.id.clone(),
        secret: SecretHash::of_presented(SecretKind::ClientSecret, secret).unwrap(),
    };
    manager.call(check).await.unwrap()
}

async fn an_api_token_is_found_by_the_secret_that_was_drawn_for_it(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let issue = IssueApiToken {
        account: deployment.grace.id.clone(),
        name: "nightly".to_owned(),
        scopes: Scope::Read.into(),
        workspace: None,
        expires_at: None,
    };
    let issued = issue.run(&deployment.manager).await.unwrap();
    let text = issued.secret.expose_secret();
    assert!(text.ends_with(&issued.made.hint), "lists show its end");
    let secret = SecretHash::of_presented(SecretKind::ApiToken, text).unwrap();
    let found = deployment.manager.call(FindApiToken { secret }).await;
    assert_eq!(Some(issued.made), found.unwrap());
}

async fn an_application_has_a_secret_exactly_where_it_proves_itself_by_one(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    for (method, has_secret) in [
        (TokenEndpointAuthMethod::None, false),
        (TokenEndpointAuthMethod::ClientSecretBasic, true),
        (TokenEndpointAuthMethod::ClientSecretPost, true),
    ] {
        let register = RegisterApplication {
            id: None,
            metadata: metadata(method),
            owner: None,
            workspace: None,
            scopes: Scope::Read.into(),
            is_verified: true,
        };
        let made = register.run(&deployment.manager).await.unwrap();
        assert_eq!(has_secret, made.client.has_secret, "{method:?}");
        assert_eq!(has_secret, made.client.proves_itself_by_secret());
        match &made.secret {
            Some(secret) => assert!(opens(&deployment.manager, &made.client, secret).await),
            None => assert!(!has_secret, "{method:?}"),
        }
    }
}

async fn a_machine_comes_with_its_account_and_both_go(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (manager, grace) = (&deployment.manager, &deployment.grace.id);
    let made = machine(grace, robot(grace)).run(manager).await.unwrap();
    let account = made.service.unwrap();
    assert_eq!(Some(&account.id), made.client.acts_as.as_ref());
    assert!(opens(manager, &made.client, &made.secret.unwrap()).await);
    let again = machine(grace, robot(grace)).run(manager).await;
    again.expect_err("the name is taken, and no client is left of it");

    let own = MachineAccount::Existing(grace.clone());
    let own = machine(grace, own).run(manager).await.unwrap();
    for client in [&made.client, &own.client] {
        let id = client.id.clone();
        let remove = RemoveMachine { id: id.clone() };
        assert!(manager.call(remove.clone()).await.unwrap());
        assert!(!manager.call(remove).await.unwrap());
        assert_eq!(None, manager.call(FindClient { id }).await.unwrap());
    }
    let is_active = async |id: &AccountId| {
        let key = AccountKey::Id(id.clone());
        let found = manager.call(FindAccount { key }).await.unwrap();
        found.unwrap().is_active
    };
    assert!(!is_active(&account.id).await, "it was made for it alone");
    assert!(is_active(grace).await, "a person stays");
}

async fn an_account_that_another_machine_acts_as_stays_until_the_last_is_removed(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (manager, grace) = (&deployment.manager, &deployment.grace.id);
    let first = machine(grace, robot(grace)).run(manager).await.unwrap();
    let account = first.service.unwrap();
    let shared = MachineAccount::Existing(account.id.clone());
    let second = machine(grace, shared).run(manager).await.unwrap();
    for (client, is_active) in [(first.client, true), (second.client, false)] {
        let remove = RemoveMachine { id: client.id };
        assert!(manager.call(remove).await.unwrap());
        let key = AccountKey::Id(account.id.clone());
        let found = manager.call(FindAccount { key }).await.unwrap();
        assert_eq!(is_active, found.unwrap().is_active);
    }
}

async fn another_secret_of_a_client_opens_it_as_the_first_does(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let (manager, grace) = (&deployment.manager, &deployment.grace.id);
    let own = MachineAccount::Existing(grace.clone());
    let made = machine(grace, own).run(manager).await.unwrap();
    let first = made.secret.unwrap();
    let issue = |overlap_secs| {
        let id = made.client.id.clone();
        IssueClientSecret { id, overlap_secs }.run(manager)
    };
    let second = issue(60).await.unwrap().secret;
    assert!(opens(manager, &made.client, &first).await);
    assert!(opens(manager, &made.client, &second).await);
    fixture.pass(Duration::from_secs(61));
    assert!(!opens(manager, &made.client, &first).await);
    let third = issue(0).await.unwrap().secret;
    assert!(!opens(manager, &made.client, &second).await);
    assert!(opens(manager, &made.client, &third).await);
}

async fn an_invitation_is_found_by_the_secret_of_its_link(fixture: Fixture) {
    let deployment = Deployment::new(&fixture).await;
    let issue = IssueInvitation {
        email: "ada@example.org".to_owned(),
        workspace: slug("acme"),
        role: Role::Viewer,
        invited_by: deployment.grace.id.clone(),
    };
    let issued = issue.run(&deployment.manager).await.unwrap();
    let text = issued.secret.expose_secret();
    let secret = SecretHash::of_presented(SecretKind::Invitation, text).unwrap();
    let found = deployment.manager.call(FindInvitation { secret }).await;
    assert_eq!(Some(issued.made), found.unwrap());
}

scenarios!(
    an_api_token_is_found_by_the_secret_that_was_drawn_for_it,
    an_application_has_a_secret_exactly_where_it_proves_itself_by_one,
    a_machine_comes_with_its_account_and_both_go,
    an_account_that_another_machine_acts_as_stays_until_the_last_is_removed,
    another_secret_of_a_client_opens_it_as_the_first_does,
    an_invitation_is_found_by_the_secret_of_its_link,
);
