//! `/settings/machines`: one's own machine clients.

use actix_web::web;
use tidegate_control_plane::account::{AccountKey, FindAccount};
use tidegate_control_plane::client::{
    ClientFilter, ClientKind, ListClients, MachineAccount, NewServiceAccount,
    RegisterMachineClient, RemoveMachine,
};
use tidegate_control_plane::workspace::{ListWorkspaces, Membership};
use tidegate_login::SupersetUser;
use tidegate_oauth_types::{
    ClientMetadata, GrantType, JwkSet, TokenEndpointAuthMethod, display_name,
};
use tidegate_pages::{
    MachineClient, MachineDraft, MachineWorkspace, MachinesPage, Section, Span, Timestamp,
    UntrustedText, widest,
};
use tidegate_types::{ClientId, Role, Scope, ScopeSet, WorkspaceSlug};

use super::{Titles, chosen_scopes, clients, offered_scopes, secrets};
use crate::pages::Answer;
use crate::pages::answer::{self, PageWindow};
use crate::pages::authority::{Get, Post, SignedIn};
use crate::pages::failure::Failure;
use crate::pages::fields::Fields;
use crate::pages::layout::{FormOutcome, done, layout};
use crate::pages::record::{About, record};

/// Workspaces that are offered to whoever manages the deployment.
const MOST_WORKSPACES: usize = 500;

/// What a form asks for, checked.
struct Draft {
    name: String,
    workspace: WorkspaceSlug,
    scopes: ScopeSet,
    /// Public keys; a secret without.
    jwks: Option<serde_json::Value>,
    /// A service account; the person without.
    service: Option<DraftService>,
}

/// A service account that a form asks for.
struct DraftService {
    username: String,
    role: Role,
    /// The user of Superset that it acts as; one of its own name without.
    superset_username: Option<String>,
}

pub(crate) async fn get(Get { by, query }: Get<SignedIn>) -> Answer {
    show(&by, MachineDraft::default(), FormOutcome::of(&by, &query)).await
}

pub(crate) async fn create(Post { by, form }: Post<SignedIn>) -> Answer {
    let memberships = by.memberships().await?;
    let offered = offered(&by, &memberships).await?;
    let drafted = match draft(&by, &form, &offered) {
        Ok(draft) => check_superset_user(&by, &memberships, &draft)
            .await
            .map(|()| draft),
        Err(problem) => Err(problem),
    };
    let draft = match drafted {
        Ok(draft) => draft,
        Err(problem) => return show(&by, typed(&form), FormOutcome::Refused(problem)).await,
    };
    let made = match by.page_request.change(machine(&by, draft)).await? {
        Ok(made) => made,
        Err(problem) => return show(&by, typed(&form), FormOutcome::Refused(problem)).await,
    };
    let client = made.client;
    let name = UntrustedText::new(&client.metadata.client_name);
    let about = About {
        client: Some(&client.id),
        workspace: client.workspace.as_ref(),
        detail: Some(match made.service {
            Some(account) => format!("machine client {name}, as {}", account.username),
            None => format!("machine client {name}, as its owner"),
        }),
    };
    record(&by, "client.created", about).await;
    match made.secret {
        Some(secret) => secrets::show(&by, &client, secret, None, Section::Machines).await,
        None => {
            show(
                &by,
                MachineDraft::default(),
                FormOutcome::done("The machine client is made. Its id is below."),
            )
            .await
        }
    }
}

/// Whom it would act as: only those who manage the deployment choose another user of Superset than their own, and there must be
/// such a user, or the machine would be refused. A clause for the person.
async fn check_superset_user(
    by: &SignedIn,
    memberships: &[Membership],
    draft: &Draft,
) -> Result<(), String> {
    let own = memberships
        .iter()
        .find(|place| place.workspace == draft.workspace)
        .map_or(by.session.account.username.as_str(), |place| {
            place.superset_username.as_str()
        });
    let chosen = draft
        .service
        .as_ref()
        .map(|service| service.superset_username.as_deref());
    let acts_as = match (&draft.service, chosen.flatten()) {
        (None, _) => own,
        (Some(_), Some(chosen)) => chosen,
        (Some(service), None) => &service.username,
    };
    let user = by
        .page_request
        .sign_in()
        .superset_user(&draft.workspace, acts_as)
        .await;
    // A name that is made up for a service account may be the name of somebody there.
    let is_own = acts_as == own || (chosen == Some(None) && user == SupersetUser::MadeWhenNeeded);
    if !is_own && !by.session.account.is_administrator {
        return Err(format!(
            "superset user: you may choose your own, {own}; another one is chosen by an administrator of the deployment"
        ));
    }
    match (user, &draft.service) {
        (SupersetUser::Inactive, _) => Err(format!(
            "superset user: {acts_as} is switched off in this workspace's Superset, so the machine would be refused"
        )),
        (SupersetUser::Missing, Some(service)) if service.superset_username.is_none() => Err(
            "superset user: write one that is in this workspace's Superset; the machine acts as that user".to_owned(),
        ),
        (SupersetUser::Missing, _) => Err(format!(
            "superset user: {acts_as} is not in this workspace's Superset, so the machine would be refused"
        )),
        (SupersetUser::Active | SupersetUser::MadeWhenNeeded | SupersetUser::Unknown, _) => Ok(()),
    }
}

