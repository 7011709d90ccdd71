//! Scopes in plain words.

use tidegate_types::{Role, Scope, ScopeSet};

/// What a scope, with those that it includes, lets a program do.
pub(crate) struct Words {
    /// A few words.
    pub title: &'static str,
    /// A sentence.
    pub text: &'static str,
}

/// The words of a scope together with those that it includes.
pub(crate) const fn words(scope: Scope) -> Words {
    match scope {
        Scope::Read => Words {
            title: "View only",
            text: "See the names, descriptions and settings of dashboards, charts and datasets, but not the numbers in charts.",
        },
        Scope::Query => Words {
            title: "View and run SQL",
            text: "See all of that, and run SQL of its own on your databases, which shows their data.",
        },
        Scope::Write => Words {
            title: "View, run SQL and edit",
            text: "See, run SQL, and create or change charts, dashboards, datasets and saved queries.",
        },
        Scope::Admin => Words {
            title: "Manage the workspace",
            text: "All of that, and whatever administrators of the workspace do.",
        },
    }
}

/// A role with its article.
pub const fn role(role: Role) -> &'static str {
    match role {
        Role::Viewer => "a viewer",
        Role::Analyst => "an analyst",
        Role::Editor => "an editor",
        Role::Admin => "an administrator",
    }
}

/// A role as a choice, with what it may do.
const fn role_choice(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer: views",
        Role::Analyst => "Analyst: views and runs SQL",
        Role::Editor => "Editor: views, runs SQL and edits",
        Role::Admin => "Administrator: manages the workspace as well",
    }
}

/// What a scope lets an app do, in a few words: "View and run SQL".
pub const fn may(scope: Scope) -> &'static str {
    words(scope).title
}

/// The widest scope of a set, which includes the others.
pub fn widest(scopes: ScopeSet) -> Option<Scope> {
    Scope::ALL.into_iter().rfind(|scope| scopes.allows(*scope))
}

/// Choices up to a scope, the narrowest first.
pub(crate) fn up_to(most: Scope) -> Vec<ScopeOption> {
    Scope::ALL
        .into_iter()
        .filter(|scope| *scope <= most)
        .map(|scope| ScopeOption {
            scope,
            title: words(scope).title,
        })
        .collect()
}

/// Choices among these scopes, the narrowest first.
pub(crate) fn among(scopes: ScopeSet) -> Vec<ScopeOption> {
    let mut choices = up_to(Scope::Admin);
    choices.retain(|choice| scopes.allows(choice.scope));
    choices
}

/// Every role with its words, to choose from.
pub(crate) fn roles() -> [(Role, &'static str); 4] {
    Role::ALL.map(|role| (role, role_choice(role)))
}

/// Every role with its name alone.
pub(crate) fn role_names() -> [(Role, &'static str); 4] {
    Role::ALL.map(|role| (role, role_name(role)))
}

/// A role with a capital letter.
pub const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Analyst => "Analyst",
        Role::Editor => "Editor",
        Role::Admin => "Administrator",
    }
}

/// A scope in a list to choose from.
pub(crate) struct ScopeOption {
    pub(crate) scope: Scope,
    pub(crate) title: &'static str,
}
