//! Superset's names of settings, as environment variables.

use serde_json::Value as Json;

use crate::flags::Flag;
use crate::layers::{Layers, Value};
use crate::problem::{Origin, Problem, nearest};
use crate::python;

/// Settings with a key of ours for each.
pub(crate) const SINGLE: [(&str, &str); 18] = [
    ("MCP_SERVICE_HOST", "server.host"),
    ("MCP_SERVICE_PORT", "server.port"),
    ("MCP_SERVICE_URL", "server.public_url"),
    ("MCP_DEV_USERNAME", "auth.development_user"),
    ("MCP_AUTH_ENABLED", "auth.enabled"),
    ("MCP_JWT_ALGORITHM", "auth.jwt.algorithm"),
    ("MCP_JWKS_URI", "auth.jwt.jwks_uri"),
    ("MCP_JWT_PUBLIC_KEY", "auth.jwt.public_key"),
    ("MCP_JWT_SECRET", "auth.jwt.secret"),
    ("MCP_JWT_ISSUER", "auth.jwt.issuer"),
    ("MCP_JWT_AUDIENCE", "auth.jwt.audience"),
    ("MCP_REQUIRED_SCOPES", "auth.jwt.required_scopes"),
    ("MCP_JWT_DEBUG_ERRORS", "auth.jwt.debug_errors"),
    ("MCP_SERVICE_ENABLED", "flags.MCP_SERVICE_ENABLED"),
    ("MCP_OAUTH_ENABLED", "flags.MCP_OAUTH_ENABLED"),
    (
        "MCP_OAUTH_WORKSPACE_ENABLED",
        "flags.MCP_OAUTH_WORKSPACE_ENABLED",
    ),
    ("CHATBOT_ENABLED", "flags.CHATBOT_ENABLED"),
    ("MCP_DISABLED_TOOLS", "tools.disabled"),
];

/// Settings that are a dictionary, and where each of its keys goes.
pub(crate) const DICTIONARIES: [(&str, &[(&str, &str)]); 3] = [
    (
        "MCP_RESPONSE_SIZE_CONFIG",
        &[
            ("enabled", "response_size.enabled"),
            ("token_limit", "response_size.token_limit"),
            ("warn_threshold_pct", "response_size.warn_threshold_pct"),
            ("excluded_tools", "response_size.excluded_tools"),
        ],
    ),
    (
        "MCP_CACHE_CONFIG",
        &[
            ("enabled", "cache.enabled"),
            ("CACHE_KEY_PREFIX", "state.redis.key_prefix"),
            ("list_tools_ttl", "cache.list_tools_ttl_secs"),
            ("list_resources_ttl", "cache.list_resources_ttl_secs"),
            ("list_prompts_ttl", "cache.list_prompts_ttl_secs"),
            ("read_resource_ttl", "cache.read_resource_ttl_secs"),
            ("get_prompt_ttl", "cache.get_prompt_ttl_secs"),
            ("call_tool_ttl", "cache.call_tool_ttl_secs"),
            ("max_item_size", "cache.max_item_size_bytes"),
            ("excluded_tools", "cache.excluded_tools"),
        ],
    ),
    (
        "MCP_STORE_CONFIG",
        &[
            ("enabled", "state.backend"),
            ("CACHE_REDIS_URL", "state.redis.url"),
            ("event_store_max_events", "state.event_store_max_events"),
            ("event_store_ttl", "state.event_store_ttl_secs"),
        ],
    ),
];

/// Settings that are read and change nothing, with the reason.
pub(crate) const WITHOUT_EFFECT: [(&str, &str); 2] = [
    ("MCP_SESSION_CONFIG", "the MCP endpoint has no cookies"),
    (
        "MCP_CSRF_CONFIG",
        "the MCP endpoint has no cookies, and Origin headers are checked",
    ),
];

/// Whether the variable sets something here.
pub(crate) fn is_setting(name: &str) -> bool {
    SINGLE.iter().any(|(known, _)| *known == name)
        || DICTIONARIES.iter().any(|(known, _)| *known == name)
        || name.starts_with(FEATURE)
        || FUNCTIONS.iter().any(|(known, _)| *known == name)
        || matches!(name, "MCP_DEBUG" | "AUTH_USERNAME_CI")
}

/// What Superset's variables of single feature flags begin with.
const FEATURE: &str = "SUPERSET_FEATURE_";

/// Settings that are a Python function, and what takes its place.
const FUNCTIONS: [(&str, &str); 2] = [
    (
        "MCP_AUTH_FACTORY",
        "an auth provider in Rust, given to Application::builder()",
    ),
    (
        "MCP_USER_RESOLVER",
        "the claims that name the user, in auth.jwt.user_claim, or auth.jwt.preset",
    ),
];

