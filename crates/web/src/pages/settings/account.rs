//! `/settings/account`: who one is, and signing out everywhere.

use actix_web::http::StatusCode;
use tidegate_manager::api_token::{EndApiToken, ListApiTokens};
use tidegate_pages::{AccountPage, Foreign, Moment, Section, role};

use super::{Titles, apps};
use crate::pages::answer::{self, Place};
use crate::pages::authority::{Get, Post, SignedIn};
use crate::pages::desk::{Outcome, desk};
use crate::pages::record::{About, record};
use crate::pages::{Answer, sign_in};

pub(crate) async fn get(Get { by, query }: Get<SignedIn>) -> Answer {
    let memberships = by.memberships().await?;
    let titles = Titles::read(&by).await?;
    let account = &by.session.account;
    let page = AccountPage {
        desk: desk(&by, &memberships, Section::Account, Outcome::of(&query)),
        email: account
            .email
            .as_deref()
            .map(|email| (Foreign::bounded(email, 254), account.is_email_verified)),
        has_password: account.has_password,
        signed_in_at: Moment(by.session.signed_in_at),
        memberships: memberships
            .iter()
            .map(|membership| (titles.of(&membership.workspace), role(membership.role)))
            .collect(),
    };
    Ok(answer::page(StatusCode::OK, Place::AtHome, &page))
}

/// `apps`: with connections and API tokens.
pub(crate) async fn sign_out_everywhere(Post { by, form }: Post<SignedIn>) -> Answer {
    if form.is_ticked("apps") {
        apps::end_all(&by).await?;
        let account = by.session.account.id.clone();
        let tokens = by
            .visit
            .ask(ListApiTokens {
                account: account.clone(),
            })
            .await?;
        for token in tokens {
            let account = Some(account.clone());
            by.visit
                .ask(EndApiToken {
                    id: token.id,
                    account,
                })
                .await?;
        }
    }
    by.visit.sign_in().sign_out_everywhere(&by.session).await?;
    record(&by, "sessions.ended", About::default()).await;
    Ok(sign_in::leave(&by.visit))
}
