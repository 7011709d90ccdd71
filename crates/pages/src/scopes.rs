//! Scopes in plain words.

use tidegate_types::Scope;

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
            text: "See dashboards, charts, datasets, and the data that charts show.",
        },
        Scope::Query => Words {
            title: "View and run SQL",
            text: "See all of that, and run SQL of its own on your databases.",
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
