//! `/admin/members/<account>/tokens`: a member's API tokens, to be ended by whoever manages the workspace.

use actix_web::http::StatusCode;
use actix_web::web;
use tidegate_control_plane::account::{Account, AccountKey, FindAccount};
use tidegate_control_plane::api_token::{ApiToken, EndApiToken, ListApiTokens};
use tidegate_control_plane::workspace::FindMember;
use tidegate_pages::{MemberTokensPage, Section, UntrustedText};
use tidegate_types::{AccountId, GrantId};

use super::{frame, members};
use crate::pages::Answer;
use crate::pages::answer::{self, PageWindow};
use crate::pages::authority::{Get, Post, WorkspaceAdmin};
use crate::pages::failure::Failure;
use crate::pages::fields::query;
use crate::pages::layout::FormOutcome;
use crate::pages::record::{About, record};
use crate::pages::settings::{Titles, tokens};

/// `workspace`.
pub(crate) async fn get(
    Get { by, query }: Get<WorkspaceAdmin>,
    account: web::Path<AccountId>,
) -> Answer {
    let account = member(&by, account.into_inner()).await?;
    let listed = list(&by, &account).await?;
    let outcome = FormOutcome::of(&by.person, &query);
    let titles = Titles::read(&by.person).await?;
    let now = by.person.page_request.now();
    let by = members::overseer(by);
    let here = by.workspace.as_ref();
    let (layout, _) = frame(&by, Section::Members, here, false, outcome).await?;
    let page = MemberTokensPage {
        layout,
        workspace_title: here.map_or_else(UntrustedText::default, |slug| titles.of(slug)),
        workspace: here.cloned().ok_or(Failure::NotFound)?,
        display_name: UntrustedText::or(&account.display_name, &account.username),
        account: account.id,
        tokens: listed
            .into_iter()
            .map(|token| tokens::line(token, &titles, now))
            .collect(),
        has_all: by.is_administrator(),
    };
    Ok(answer::page(StatusCode::OK, PageWindow::AtHome, &page))
}

/// `workspace`. One that is not in the list of the page is not found.
pub(crate) async fn end(
    Post { by, .. }: Post<WorkspaceAdmin>,
    path: web::Path<(AccountId, GrantId)>,
) -> Answer {
    let (account, id) = path.into_inner();
    let account = member(&by, account).await?;
    let listed = list(&by, &account).await?;
    if !listed.iter().any(|token| token.id == id) {
        return Err(Failure::NotFound);
    }
    let operation = EndApiToken {
        id,
        account: Some(account.id.clone()),
    };
    let ended = by.person.page_request.ask(operation).await?;
    let ended = ended.ok_or(Failure::NotFound)?;
    let about = About {
        workspace: ended.workspace.as_ref(),
        detail: Some(format!(
            "of {}: {}",
            account.username,
            tokens::described(&ended)
        )),
        ..About::default()
    };
    record(&by.person, "api_token.ended", about).await;
    let back = query([
        ("workspace", by.workspace.as_str()),
        ("done", "token-ended"),
    ]);
    let page = format!("/admin/members/{}/tokens?{back}", account.id);
    Ok(answer::see_other(PageWindow::AtHome, &page))
}

/// A member of the workspace; anybody else is not found.
async fn member(by: &WorkspaceAdmin, account: AccountId) -> Result<Account, Failure> {
    let place = FindMember {
        workspace: by.workspace.clone(),
        account: account.clone(),
    };
    let page_request = &by.person.page_request;
    page_request.ask(place).await?.ok_or(Failure::NotFound)?;
    let key = AccountKey::Id(account);
    page_request
        .ask(FindAccount { key })
        .await?
        .ok_or(Failure::NotFound)
}

/// Tokens for the workspace alone; one for any workspace is the business of whoever manages the deployment.
async fn list(by: &WorkspaceAdmin, account: &Account) -> Result<Vec<ApiToken>, Failure> {
    let account = account.id.clone();
    let mut listed = by
        .person
        .page_request
        .ask(ListApiTokens { account })
        .await?;
    let is_administrator = by.person.session.account.is_administrator;
    listed.retain(|token| match &token.workspace {
        Some(workspace) => *workspace == by.workspace,
        None => is_administrator,
    });
    Ok(listed)
}