/// Lays one variable over what is there, if it is one of Superset's.
pub(crate) fn add(layers: &mut Layers, name: &str, value: &str) {
    let origin = Origin::Environment(name.to_owned());
    if let Some(flag) = name.strip_prefix(FEATURE) {
        // As Superset: whatever is no feature of ours is of no concern to us, and sets nothing.
        if Flag::ALL.into_iter().any(|known| known.as_str() == flag) {
            layers.set_text(&format!("flags.{flag}"), value, &origin);
        }
    } else if name == "MCP_SERVICE_PORT" && value.contains("://") {
        let expected = format!("a port; {}", crate::service_links::ADVICE);
        layers
            .problems
            .push(Problem::new("server.port", &origin, value, expected));
    } else if name == "MCP_DEBUG" {
        add_debug(layers, value, &origin);
    } else if let Some((_, instead)) = FUNCTIONS.iter().find(|(known, _)| *known == name) {
        if value != "None" {
            let found = "a Python function";
            layers
                .problems
                .push(Problem::new(name, &origin, found, *instead));
        }
    } else if name == "AUTH_USERNAME_CI" {
        add_username_case(layers, value, &origin);
    } else if let Some((_, path)) = SINGLE.iter().find(|(known, _)| *known == name) {
        // Python's way to say that something is not set.
        if value != "None" {
            layers.set_text(path, value, &origin);
        }
    } else if let Some((_, keys)) = DICTIONARIES.iter().find(|(known, _)| *known == name) {
        add_dictionary(layers, name, keys, value, &origin);
    } else if let Some((_, reason)) = WITHOUT_EFFECT.iter().find(|(known, _)| *known == name) {
        layers
            .notices
            .push(format!("{name} has no effect: {reason}"));
    } else if name.starts_with("MCP_") {
        hint(layers, name);
    }
}

fn add_debug(layers: &mut Layers, value: &str, origin: &Origin) {
    if let Some(true) = flag_of(layers, "MCP_DEBUG", value, origin) {
        layers.set(
            "telemetry.log.level",
            Value::Text("debug".to_owned()),
            origin,
        );
    }
}

/// A setting of Superset's own sign-in, which says how it compares user names.
fn add_username_case(layers: &mut Layers, value: &str, origin: &Origin) {
    if let Some(ignores) = flag_of(layers, "AUTH_USERNAME_CI", value, origin) {
        let case = if ignores { "ignore" } else { "exact" };
        layers.set(
            "auth.jwt.username_case",
            Value::Text(case.to_owned()),
            origin,
        );
    }
}

/// `None`: nothing, or nonsense, which is noted.
fn flag_of(layers: &mut Layers, name: &str, value: &str, origin: &Origin) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        "none" => None,
        _ => {
            let found = format!("{value:?}");
            layers
                .problems
                .push(Problem::new(name, origin, found, "true or false"));
            None
        }
    }
}

fn add_dictionary(
    layers: &mut Layers,
    name: &str,
    keys: &[(&str, &str)],
    text: &str,
    origin: &Origin,
) {
    let Some(Json::Object(dictionary)) = python::parse(text) else {
        // The text may hold the password of Redis.
        let expected = "a JSON object or a Python dictionary";
        layers
            .problems
            .push(Problem::new(name, origin, "something else", expected));
        return;
    };
    for (key, value) in dictionary {
        let Some((_, path)) = keys.iter().find(|(known, _)| *known == key) else {
            let expected = match nearest(&key, keys.iter().map(|(known, _)| *known)) {
                Some(known) => format!("{known}, the nearest known key"),
                None => format!(
                    "one of {}",
                    keys.iter()
                        .map(|(known, _)| *known)
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            };
            layers.problems.push(Problem::new(
                format!("{name}.{key}"),
                origin,
                "an unknown key",
                expected,
            ));
            continue;
        };
        match (*path, &value) {
            (_, Json::Null) | ("state.backend", Json::Bool(false)) => {}
            ("state.backend", Json::Bool(true)) => {
                layers.set(path, Value::Text("redis".to_owned()), origin);
            }
            ("state.backend", other) => {
                layers.problems.push(Problem::new(
                    format!("{name}.{key}"),
                    origin,
                    other.to_string(),
                    "true or false",
                ));
            }
            _ => layers.set_json(path, &value, origin),
        }
    }
}

/// Other programs have variables that start with `MCP_` too, so a stranger is no mistake; one that
/// nearly is a name of Superset's most likely is.
fn hint(layers: &mut Layers, name: &str) {
    let known = SINGLE
        .iter()
        .chain(&WITHOUT_EFFECT)
        .map(|(known, _)| *known)
        .chain(DICTIONARIES.iter().map(|(known, _)| *known))
        .chain(FUNCTIONS.iter().map(|(known, _)| *known))
        .find(|known| strsim::damerau_levenshtein(known, name) <= 2);
    if let Some(known) = known {
        layers.notices.push(format!(
            "environment {name} is unknown and has no effect, did you mean {known}?"
        ));
    }
}
