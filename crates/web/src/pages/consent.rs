//! Authorization requests, and the consent to them.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use tidegate_authorization_server::{
    AnswerView, Authorize, AuthorizeRefusal, BrowserContext, Closed, ConsentDecision, ConsentError,
    ConsentView, ConsentWarning, SwitchedOff, Verified, Withheld, WorkspaceChoice as Choice,
};
use tidegate_oauth_types::{Parameters, RedirectKind};
use tidegate_pages::{
    AppLink, ConsentPage, Destination, Identity, MessagePage, OfflineChoice, ReturnPage,
    ScopeChoice, Span, Timestamp, UntrustedText, WebLink, WorkspaceChoice, widest,
};
use tidegate_types::{Scope, ScopeSet};

use super::answer::{self, PageWindow};
use super::authority::{Get, Post, SignedIn};
use super::fields::{Fields, query};
use super::page_request::PageRequest;
use super::{Answer, sentence};

/// `GET /oauth/authorize` (RFC 6749 §4.1.1).
pub(super) async fn authorize(request: HttpRequest) -> Answer {
    let page_request = PageRequest::begin(&request)?;
    let Ok(parameters) = Parameters::parse_query(request.query_string()) else {
        return Ok(refused(&AuthorizeRefusal::Malformed));
    };
    let session = page_request.session().await?;
    let browser = BrowserContext {
        peer: &page_request.peer,
        session: session.as_ref(),
        is_cross_site: !matches!(
            page_request.fetch_site.as_deref(),
            Some("none" | "same-origin" | "same-site")
        ),
    };
    Ok(
        match page_request
            .authorization()
            .authorize(&parameters, browser)
            .await
        {
            Authorize::Consent { transaction } => answer::see_other(
                PageWindow::OnTheWay,
                &format!("/oauth/consent/{transaction}"),
            ),
            Authorize::Redirect(to) => go(&to, false),
            Authorize::Withheld(withheld) => held_back(withheld),
            Authorize::Refused(refusal) => refused(&refusal),
        },
    )
}

/// `GET /oauth/consent/<transaction>`.
pub(super) async fn get(Get { by, .. }: Get<SignedIn>, transaction: web::Path<String>) -> Answer {
    show(&by, &transaction, StatusCode::OK, None, &Fields::default()).await
}

/// `POST /oauth/consent/<transaction>`: what [`decision`] reads.
pub(super) async fn post(
    Post { by, form }: Post<SignedIn>,
    transaction: web::Path<String>,
) -> Answer {
    let decision = match decision(&form) {
        Ok(decision) => decision,
        Err(problem) => {
            return show(
                &by,
                &transaction,
                StatusCode::BAD_REQUEST,
                Some(problem),
                &form,
            )
            .await;
        }
    };
    let is_allowed = decision != ConsentDecision::Deny;
    let decided = by
        .page_request
        .authorization()
        .decide(&transaction, &by.session, decision, &by.page_request.peer)
        .await;
    match decided {
        Ok(to) => Ok(go(&to, is_allowed)),
        Err(err @ (ConsentError::NotAMember | ConsentError::Closed(_))) => {
            show(&by, &transaction, status(&err), Some(sentence(&err)), &form).await
        }
        Err(err) => Ok(failed(&err, &by.page_request.return_to)),
    }
}

/// `decision`, and to allow: `workspace`, `scope` (one that includes others, or several with blanks), `offline`.
///
/// # Errors
/// What is missing, for the person.
pub(super) fn decision(form: &Fields) -> Result<ConsentDecision, String> {
    match form.text("decision") {
        "deny" => Ok(ConsentDecision::Deny),
        "allow" => Ok(ConsentDecision::Allow {
            workspace: form
                .read("workspace")
                .map_err(|_| "Choose a workspace.".to_owned())?,
            scopes: form
                .read::<ScopeSet>("scope")
                .map_err(|_| "Choose what it may do.".to_owned())?
                .expanded(),
            offline: form.is_ticked("offline"),
        }),
        _ => Err("Choose: allow or deny.".to_owned()),
    }
}

