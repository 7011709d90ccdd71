//! Signing in and out.

use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use tidegate_login::{NewSession, ReturnTo, SignIn, SignInError};
use tidegate_oauth_types::Parameters;
use tidegate_pages::{ProviderLink, SignInPage, UntrustedText};

use super::answer::{self, PageWindow};
use super::authority::{Anybody, Authority as _, Get, HalfSignedIn, Post};
use super::cookie::CookieName;
use super::fields::{Fields, query};
use super::page_request::PageRequest;
use super::{Answer, sentence};
use crate::status;

/// `GET /sign-in?return_to=&again=yes&lost=yes`. Whoever is signed in goes on, unless they want to again; `lost`: a form was
/// not taken, since the session was over.
pub(super) async fn get(Get { by, query }: Get<Anybody>) -> Answer {
    let return_to = ReturnTo::parse(query.get("return_to"));
    let is_again = query.is_ticked("again");
    Ok(if by.session.is_some() && !is_again {
        go_on(&return_to)
    } else {
        let notice = query.is_ticked("lost").then_some(LOST);
        show(&by, &return_to, "", notice, None)
    })
}

/// What somebody is told whose form came after their session.
const LOST: &str = "You were signed out meanwhile, and what you sent was not done. Sign in, and you come back to the page: \
                    what you wrote is there again if your browser kept it; passwords and secrets are not.";

/// `POST /sign-in`: `username`, `password`, `return_to`.
pub(super) async fn post(Post { by, form }: Post<Anybody>) -> Answer {
    let return_to = ReturnTo::parse(form.get("return_to"));
    let username = form.text("username");
    let password = form.get("password").unwrap_or_default().into();
    let signed_in = by
        .page_request
        .sign_in()
        .with_password(
            username,
            &password,
            by.page_request.browser_cookie.as_deref(),
            &by.page_request.peer,
        )
        .await;
    Ok(match signed_in {
        Ok(session) => enter(&by.page_request, &session, &return_to).await,
        Err(err) => show(&by, &return_to, username, None, Some(err)),
    })
}

/// `POST /sign-out`.
pub(super) async fn sign_out(Post { by, .. }: Post<HalfSignedIn>) -> Answer {
    if let Some(cookie) = &by.page_request.session_cookie {
        by.page_request.sign_in().sign_out(cookie).await?;
    }
    Ok(leave(&by.page_request))
}

/// `GET /sign-in/<provider>?return_to=&invitation=`.
pub(super) async fn begin_upstream(
    Get { by, query }: Get<Anybody>,
    provider: web::Path<String>,
) -> Answer {
    let return_to = ReturnTo::parse(query.get("return_to"));
    let begun = by
        .page_request
        .sign_in()
        .begin_upstream(
            &provider,
            &return_to,
            query.get("invitation"),
            &by.page_request.peer,
        )
        .await;
    Ok(match begun {
        Ok(upstream) => {
            let mut response =
                answer::see_other(PageWindow::before(return_to.as_str()), &upstream.redirect);
            CookieName::Upstream.set(
                &mut response,
                &upstream.binding,
                None,
                by.page_request.is_https,
            );
            response
        }
        Err(err) => show(&by, &return_to, "", None, Some(err)),
    })
}

/// `GET /sign-in/<provider>/callback`.
pub(super) async fn finish_upstream(request: HttpRequest, provider: web::Path<String>) -> Answer {
    // The query is the provider's and no form of ours: what it says to people may have lines.
    let by = Anybody::of(PageRequest::begin(&request)?, &Fields::default()).await?;
    let finished = match Parameters::parse_answer(request.query_string()) {
        Ok(parameters) => {
            let binding = by
                .page_request
                .upstream_cookie
                .as_deref()
                .unwrap_or_default();
            by.page_request
                .sign_in()
                .finish_upstream(&provider, &parameters, binding, &by.page_request.peer)
                .await
        }
        Err(_) => Err(SignInError::NotBegunHere),
    };
    let mut response = match finished {
        Ok((session, return_to)) => enter(&by.page_request, &session, &return_to).await,
        Err(err) => show(&by, &ReturnTo::parse(None), "", None, Some(err)),
    };
    CookieName::Upstream.clear(&mut response, by.page_request.is_https);
    Ok(response)
}

/// Where somebody who is signed in goes on. Who came for nothing special gets their own pages: the first page is for
/// those who do not know what this is.
fn go_on(return_to: &ReturnTo) -> HttpResponse {
    let place = match return_to.as_str() {
        "/" => "/settings",
        place => place,
    };
    answer::see_other(PageWindow::before(place), place)
}

