//! Cookies. Behind https they have the prefix `__Host-`, so that no other host can set them; on loopback without https,
//! for development, browsers refuse that prefix.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time};
use tidegate_types::{ExposeSecret, SecretString};

/// Which cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Jar {
    /// The browser session.
    Session,
    /// What ties forms to this browser before anybody is signed in.
    Form,
    /// What ties a sign-in at a provider to this browser.
    Upstream,
}

impl Jar {
    const fn name(self, is_https: bool) -> &'static str {
        match (self, is_https) {
            (Self::Session, true) => "__Host-tidegate-session",
            (Self::Session, false) => "tidegate-session",
            (Self::Form, true) => "__Host-tidegate-form",
            (Self::Form, false) => "tidegate-form",
            (Self::Upstream, true) => "__Host-tidegate-upstream",
            (Self::Upstream, false) => "tidegate-upstream",
        }
    }

    /// What the browser sent, once; two of a name are none, since one of them is somebody else's.
    pub(super) fn read(self, request: &HttpRequest, is_https: bool) -> Option<String> {
        let cookies = request.cookies().ok()?;
        let name = self.name(is_https);
        let mut named = cookies.iter().filter(|cookie| cookie.name() == name);
        let (Some(cookie), None) = (named.next(), named.next()) else {
            return None;
        };
        (!cookie.value().is_empty()).then(|| cookie.value().to_owned())
    }

    /// Sets it; for the time that the browser runs without `lives`.
    pub(super) fn set(
        self,
        value: &SecretString,
        lives: Option<Duration>,
        is_https: bool,
    ) -> Cookie<'static> {
        let mut cookie = self.cookie(value.expose_secret().to_owned(), is_https);
        if let Some(lives) = lives {
            let secs = i64::try_from(lives.as_secs()).unwrap_or(i64::MAX);
            cookie.set_max_age(time::Duration::seconds(secs));
        }
        cookie
    }

    /// Takes it away.
    pub(super) fn clear(self, is_https: bool) -> Cookie<'static> {
        let mut cookie = self.cookie(String::new(), is_https);
        cookie.make_removal();
        cookie
    }

    fn cookie(self, value: String, is_https: bool) -> Cookie<'static> {
        Cookie::build(self.name(is_https), value)
            .path("/")
            .secure(is_https)
            .http_only(true)
            // Clients and providers send browsers here by links, and the session has to come with them.
            .same_site(SameSite::Lax)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn behind_https_no_other_host_can_set_it() {
        let set = Jar::Session.set(&"v".into(), Some(Duration::from_mins(1)), true);
        assert_eq!(
            "__Host-tidegate-session=v; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60",
            set.to_string()
        );
        let plain = Jar::Session.set(&"v".into(), None, false);
        assert_eq!("tidegate-session=v; HttpOnly; SameSite=Lax; Path=/", plain.to_string());
        assert!(Jar::Form.clear(true).to_string().contains("Max-Age=0"));
    }

    #[test]
    fn two_cookies_of_a_name_are_none() {
        let read = |header: &'static str| {
            let request = TestRequest::default().insert_header(("cookie", header));
            Jar::Session.read(&request.to_http_request(), true)
        };
        assert_eq!(Some("a".into()), read("__Host-tidegate-session=a; x=y"));
        assert_eq!(None, read("__Host-tidegate-session=a; __Host-tidegate-session=b"));
        assert_eq!(None, read("tidegate-session=a"));
        assert_eq!(None, read("__Host-tidegate-session="));
    }
}