async fn show(
    by: &SignedIn,
    transaction: &str,
    status: StatusCode,
    problem: Option<String>,
    chosen: &Fields,
) -> Answer {
    let seen = by
        .page_request
        .authorization()
        .consent(transaction, &by.session)
        .await;
    Ok(match seen {
        Ok(view) => {
            let action = format!("/oauth/consent/{transaction}");
            let page = page(by, action, view, problem, chosen);
            answer::page(status, PageWindow::OnTheWay, &page)
        }
        Err(err) => failed(&err, &by.page_request.return_to),
    })
}

/// The page of a view. What was chosen on it before stays chosen: somebody who took less must not allow more by a second
/// try.
pub(super) fn page(
    by: &SignedIn,
    action: String,
    view: ConsentView,
    problem: Option<String>,
    chosen: &Fields,
) -> ConsentPage {
    let open = |choice: &&Choice| choice.closed.is_none();
    let most: ScopeSet = view
        .workspaces
        .iter()
        .filter(open)
        .flat_map(|choice| choice.scopes.expanded().iter().collect::<Vec<_>>())
        .collect();
    let is_second_try = chosen.get("decision").is_some();
    // On a second try nothing is chosen for somebody who chose nothing.
    let preselected = view.preselected_workspace.clone();
    let workspace = chosen
        .read("workspace")
        .ok()
        .or_else(|| preselected.filter(|_| !is_second_try));
    let widest_chosen = chosen
        .read("scope")
        .ok()
        .or_else(|| widest(view.preselected_scopes.narrowed_to(most)));
    ConsentPage {
        action,
        csrf: by.session.csrf.as_str().to_owned(),
        client: UntrustedText::or(&view.client.name, "An app without a name"),
        client_page: view.client.uri.as_deref().and_then(WebLink::parse),
        identity: match &view.client.verified {
            Verified::No => Identity::Unverified,
            Verified::ByHost(host) => Identity::VerifiedDomain(UntrustedText::bounded(host, 253)),
            Verified::ByAdministrator => Identity::Approved,
        },
        destination: destination(view.answer),
        warnings: view.warnings.into_iter().map(warning).collect(),
        account: by.person(),
        switch_account: view.other_account,
        workspaces: view
            .workspaces
            .into_iter()
            .map(|choice| WorkspaceChoice {
                is_chosen: workspace.as_ref() == Some(&choice.slug),
                title: UntrustedText::or(&choice.title, choice.slug.as_str()),
                slug: choice.slug,
                region: UntrustedText::new(&choice.region),
                role: choice.role,
                granted: widest(choice.granted),
                closed: choice.closed.map(closed),
            })
            .collect(),
        scopes: Scope::ALL
            .into_iter()
            .filter(|scope| most.allows(*scope))
            .map(|scope| ScopeChoice {
                scope,
                is_chosen: widest_chosen == Some(scope),
            })
            .collect(),
        ignored_scopes: view
            .ignored_scopes
            .iter()
            .map(|scope| UntrustedText::new(scope))
            .collect(),
        offline: view.offers_offline.then_some(OfflineChoice {
            idle: Span(view.refresh_life.as_secs()),
            longest: Span(view.grant_life.as_secs()),
            is_chosen: !is_second_try || chosen.is_ticked("offline"),
        }),
        access: Span(view.access_life.as_secs()),
        problem,
        may_join: by.session.account.is_administrator,
    }
}

fn destination(answer: AnswerView) -> Destination {
    match answer {
        AnswerView::Redirect { host, kind } => {
            let host = UntrustedText::bounded(&host, 253);
            match kind {
                RedirectKind::Https => Destination::Web(host),
                RedirectKind::Loopback => Destination::ThisComputer(host),
                RedirectKind::PrivateScheme => Destination::App(host),
            }
        }
        AnswerView::Device {
            user_code,
            address,
            asked_at,
        } => Destination::Device {
            user_code,
            address: UntrustedText::new(&address),
            asked_at: Timestamp(asked_at),
        },
    }
}

