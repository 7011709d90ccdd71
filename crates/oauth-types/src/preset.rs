//! Programs that people connect, as data (`presets.toml`).

use std::sync::LazyLock;

use serde::Deserialize;
use tidegate_types::ScopeSet;

use crate::Resource;

/// A program that people connect.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientPreset {
    /// What it goes by here.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Where it is sent codes.
    pub redirect_uris: Vec<String>,
    /// What is ticked at first.
    pub default_scopes: ScopeSet,
    /// Its client id metadata document, if it has one.
    #[serde(default)]
    pub client_id_url: Option<String>,
    /// What else to know when its client is made by hand.
    #[serde(default)]
    pub note: Option<String>,
    /// How it is set up: what to copy where.
    #[serde(default)]
    pub configurations: Vec<ConfigurationTemplate>,
}

/// Something to copy. `{url}` stands for the MCP endpoint, `{name}` for a short name of the server, `{token}` for an
/// API token; see [`filled`](Self::filled).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationTemplate {
    /// What it is for: "With a browser", "With an API token".
    pub title: String,
    /// Where it goes: a file's path, "a terminal", a place in the settings.
    pub place: String,
    /// What signs in afterwards, where the program does not by itself: a command.
    #[serde(default)]
    pub sign_in: Option<String>,
    /// Whether requests come from its maker's servers, which reach public https addresses alone.
    #[serde(default)]
    pub from_internet: bool,
    /// `json`, `toml`, `sh` or `text`.
    pub language: String,
    /// The text.
    pub text: String,
}

impl ConfigurationTemplate {
    /// Whether it needs an API token.
    pub fn needs_token(&self) -> bool {
        self.text.contains("{token}")
    }

    /// The text with everything put in. `name` is made fit for each language: letters, digits and `-`. Without a token
    /// `<API token>` stands in its place.
    pub fn filled(&self, url: &Resource, name: &str, token: Option<&str>) -> String {
        let name: String = name
            .chars()
            .map(|char| {
                if char.is_ascii_alphanumeric() {
                    char
                } else {
                    '-'
                }
            })
            .take(40)
            .collect();
        // The token last: it is the only part that is not bounded in its letters here.
        self.text
            .trim_end()
            .replace("{name}", &name)
            .replace("{url}", url.as_str())
            .replace("{token}", token.unwrap_or("<API token>"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Presets {
    preset: Vec<ClientPreset>,
}

static PRESETS: LazyLock<Vec<ClientPreset>> = LazyLock::new(|| {
    let presets: Presets =
        toml::from_str(include_str!("../presets.toml")).expect("a test reads presets.toml");
    presets.preset
});

/// All presets, in the order to show them.
pub fn presets() -> &'static [ClientPreset] {
    &PRESETS
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tidegate_types::Scope;

    use super::*;
    use crate::{ClientMetadata, RedirectUri};

    #[test]
    fn every_preset_is_sound() {
        let mut ids = HashSet::new();
        for preset in presets() {
            let id = &preset.id;
            assert!(ids.insert(id), "{id} stands twice");
            assert!(
                id.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            );
            for uri in &preset.redirect_uris {
                RedirectUri::parse(uri).unwrap_or_else(|problem| panic!("{id}: {uri}: {problem}"));
            }
            assert!(
                !preset.redirect_uris.is_empty() || preset.note.is_some(),
                "{id}"
            );
            if let Some(url) = &preset.client_id_url {
                ClientMetadata::document_url(&url.parse().unwrap()).unwrap();
            }
            assert!(
                preset.default_scopes.allows(Scope::Read)
                    && !preset.default_scopes.allows(Scope::Admin)
            );
            assert!(!preset.configurations.is_empty(), "{id}");
        }
    }

    #[test]
    fn the_programs_that_people_ask_for_are_there() {
        let ids: Vec<_> = presets().iter().map(|preset| &*preset.id).collect();
        for id in [
            "claude-ai",
            "claude-desktop",
            "claude-code",
            "cursor",
            "vs-code",
            "windsurf",
            "zed",
            "chatgpt",
            "codex",
            "gemini-cli",
            "mcp-remote",
        ] {
            assert!(ids.contains(&id), "{id}");
        }
    }

    #[test]
    fn what_is_copied_is_what_it_says_it_is() {
        let url = Resource::parse("https://bi.example.com/w/acme/mcp").unwrap();
        for preset in presets() {
            for template in &preset.configurations {
                let text = template.filled(&url, "acme bi", Some("tg_pat_x"));
                let at = format!("{} {}", preset.id, template.title);
                assert!(text.contains(url.as_str()), "{at}");
                assert!(
                    !text.contains("{url}")
                        && !text.contains("{token}")
                        && !text.contains("{name}"),
                    "{at}"
                );
                assert!(!template.place.contains('{'), "{at}");
                assert!(
                    !(template.needs_token() && template.sign_in.is_some()),
                    "{at}"
                );
                assert_eq!(template.needs_token(), text.contains("tg_pat_x"), "{at}");
                match &*template.language {
                    "json" => {
                        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
                        assert!(read.to_string().contains("acme-bi"), "{at}");
                    }
                    "toml" => assert!(toml::from_str::<toml::Table>(&text).is_ok(), "{at}"),
                    "sh" | "text" => {}
                    other => panic!("{at}: {other}"),
                }
            }
        }
    }

    #[test]
    fn a_name_cannot_leave_its_place() {
        let url = Resource::parse("https://h/mcp").unwrap();
        for preset in presets() {
            for template in &preset.configurations {
                let hostile = "x'; rm -rf / #\"}{url}\n";
                let text = template.filled(&url, hostile, None);
                assert!(
                    !text.contains("rm -rf") && !text.contains("; ") && !text.contains("{url}")
                );
            }
        }
    }
}
