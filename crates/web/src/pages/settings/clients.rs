//! `/settings/clients`: one's own OAuth clients.

use actix_web::web;
use tidegate_control_plane::client::{
    ClientFilter, ClientKind, ListClients, NewlyRegistered, RegisterApplication, RemoveClient,
};
use tidegate_oauth_types::{
    ClientMetadata, ClientPreset, GrantType, RedirectUri, TokenEndpointAuthMethod, display_name,
    presets,
};
use tidegate_pages::{
    ClientDraft, ClientsPage, CommandClient, OwnClient, PresetLink, Section, Timestamp,
    UntrustedText, widest,
};
use tidegate_types::{ClientId, Scope};

use super::{Titles, chosen_scopes, offered_or_less, offered_scopes, secrets};
use crate::pages::Answer;
use crate::pages::answer::{self, PageWindow};
use crate::pages::authority::{Get, Post, SignedIn};
use crate::pages::failure::Failure;
use crate::pages::fields::Fields;
use crate::pages::layout::{FormOutcome, done, layout};
use crate::pages::record::{About, record};

/// Clients a person, machines among them; the manager holds it.
pub(super) const MOST: usize = 10;

/// Redirect addresses a client.
const MOST_REDIRECTS: usize = 10;

pub(crate) async fn get(Get { by, query }: Get<SignedIn>) -> Answer {
    let preset = preset_of(&query);
    let draft = preset.map_or_else(blank, draft_of);
    let outcome = FormOutcome::of(&by, &query);
    show(&by, preset, draft, outcome).await
}

/// The preset that a query or a form names.
fn preset_of(fields: &Fields) -> Option<&'static ClientPreset> {
    presets()
        .iter()
        .find(|preset| preset.id == fields.text("preset"))
}

/// A form's client; with `preset`, the form again with what that app needs.
pub(crate) async fn create(Post { by, form }: Post<SignedIn>) -> Answer {
    if let Some(preset) = preset_of(&form) {
        let draft = with_preset(typed(&form), preset);
        return show(&by, Some(preset), draft, FormOutcome::None).await;
    }
    let register = match application(&by, &form) {
        Ok(register) => register,
        Err(problem) => return show(&by, None, typed(&form), FormOutcome::Refused(problem)).await,
    };
    let NewlyRegistered { client, secret, .. } = match by.page_request.change(register).await? {
        Ok(registered) => registered,
        Err(problem) => return show(&by, None, typed(&form), FormOutcome::Refused(problem)).await,
    };
    let about = About {
        client: Some(&client.id),
        detail: Some(client.metadata.client_name.clone()),
        ..About::default()
    };
    record(&by, "client.created", about).await;
    match secret {
        Some(secret) => secrets::show(&by, &client, secret, None, Section::Clients).await,
        None => {
            show(
                &by,
                None,
                blank(),
                FormOutcome::done("The client is made. Its id is below."),
            )
            .await
        }
    }
}

pub(crate) async fn add_secret(
    Post { by, form }: Post<SignedIn>,
    id: web::Path<ClientId>,
) -> Answer {
    let client = secrets::own(&by, id.into_inner()).await?;
    match secrets::add(&by, &client, &form, Section::Clients).await? {
        Ok(response) => Ok(response),
        Err(problem) => show(&by, None, blank(), FormOutcome::Refused(problem)).await,
    }
}

pub(crate) async fn remove(Post { by, .. }: Post<SignedIn>, id: web::Path<ClientId>) -> Answer {
    let client = secrets::own(&by, id.into_inner()).await?;
    by.page_request
        .ask(RemoveClient {
            id: client.id.clone(),
        })
        .await?;
    let about = About {
        client: Some(&client.id),
        ..About::default()
    };
    record(&by, "client.removed", about).await;
    Ok(done(Section::Clients, "client-removed", &[]))
}

