//! `/settings/connect`: how to connect each known client.

use std::net::Ipv4Addr;

use actix_web::http::StatusCode;
use tidegate_control_plane::workspace::Membership;
use tidegate_oauth_types::{ClientPreset, ConfigurationTemplate, presets};
use tidegate_pages::{ConnectPage, Endpoint, Recipe, Section, UntrustedText, Way};
use tidegate_types::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::Titles;
use crate::pages::Answer;
use crate::pages::answer::{self, PageWindow};
use crate::pages::authority::{Get, SignedIn};
use crate::pages::layout::{FormOutcome, layout, missing_users};

/// What clients call this server, as in README.
const NAME: &str = "tidegate";

/// Stands where a token is to be.
const TOKEN: &str = "{token}";

pub(crate) async fn get(Get { by, .. }: Get<SignedIn>) -> Answer {
    let memberships = by.memberships().await?;
    let titles = Titles::read(&by).await?;
    let endpoints = endpoints(&by, &memberships, &titles);
    let generic = generic(&by);
    let mut layout = layout(&by, &memberships, Section::Connect, FormOutcome::None);
    layout
        .hints
        .extend(missing_users(&by, &memberships, &titles).await);
    let page = ConnectPage {
        layout,
        endpoints,
        recipes: recipes(&generic),
        left_out: left_out(&generic),
    };
    Ok(answer::page(StatusCode::OK, PageWindow::AtHome, &page))
}

fn generic(by: &SignedIn) -> String {
    let names = by.page_request.edge().directory.names();
    names.resources.generic().as_str().to_owned()
}

/// The addresses that somebody may give to apps. Where there is one workspace, the address for any is that workspace's.
pub(in crate::pages) fn endpoints(
    by: &SignedIn,
    memberships: &[Membership],
    titles: &Titles,
) -> Vec<Endpoint> {
    let workspace = |membership: &Membership| {
        let title = titles.of(&membership.workspace);
        UntrustedText::new(&format!("Workspace {title}"))
    };
    let generic = |title| Endpoint {
        title,
        url: generic(by),
    };
    if titles.is_of_one() || memberships.is_empty() {
        let title = memberships.first().map(workspace);
        return vec![generic(title.unwrap_or_default())];
    }
    let any = generic(UntrustedText::new(
        "Any of your workspaces, chosen as you connect",
    ));
    let names = by.page_request.edge().directory.names();
    let of_workspaces = memberships.iter().map(|membership| {
        let resource = names.resources.of_workspace(&membership.workspace);
        Endpoint {
            title: workspace(membership),
            url: resource.as_str().to_owned(),
        }
    });
    std::iter::once(any).chain(of_workspaces).collect()
}

fn recipes(url: &str) -> Vec<Recipe> {
    presets()
        .iter()
        .map(|preset| Recipe {
            id: preset.id.clone(),
            title: preset.title.clone(),
            ways: ways(preset, url)
                .map(|way| Way {
                    title: way.title.clone(),
                    place: place(way, url),
                    text: filled(&way.text, url, "YOUR_API_TOKEN"),
                })
                .collect(),
        })
        .filter(|recipe| !recipe.ways.is_empty())
        .collect()
}

/// The ways to connect a client that work with this address.
pub(in crate::pages) fn ways<'p>(
    preset: &'p ClientPreset,
    url: &str,
) -> impl Iterator<Item = &'p ConfigurationTemplate> {
    let is_public = is_public(url);
    let works = move |way: &&ConfigurationTemplate| is_public || !way.from_internet;
    preset.configurations.iter().filter(works)
}

/// Clients that cannot reach this address in any way.
pub(in crate::pages) fn left_out(url: &str) -> Vec<String> {
    presets()
        .iter()
        .filter(|preset| ways(preset, url).next().is_none())
        .map(|preset| preset.title.clone())
        .collect()
}

/// Where a text goes, and what signs in then.
pub(in crate::pages) fn place(way: &ConfigurationTemplate, url: &str) -> String {
    match &way.sign_in {
        Some(sign_in) => format!("{}; then {}", way.place, filled(sign_in, url, TOKEN)),
        None => way.place.clone(),
    }
}

