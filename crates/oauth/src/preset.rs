//! Programs that people connect, as data (`presets.toml`).

use std::sync::LazyLock;

use serde::Deserialize;
use tidegate_types::ScopeSet;

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
    /// How it is set up: what to copy where.
    #[serde(default)]
    pub configurations: Vec<ConfigurationTemplate>,
}

/// Something to copy. `{url}` stands for the MCP endpoint, `{name}` for a short name of the server, `{token}` for an
/// API token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationTemplate {
    /// What it is for: "With a browser", "With an API token".
    pub title: String,
    /// Where it goes: a file's path, "a terminal", a place in the settings.
    pub place: String,
    /// `json`, `toml`, `sh` or `text`.
    pub language: String,
    /// The text.
    pub text: String,
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
