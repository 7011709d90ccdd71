use askama::Template;

use crate::{Desk, Foreign};

/// How to connect each known client, ready to copy.
#[derive(Debug, Clone, Template)]
#[template(path = "settings/connect.html")]
pub struct ConnectPage {
    /// Frame.
    pub desk: Desk,
    /// Addresses: that of any workspace, and one a workspace.
    pub endpoints: Vec<Endpoint>,
    /// A client each.
    pub recipes: Vec<Recipe>,
}

/// An address for clients.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The workspace, or "Any workspace".
    pub title: Foreign,
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
    /// What to do with the text: "Run this", "Add this to .cursor/mcp.json".
    pub text: String,
    /// What to copy.
    pub snippet: String,
}
