use askama::Template;

use crate::{AdminLayout, AppLink, UntrustedText};

/// A page that says one thing: a refusal, or that something is done.
#[derive(Debug, Clone, Template)]
#[template(path = "message.html")]
pub struct MessagePage {
    /// Whether something went wrong.
    pub is_refusal: bool,
    /// In a few words.
    pub title: String,
    /// A sentence or two.
    pub text: String,
    /// What to do now.
    pub steps: Vec<String>,
    /// A stable code, for whoever is asked for help.
    pub code: Option<&'static str>,
    /// A way on: path and words.
    pub onward: Option<(String, &'static str)>,
}

/// A refusal for somebody who is signed in: with the list of their pages.
#[derive(Debug, Clone, Template)]
#[template(path = "refusal.html")]
pub struct RefusalPage {
    /// Frame.
    pub layout: AdminLayout,
    /// In a few words.
    pub title: &'static str,
    /// A sentence or two.
    pub text: &'static str,
    /// A stable code, for whoever is asked for help.
    pub code: &'static str,
}

/// The answer goes back to an app by its own scheme. A redirect alone would leave a dead page behind, and some browsers
/// want a click.
#[derive(Debug, Clone, Template)]
#[template(path = "return.html")]
pub struct ReturnPage {
    /// The scheme that it opens.
    pub scheme: UntrustedText,
    /// Whether it was let in.
    pub is_allowed: bool,
    /// The answer.
    pub link: AppLink,
}
