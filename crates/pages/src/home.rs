use askama::Template;

use crate::{Person, UntrustedText};

/// The first page: what this is, at which address, and how to connect a client.
#[derive(Debug, Clone, Template)]
#[template(path = "home.html")]
pub struct HomePage {
    /// Who may connect, and how.
    pub entry: HomeEntry,
    /// Addresses for clients.
    pub endpoints: Vec<HomeEndpoint>,
    /// Clients, each with what to copy.
    pub clients: Vec<HomeClient>,
    /// Clients that ask from the internet, and cannot reach this address.
    pub left_out: Vec<String>,
}

/// Who may connect.
#[derive(Debug, Clone)]
pub enum HomeEntry {
    /// Everybody, as one user of Superset.
    Open {
        /// The user's name.
        user: UntrustedText,
        /// Whether there are accounts here as well, which manage the deployment.
        has_accounts: bool,
    },
    /// Whoever has a token of another issuer.
    Token {
        /// Which, where it is configured.
        issuer: UntrustedText,
    },
    /// Whoever has an account here.
    SignIn {
        /// Whoever is signed in.
        person: Option<Person>,
        /// Whether they are in no workspace yet, and whether they may join one by themselves.
        outside: Option<Outside>,
    },
}

/// Why apps can do nothing for somebody yet: they are in no workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// They manage the deployment, and join one by themselves.
    MayJoin,
    /// Somebody has to invite them.
    AwaitsInvitation,
}

/// An address for clients.
#[derive(Debug, Clone)]
pub struct HomeEndpoint {
    /// The workspace, or what the address is for; empty where there is nothing to tell apart.
    pub title: UntrustedText,
    /// The address.
    pub url: String,
}

/// A client, and what to copy.
#[derive(Debug, Clone)]
pub struct HomeClient {
    /// What it is called.
    pub title: String,
    /// Where the text goes: "a terminal", a file.
    pub place: String,
    /// What to copy.
    pub text: String,
}
