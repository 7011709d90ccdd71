use askama::Template;

use crate::{AdminLayout, UntrustedText};

/// How to connect each known client, ready to copy.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/connect.html")]
pub struct ConnectPage {
    /// Frame.
    pub layout: AdminLayout,
    /// Addresses: that of any workspace, and one a workspace.
    pub endpoints: Vec<Endpoint>,
    /// A client each.
    pub recipes: Vec<Recipe>,
    /// Clients that ask from the internet, and cannot reach these addresses.
    pub left_out: Vec<String>,
}

/// An address for clients.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The workspace, or what the address is for; empty where there is nothing to tell apart.
    pub title: UntrustedText,
    /// The address.
    pub url: String,
}

/// How one client is connected.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// In the page's fragment.
    pub id: String,
    /// What the client is called.
    pub title: String,
    /// At least one way.
    pub ways: Vec<Way>,
}

/// One way to connect a client.
#[derive(Debug, Clone)]
pub struct Way {
    /// What it is for: "With a browser".
    pub title: String,
    /// Where the text goes: a file, a terminal.
    pub place: String,
    /// What to copy.
    pub text: String,
}
