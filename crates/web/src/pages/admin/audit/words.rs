//! What records say, in words: actions, refusals, details. Exports and filters go by the codes.

use tidegate_oauth_types::GrantType;
use tidegate_pages::{ActionOption, may, widest};
use tidegate_types::{Scope, ScopeSet};

/// Actions by what they are about, with words.
const ACTIONS: &[(&str, &[(&str, &str)])] = &[
    (
        "Sign-in",
        &[
            ("sign_in.succeeded", "Signed in"),
            ("sign_in.failed", "Sign-in failed"),
            ("sign_out", "Signed out"),
            ("sign_out.everywhere", "Signed out everywhere"),
            ("password.changed", "Password changed"),
            ("password.change_failed", "Password not changed"),
            ("password.reset", "Password reset"),
        ],
    ),
    (
        "Accounts and members",
        &[
            ("account.created", "Account made"),
            ("account.service_created", "Service account made"),
            ("account.changed", "Account changed"),
            ("account.activated", "Account switched on"),
            ("account.deactivated", "Account switched off"),
            ("account.linked", "Account tied to a provider"),
            ("membership.set", "Membership set"),
            ("membership.removed", "Member removed"),
            ("invitation.created", "Invitation made"),
            ("invitation.removed", "Invitation removed"),
            ("invitation.accepted", "Invitation accepted"),
            ("invitation.failed", "Invitation not accepted"),
            ("team.created", "Team made"),
            ("team.removed", "Team removed"),
            ("team.joined", "Joined a team"),
            ("team.left", "Left a team"),
            ("team.workspace_set", "Team’s workspace set"),
        ],
    ),
    (
        "Connected apps",
        &[
            ("consent.allowed", "App connected"),
            (
                "consent.remembered",
                "App connected again, as agreed before",
            ),
            ("consent.denied", "App denied"),
            ("consent.refused", "Consent refused"),
            ("authorize.refused", "App’s request refused"),
            ("device.allowed", "Device connected"),
            ("device.denied", "Device denied"),
            ("device.refused", "Device refused"),
            ("grant.ended", "Disconnected"),
            ("grant.narrowed", "Allowed less"),
            ("grant.refresh_repeated", "Refresh token presented again"),
            (
                "grant.replay_detected",
                "Refresh token reused: disconnected",
            ),
            ("code.replayed", "Code reused: disconnected"),
        ],
    ),
    (
        "Access tokens",
        &[
            ("mcp.refused", "Refused at /mcp"),
            ("token.issued", "Access token issued"),
            ("token.refused", "Access token refused"),
            ("token.revoked", "Token revoked by its app"),
            ("token.revocation_refused", "Revocation refused"),
            ("token.introspection_refused", "Introspection refused"),
        ],
    ),
    (
        "API tokens",
        &[
            ("api_token.created", "API token made"),
            ("api_token.ended", "API token ended"),
            ("api_token.exchanged", "API token exchanged"),
            ("api_token.exchange_refused", "API token’s exchange refused"),
        ],
    ),
    (
        "Clients",
        &[
            ("client.registered", "App registered itself"),
            ("client.registration_refused", "Registration refused"),
            ("client.unregistered", "App removed its registration"),
            ("client.created", "Client made"),
            ("client.removed", "Client removed"),
            ("client.secret_added", "Client secret added"),
            ("client.secret_rotated", "Client secret replaced"),
            ("client.scopes_set", "Client’s scopes set"),
            ("client.verified", "Client verified"),
            ("client.unverified", "Client not verified any more"),
            ("client.signed_out", "Client disconnected everywhere"),
        ],
    ),
    (
        "Settings",
        &[
            ("policy.rule_set", "App rule set"),
            ("policy.rule_removed", "App rule removed"),
            ("policy.unknown_set", "Rule for other apps set"),
            ("flag.set", "Feature set"),
            ("flag.cleared", "Feature’s rule removed"),
            ("workspace.created", "Workspace made"),
            ("workspace.changed", "Workspace changed"),
            ("workspace.hibernated", "Workspace put to sleep"),
            ("workspace.woken", "Workspace woken"),
            ("workspace.removed", "Workspace removed"),
            ("signing_key.rotated", "Signing key replaced"),
            ("signing_key.removed", "Signing key removed"),
        ],
    ),
];