/// The client of a form. The error is for the person.
fn application(by: &SignedIn, form: &Fields) -> Result<RegisterApplication, String> {
    let name = display_name(form.text("name"))
        .ok_or("name: write 1 to 200 characters that can be seen")?;
    let redirect_uris = redirect_uris(form.text("redirect_uris"))?;
    let scopes = chosen_scopes(by, form)?;
    Ok(RegisterApplication {
        id: None,
        metadata: ClientMetadata {
            client_name: name,
            redirect_uris,
            grant_types: vec![
                GrantType::AuthorizationCode,
                GrantType::RefreshToken,
                GrantType::DeviceCode,
            ],
            token_endpoint_auth_method: if form.is_ticked("confidential") {
                TokenEndpointAuthMethod::ClientSecretBasic
            } else {
                TokenEndpointAuthMethod::None
            },
            application_type: None,
            client_uri: None,
            jwks: None,
            jwks_uri: None,
            scope: None,
            software_id: None,
            software_version: None,
        },
        owner: Some(by.session.account.id.clone()),
        workspace: None,
        scopes,
        is_verified: false,
    })
}

fn redirect_uris(lines: &str) -> Result<Vec<String>, String> {
    let mut uris: Vec<String> = Vec::new();
    for line in lines.split_whitespace() {
        let shown = UntrustedText::new(line);
        RedirectUri::parse(line)
            .map_err(|problem| format!("redirect address {shown}: {problem}"))?;
        if !uris.iter().any(|uri| uri == line) {
            uris.push(line.to_owned());
        }
    }
    if (1..=MOST_REDIRECTS).contains(&uris.len()) {
        Ok(uris)
    } else {
        Err(format!(
            "redirect addresses: {} came; write 1 to {MOST_REDIRECTS}, one a line",
            uris.len()
        ))
    }
}

fn blank() -> ClientDraft {
    ClientDraft {
        name: String::new(),
        redirect_uris: String::new(),
        scope: Scope::Query,
        is_confidential: false,
    }
}

fn draft_of(preset: &ClientPreset) -> ClientDraft {
    ClientDraft {
        name: preset.title.clone(),
        redirect_uris: preset.redirect_uris.join("\n"),
        scope: widest(preset.default_scopes).unwrap_or(Scope::Query),
        is_confidential: false,
    }
}

/// What was typed, with what an app needs where nothing was. What another preset had filled in is not typed.
fn with_preset(typed: ClientDraft, preset: &ClientPreset) -> ClientDraft {
    let ours = draft_of(preset);
    let is_preset = |name: &str| presets().iter().any(|preset| preset.title == name);
    let is_of_preset = |uri: &&str| {
        let mut uris = presets().iter().flat_map(|preset| &preset.redirect_uris);
        uris.any(|known| known == uri)
    };
    let own_lines = typed
        .redirect_uris
        .split_whitespace()
        .filter(|uri| !is_of_preset(uri));
    let lines: Vec<&str> = own_lines.chain(ours.redirect_uris.lines()).collect();
    ClientDraft {
        redirect_uris: lines.join("\n"),
        name: if typed.name.is_empty() || is_preset(&typed.name) {
            ours.name
        } else {
            typed.name
        },
        scope: ours.scope,
        is_confidential: typed.is_confidential,
    }
}

fn typed(form: &Fields) -> ClientDraft {
    ClientDraft {
        name: form.text("name").to_owned(),
        redirect_uris: form.text("redirect_uris").to_owned(),
        scope: form.read("scope").unwrap_or(Scope::Query),
        is_confidential: form.is_ticked("confidential"),
    }
}

