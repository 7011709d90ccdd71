//! The change of one's password.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use tidegate_login::{ReturnTo, SignIn, SignInError};
use tidegate_pages::{PasswordField, PasswordPage, PasswordProblem, PasswordRule, UntrustedText};

use super::answer::{self, PageWindow};
use super::authority::{Get, HalfSignedIn, Post};
use super::{Answer, sentence, sign_in};
use crate::status;

/// `GET /password?return_to=`.
pub(super) async fn get(Get { by, query }: Get<HalfSignedIn>) -> Answer {
    let return_to = ReturnTo::parse(query.get("return_to"));
    Ok(show(&by, &return_to, StatusCode::OK, None))
}

/// `POST /password`: `current` (not right after a sign-in by one for one use), `new`, `again`, `return_to`.
pub(super) async fn post(Post { by, form }: Post<HalfSignedIn>) -> Answer {
    let return_to = ReturnTo::parse(form.get("return_to"));
    let field = |name| form.get(name).unwrap_or_default();
    if field("new") != field("again") {
        let problem = PasswordProblem {
            at: PasswordField::New,
            text: "The two new passwords differ.".to_owned(),
        };
        return Ok(show(
            &by,
            &return_to,
            StatusCode::BAD_REQUEST,
            Some(problem),
        ));
    }
    let (page_request, new) = (&by.page_request, field("new").into());
    let sign_in = page_request.sign_in();
    let changed = match form.get("current") {
        None if sign_in.may_choose_password(&by.session) => {
            sign_in
                .choose_password(&by.session, &new, &page_request.peer)
                .await
        }
        current => {
            let current = current.unwrap_or_default().into();
            sign_in
                .change_password(&by.session, &current, &new, &page_request.peer)
                .await
        }
    };
    Ok(match changed {
        Ok(session) => sign_in::enter(page_request, &session, &return_to).await,
        Err(err) => {
            sign_in::log(&err);
            let status = status::of(err.service_code());
            show(&by, &return_to, status, Some(problem(&err)))
        }
    })
}

fn problem(err: &SignInError) -> PasswordProblem {
    PasswordProblem {
        at: match err {
            SignInError::WeakPassword(_) => PasswordField::New,
            _ => PasswordField::Current,
        },
        text: sentence(err),
    }
}

/// What a good password is.
pub(super) const fn rule(sign_in: &SignIn) -> PasswordRule {
    PasswordRule {
        least: sign_in.least_password_length(),
    }
}

fn show(
    by: &HalfSignedIn,
    return_to: &ReturnTo,
    status: StatusCode,
    problem: Option<PasswordProblem>,
) -> HttpResponse {
    let sign_in = by.page_request.sign_in();
    let page = PasswordPage {
        csrf: by.session.csrf.as_str().to_owned(),
        username: UntrustedText::new(&by.session.account.username),
        return_to: return_to.as_str().to_owned(),
        is_required: by.session.must_change_password,
        asks_current: !sign_in.may_choose_password(&by.session),
        rule: rule(sign_in),
        problem,
    };
    answer::page(status, PageWindow::before(return_to.as_str()), &page)
}