pub(crate) async fn add_secret(
    Post { by, form }: Post<SignedIn>,
    id: web::Path<ClientId>,
) -> Answer {
    let client = secrets::own(&by, id.into_inner()).await?;
    match secrets::add(&by, &client, &form, Section::Machines).await? {
        Ok(response) => Ok(response),
        Err(problem) => show(&by, MachineDraft::default(), FormOutcome::Refused(problem)).await,
    }
}

pub(crate) async fn remove(Post { by, .. }: Post<SignedIn>, id: web::Path<ClientId>) -> Answer {
    let client = secrets::own(&by, id.into_inner()).await?;
    by.page_request
        .ask(RemoveMachine {
            id: client.id.clone(),
        })
        .await?;
    let about = About {
        client: Some(&client.id),
        workspace: client.workspace.as_ref(),
        ..About::default()
    };
    record(&by, "client.removed", about).await;
    Ok(done(Section::Machines, "client-removed", &[]))
}

/// `nightly-report-1f0c`: what it is called, and something that makes it unique.
fn service_username(name: &str) -> String {
    let mut username = String::new();
    for char in name.to_lowercase().chars() {
        if char.is_ascii_alphanumeric() {
            username.push(char);
        } else if !username.ends_with('-') && !username.is_empty() {
            username.push('-');
        }
        if username.len() == 40 {
            break;
        }
    }
    let unique = ClientId::random();
    let start = username.trim_end_matches('-');
    let start = if start.is_empty() { "machine" } else { start };
    format!("{start}-{}", &unique.as_str()[..6])
}

fn draft(by: &SignedIn, form: &Fields, offered: &[MachineWorkspace]) -> Result<Draft, String> {
    let name = display_name(form.text("name"))
        .ok_or("name: write 1 to 200 characters that can be seen")?;
    let workspace: WorkspaceSlug = form.read("workspace")?;
    let place = offered
        .iter()
        .find(|place| place.slug == workspace)
        .ok_or("workspace: choose one of yours")?;
    let scopes = chosen_scopes(by, form)?;
    let service = match form.text("acts_as") {
        "me" => None,
        "service" if place.may_make_service_accounts => {
            let superset_username = form
                .get("superset_username")
                .map(|name| name.trim().to_owned());
            Some(DraftService {
                username: service_username(&name),
                role: form.read("role")?,
                superset_username,
            })
        }
        "service" => {
            return Err(
                "as whom: service accounts are made by those who manage the workspace".to_owned(),
            );
        }
        _ => return Err("as whom: choose a service account or yourself".to_owned()),
    };
    let jwks = match form.text("proof") {
        "secret" => None,
        "key" => Some(public_keys(form.text("jwks"))?),
        _ => return Err("proof: choose a secret or a key".to_owned()),
    };
    Ok(Draft {
        name,
        workspace,
        scopes,
        jwks,
        service,
    })
}

fn public_keys(text: &str) -> Result<serde_json::Value, String> {
    const EXPECTED: &str = "public keys: paste a JWK set, {\"keys\": […]}, with public keys only";
    let value: serde_json::Value = serde_json::from_str(text).map_err(|_| EXPECTED.to_owned())?;
    let keys = value.get("keys").and_then(serde_json::Value::as_array);
    let is_private = |key: &serde_json::Value| {
        ["d", "p", "q", "k", "dp", "dq", "qi"]
            .iter()
            .any(|part| key.get(part).is_some())
    };
    if keys.is_none_or(|keys| keys.is_empty() || keys.iter().any(is_private)) {
        return Err(EXPECTED.to_owned());
    }
    let set = JwkSet::parse(text.as_bytes()).map_err(|err| format!("public keys: {err}"))?;
    if set.is_empty() {
        return Err(
            "public keys: none of them is of a kind that assertions are checked by".to_owned(),
        );
    }
    Ok(value)
}

fn machine(by: &SignedIn, draft: Draft) -> RegisterMachineClient {
    let person = by.session.account.id.clone();
    let acts_as = match draft.service {
        None => MachineAccount::Existing(person.clone()),
        Some(service) => MachineAccount::New(NewServiceAccount {
            username: service.username,
            display_name: draft.name.clone(),
            role: service.role,
            superset_username: service.superset_username,
            made_by: Some(person.clone()),
        }),
    };
    RegisterMachineClient {
        id: None,
        metadata: ClientMetadata {
            client_name: draft.name,
            redirect_uris: vec![],
            grant_types: vec![GrantType::ClientCredentials],
            token_endpoint_auth_method: if draft.jwks.is_some() {
                TokenEndpointAuthMethod::PrivateKeyJwt
            } else {
                TokenEndpointAuthMethod::ClientSecretBasic
            },
            application_type: None,
            client_uri: None,
            jwks: draft.jwks,
            jwks_uri: None,
            scope: None,
            software_id: None,
            software_version: None,
        },
        owner: Some(person),
        acts_as,
        workspace: draft.workspace,
        scopes: draft.scopes,
        is_verified: false,
    }
}