/// Refusals that do not read well with blanks for underscores.
const REFUSALS: &[(&str, &str)] = &[
    ("wrong_credentials", "wrong name or password"),
    ("account_off", "account switched off"),
    ("not_a_person", "a service account"),
    ("impossible", "no name can be like that"),
    ("locked", "too many attempts"),
    ("redirect_uri_mismatch", "wrong redirect address"),
    (
        "client_document_unreachable",
        "the app’s document cannot be reached",
    ),
    ("client_document_invalid", "the app’s document is not valid"),
];

/// Actions to choose from.
pub(super) fn options(chosen: &str) -> Vec<(&'static str, Vec<ActionOption>)> {
    ACTIONS
        .iter()
        .map(|(group, actions)| {
            let options = actions.iter().map(|(code, words)| ActionOption {
                code,
                words,
                is_chosen: *code == chosen,
            });
            (*group, options.collect())
        })
        .collect()
}

/// What was done.
pub(super) fn action(code: &str) -> String {
    known(code).map_or_else(|| plain(code), str::to_owned)
}

fn known(code: &str) -> Option<&'static str> {
    ACTIONS
        .iter()
        .flat_map(|(_, actions)| *actions)
        .find(|(known, _)| *known == code)
        .map(|(_, words)| *words)
}

/// Why it was refused; empty when it was done.
pub(super) fn refusal(outcome: &str) -> String {
    if outcome == "ok" {
        return String::new();
    }
    let found = REFUSALS.iter().find(|(known, _)| *known == outcome);
    found.map_or_else(|| plain(outcome), |(_, words)| (*words).to_owned())
}

/// A code as it would be written in a sentence.
fn plain(code: &str) -> String {
    code.replace(['_', '-'], " ").replace('.', ": ")
}

/// More, in words.
pub(super) fn detail(action: &str, text: &str) -> String {
    let (by_command, text) = match text.strip_prefix("by command") {
        Some(rest) => (true, rest.trim_start_matches([':', ' '])),
        None => (false, text),
    };
    let told = match action {
        "sign_in.succeeded" => way_in(text),
        "token.issued" => issued(text),
        _ => agreement(text),
    };
    match (by_command, told.is_empty()) {
        (false, _) => told,
        (true, true) => "By command".to_owned(),
        (true, false) => format!("By command: {told}"),
    }
}

/// `password`, `superset:<workspace>`, `provider:<id>`, `invitation`.
fn way_in(text: &str) -> String {
    match text.split_once(':') {
        Some(("superset", workspace)) => format!("With the Superset account of {workspace}"),
        Some((_, provider)) => format!("By the provider {provider}"),
        None if text == "password" => "By password".to_owned(),
        None if text == "invitation" => "By an invitation".to_owned(),
        None => text.to_owned(),
    }
}

/// `<grant type>: <scopes>`.
fn issued(text: &str) -> String {
    let grant_types = [
        (GrantType::AuthorizationCode, "After a consent"),
        (GrantType::RefreshToken, "By a refresh"),
        (GrantType::ClientCredentials, "To a machine client"),
        (GrantType::DeviceCode, "To a device"),
        (GrantType::JwtBearer, "By an assertion"),
    ];
    for (grant_type, words) in grant_types {
        let rest = text.strip_prefix(grant_type.as_str());
        if let Some(scopes) = rest.and_then(|rest| rest.strip_prefix(": ")) {
            return format!("{words}: {}", scopes_in_words(scopes));
        }
    }
    agreement(text)
}

/// `grant <id>: <scopes>[, offline], for <resource>`, and scopes wherever they stand.
fn agreement(text: &str) -> String {
    let Some((id, rest)) = text
        .strip_prefix("grant ")
        .and_then(|rest| rest.split_once(": "))
    else {
        return scopes_in_words(text);
    };
    let told: Vec<String> = rest
        .split(", ")
        .map(|part| match part {
            "offline" => "stays connected".to_owned(),
            part => match part.strip_prefix("for ") {
                Some(resource) => format!("at {resource}"),
                None => scopes_in_words(part),
            },
        })
        .collect();
    format!("{} (grant {id})", told.join(", "))
}

