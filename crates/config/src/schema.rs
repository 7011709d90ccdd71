//! Which keys exist and of which kind: read off `default.toml`, so that there is one list only.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::flags::Flag;
use crate::problem::nearest;

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Flag,
    Number,
    Float,
    Texts,
}

impl Kind {
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Flag => "true or false",
            Self::Number => "a whole number",
            Self::Float => "a number",
            Self::Texts => "a list of texts",
        }
    }
}

/// Keys whose values are never shown.
const SECRETS: [&str; 14] = [
    "state.secret",
    "state.redis.url",
    "state.redis.key",
    "auth.jwt.secret",
    "auth.static_tokens.*.token",
    "manager.url",
    "manager.secret",
    "manager.token",
    "manager.service_tokens",
    "oauth.client_documents.proxy",
    "sign_in.providers.*.client_secret",
    "telemetry.otlp.headers",
    "workspaces.*.metastore",
    "workspaces.*.secret_key",
];

/// The default of a key below a name of the operator's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Preset {
    Text(&'static str),
    Flag(bool),
    Texts(&'static [&'static str]),
}

/// Sections of names that the operator gives, which `default.toml` has no example of: the keys below each name.
pub(crate) const NAMED: [(&str, &[(&str, Preset)]); 3] = [
    (
        "auth.static_tokens",
        &[
            ("token", Preset::Text("")),
            ("user", Preset::Text("")),
            ("workspace", Preset::Text("")),
        ],
    ),
    (
        "oauth.assertion_issuers",
        &[
            ("issuer", Preset::Text("")),
            ("jwks_uri", Preset::Text("")),
            ("links_by_email", Preset::Flag(false)),
        ],
    ),
    (
        "sign_in.providers",
        &[
            ("title", Preset::Text("")),
            ("issuer", Preset::Text("")),
            ("client_id", Preset::Text("")),
            ("client_secret", Preset::Text("")),
            ("scopes", Preset::Texts(&["profile", "email"])),
            ("create", Preset::Text("invited")),
            ("allowed_domains", Preset::Texts(&[])),
            ("trusted_domains", Preset::Texts(&[])),
            ("username_claim", Preset::Text("preferred_username")),
            ("email_claim", Preset::Text("email")),
            ("email_verified_claim", Preset::Text("email_verified")),
            ("name_claim", Preset::Text("name")),
            ("groups_claim", Preset::Text("")),
            ("teams", Preset::Texts(&[])),
            ("workspaces", Preset::Texts(&[])),
        ],
    ),
];

/// Every key of the sections that operators name, as `sign_in.providers.<name>.issuer`.
pub fn named_keys() -> impl Iterator<Item = String> {
    NAMED.into_iter().flat_map(|(section, keys)| {
        keys.iter()
            .map(move |(key, _)| format!("{section}.<name>.{key}"))
    })
}

/// The keys, with `*` where a name of the operator's stands: `workspaces.*.hosts`.
#[derive(Debug)]
pub(crate) struct Schema {
    kinds: BTreeMap<String, Kind>,
}

impl Schema {
    /// Takes the kind of each key from its default.
    pub(crate) fn of(defaults: &[(String, Json)]) -> Self {
        let mut kinds: BTreeMap<String, Kind> = defaults
            .iter()
            .map(|(path, value)| (pattern(path), kind_of(value)))
            .collect();
        kinds.insert("limits.tools.*.per_minute".to_owned(), Kind::Number);
        kinds.insert("limits.tools.*.burst".to_owned(), Kind::Number);
        for (section, keys) in NAMED {
            for (key, preset) in keys {
                let kind = match preset {
                    Preset::Text(_) => Kind::Text,
                    Preset::Flag(_) => Kind::Flag,
                    Preset::Texts(_) => Kind::Texts,
                };
                kinds.insert(format!("{section}.*.{key}"), kind);
            }
        }
        for flag in Flag::ALL {
            kinds.insert(format!("workspaces.*.flags.{}", flag.as_str()), Kind::Flag);
        }
        Self { kinds }
    }

    pub(crate) fn kind(&self, path: &str) -> Option<Kind> {
        self.kinds.get(&pattern(path)).copied()
    }

    pub(crate) fn is_secret(path: &str) -> bool {
        SECRETS.contains(&pattern(path).as_str())
    }

    /// Whether keys lie below the path.
    pub(crate) fn is_section(&self, path: &str) -> bool {
        let prefix = format!("{}.", pattern(path));
        self.kinds.keys().any(|key| key.starts_with(&prefix))
    }

    /// The key nearest to a misspelt one, with the operator's own names in it.
    pub(crate) fn nearest(&self, path: &str) -> Option<String> {
        let found = nearest(&pattern(path), self.kinds.keys().map(String::as_str))?;
        Some(with_names(found, path))
    }

    /// The key that an environment variable's parts name: they know neither upper case nor `-`.
    pub(crate) fn key_of_parts(&self, parts: &[String]) -> Option<String> {
        let mut parts = parts.to_vec();
        let name = name_position(&parts.iter().map(String::as_str).collect::<Vec<_>>());
        // Names of tools have `_` themselves.
        if let Some(at) = name.filter(|_| parts[0] != "limits") {
            parts[at] = parts[at].replace('_', "-");
        }
        let path = parts.join(".");
        let own = pattern(&path);
        if let Some(key) = self.kinds.keys().find(|key| key.eq_ignore_ascii_case(&own)) {
            return Some(with_names(key, &path));
        }
        self.is_section(&path).then_some(path)
    }
}

/// The path with `*` in place of the operator's own names.
pub(crate) fn pattern(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('.').collect();
    if let Some(at) = name_position(&parts) {
        parts[at] = "*";
    }
    parts.join(".")
}

fn name_position(parts: &[&str]) -> Option<usize> {
    match parts {
        ["workspaces", _, ..] => Some(1),
        ["limits", "tools", _, ..]
        | ["auth", "static_tokens", _, ..]
        | ["oauth", "assertion_issuers", _, ..]
        | ["sign_in", "providers", _, ..] => Some(2),
        _ => None,
    }
}

/// A pattern with its `*` filled from a path of the same form.
fn with_names(pattern: &str, path: &str) -> String {
    let names: Vec<&str> = path.split('.').collect();
    match name_position(&names) {
        Some(at) => pattern.replacen('*', names[at], 1),
        None => pattern.to_owned(),
    }
}

fn kind_of(value: &Json) -> Kind {
    match value {
        Json::Bool(_) => Kind::Flag,
        Json::Number(number) if number.is_f64() => Kind::Float,
        Json::Number(_) => Kind::Number,
        Json::Array(_) => Kind::Texts,
        Json::Null | Json::String(_) | Json::Object(_) => Kind::Text,
    }
}
