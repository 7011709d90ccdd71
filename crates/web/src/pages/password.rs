//! The change of one's password.

use actix_web::HttpResponse;
use tidegate_pages::{Foreign, PasswordPage};
use tidegate_signin::ReturnTo;

use super::answer::{self, Place};
use super::authority::{Get, HalfSignedIn, Post};
use super::{Answer, sentence, sign_in};
use crate::status;
use actix_web::http::StatusCode;

/// `GET /password?return_to=`.
pub(super) async fn get(Get { by, query }: Get<HalfSignedIn>) -> Answer {
    let return_to = ReturnTo::parse(query.get("return_to"));
    Ok(show(&by, &return_to, StatusCode::OK, None))
}

/// `POST /password`: `current`, `new`, `again`, `return_to`.
pub(super) async fn post(Post { by, form }: Post<HalfSignedIn>) -> Answer {
    let return_to = ReturnTo::parse(form.get("return_to"));
    let field = |name| form.get(name).unwrap_or_default();
    if field("new") != field("again") {
        let problem = "The two new passwords differ.".to_owned();
        return Ok(show(
            &by,
            &return_to,
            StatusCode::BAD_REQUEST,
            Some(problem),
        ));
    }
    let (current, new) = (field("current").into(), field("new").into());
    let visit = &by.visit;
    let changed = visit
        .sign_in()
        .change_password(&by.session, &current, &new, &visit.peer)
        .await;
    Ok(match changed {
        Ok(session) => sign_in::enter(visit, &session, &return_to).await,
        Err(err) => {
            sign_in::log(&err);
            show(
                &by,
                &return_to,
                status::of(err.service_code()),
                Some(sentence(&err)),
            )
        }
    })
}

fn show(
    by: &HalfSignedIn,
    return_to: &ReturnTo,
    status: StatusCode,
    problem: Option<String>,
) -> HttpResponse {
    let page = PasswordPage {
        csrf: by.session.csrf.as_str().to_owned(),
        username: Foreign::new(&by.session.account.username),
        return_to: return_to.as_str().to_owned(),
        is_required: by.session.must_change_password,
        problem,
    };
    answer::page(status, Place::before(return_to.as_str()), &page)
}