const fn warning(warning: ConsentWarning) -> tidegate_pages::ConsentWarning {
    use tidegate_pages::ConsentWarning as Shown;
    match warning {
        ConsentWarning::Unverified => Shown::Unverified,
        ConsentWarning::OtherHost => Shown::OtherHost,
        ConsentWarning::LocalProgram => Shown::LocalProgram,
        ConsentWarning::PrivateScheme => Shown::PrivateScheme,
        ConsentWarning::Device => Shown::Device,
    }
}

const fn closed(closed: Closed) -> &'static str {
    match closed {
        Closed::SwitchedOff(SwitchedOff::Service) => {
            "The MCP service is switched off here (flag MCP_SERVICE_ENABLED)."
        }
        Closed::SwitchedOff(SwitchedOff::OAuth) => {
            "Connecting apps is switched off here (flag MCP_OAUTH_ENABLED)."
        }
        Closed::SwitchedOff(SwitchedOff::OAuthInWorkspace) => {
            "Connecting apps is switched off for this workspace (flag MCP_OAUTH_WORKSPACE_ENABLED)."
        }
        Closed::Hibernated => "This workspace sleeps.",
        Closed::ClientBlocked => "Its administrators block this app.",
        Closed::ClientNeedsApproval => "Its administrators must approve this app first.",
        Closed::NotForThisClient => "This app is for another workspace.",
        Closed::NothingAllowed => "Your role here allows nothing of what it asks for.",
    }
}

/// The browser goes back to the client: by a redirect, or to an app by a page with a button, since a redirect to a
/// scheme leaves a dead page behind.
fn go(to: &str, is_allowed: bool) -> HttpResponse {
    let is_web = ["https://", "http://", "/"]
        .iter()
        .any(|start| to.starts_with(start));
    if is_web {
        return answer::see_other(PageWindow::OnTheWay, to);
    }
    let Some(link) = AppLink::parse(to) else {
        return refused(&AuthorizeRefusal::RedirectUriMismatch);
    };
    let scheme = to.split_once(':').map_or("", |(scheme, _)| scheme);
    let page = ReturnPage {
        scheme: UntrustedText::new(&format!("{scheme}:")),
        is_allowed,
        link,
    };
    answer::page(StatusCode::OK, PageWindow::OnTheWay, &page)
}

/// The person decides whether to go on to a web site that asked for what it cannot get.
fn held_back(withheld: Withheld) -> HttpResponse {
    let host = UntrustedText::bounded(&withheld.host, 253);
    let page = MessagePage {
        is_refusal: true,
        title: "This app cannot be connected".into(),
        text: format!(
            "An app of {host} sent you here, and: {}.",
            withheld.description
        ),
        steps: vec![
            "If you were connecting that app, go back to it: it is then told what is wrong."
                .to_owned(),
            "If a link in a message or on a page brought you here, close this page.".to_owned(),
        ],
        code: Some(withheld.code),
        onward: Some((withheld.redirect, "Go back to the app")),
    };
    answer::page(StatusCode::BAD_REQUEST, PageWindow::OnTheWay, &page)
}

