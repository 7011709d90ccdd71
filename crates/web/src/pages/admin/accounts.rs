//! `/admin/accounts`: everybody who is known here, for those who manage the deployment.

use actix_web::web;
use tidegate_control_plane::account::{
    Account, AccountFilter, AccountKey, AccountKind, AccountsPage as Listed, FindAccount,
    ListAccountsPage, UpdateAccount,
};
use tidegate_pages::{AccountLine, AccountsPage, SecretPage, Section, Timestamp, UntrustedText};
use tidegate_types::AccountId;

use crate::pages::Answer;
use crate::pages::answer::{self, PageWindow};
use crate::pages::authority::{Administrator, Get, Post, SignedIn};
use crate::pages::failure::Failure;
use crate::pages::fields::{Fields, query};
use crate::pages::layout::{FormOutcome, done, layout};
use crate::pages::paging::Part;
use crate::pages::record::{About, record};

/// `search`, `page`.
pub(crate) async fn get(Get { by, query }: Get<Administrator>) -> Answer {
    let outcome = FormOutcome::of(&by.0, &query);
    show(&by.0, &query, outcome).await
}

/// `search` and `page` of the list that it was done in, as for the other forms.
pub(crate) async fn deactivate(
    Post { by, form }: Post<Administrator>,
    account: web::Path<AccountId>,
) -> Answer {
    switch(&by.0, &form, account.into_inner(), false).await
}

pub(crate) async fn activate(
    Post { by, form }: Post<Administrator>,
    account: web::Path<AccountId>,
) -> Answer {
    switch(&by.0, &form, account.into_inner(), true).await
}

/// Gives a password for one use, and shows it this once.
pub(crate) async fn reset_password(
    Post { by, form }: Post<Administrator>,
    account: web::Path<AccountId>,
) -> Answer {
    let by = by.0;
    let account = find(&by, account.into_inner()).await?;
    let refused = if account.id == by.session.account.id {
        Some("your own password is changed under Account")
    } else if account.kind == AccountKind::Service {
        Some("a service account signs in by no password: give its client a secret")
    } else if !by.page_request.sign_in().has_passwords() {
        Some("signing in with a password is switched off")
    } else {
        None
    };
    if let Some(problem) = refused {
        return show(&by, &form, FormOutcome::Refused(problem.to_owned())).await;
    }
    let password = by
        .page_request
        .sign_in()
        .reset_password(&account.id)
        .await?;
    note(&by, "password.reset", &account).await;
    let memberships = by.memberships().await?;
    let sign_in = format!("{}/sign-in", by.page_request.issuer());
    let page = SecretPage {
        layout: layout(&by, &memberships, Section::Accounts, FormOutcome::None),
        name: UntrustedText::or(&account.display_name, &account.username),
        what: "password for one use",
        id: Some(("Username", account.username)),
        secret: password,
        uses: vec![("They sign in here, and choose their own", sign_in.into())],
        overlap: None,
    };
    Ok(answer::page(
        actix_web::http::StatusCode::OK,
        PageWindow::AtHome,
        &page,
    ))
}

async fn switch(by: &SignedIn, form: &Fields, account: AccountId, is_active: bool) -> Answer {
    let account = find(by, account).await?;
    if account.id == by.session.account.id && !is_active {
        let problem = "this is your own account: another administrator deactivates it".to_owned();
        return show(by, form, FormOutcome::Refused(problem)).await;
    }
    let update = UpdateAccount {
        id: account.id.clone(),
        email: None,
        display_name: None,
        is_active: Some(is_active),
        is_administrator: None,
    };
    if let Err(problem) = by.page_request.change(update).await? {
        return show(by, form, FormOutcome::Refused(problem)).await;
    }
    let (action, code) = if is_active {
        ("account.activated", "account-on")
    } else {
        ("account.deactivated", "account-off")
    };
    note(by, action, &account).await;
    let more = [("search", form.text("search")), ("page", form.text("page"))];
    Ok(done(Section::Accounts, code, &more))
}

async fn find(by: &SignedIn, id: AccountId) -> Result<Account, Failure> {
    let key = AccountKey::Id(id);
    let found = by.page_request.ask(FindAccount { key }).await?;
    found.ok_or(Failure::NotFound)
}

async fn note(by: &SignedIn, action: &str, account: &Account) {
    let about = About {
        detail: Some(account.username.clone()),
        ..About::default()
    };
    record(by, action, about).await;
}

async fn show(by: &SignedIn, fields: &Fields, outcome: FormOutcome) -> Answer {
    let search = fields.search();
    let (part, listed) = list(by, &search, Part::of(fields)).await?;
    let paging = part.paging(listed.total.into(), ("account", "accounts"), |page| {
        query([("search", search.as_str()), ("page", page)])
    });
    let own = &by.session.account.id;
    let has_passwords = by.page_request.sign_in().has_passwords();
    let status = outcome.status();
    let page = AccountsPage {
        accounts: listed
            .accounts
            .into_iter()
            .map(|account| line(account, own, has_passwords))
            .collect(),
        layout: layout(by, &by.memberships().await?, Section::Accounts, outcome),
        search,
        paging,
    };
    Ok(answer::page(status, PageWindow::AtHome, &page))
}

/// The part that is asked for, or the last one where that is behind the end.
async fn list(by: &SignedIn, search: &str, part: Part) -> Result<(Part, Listed), Failure> {
    let ask = async |part: Part| {
        let operation = ListAccountsPage {
            filter: AccountFilter {
                search: (!search.is_empty()).then(|| search.to_owned()),
                ..AccountFilter::default()
            },
            limit: Part::LIMIT,
            offset: part.offset(),
        };
        by.page_request.ask(operation).await
    };
    part.listed(ask, |listed| listed.total).await
}

fn line(account: Account, own: &AccountId, has_passwords: bool) -> AccountLine {
    let is_service = account.kind == AccountKind::Service;
    let is_self = account.id == *own;
    AccountLine {
        username: UntrustedText::new(&account.username),
        display_name: UntrustedText::or(&account.display_name, &account.username),
        email: account
            .email
            .as_deref()
            .map(|email| UntrustedText::bounded(email, 254)),
        is_self,
        is_administrator: account.is_administrator,
        is_service,
        is_active: account.is_active,
        has_password: account.has_password,
        must_change_password: account.must_change_password,
        may_reset: has_passwords && !is_service && !is_self,
        last_sign_in_at: account.last_sign_in_at.map(Timestamp),
        id: account.id,
    }
}