/// A text with the scopes in it as what they let an app do: the widest of those that stand together.
fn scopes_in_words(text: &str) -> String {
    let mut told: Vec<String> = Vec::new();
    let mut scopes: Vec<&str> = Vec::new();
    for word in text.split(' ') {
        if word.parse::<Scope>().is_ok() {
            scopes.push(word);
            continue;
        }
        told.extend(widest_of(&mut scopes));
        told.push(word.to_owned());
    }
    told.extend(widest_of(&mut scopes));
    told.join(" ")
}

fn widest_of(scopes: &mut Vec<&str>) -> Option<String> {
    let set: ScopeSet = scopes
        .drain(..)
        .filter_map(|scope| scope.parse::<Scope>().ok())
        .collect();
    widest(set).map(|scope| may(scope).to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;

    /// Every source file below a folder.
    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(path);
            }
        }
    }

    /// `area.verb` in quotes, of the areas that have words, in what records events.
    fn recorded() -> BTreeSet<String> {
        let areas: BTreeSet<&str> = ACTIONS
            .iter()
            .flat_map(|(_, actions)| *actions)
            .filter_map(|(code, _)| Some(code.split_once('.')?.0))
            .collect();
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut files = Vec::new();
        for name in [
            "authorization-server",
            "cli",
            "control-plane",
            "login",
            "server",
            "web",
        ] {
            sources(&crates.join(name).join("src"), &mut files);
        }
        let mut codes = BTreeSet::new();
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let is_code =
                |line: &&str| !line.contains("const NAME") && !line.trim_start().starts_with("//");
            let lines = text.lines().filter(is_code);
            for literal in lines.flat_map(|line| line.split('"').skip(1).step_by(2)) {
                let is_code = literal.split_once('.').is_some_and(|(area, verb)| {
                    areas.contains(area)
                        && verb
                            .bytes()
                            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
                        && !["sqlite", "key", "rs", "toml"].contains(&verb)
                });
                if is_code {
                    codes.insert(literal.to_owned());
                }
            }
        }
        codes
    }

    #[test]
    fn every_action_that_is_recorded_has_words() {
        let recorded = recorded();
        assert!(recorded.len() > 50, "{recorded:?}");
        // Settings and operations that look like actions.
        let others = ["client.check_secret"];
        let without: Vec<_> = recorded
            .iter()
            .filter(|code| known(code).is_none() && !others.contains(&code.as_str()))
            .collect();
        assert!(without.is_empty(), "{without:?}");
    }

    #[test]
    fn codes_without_words_are_still_readable() {
        assert_eq!("Sign-in failed", action("sign_in.failed"));
        assert_eq!("new area: some thing", action("new_area.some_thing"));
        assert_eq!("", refusal("ok"));
        assert_eq!("wrong name or password", refusal("wrong_credentials"));
        assert_eq!("refresh replay", refusal("refresh_replay"));
    }

    #[test]
    fn details_are_told_in_words() {
        for (action, text, told) in [
            (
                "token.issued",
                "refresh_token: mcp:read mcp:query",
                "By a refresh: View and run SQL",
            ),
            (
                "token.issued",
                "client_credentials: mcp:read",
                "To a machine client: View only",
            ),
            (
                "consent.allowed",
                "grant 0192-a: mcp:read mcp:query, offline, for https://a.example/mcp",
                "View and run SQL, stays connected, at https://a.example/mcp (grant 0192-a)",
            ),
            ("sign_in.succeeded", "password", "By password"),
            (
                "sign_in.succeeded",
                "superset:acme",
                "With the Superset account of acme",
            ),
            (
                "flag.set",
                "by command: X is on everywhere",
                "By command: X is on everywhere",
            ),
            ("account.created", "by command", "By command"),
            ("grant.narrowed", "mcp:read", "View only"),
            ("code.replayed", "grant 0192-a", "grant 0192-a"),
            (
                "policy.rule_set",
                "every app of claude.ai: approved",
                "every app of claude.ai: approved",
            ),
            ("x.y", "", ""),
        ] {
            assert_eq!(told, detail(action, text), "{action} {text}");
        }
    }
}