fn refused(refusal: &AuthorizeRefusal) -> HttpResponse {
    let status = match refusal {
        AuthorizeRefusal::TooMany => StatusCode::TOO_MANY_REQUESTS,
        AuthorizeRefusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        AuthorizeRefusal::SwitchedOff(_) => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    };
    let steps: &[&str] = match refusal {
        AuthorizeRefusal::UnknownClient => &[
            "In the app, remove this connection and add it again: it then registers anew.",
            "If it has a button to sign out or to clear its authentication, that does the same.",
            "If it asks for a client id, make one here under OAuth clients.",
        ],
        AuthorizeRefusal::RedirectUriMismatch => &[
            "If you made the client here, compare its redirect addresses with the app's, letter by letter.",
            "Otherwise start again in the app. If a link brought you here, close this page.",
        ],
        AuthorizeRefusal::DocumentUnreachable { .. } => &[
            "Ask your administrator: nothing is wrong with the application, or with what you did.",
            "For the administrator: let this server reach that host by https, or through oauth.client_documents.proxy; \
             or set oauth.client_documents.enabled = false, so that applications register themselves.",
            "Then, in the application, remove this connection and add it again.",
        ],
        AuthorizeRefusal::SwitchedOff(_) => &[
            "Ask your administrator: nothing is wrong with the application, or with what you did.",
            "For the administrator: the flag is under Administration, Features, or tidegate flag list.",
        ],
        AuthorizeRefusal::TooMany | AuthorizeRefusal::Unavailable => {
            &["Wait a minute, then start again in the app."]
        }
        _ => &["Start again in the app. If it goes on, tell its makers the code below."],
    };
    let page = MessagePage {
        is_refusal: true,
        title: "This app cannot be connected".into(),
        text: sentence(&refusal),
        steps: steps.iter().map(|step| (*step).to_owned()).collect(),
        code: Some(refusal.code()),
        onward: None,
    };
    answer::page(status, PageWindow::OnTheWay, &page)
}

/// The page of what cannot be decided; `return_to` is where the browser comes back to after another sign-in.
pub(super) fn failed(err: &ConsentError, return_to: &str) -> HttpResponse {
    if let ConsentError::SignInAgain = err {
        let query = query([("again", "yes"), ("return_to", return_to)]);
        return answer::see_other(PageWindow::OnTheWay, &format!("/sign-in?{query}"));
    }
    if let ConsentError::Unavailable(_) = err {
        tracing::warn!(
            error = err as &dyn std::error::Error,
            "a consent cannot be shown or decided"
        );
    }
    let page = MessagePage {
        is_refusal: true,
        title: "This cannot be decided".into(),
        text: sentence(err),
        steps: vec![],
        code: Some(err.code()),
        onward: Some(("/settings/apps".into(), "Show connected apps")),
    };
    answer::page(status(err), PageWindow::OnTheWay, &page)
}

pub(super) const fn status(err: &ConsentError) -> StatusCode {
    match err {
        ConsentError::Unknown => StatusCode::NOT_FOUND,
        ConsentError::OtherAccount
        | ConsentError::NotAMember
        | ConsentError::NotYours
        | ConsentError::Closed(_)
        | ConsentError::SwitchedOff(_) => StatusCode::FORBIDDEN,
        ConsentError::SignInAgain => StatusCode::UNAUTHORIZED,
        ConsentError::ClientGone => StatusCode::BAD_REQUEST,
        ConsentError::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ConsentError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Result<ConsentDecision, String> {
        decision(&Fields::parse(form.as_bytes()).unwrap_or_default())
    }

    #[test]
    fn a_decision_is_said_and_never_guessed() {
        assert_eq!(
            Ok(ConsentDecision::Deny),
            read("decision=deny&workspace=sales")
        );
        let Ok(ConsentDecision::Allow {
            scopes, offline, ..
        }) = read("decision=allow&workspace=sales&scope=mcp%3Aquery")
        else {
            panic!("not allowed");
        };
        assert_eq!("mcp:read mcp:query", scopes.to_string());
        assert!(!offline);
        for unclear in [
            "",
            "decision=yes",
            "decision=allow",
            "decision=allow&workspace=sales",
            "decision=allow&scope=mcp:read",
            "decision=allow&workspace=sales&scope=everything",
        ] {
            assert!(read(unclear).is_err(), "{unclear}");
        }
    }

    #[test]
    fn apps_are_opened_from_a_page_and_sites_by_a_redirect() {
        for web in [
            "https://claude.ai/cb?code=1",
            "http://localhost:3118/cb?code=1",
        ] {
            let response = go(web, true);
            assert_eq!(303, response.status().as_u16());
            assert_eq!(web, response.headers().get("location").unwrap());
        }
        let app = go("cursor://anysphere.cursor-mcp/oauth/callback?code=1", true);
        assert_eq!(200, app.status().as_u16());
        assert!(app.headers().get("location").is_none());
        assert_eq!(400, go("javascript:alert(1)", true).status().as_u16());
    }
}
