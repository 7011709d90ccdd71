//! Why a page cannot be shown. Each has its status and a stable code.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use tidegate_control_plane::ManagerError;
use tidegate_login::SignInError;
use tidegate_pages::{AdminLayout, MessagePage, RefusalPage};
use tidegate_types::ServiceCode;

use super::answer::{self, PageWindow};
use super::fields::query;
use crate::status;

/// Why a page cannot be shown.
#[derive(Debug)]
pub(super) enum Failure {
    /// There are no pages on this node.
    NoPages,
    /// No such page or thing.
    NotFound,
    /// The request came for a host that is not ours.
    WrongHost,
    /// Nobody is signed in: they are, then come back to this path.
    SignInFirst(String),
    /// Likewise, and a form was sent that is not taken.
    SessionOver(String),
    /// The password is for one use: it is changed, then come back to this path.
    PasswordFirst(String),
    /// The person may not do this.
    NotAllowed,
    /// The form was not sent by a page of this browser session.
    Forged,
    /// The form cannot be read.
    Malformed(&'static str),
    /// A part of ours failed.
    Failed(ServiceCode),
    /// Another, for whoever is signed in: it is shown with the list of their pages.
    InFrame(Box<AdminLayout>, Box<Failure>),
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::InFrame(_, inner) => inner.status(),
            Self::NoPages | Self::NotFound => StatusCode::NOT_FOUND,
            Self::WrongHost | Self::NotAllowed | Self::Forged => StatusCode::FORBIDDEN,
            Self::SignInFirst(_) | Self::SessionOver(_) | Self::PasswordFirst(_) => {
                StatusCode::SEE_OTHER
            }
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Failed(code) => status::of(*code),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::InFrame(_, inner) => inner.code(),
            Self::NoPages | Self::NotFound => "not_found",
            Self::WrongHost => "wrong_host",
            Self::SignInFirst(_) | Self::SessionOver(_) => "sign_in_first",
            Self::PasswordFirst(_) => "password_first",
            Self::NotAllowed => "not_allowed",
            Self::Forged => "form_expired",
            Self::Malformed(_) => "malformed_form",
            Self::Failed(code) => code.as_str(),
        }
    }

    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::InFrame(_, inner) => inner.words(),
            Self::NoPages => (
                "Nobody signs in here",
                "This server keeps no accounts, and so has no pages of people’s own. The first page says how apps connect.",
            ),
            Self::NotFound => ("Not found", "There is nothing at this address."),
            Self::WrongHost => (
                "Another address",
                "This host name is not one that is served here.",
            ),
            Self::SignInFirst(_) | Self::SessionOver(_) | Self::PasswordFirst(_) => {
                ("Sign in", "Sign in first.")
            }
            Self::NotAllowed => (
                "Not for this account",
                "Your account does not manage this. Ask an administrator, or sign in with another account.",
            ),
            Self::Forged => (
                "This page is too old",
                "You were signed out meanwhile, or the form came from another site. Go back, load the page again, and repeat what you did.",
            ),
            Self::Malformed(reason) => ("The form cannot be read", reason),
            Self::Failed(_) => (
                "This does not work at the moment",
                "Try again in a minute. If it goes on, tell your administrator the code below.",
            ),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::SignInFirst(path) => go_to("/sign-in", path, false),
            Self::SessionOver(path) => go_to("/sign-in", path, true),
            Self::PasswordFirst(path) => go_to("/password", path, false),
            Self::InFrame(layout, _) => {
                let (title, text) = self.words();
                let page = RefusalPage {
                    layout: (**layout).clone(),
                    title,
                    text,
                    code: self.code(),
                };
                answer::page(self.status(), PageWindow::AtHome, &page)
            }
            _ => {
                let (title, text) = self.words();
                let page = MessagePage {
                    is_refusal: true,
                    title: title.into(),
                    text: text.into(),
                    steps: vec![],
                    code: Some(self.code()),
                    onward: Some(("/".into(), "To the first page")),
                };
                let mut response = answer::page(self.status(), PageWindow::AtHome, &page);
                if matches!(self.status().as_u16(), 429 | 503) {
                    response
                        .headers_mut()
                        .insert(RETRY_AFTER, HeaderValue::from_static("5"));
                }
                response
            }
        }
    }
}

fn go_to(page: &str, return_to: &str, is_lost: bool) -> HttpResponse {
    let lost = if is_lost { "yes" } else { "" };
    let query = query([("return_to", return_to), ("lost", lost)]);
    answer::see_other(PageWindow::before(return_to), &format!("{page}?{query}"))
}

/// What callers do not match is a part of ours that failed; the chain is logged here, once.
impl From<ManagerError> for Failure {
    fn from(err: ManagerError) -> Self {
        match err {
            ManagerError::NotFound { .. } => Self::NotFound,
            err => failed(err.service_code(), &err),
        }
    }
}

impl From<SignInError> for Failure {
    fn from(err: SignInError) -> Self {
        failed(err.service_code(), &err)
    }
}

fn failed(code: ServiceCode, err: &(dyn std::error::Error + 'static)) -> Failure {
    match code {
        ServiceCode::Unavailable | ServiceCode::Timeout | ServiceCode::Overloaded => {
            tracing::warn!(error = err, "a page cannot be shown");
        }
        _ => tracing::error!(error = err, "a page failed"),
    }
    Failure::Failed(code)
}
