//! Cookies. Behind https they have the prefix `__Host-`, so that no other host can set them; on loopback without https,
//! for development, browsers refuse that prefix.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::cookie::time::Duration as CookieAge;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{COOKIE, HeaderMap};
use tidegate_types::{ExposeSecret, SecretString};

/// A cookie of ours, by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CookieName {
    /// The browser session.
    Session,
    /// What a browser is known again by that somebody signed in with. It stays when they sign out.
    Browser,
    /// What ties forms to this browser before anybody is signed in.
    Form,
    /// What ties a sign-in at a provider to this browser.
    Upstream,
}

impl CookieName {
    const fn name(self, is_https: bool) -> &'static str {
        match (self, is_https) {
            (Self::Session, true) => "__Host-tidegate-session",
            (Self::Session, false) => "tidegate-session",
            (Self::Browser, true) => "__Host-tidegate-browser",
            (Self::Browser, false) => "tidegate-browser",
            (Self::Form, true) => "__Host-tidegate-form",
            (Self::Form, false) => "tidegate-form",
            (Self::Upstream, true) => "__Host-tidegate-upstream",
            (Self::Upstream, false) => "tidegate-upstream",
        }
    }

    /// What the browser sent, once; two of a name are none, since one of them is somebody else's.
    pub(super) fn read(self, headers: &HeaderMap, is_https: bool) -> Option<String> {
        let name = self.name(is_https);
        let mut values = headers
            .get_all(COOKIE)
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(named, _)| *named == name);
        let (Some((_, value)), None) = (values.next(), values.next()) else {
            return None;
        };
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Sets it; for the time that the browser runs without `lives`. The value is one of our own secrets, letters, digits
    /// and `_`, so that it is written as it is.
    pub(super) fn set(
        self,
        response: &mut HttpResponse,
        value: &SecretString,
        lives: Option<Duration>,
        is_https: bool,
    ) {
        self.write(response, value.expose_secret(), lives, is_https);
    }

    /// Takes it away.
    pub(super) fn clear(self, response: &mut HttpResponse, is_https: bool) {
        self.write(response, "", Some(Duration::ZERO), is_https);
    }

    fn write(
        self,
        response: &mut HttpResponse,
        value: &str,
        lives: Option<Duration>,
        is_https: bool,
    ) {
        let name = self.name(is_https);
        let mut cookie = Cookie::build(name, value)
            .path("/")
            .http_only(true)
            // Clients and providers send browsers here by links, and the session has to come with them.
            .same_site(SameSite::Lax)
            .finish();
        if is_https {
            cookie.set_secure(true);
        }
        if let Some(lives) = lives {
            let secs = i64::try_from(lives.as_secs()).unwrap_or(i64::MAX);
            cookie.set_max_age(CookieAge::seconds(secs));
        }
        if response.add_cookie(&cookie).is_err() {
            tracing::error!(cookie = name, "a cookie cannot be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderValue, SET_COOKIE};

    use super::*;

    fn set_cookie(write: impl FnOnce(&mut HttpResponse)) -> String {
        let mut response = HttpResponse::Ok().finish();
        write(&mut response);
        let header = response.headers().get(SET_COOKIE).unwrap();
        header.to_str().unwrap().to_owned()
    }

    #[test]
    fn behind_https_no_other_host_can_set_it() {
        let lives = Some(Duration::from_mins(1));
        let cookie =
            set_cookie(|response| CookieName::Session.set(response, &"v".into(), lives, true));
        let expected =
            "__Host-tidegate-session=v; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60";
        assert_eq!(expected, cookie);
        let plain =
            set_cookie(|response| CookieName::Session.set(response, &"v".into(), None, false));
        assert_eq!("tidegate-session=v; HttpOnly; SameSite=Lax; Path=/", plain);
        let cleared = set_cookie(|response| CookieName::Form.clear(response, true));
        assert!(cleared.ends_with("; Max-Age=0"), "{cleared}");
    }

    #[test]
    fn two_cookies_of_a_name_are_none() {
        let read = |header: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_static(header));
            CookieName::Session.read(&headers, true)
        };
        assert_eq!(Some("a".into()), read("__Host-tidegate-session=a; x=y"));
        assert_eq!(Some("a".into()), read("x=y;__Host-tidegate-session=a"));
        assert_eq!(
            None,
            read("__Host-tidegate-session=a; __Host-tidegate-session=b")
        );
        assert_eq!(None, read("tidegate-session=a"));
        assert_eq!(None, read("__Host-tidegate-session="));
        assert_eq!(None, read("x__Host-tidegate-session=a"));
    }
}
