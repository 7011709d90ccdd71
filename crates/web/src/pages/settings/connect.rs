//! `/settings/connect`: how to connect each known client.

use actix_web::http::StatusCode;
use tidegate_oauth::presets;
use tidegate_pages::{ConnectPage, Endpoint, Foreign, Recipe, Section, Way};
use tidegate_types::{ExposeSecret, SecretString};

use super::Titles;
use crate::pages::Answer;
use crate::pages::answer::{self, Place};
use crate::pages::authority::{Get, SignedIn};
use crate::pages::desk::{Outcome, desk, missing_users};

/// What clients call this server.
const NAME: &str = "superset";

/// Stands where a token is to be.
const TOKEN: &str = "{token}";

pub(crate) async fn get(Get { by, .. }: Get<SignedIn>) -> Answer {
    let memberships = by.memberships().await?;
    let titles = Titles::read(&by).await?;
    let names = by.visit.edge().directory.names();
    let generic = names.resources.generic().as_str().to_owned();
    let mut endpoints = vec![Endpoint {
        title: Foreign::new("Any workspace, chosen as you connect"),
        url: generic.clone(),
    }];
    endpoints.extend(memberships.iter().map(|membership| {
        Endpoint {
            title: titles.of(&membership.workspace),
            url: names
                .resources
                .of_workspace(&membership.workspace)
                .as_str()
                .to_owned(),
        }
    }));
    let mut desk = desk(&by, &memberships, Section::Connect, Outcome::None);
    desk.hints
        .extend(missing_users(&by, &memberships, &titles).await);
    let page = ConnectPage {
        desk,
        endpoints,
        recipes: recipes(&generic),
    };
    Ok(answer::page(StatusCode::OK, Place::AtHome, &page))
}

fn recipes(url: &str) -> Vec<Recipe> {
    presets()
        .iter()
        .filter(|preset| !preset.configurations.is_empty())
        .map(|preset| Recipe {
            id: preset.id.clone(),
            title: preset.title.clone(),
            ways: preset
                .configurations
                .iter()
                .map(|way| Way {
                    title: way.title.clone(),
                    place: way.place.clone(),
                    text: filled(&way.text, url, "YOUR_API_TOKEN"),
                })
                .collect(),
        })
        .collect()
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
    fn nothing_is_left_to_fill_in() {
        let recipes = recipes("https://mcp.example.com/mcp");
        assert!(!recipes.is_empty());
        for way in recipes.iter().flat_map(|recipe| &recipe.ways) {
            for place in ["{url}", "{name}", "{token}"] {
                assert!(!way.text.contains(place), "{}", way.text);
            }
        }
        let uses = uses_of_token("https://mcp.example.com/mcp", &"tg_pat_x".into());
        assert!(
            uses.iter()
                .all(|(_, text)| text.expose_secret().contains("tg_pat_x"))
        );
    }
}
