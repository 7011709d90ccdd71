//! A request for a page, before it is known who asks.

use actix_web::http::header::{HOST, ORIGIN};
use actix_web::{HttpRequest, web};
use tidegate_authorization_server::{AuthorizationServer, OAuthGate};
use tidegate_control_plane::{Manager, ManagerError, UseCase};
use tidegate_login::{BrowserSession, SignIn};
use tidegate_types::Peer;

use super::cookie::CookieName;
use super::failure::Failure;
use crate::access::{ConfiguredFlags, ControlPlaneAccess};
use crate::activity::{ActivityGuard, hold};
use crate::admission;
use crate::edge::Edge;
use crate::header::one;
use crate::{peer, routing};

/// A request to a host of ours, on a node with pages.
pub(super) struct PageRequest {
    edge: web::Data<Edge>,
    /// The address that the request came from.
    pub peer: Peer,
    /// Whether browsers reach us by https.
    pub is_https: bool,
    /// The cookie of the browser session.
    pub session_cookie: Option<String>,
    /// The cookie of a browser that somebody signed in with before.
    pub browser_cookie: Option<String>,
    /// The cookie of forms before the sign-in.
    pub form_cookie: Option<String>,
    /// The cookie of a sign-in at a provider.
    pub upstream_cookie: Option<String>,
    /// `Sec-Fetch-Site`.
    pub fetch_site: Option<String>,
    /// Where a browser comes back to after the sign-in: this page, or for a form the page that it is on.
    pub return_to: String,
    _in_flight: Option<ActivityGuard>,
}

impl PageRequest {
    /// # Errors
    /// `NoPages`, `WrongHost`.
    pub(super) fn begin(request: &HttpRequest) -> Result<Self, Failure> {
        let edge = request
            .app_data::<web::Data<Edge>>()
            .ok_or(Failure::NoPages)?
            .clone();
        if edge.access.is_none() {
            return Err(Failure::NoPages);
        }
        admission::host(&edge, request).map_err(|_| Failure::WrongHost)?;
        let is_https = edge
            .directory
            .names()
            .resources
            .issuer()
            .starts_with("https:");
        let headers = request.headers();
        let fetch_site = one(headers, "sec-fetch-site")
            .ok()
            .flatten()
            .map(str::to_owned);
        Ok(Self {
            peer: peer::of(&edge, request),
            is_https,
            session_cookie: CookieName::Session.read(headers, is_https),
            browser_cookie: CookieName::Browser.read(headers, is_https),
            form_cookie: CookieName::Form.read(headers, is_https),
            upstream_cookie: CookieName::Upstream.read(headers, is_https),
            fetch_site,
            return_to: return_to(request),
            _in_flight: hold(request),
            edge,
        })
    }

    pub(super) fn edge(&self) -> &Edge {
        &self.edge
    }

    fn access(&self) -> &ControlPlaneAccess {
        self.edge
            .access
            .as_ref()
            .expect("a page request begins only where there is one")
    }

    pub(super) fn sign_in(&self) -> &SignIn {
        &self.access().sign_in
    }

    pub(super) fn authorization(&self) -> &AuthorizationServer {
        &self.access().authorization
    }

    pub(super) fn manager(&self) -> &Manager {
        &self.access().manager
    }

    /// Asks the manager for an operation, or runs a use case on it.
    ///
    /// # Errors
    /// What callers do not expect of the operation.
    pub(super) async fn ask<U: UseCase>(&self, use_case: U) -> Result<U::Reply, Failure> {
        // Boxed: the manager's futures are large, and pages ask several.
        Ok(Box::pin(use_case.run(self.manager())).await?)
    }

    /// Asks the manager to change something. The inner error is for the person: what was wrong with what they sent.
    ///
    /// # Errors
    /// A part of ours failed.
    pub(super) async fn change<U: UseCase>(
        &self,
        use_case: U,
    ) -> Result<Result<U::Reply, String>, Failure> {
        match Box::pin(use_case.run(self.manager())).await {
            Ok(reply) => Ok(Ok(reply)),
            Err(
                err @ (ManagerError::Invalid(_)
                | ManagerError::NotFound { .. }
                | ManagerError::Conflict(_)
                | ManagerError::LimitReached(_)),
            ) => Ok(Err(err.to_string())),
            Err(err) => Err(err.into()),
        }
    }

    /// Who is signed in.
    ///
    /// # Errors
    /// A part of ours failed.
    pub(super) async fn session(&self) -> Result<Option<BrowserSession>, Failure> {
        match &self.session_cookie {
            Some(cookie) => Ok(self.sign_in().session(cookie).await?),
            None => Ok(None),
        }
    }

    /// The origin that browsers use.
    pub(super) fn issuer(&self) -> String {
        self.edge.directory.names().resources.issuer().to_owned()
    }

    /// Whether the service and OAuth are switched on.
    pub(super) fn gate(&self) -> &dyn OAuthGate {
        &*self.access().gate
    }

    /// Which flags the nodes' configuration switches on.
    pub(super) fn configured_flags(&self) -> &ConfiguredFlags {
        &self.access().flags
    }

    pub(super) fn accepts_superset(&self) -> bool {
        self.access().accepts_superset
    }

    pub(super) fn now(&self) -> i64 {
        self.access().clock.unix_secs()
    }

    /// Whether another site made the browser send this request, as far as the browser says.
    ///
    /// Our pages send no referrer, and browsers then write `Origin: null` even on their own forms; `Sec-Fetch-Site` tells
    /// them apart. A browser too old for it, or one that reaches us without https, leaves the form's token to decide.
    pub(super) fn is_foreign(&self, request: &HttpRequest) -> bool {
        if let Some(site) = &self.fetch_site {
            return !matches!(site.as_str(), "same-origin" | "none");
        }
        let Ok(origin) = one(request.headers(), ORIGIN.as_str()) else {
            return true;
        };
        match origin {
            None | Some("null") => false,
            Some(origin) => {
                let host = match routing::forwarded_host(&self.edge, request) {
                    Some(host) => Some(host),
                    None => one(request.headers(), HOST.as_str()).ok().flatten(),
                };
                let named = origin.split_once("://").map_or(origin, |(_, host)| host);
                !origin.eq_ignore_ascii_case(&self.issuer())
                    && !host.is_some_and(|host| named.eq_ignore_ascii_case(host))
            }
        }
    }
}

fn return_to(request: &HttpRequest) -> String {
    let uri = request.uri();
    if request.method() == actix_web::http::Method::GET {
        return uri
            .path_and_query()
            .map_or_else(|| "/".to_owned(), ToString::to_string);
    }
    // `/settings/apps/<id>/disconnect` is on the page `/settings/apps`; a consent's form on the page of its own path.
    let mut segments = uri.path().split('/').skip(1);
    match (segments.next(), segments.next()) {
        (Some(area @ ("settings" | "admin")), Some(page)) => format!("/{area}/{page}"),
        _ => uri.path().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_form_comes_back_to_its_page() {
        for (request, page) in [
            (
                TestRequest::get().uri("/settings/apps?done=x"),
                "/settings/apps?done=x",
            ),
            (
                TestRequest::post().uri("/settings/apps/0192/disconnect"),
                "/settings/apps",
            ),
            (
                TestRequest::post().uri("/admin/policy/rules/remove"),
                "/admin/policy",
            ),
            (
                TestRequest::post().uri("/oauth/consent/tg_tx_1"),
                "/oauth/consent/tg_tx_1",
            ),
            (TestRequest::post().uri("/device"), "/device"),
        ] {
            assert_eq!(page, return_to(&request.to_http_request()));
        }
    }
}