async fn show(
    by: &SignedIn,
    chosen: Option<&ClientPreset>,
    draft: ClientDraft,
    outcome: FormOutcome,
) -> Answer {
    let memberships = by.memberships().await?;
    let filter = ClientFilter {
        owner: Some(by.session.account.id.clone()),
        kind: Some(ClientKind::Registered),
        workspace: None,
    };
    let mut clients = Vec::new();
    for client in by.page_request.ask(ListClients { filter }).await? {
        clients.push(OwnClient {
            name: UntrustedText::or(&client.metadata.client_name, client.id.as_str()),
            redirect_uris: client
                .metadata
                .redirect_uris
                .iter()
                .map(|uri| UntrustedText::bounded(uri, 200))
                .collect(),
            scope: widest(client.scopes).unwrap_or(Scope::Read),
            secrets: secrets::lines(by, &client).await?,
            is_confidential: client.proves_itself_by_secret(),
            created_at: Timestamp(client.created_at),
            last_used_at: client.last_used_at.map(Timestamp),
            id: client.id,
        });
    }
    let status = outcome.status();
    let by_command = by_command(by).await?;
    let page = ClientsPage {
        by_command,
        layout: layout(by, &memberships, Section::Clients, outcome),
        clients,
        most: MOST,
        offered: offered_scopes(by),
        presets: presets()
            .iter()
            .map(|preset| PresetLink {
                id: preset.id.clone(),
                title: preset.title.clone(),
                is_chosen: chosen.is_some_and(|chosen| chosen.id == preset.id),
            })
            .collect(),
        draft: ClientDraft {
            scope: offered_or_less(by, draft.scope),
            ..draft
        },
    };
    Ok(answer::page(status, PageWindow::AtHome, &page))
}

/// Clients and machine clients without an owner, for whoever manages the deployment.
async fn by_command(by: &SignedIn) -> Result<Vec<CommandClient>, Failure> {
    if !by.session.account.is_administrator {
        return Ok(vec![]);
    }
    let titles = Titles::read(by).await?;
    let mut lines = Vec::new();
    for kind in [ClientKind::Registered, ClientKind::Machine] {
        let filter = ClientFilter {
            kind: Some(kind),
            ..ClientFilter::default()
        };
        let clients = by.page_request.ask(ListClients { filter }).await?;
        let ownerless = clients.into_iter().filter(|client| client.owner.is_none());
        lines.extend(ownerless.map(|client| CommandClient {
            name: UntrustedText::or(&client.metadata.client_name, client.id.as_str()),
            is_machine: kind == ClientKind::Machine,
            workspace: client.workspace.as_ref().map(|slug| titles.of(slug)),
            scope: widest(client.scopes).unwrap_or(Scope::Read),
            created_at: Timestamp(client.created_at),
            last_used_at: client.last_used_at.map(Timestamp),
            id: client.id,
        }));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_keeps_what_was_typed_and_not_what_another_one_filled_in() {
        let preset = |id: &str| presets().iter().find(|preset| preset.id == id).unwrap();
        let cursor = with_preset(blank(), preset("cursor"));
        assert_eq!("Cursor", cursor.name);
        assert!(cursor.redirect_uris.starts_with("cursor://"));
        let zed = with_preset(cursor, preset("zed"));
        assert_eq!("Zed", zed.name);
        assert_eq!("http://127.0.0.1/callback", zed.redirect_uris);
        let own = ClientDraft {
            name: "Half an hour of typing".to_owned(),
            redirect_uris: format!("https://app.example/callback\n{}", zed.redirect_uris),
            is_confidential: true,
            ..zed
        };
        let own = with_preset(own, preset("gemini-cli"));
        assert_eq!("Half an hour of typing", own.name);
        assert_eq!(
            "https://app.example/callback\nhttp://localhost/oauth/callback",
            own.redirect_uris
        );
        assert!(own.is_confidential);
    }

    #[test]
    fn redirect_addresses_stand_one_a_line() {
        let lines = " http://localhost:1/cb\r\ncursor://a.b/cb\nhttp://localhost:1/cb ";
        assert_eq!(
            Ok(vec![
                "http://localhost:1/cb".to_owned(),
                "cursor://a.b/cb".to_owned()
            ]),
            redirect_uris(lines)
        );
        for refused in ["", "javascript:alert(1)", "http://example.com/cb", "/cb"] {
            assert!(redirect_uris(refused).is_err(), "{refused}");
        }
        let many = (0..11).map(|at| format!("https://a.example/{at}"));
        let many = many.collect::<Vec<_>>().join(
            "
",
        );
        assert!(redirect_uris(&many).unwrap_err().contains("11 came"));
    }
}
