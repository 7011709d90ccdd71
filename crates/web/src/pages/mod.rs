//! Pages for people: sign-in, consent, settings, administration, diagnosis.
//!
//! Handlers take who asks as an extractor ([`authority`]), call one use case, and turn what it says into a view of
//! `tidegate_pages`. Every form carries the token of its browser session, and a form that worked is answered by 303,
//! except where a secret is shown this once.

mod admin;
mod answer;
mod assets;
mod authority;
mod consent;
mod cookie;
mod device;
mod diagnosis;
mod failure;
mod fields;
mod home;
mod invitation;
mod layout;
mod origin;
mod page_request;
mod paging;
mod password;
mod record;
mod settings;
mod sign_in;
mod undo;
mod unknown;

use actix_web::{HttpResponse, web};

use self::answer::PageWindow;
use self::failure::Failure;

type Answer = Result<HttpResponse, Failure>;

/// All pages. But for `/` they are 404 on nodes without a manager.
pub(crate) fn routes(app: &mut web::ServiceConfig) {
    app.app_data(web::PathConfig::default().error_handler(unknown::malformed_path))
        .route("/", web::get().to(home::get))
        .route("/settings", web::get().to(settings))
        .route("/settings/", web::get().to(settings))
        .route("/admin", web::get().to(administration))
        .route("/assets/{name}", web::get().to(assets::get))
        .route("/sign-in", web::get().to(sign_in::get))
        .route("/sign-in", web::post().to(sign_in::post))
        .route(
            "/sign-in/{provider}",
            web::get().to(sign_in::begin_upstream),
        )
        .route(
            "/sign-in/{provider}/callback",
            web::get().to(sign_in::finish_upstream),
        )
        .route("/sign-out", web::post().to(sign_in::sign_out))
        .route("/password", web::get().to(password::get))
        .route("/password", web::post().to(password::post))
        .route("/invitation/{secret}", web::get().to(invitation::get))
        .route("/invitation/{secret}", web::post().to(invitation::post))
        .route("/oauth/authorize", web::get().to(consent::authorize))
        .route("/oauth/consent/{transaction}", web::get().to(consent::get))
        .route(
            "/oauth/consent/{transaction}",
            web::post().to(consent::post),
        )
        .route("/device", web::get().to(device::get))
        .route("/device", web::post().to(device::post))
        .route("/diagnosis", web::get().to(diagnosis::get))
        .route("/diagnosis", web::post().to(diagnosis::post));
    settings::routes(app);
    admin::routes(app);
}

pub(crate) use unknown::{endpoint_in_browser, not_found, wrong_method};

/// What is connected; or, for whoever manages the deployment and is in no workspace yet, where they join one.
async fn settings(page: authority::Get<authority::SignedIn>) -> Answer {
    let by = page.by;
    let is_new = by.session.account.is_administrator && by.memberships().await?.is_empty();
    let page = if is_new {
        "/settings/account"
    } else {
        "/settings/apps"
    };
    Ok(answer::see_other(PageWindow::AtHome, page))
}

async fn administration(page: authority::Get<authority::Overseer>) -> Answer {
    drop(page);
    Ok(answer::see_other(PageWindow::AtHome, "/admin/members"))
}

/// A refusal of an error type, as a sentence.
fn sentence(clause: &dyn std::fmt::Display) -> String {
    let clause = clause.to_string();
    let mut chars = clause.chars();
    let first: String = chars
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}.", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_become_sentences() {
        assert_eq!("The name is taken.", sentence(&"the name is taken"));
        assert_eq!(".", sentence(&""));
    }
}
