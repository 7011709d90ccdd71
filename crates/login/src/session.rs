use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use tidegate_control_plane::account::Account;
use tidegate_oauth_types::{IssuedSecret, SecretHash, SecretKind};
use tidegate_types::{ExposeSecret as _, SecretString};

use crate::UnixSecs;

/// Somebody who is signed in, as of this request: the account was read from the manager just now.
#[derive(Debug, Clone)]
pub struct BrowserSession {
    /// The account that signed in.
    pub account: Account,
    /// What forms of this session carry.
    pub csrf: CsrfToken,
    /// The time of the sign-in.
    pub signed_in_at: UnixSecs,
    /// When the password of the account was entered for it; not by a provider, a Superset or an invitation.
    pub password_entered_at: Option<UnixSecs>,
    /// Whether nothing but the change of the password may be done.
    pub must_change_password: bool,
    /// What the store keeps it by: the hash of its cookie.
    pub key: SecretHash,
}

/// A session that just began, with the cookie to set.
#[derive(Debug)]
pub struct NewSession {
    /// The value of the cookie. Always a new one, whatever cookie the browser came with.
    pub cookie: SecretString,
    /// How long the cookie is good at most: its `Max-Age`.
    pub lives: Duration,
    /// The session.
    pub session: BrowserSession,
    /// A cookie by which the browser is known again, where somebody signed in by a password.
    pub known_browser: Option<KnownBrowser>,
}

/// A cookie that a browser is known again by. It opens nothing: with it, wrong passwords that others sent do not keep its owner
/// out.
#[derive(Debug)]
pub struct KnownBrowser {
    /// The value of the cookie; [`crate::SignIn::with_password`] wants it back.
    pub cookie: SecretString,
    /// How long the cookie is good at most: its `Max-Age`.
    pub lives: Duration,
}

/// What a form carries to show that it came from a page of the same browser session: 64 hexadecimal digits, the
/// same for the whole life of the session, so that a page that was loaded twice still works.
#[derive(Clone, PartialEq, Eq)]
pub struct CsrfToken(String);

impl CsrfToken {
    /// The token of whoever holds this cookie. Nobody makes it from outside, and it does not tell the cookie. Good
    /// for forms before the sign-in as well, with a random cookie of their own.
    pub fn of_cookie(cookie: &str) -> Self {
        // The text before the cookie keeps the token apart from the hash that the store knows.
        Self(SecretHash::of(&format!("tidegate csrf {cookie}")).to_string())
    }

    /// A cookie for a browser that has none, and the token of whoever holds it.
    pub fn draw() -> (SecretString, Self) {
        let cookie = IssuedSecret::draw(SecretKind::BrowserSession).text;
        let token = Self::of_cookie(cookie.expose_secret());
        (cookie, token)
    }

    /// Whether a form carried it; takes the same time wherever the difference is.
    pub fn matches(&self, presented: &str) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), presented.as_bytes()).is_ok()
    }

    /// The token, for the form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Never shows the token.
impl std::fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CsrfToken([redacted])")
    }
}