/// Where the person may make machines: in their workspaces, and whoever manages the deployment anywhere.
async fn offered(
    by: &SignedIn,
    memberships: &[Membership],
) -> Result<Vec<MachineWorkspace>, Failure> {
    let titles = Titles::read(by).await?;
    let is_administrator = by.session.account.is_administrator;
    let mut offered: Vec<MachineWorkspace> = memberships
        .iter()
        .map(|membership| MachineWorkspace {
            slug: membership.workspace.clone(),
            title: titles.of(&membership.workspace),
            may_make_service_accounts: is_administrator || membership.role == Role::Admin,
        })
        .collect();
    if is_administrator {
        for workspace in by.page_request.ask(ListWorkspaces {}).await? {
            let is_there = offered.iter().any(|place| place.slug == workspace.slug);
            if !is_there && offered.len() < MOST_WORKSPACES {
                offered.push(MachineWorkspace {
                    title: titles.of(&workspace.slug),
                    slug: workspace.slug,
                    may_make_service_accounts: true,
                });
            }
        }
    }
    Ok(offered)
}

/// What was typed, to be there again.
fn typed(form: &Fields) -> MachineDraft {
    let usual = MachineDraft::default();
    MachineDraft {
        name: form.text("name").to_owned(),
        workspace: form.text("workspace").to_owned(),
        scope: form.read("scope").unwrap_or(usual.scope),
        is_me: form.text("acts_as") == "me",
        role: form.read("role").unwrap_or(usual.role),
        superset_username: form.text("superset_username").to_owned(),
        is_key: form.text("proof") == "key",
        jwks: form.text("jwks").to_owned(),
    }
}

async fn show(by: &SignedIn, draft: MachineDraft, outcome: FormOutcome) -> Answer {
    let memberships = by.memberships().await?;
    let titles = Titles::read(by).await?;
    let filter = ClientFilter {
        owner: Some(by.session.account.id.clone()),
        ..ClientFilter::default()
    };
    let owned = by.page_request.ask(ListClients { filter }).await?;
    let count = owned.len();
    let mut machines = Vec::new();
    for client in owned {
        if client.kind != ClientKind::Machine {
            continue;
        }
        let service_account = match &client.acts_as {
            Some(id) if *id != by.session.account.id => {
                let key = AccountKey::Id(id.clone());
                let account = by.page_request.ask(FindAccount { key }).await?;
                Some(UntrustedText::or(
                    &account.map_or_else(String::new, |account| account.username),
                    "?",
                ))
            }
            _ => None,
        };
        machines.push(MachineClient {
            name: UntrustedText::or(&client.metadata.client_name, client.id.as_str()),
            service_account,
            workspace: client
                .workspace
                .as_ref()
                .map_or_else(UntrustedText::default, |slug| titles.of(slug)),
            scope: widest(client.scopes).unwrap_or(Scope::Read),
            secrets: secrets::lines(by, &client).await?,
            signs: !client.proves_itself_by_secret(),
            created_at: Timestamp(client.created_at),
            last_used_at: client.last_used_at.map(Timestamp),
            id: client.id,
        });
    }
    let status = outcome.status();
    let page = MachinesPage {
        workspaces: offered(by, &memberships).await?,
        layout: layout(by, &memberships, Section::Machines, outcome),
        machines,
        most: clients::MOST,
        offered: offered_scopes(by),
        count,
        access: Span(by.page_request.authorization().access_life().as_secs()),
        draft,
    };
    Ok(answer::page(status, PageWindow::AtHome, &page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_accounts_are_named_after_what_they_are_for() {
        for (name, start) in [
            ("Nightly report", "nightly-report-"),
            ("  Übersicht №1 ", "bersicht-1-"),
            ("株式会社", "machine-"),
        ] {
            let username = service_username(name);
            assert!(username.starts_with(start), "{username}");
            assert!(username.len() <= 64);
        }
        assert_ne!(service_username("a"), service_username("a"));
    }

    #[test]
    fn a_private_key_is_not_taken() {
        for refused in [
            "",
            "{}",
            r#"{"keys": []}"#,
            r#"{"keys": [{"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "d": "secret"}]}"#,
        ] {
            let problem = public_keys(refused).unwrap_err();
            assert!(!problem.contains("secret\""), "{problem}");
        }
    }
}
