use askama::Template;

use crate::UntrustedText;

/// Sign-in by password or by a provider.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// Token of the form.
    pub csrf: String,
    /// Path to go on to, checked by the handler.
    pub return_to: String,
    /// What comes after it, where that is not the person's own pages: a sentence.
    pub purpose: Option<&'static str>,
    /// What was typed before.
    pub username: String,
    /// Whether there is a sign-in by password.
    pub has_passwords: bool,
    /// Whether accounts of a Superset may sign in.
    pub accepts_superset: bool,
    /// Upstream providers.
    pub providers: Vec<ProviderLink>,
    /// What happened before, when it was not an attempt to sign in.
    pub notice: Option<&'static str>,
    /// Why the last attempt was refused.
    pub problem: Option<String>,
    /// Seconds until another attempt is taken.
    pub wait: Option<u64>,
}

/// An upstream provider.
#[derive(Debug, Clone)]
pub struct ProviderLink {
    /// What it is called.
    pub title: UntrustedText,
    /// Where its sign-in begins.
    pub href: String,
}
