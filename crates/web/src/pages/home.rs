//! `/`: what this is, at which address, and how to connect a client, however people get in.

use actix_web::http::StatusCode;
use actix_web::{FromRequest as _, HttpRequest, HttpResponse, web};
use tidegate_oauth_types::{ClientPreset, presets};
use tidegate_pages::{
    Endpoint, HomeClient, HomeEndpoint, HomeEntry, HomePage, Outside, Person, UntrustedText,
};

use super::answer::{self, PageWindow};
use super::authority::{Anybody, Get, SignedIn};
use super::settings::{Titles, connect};
use super::{Answer, Failure};
use crate::admission;
use crate::edge::{Edge, Entry};

/// Stands where a token of another issuer is to be: a word that no shell takes for a variable.
const TOKEN: &str = "YOUR_TOKEN";

pub(super) async fn get(edge: web::Data<Edge>, request: HttpRequest) -> Answer {
    if edge.access.is_some() && matches!(edge.entry, Entry::SignIn) {
        return for_person(&request).await;
    }
    admission::host(&edge, &request).map_err(|_| Failure::WrongHost)?;
    let names = edge.directory.names();
    let generic = names.resources.generic().as_str().to_owned();
    let (entry, endpoints) = match &edge.entry {
        Entry::Open { user, workspaces } => {
            let endpoint = |slug: &tidegate_types::WorkspaceSlug| HomeEndpoint {
                title: UntrustedText::new(&format!("Workspace {slug}")),
                url: if workspaces.len() == 1 {
                    generic.clone()
                } else {
                    names.resources.of_workspace(slug).as_str().to_owned()
                },
            };
            let user = UntrustedText::new(user);
            (
                HomeEntry::Open {
                    user,
                    has_accounts: edge.access.is_some(),
                },
                workspaces.iter().map(endpoint).collect(),
            )
        }
        Entry::Token { issuer } => {
            let issuer = UntrustedText::bounded(issuer.as_deref().unwrap_or_default(), 200);
            (HomeEntry::Token { issuer }, vec![for_any(&generic)])
        }
        Entry::SignIn => (nobody(), vec![for_any(&generic)]),
    };
    Ok(show(entry, endpoints, &generic))
}

/// Where people sign in, only whoever did is told which workspaces there are.
async fn for_person(request: &HttpRequest) -> Answer {
    let Get { by, .. } = Get::<Anybody>::extract(request).await?;
    let generic = {
        let names = by.page_request.edge().directory.names();
        names.resources.generic().as_str().to_owned()
    };
    let Some(session) = by.session else {
        return Ok(show(nobody(), vec![for_any(&generic)], &generic));
    };
    let by = SignedIn {
        page_request: by.page_request,
        session,
    };
    let memberships = by.memberships().await?;
    let titles = Titles::read(&by).await?;
    let endpoints = connect::endpoints(&by, &memberships, &titles);
    let endpoints = endpoints
        .into_iter()
        .map(|Endpoint { title, url }| HomeEndpoint { title, url });
    let endpoints = endpoints.collect();
    let person: Person = by.person();
    let outside = match (memberships.is_empty(), by.session.account.is_administrator) {
        (true, true) => Some(Outside::MayJoin),
        (true, false) => Some(Outside::AwaitsInvitation),
        (false, _) => None,
    };
    let entry = HomeEntry::SignIn {
        person: Some(person),
        outside,
    };
    Ok(show(entry, endpoints, &generic))
}

fn nobody() -> HomeEntry {
    HomeEntry::SignIn {
        person: None,
        outside: None,
    }
}

/// The one address that somebody is told who is told of no workspaces.
fn for_any(generic: &str) -> HomeEndpoint {
    HomeEndpoint {
        title: UntrustedText::default(),
        url: generic.to_owned(),
    }
}

fn show(entry: HomeEntry, endpoints: Vec<HomeEndpoint>, generic: &str) -> HttpResponse {
    // A workspace of its own address where there is one only.
    let url = match endpoints.as_slice() {
        [only] => only.url.clone(),
        _ => generic.to_owned(),
    };
    let access = match entry {
        HomeEntry::Open { .. } => HomeAccess::Open,
        HomeEntry::Token { .. } => HomeAccess::Token,
        HomeEntry::SignIn { .. } => HomeAccess::SignIn,
    };
    let page = HomePage {
        clients: presets()
            .iter()
            .filter_map(|preset| client(preset, &url, access))
            .collect(),
        left_out: connect::left_out(&url),
        entry,
        endpoints,
    };
    answer::page(StatusCode::OK, PageWindow::AtHome, &page)
}

/// How clients get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HomeAccess {
    /// Without a word.
    Open,
    /// By a token of another issuer.
    Token,
    /// By signing in.
    SignIn,
}

/// The way to connect a client, to copy.
fn client(preset: &ClientPreset, url: &str, access: HomeAccess) -> Option<HomeClient> {
    let way = connect::ways(preset, url)
        .find(|way| way.needs_token() == (access == HomeAccess::Token))?;
    Some(HomeClient {
        title: preset.title.clone(),
        place: match access {
            HomeAccess::SignIn => connect::place(way, url),
            HomeAccess::Open | HomeAccess::Token => way.place.clone(),
        },
        text: connect::filled(way.text.trim(), url, TOKEN),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_has_something_to_copy_with_the_address_as_it_is() {
        for access in [HomeAccess::Open, HomeAccess::Token, HomeAccess::SignIn] {
            let url = "https://mcp.example.com/mcp";
            let clients: Vec<_> = presets()
                .iter()
                .filter_map(|preset| client(preset, url, access))
                .collect();
            assert!(clients.len() > 5);
            let signs_in = clients
                .iter()
                .any(|client| format!("{} {}", client.place, client.text).contains("login"));
            assert_eq!(access == HomeAccess::SignIn, signs_in, "{access:?}");
            for HomeClient { text, .. } in clients {
                assert!(text.contains(url) && !text.contains("{url}"), "{text}");
                // A shell puts nothing into single quotes, and something else than a token into a variable of its own.
                assert!(!text.contains("$TOKEN"), "{text}");
                let has_token = text.contains("Bearer YOUR_TOKEN");
                assert_eq!(access == HomeAccess::Token, has_token, "{text}");
            }
        }
    }
}