/// Whether servers anywhere may reach an address: https, and no name or number of this machine or a private network.
fn is_public(url: &str) -> bool {
    let Some(url) = Url::parse(url).ok().filter(|url| url.scheme() == "https") else {
        return false;
    };
    match url.host() {
        Some(Host::Domain(name)) => {
            let is_of_network = [
                ".localhost",
                ".local",
                ".lan",
                ".corp",
                ".home",
                ".internal",
                ".home.arpa",
            ]
            .iter()
            .any(|end| name.ends_with(end));
            name.contains('.') && !is_of_network
        }
        Some(Host::Ipv4(address)) => is_public_v4(address),
        Some(Host::Ipv6(address)) => match address.to_ipv4_mapped() {
            Some(mapped) => is_public_v4(mapped),
            None => {
                !(address.is_loopback()
                    || address.is_unspecified()
                    || address.is_unique_local()
                    || address.is_unicast_link_local())
            }
        },
        None => false,
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    // Shared between a provider's customers (RFC 6598 §7).
    let is_shared = matches!(address.octets(), [100, 64..=127, ..]);
    !(address.is_loopback()
        || address.is_unspecified()
        || address.is_private()
        || address.is_link_local()
        || is_shared)
}

/// What to copy for a token that was just made: a command to try it, and each known client's configuration.
pub(super) fn uses_of_token(url: &str, token: &SecretString) -> Vec<(&'static str, SecretString)> {
    let token = token.expose_secret();
    let try_it = format!(
        "curl -sS {url} \\\n  -H 'Authorization: Bearer {token}' \\\n  -H 'Content-Type: application/json' \\\n  \
         -H 'Accept: application/json, text/event-stream' \\\n  \
         -d '{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}}'"
    );
    let known = presets().iter().flat_map(|preset| {
        preset
            .configurations
            .iter()
            .filter(|way| way.text.contains(TOKEN))
            .map(|way| (preset.title.as_str(), filled(&way.text, url, token).into()))
    });
    std::iter::once(("Try it", try_it.into()))
        .chain(known)
        .collect()
}

pub(in crate::pages) fn filled(template: &str, url: &str, token: &str) -> String {
    template
        .replace("{url}", url)
        .replace("{name}", NAME)
        .replace(TOKEN, token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_of_the_internet_are_offered_where_they_can_come() {
        let titles = |url: &str| -> Vec<_> {
            let recipes = recipes(url);
            recipes.into_iter().map(|recipe| recipe.title).collect()
        };
        for public in ["https://mcp.example.com/mcp", "https://203.0.113.7/mcp"] {
            let titles = titles(public);
            assert!(titles.contains(&"Claude.ai".to_owned()), "{public}");
            assert!(left_out(public).is_empty(), "{public}");
        }
        for private in [
            "http://127.0.0.1:5008/mcp",
            "http://mcp.example.com/mcp",
            "https://localhost/mcp",
            "https://tidegate/mcp",
            "https://bi.local/mcp",
            "https://10.1.2.3/mcp",
            "https://[::1]/mcp",
            "https://[fd00::1]/mcp",
        ] {
            assert_eq!(["Claude.ai", "ChatGPT"], *left_out(private), "{private}");
            let titles = titles(private);
            assert!(!titles.contains(&"ChatGPT".to_owned()), "{private}");
            assert!(titles.contains(&"Claude Desktop".to_owned()), "{private}");
        }
    }

    #[test]
    fn nothing_is_left_to_fill_in() {
        let recipes = recipes("https://mcp.example.com/mcp");
        assert!(!recipes.is_empty());
        for way in recipes.iter().flat_map(|recipe| &recipe.ways) {
            for place in ["{url}", "{name}", "{token}"] {
                assert!(!way.text.contains(place), "{}", way.text);
                assert!(!way.place.contains(place), "{}", way.place);
            }
        }
        let uses = uses_of_token("https://mcp.example.com/mcp", &"tg_pat_x".into());
        assert!(
            uses.iter()
                .all(|(_, text)| text.expose_secret().contains("tg_pat_x"))
        );
    }
}
