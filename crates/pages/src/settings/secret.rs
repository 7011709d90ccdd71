use askama::Template;
use tidegate_types::{ExposeSecret, SecretString};

use crate::{AdminLayout, Timestamp, UntrustedText};

/// A secret, shown this once.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/secret.html")]
pub struct SecretPage {
    /// Frame.
    pub layout: AdminLayout,
    /// What it belongs to.
    pub name: UntrustedText,
    /// What it is: "client secret", "API token".
    pub what: &'static str,
    /// The client id or the token's id, which is no secret.
    pub id: Option<(&'static str, String)>,
    /// The secret.
    pub secret: SecretString,
    /// How to use it: words, and what to copy with the secret in it.
    pub uses: Vec<(&'static str, SecretString)>,
    /// How long older secrets go on, when there are any.
    pub overlap: Option<crate::Span>,
}

impl SecretPage {
    fn exposed(&self) -> &str {
        self.secret.expose_secret()
    }

    fn shown_uses(&self) -> Vec<(&'static str, &str)> {
        self.uses
            .iter()
            .map(|(words, text)| (*words, text.expose_secret()))
            .collect()
    }

    fn back(&self) -> &'static str {
        self.layout.at.path()
    }
}

/// A live secret of a client, in a list.
#[derive(Debug, Clone)]
pub struct SecretLine {
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}
