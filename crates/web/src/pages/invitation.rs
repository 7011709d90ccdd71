//! Invitations.

use std::iter;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use tidegate_control_plane::workspace::FindWorkspace;
use tidegate_login::{InvitationView, ReturnTo, SignIn, SignInError};
use tidegate_pages::{InvitationPage, InvitationWay, MessagePage, Timestamp, UntrustedText};
use tidegate_types::SecretString;

use super::answer::{self, PageWindow};
use super::authority::{Anybody, Get, Post};
use super::failure::Failure;
use super::fields::{Fields, query};
use super::{Answer, password, sentence, sign_in};
use crate::status;

/// `GET /invitation/<secret>`.
pub(super) async fn get(Get { by, .. }: Get<Anybody>, secret: web::Path<String>) -> Answer {
    match by.page_request.sign_in().invitation(&secret).await? {
        Some(view) => show(&by, &secret, view, &Fields::default(), []).await,
        None => Ok(gone()),
    }
}

/// `POST /invitation/<secret>`: nothing to join with the account that is signed in, or `username`, `display_name`,
/// `password`, `again`.
pub(super) async fn post(Post { by, form }: Post<Anybody>, secret: web::Path<String>) -> Answer {
    let sign_in = by.page_request.sign_in();
    let Some(view) = sign_in.invitation(&secret).await? else {
        return Ok(gone());
    };
    let accepted = match &by.session {
        // Whoever is signed in joins as they are, unless the form is one for a new account.
        Some(session) if view.has_account || form.get("username").is_none() => sign_in
            .join_by_invitation(session, &secret, &by.page_request.peer)
            .await
            .map(|_| answer::see_other(PageWindow::AtHome, "/settings/connect")),
        _ if form.get("password") != form.get("again") => {
            let differ = SignInError::WeakPassword("the two passwords differ".to_owned());
            let faults = faults(sign_in, &secret, &form).await?;
            return show(&by, &secret, view, &form, iter::once(differ).chain(faults)).await;
        }
        _ => {
            let (username, name, password) = typed(&form);
            let accepted = sign_in
                .accept_invitation(&secret, username, name, &password, &by.page_request.peer)
                .await;
            match accepted {
                Ok(session) => {
                    let next = ReturnTo::parse(Some("/settings/connect"));
                    Ok(sign_in::enter(&by.page_request, &session, &next).await)
                }
                Err(
                    err @ (SignInError::InvalidName(_)
                    | SignInError::NameTaken(_)
                    | SignInError::WeakPassword(_)),
                ) => {
                    let mut faults = faults(sign_in, &secret, &form).await?;
                    if faults.is_empty() {
                        faults.push(err);
                    }
                    return show(&by, &secret, view, &form, faults).await;
                }
                Err(err) => Err(err),
            }
        }
    };
    match accepted {
        Ok(response) => Ok(response),
        Err(err) => {
            sign_in::log(&err);
            show(&by, &secret, view, &form, [err]).await
        }
    }
}

/// The name, the shown name and the password of a new account.
fn typed(form: &Fields) -> (&str, &str, SecretString) {
    let password = form.get("password").unwrap_or_default().into();
    (form.text("username"), form.text("display_name"), password)
}

/// All that is wrong with what was typed.
async fn faults(
    sign_in: &SignIn,
    secret: &str,
    form: &Fields,
) -> Result<Vec<SignInError>, SignInError> {
    let (username, name, password) = typed(form);
    sign_in
        .faults_of_acceptance(secret, username, name, &password)
        .await
}

async fn show(
    by: &Anybody,
    secret: &str,
    view: InvitationView,
    typed: &Fields,
    refused: impl IntoIterator<Item = SignInError>,
) -> Result<HttpResponse, Failure> {
    let refused: Vec<SignInError> = refused.into_iter().collect();
    let path = format!("/invitation/{secret}");
    let sign_in = by.page_request.sign_in();
    let way = match &by.session {
        Some(session) => InvitationWay::Join {
            username: UntrustedText::new(&session.account.username),
        },
        None if view.has_account => InvitationWay::SignIn {
            href: format!("/sign-in?{}", query([("return_to", path.as_str())])),
        },
        _ => InvitationWay::NewAccount {
            has_passwords: sign_in.has_passwords(),
            providers: sign_in::providers(sign_in, "/settings/connect", Some(secret)),
        },
    };
    let slug = view.workspace;
    let workspace = by
        .page_request
        .ask(FindWorkspace { slug: slug.clone() })
        .await?;
    let title = workspace.map_or_else(|| slug.to_string(), |workspace| workspace.title);
    let status = refused
        .first()
        .map_or(StatusCode::OK, |err| status::of(err.service_code()));
    let page = InvitationPage {
        action: path,
        csrf: by.csrf.as_str().to_owned(),
        email: UntrustedText::new(&view.email),
        workspace: UntrustedText::or(&title, slug.as_str()),
        role: view.role,
        expires_at: Timestamp(view.expires_at),
        way,
        username: typed.text("username").to_owned(),
        display_name: typed.text("display_name").to_owned(),
        rule: password::rule(sign_in),
        problems: refused.iter().map(|err| sentence(err)).collect(),
    };
    let mut response = answer::page(status, PageWindow::AtHome, &page);
    sign_in::keep_form_cookie(&mut response, by);
    Ok(response)
}

fn gone() -> HttpResponse {
    let page = MessagePage {
        is_refusal: true,
        title: "This invitation is not good any more".into(),
        text: "It was used, taken back, or is too old.".into(),
        steps: vec!["Ask whoever invited you for another one.".into()],
        code: Some("invitation_gone"),
        onward: Some(("/sign-in".into(), "Sign in")),
    };
    answer::page(StatusCode::NOT_FOUND, PageWindow::AtHome, &page)
}
