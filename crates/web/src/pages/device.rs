//! Devices that show a code (RFC 8628 §3.3).

use actix_web::http::StatusCode;
use tidegate_authorization_server::{ConsentDecision, ConsentError};
use tidegate_pages::{DeviceCodePage, MessagePage};

use super::answer::{self, PageWindow};
use super::authority::{Get, Post, SignedIn};
use super::fields::Fields;
use super::{Answer, consent, sentence};

/// `GET /device`, with `user_code` once it is known.
pub(super) async fn get(Get { by, query }: Get<SignedIn>) -> Answer {
    match query.get("user_code") {
        None => Ok(answer::page(
            StatusCode::OK,
            PageWindow::AtHome,
            &DeviceCodePage {
                user_code: String::new(),
                problem: None,
            },
        )),
        Some(code) => show(&by, code, StatusCode::OK, None, &Fields::default()).await,
    }
}

/// `POST /device`: `user_code`, and what a consent's form has.
pub(super) async fn post(Post { by, form }: Post<SignedIn>) -> Answer {
    let code = form.text("user_code");
    let decision = match consent::decision(&form) {
        Ok(decision) => decision,
        Err(problem) => {
            return show(&by, code, StatusCode::BAD_REQUEST, Some(problem), &form).await;
        }
    };
    let is_denied = decision == ConsentDecision::Deny;
    let decided = by
        .page_request
        .authorization()
        .decide_device(code, &by.session, decision, &by.page_request.peer)
        .await;
    match decided {
        Ok(()) => {
            let page = MessagePage {
                is_refusal: false,
                title: if is_denied {
                    "Access denied"
                } else {
                    "The device is connected"
                }
                .into(),
                text: "You can close this page and go on at the device.".into(),
                steps: vec![],
                code: None,
                onward: Some(("/settings/apps".into(), "Show connected apps")),
            };
            Ok(answer::page(StatusCode::OK, PageWindow::AtHome, &page))
        }
        Err(err @ (ConsentError::NotAMember | ConsentError::Closed(_))) => {
            show(
                &by,
                code,
                consent::status(&err),
                Some(sentence(&err)),
                &form,
            )
            .await
        }
        Err(err) => Ok(consent::failed(&err, &by.page_request.return_to)),
    }
}

async fn show(
    by: &SignedIn,
    code: &str,
    status: StatusCode,
    problem: Option<String>,
    chosen: &Fields,
) -> Answer {
    let seen = by
        .page_request
        .authorization()
        .device(code, &by.session, &by.page_request.peer)
        .await;
    Ok(match seen {
        Ok(view) => {
            let page = consent::page(by, "/device".to_owned(), view, problem, chosen);
            answer::page(status, PageWindow::AtHome, &page)
        }
        Err(err @ (ConsentError::Unknown | ConsentError::TooMany)) => {
            let problem = match err {
                ConsentError::Unknown => "This code is unknown or has expired.".to_owned(),
                _ => sentence(&err),
            };
            let page = DeviceCodePage {
                user_code: code.chars().take(20).collect(),
                problem: Some(problem),
            };
            answer::page(consent::status(&err), PageWindow::AtHome, &page)
        }
        Err(err) => consent::failed(&err, &by.page_request.return_to),
    })
}