/// The browser gets its session and goes on. The one that it had before ends: nobody can end it by that browser any more.
pub(super) async fn enter(
    page_request: &PageRequest,
    new: &NewSession,
    return_to: &ReturnTo,
) -> HttpResponse {
    if let Some(before) = &page_request.session_cookie
        && let Err(err) = page_request.sign_in().sign_out(before).await
    {
        // It ends by itself, and whoever just signed in is not to be kept out for it.
        log(&err);
    }
    let mut response = go_on(return_to);
    CookieName::Session.set(
        &mut response,
        &new.cookie,
        Some(new.lives),
        page_request.is_https,
    );
    if let Some(known) = &new.known_browser {
        CookieName::Browser.set(
            &mut response,
            &known.cookie,
            Some(known.lives),
            page_request.is_https,
        );
    }
    response
}

/// The browser loses its session and comes back to the sign-in.
pub(super) fn leave(page_request: &PageRequest) -> HttpResponse {
    let mut response = answer::see_other(PageWindow::AtHome, "/sign-in");
    CookieName::Session.clear(&mut response, page_request.is_https);
    response
}

/// Links to the providers, which come back to this path.
pub(super) fn providers(
    sign_in: &SignIn,
    return_to: &str,
    invitation: Option<&str>,
) -> Vec<ProviderLink> {
    let query = query([
        ("return_to", return_to),
        ("invitation", invitation.unwrap_or_default()),
    ]);
    sign_in
        .providers()
        .into_iter()
        .map(|provider| ProviderLink {
            title: UntrustedText::new(&provider.title),
            href: format!("/sign-in/{}?{query}", provider.id),
        })
        .collect()
}

fn show(
    by: &Anybody,
    return_to: &ReturnTo,
    username: &str,
    notice: Option<&'static str>,
    refused: Option<SignInError>,
) -> HttpResponse {
    let sign_in = by.page_request.sign_in();
    let page = SignInPage {
        csrf: by.csrf.as_str().to_owned(),
        return_to: return_to.as_str().to_owned(),
        purpose: purpose(return_to.as_str()),
        username: username.chars().take(200).collect(),
        has_passwords: sign_in.has_passwords(),
        accepts_superset: by.page_request.accepts_superset(),
        providers: providers(sign_in, return_to.as_str(), None),
        notice,
        problem: refused.as_ref().map(|err| sentence(err)),
        wait: refused
            .as_ref()
            .and_then(SignInError::retry_after)
            .map(|wait| wait.as_secs().max(1)),
    };
    let code = refused.as_ref().map(SignInError::service_code);
    let status = code.map_or(actix_web::http::StatusCode::OK, status::of);
    let mut response = answer::page(status, PageWindow::before(return_to.as_str()), &page);
    if let Some(after) = refused.as_ref().and_then(SignInError::retry_after) {
        let secs = HeaderValue::from(after.as_secs().max(1));
        response.headers_mut().insert(RETRY_AFTER, secs);
    }
    if let Some(err) = refused {
        log(&err);
    }
    keep_form_cookie(&mut response, by);
    response
}

/// Why somebody is sent to the sign-in who opened something else.
fn purpose(return_to: &str) -> Option<&'static str> {
    let path = return_to.split(['?', '#']).next().unwrap_or_default();
    let area = path.split('/').nth(1).unwrap_or_default();
    match area {
        "oauth" => {
            Some("An app asks to be connected. Sign in, then you see what it wants and decide.")
        }
        "device" => Some("Sign in, then you connect the device that shows a code."),
        "invitation" => {
            Some("Sign in with the account of the invited address, then you join the workspace.")
        }
        "settings" if path == "/settings" => None,
        "settings" | "admin" | "diagnosis" | "password" => Some(
            "The page that you opened is for people who are signed in. You come to it afterwards.",
        ),
        _ => None,
    }
}

/// Gives the browser the cookie that the form's token is made of.
pub(super) fn keep_form_cookie(response: &mut HttpResponse, by: &Anybody) {
    if let Some(value) = &by.new_cookie {
        CookieName::Form.set(response, value, None, by.page_request.is_https);
    }
}

/// Logs what is not the person's doing.
pub(super) fn log(err: &SignInError) {
    if matches!(err, SignInError::Unavailable(_) | SignInError::Internal(_)) {
        tracing::error!(
            error = err as &dyn std::error::Error,
            "somebody could not sign in"
        );
    }
}
