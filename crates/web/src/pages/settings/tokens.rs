//! `/settings/tokens`: API tokens.

use actix_web::http::StatusCode;
use actix_web::web;
use tidegate_control_plane::Issued;
use tidegate_control_plane::api_token::{ApiToken, EndApiToken, IssueApiToken, ListApiTokens};
use tidegate_pages::{
    ApiTokenLine, SecretPage, Section, Timestamp, TokenDraft, TokensPage, UntrustedText, may,
    widest,
};
use tidegate_types::{GrantId, Scope, WorkspaceSlug};

use super::{Titles, chosen_scopes, connect, offered_scopes};
use crate::pages::Answer;
use crate::pages::answer::{self, PageWindow};
use crate::pages::authority::{Get, Post, SignedIn};
use crate::pages::failure::Failure;
use crate::pages::fields::Fields;
use crate::pages::layout::{FormOutcome, done, layout};
use crate::pages::record::{About, record};

/// Tokens a person; the manager holds it.
const MOST: usize = 10;

const DAY_SECS: i64 = 24 * 60 * 60;

pub(crate) async fn get(Get { by, query }: Get<SignedIn>) -> Answer {
    show(&by, TokenDraft::default(), FormOutcome::of(&by, &query)).await
}

pub(crate) async fn create(Post { by, form }: Post<SignedIn>) -> Answer {
    let issue = match asked(&by, &form) {
        Ok(issue) => issue,
        Err(problem) => return show(&by, typed(&form), FormOutcome::Refused(problem)).await,
    };
    let Issued {
        made: token,
        secret,
    } = match by.page_request.change(issue).await? {
        Ok(issued) => issued,
        Err(problem) => return show(&by, typed(&form), FormOutcome::Refused(problem)).await,
    };
    let about = About {
        workspace: token.workspace.as_ref(),
        detail: Some(described(&token)),
        ..About::default()
    };
    record(&by, "api_token.created", about).await;
    let memberships = by.memberships().await?;
    let url = {
        let names = by.page_request.edge().directory.names();
        let resource = match &token.workspace {
            Some(workspace) => names.resources.of_workspace(workspace),
            None => names.resources.generic(),
        };
        resource.as_str().to_owned()
    };
    let page = SecretPage {
        layout: layout(&by, &memberships, Section::Tokens, FormOutcome::None),
        name: UntrustedText::new(&token.name),
        what: "API token",
        id: Some(("Its id", token.id.to_string())),
        uses: connect::uses_of_token(&url, &secret),
        secret,
        overlap: None,
    };
    Ok(answer::page(StatusCode::OK, PageWindow::AtHome, &page))
}

pub(crate) async fn end(Post { by, .. }: Post<SignedIn>, id: web::Path<GrantId>) -> Answer {
    let operation = EndApiToken {
        id: id.into_inner(),
        account: Some(by.session.account.id.clone()),
    };
    let ended = by
        .page_request
        .ask(operation)
        .await?
        .ok_or(Failure::NotFound)?;
    let about = About {
        workspace: ended.workspace.as_ref(),
        detail: Some(described(&ended)),
        ..About::default()
    };
    record(&by, "api_token.ended", about).await;
    Ok(done(Section::Tokens, "token-ended", &[]))
}

/// For the audit: its name, what it may do, and its id.
pub(in crate::pages) fn described(token: &ApiToken) -> String {
    let name = UntrustedText::or(&token.name, "without a name");
    let may = may(widest(token.scopes).unwrap_or(Scope::Read));
    format!("{name}: {may} ({})", token.id)
}

fn asked(by: &SignedIn, form: &Fields) -> Result<IssueApiToken, String> {
    let scopes = chosen_scopes(by, form)?;
    let days: u32 = form.read("days")?;
    if !TokensPage::EXPIRIES.iter().any(|(known, _)| *known == days) {
        return Err("days: choose one of the list".to_owned());
    }
    Ok(IssueApiToken {
        account: by.session.account.id.clone(),
        name: form.text("name").to_owned(),
        scopes,
        workspace: form.read_if_there::<WorkspaceSlug>("workspace")?,
        expires_at: (days > 0).then(|| by.page_request.now() + i64::from(days) * DAY_SECS),
    })
}

/// A token in a list.
pub(in crate::pages) fn line(token: ApiToken, titles: &Titles, now: i64) -> ApiTokenLine {
    ApiTokenLine {
        name: UntrustedText::or(&token.name, "A token without a name"),
        scope: widest(token.scopes).unwrap_or(Scope::Read),
        workspace: token.workspace.as_ref().map(|slug| titles.of(slug)),
        hint: UntrustedText::new(&token.hint),
        created_at: Timestamp(token.created_at),
        expires_at: token.expires_at.map(Timestamp),
        is_expired: token.expires_at.is_some_and(|ends| ends <= now),
        last_used_at: token.last_used_at.map(Timestamp),
        last_used_from: token.last_used_from.as_deref().map(UntrustedText::new),
        id: token.id,
    }
}

/// What was typed, to be there again.
fn typed(form: &Fields) -> TokenDraft {
    let usual = TokenDraft::default();
    TokenDraft {
        name: form.text("name").to_owned(),
        scope: form.read("scope").unwrap_or(usual.scope),
        workspace: form.text("workspace").to_owned(),
        days: form.read("days").unwrap_or(usual.days),
    }
}

async fn show(by: &SignedIn, draft: TokenDraft, outcome: FormOutcome) -> Answer {
    let memberships = by.memberships().await?;
    let titles = Titles::read(by).await?;
    let account = by.session.account.id.clone();
    let tokens = by.page_request.ask(ListApiTokens { account }).await?;
    let now = by.page_request.now();
    let status = outcome.status();
    let page = TokensPage {
        layout: layout(by, &memberships, Section::Tokens, outcome),
        tokens: tokens
            .into_iter()
            .map(|token| line(token, &titles, now))
            .collect(),
        most: MOST,
        offered: offered_scopes(by),
        workspaces: titles.of_memberships(&memberships),
        draft,
    };
    Ok(answer::page(status, PageWindow::AtHome, &page))
}
