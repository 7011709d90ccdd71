//! `/settings/apps`: what is connected.

use std::cmp::Reverse;
use std::collections::HashMap;

use actix_web::web;
use tidegate_control_plane::client::{Client, FindClient};
use tidegate_control_plane::grant::{
    EndGrant, EndGrants, EndReason, FindGrant, Grant, GrantFilter, GrantSummary, ListGrants,
    NarrowGrant,
};
use tidegate_pages::{AppSort, AppsPage, ConnectedApp, Section, Timestamp, UntrustedText, widest};
use tidegate_types::{ClientId, GrantId, Scope, ScopeSet};

use super::Titles;
use crate::pages::answer::{self, PageWindow};
use crate::pages::authority::{Get, Post, SignedIn};
use crate::pages::failure::Failure;
use crate::pages::fields::{Fields, query};
use crate::pages::layout::{FormOutcome, done, layout};
use crate::pages::paging::{Counted, Part};
use crate::pages::record::{About, record};
use crate::pages::{Answer, origin};

/// `sort`, `search`, `page`.
pub(crate) async fn get(Get { by, query }: Get<SignedIn>) -> Answer {
    show(&by, &query, FormOutcome::of(&by, &query)).await
}

pub(crate) async fn disconnect(Post { by, .. }: Post<SignedIn>, id: web::Path<GrantId>) -> Answer {
    let grant = own(&by, id.into_inner()).await?;
    let reason = EndReason::ByUser;
    by.page_request
        .ask(EndGrant {
            id: grant.id.clone(),
            reason,
        })
        .await?;
    note(&by, "grant.ended", &grant, None).await;
    Ok(done(Section::Apps, "disconnected", &[]))
}

pub(crate) async fn disconnect_all(Post { by, .. }: Post<SignedIn>) -> Answer {
    end_all(&by).await?;
    Ok(done(Section::Apps, "disconnected", &[]))
}

/// Ends every connection of the person.
pub(super) async fn end_all(by: &SignedIn) -> Result<(), Failure> {
    let filter = GrantFilter {
        account: Some(by.session.account.id.clone()),
        ..GrantFilter::default()
    };
    let reason = EndReason::ByUser;
    let ended = by.page_request.ask(EndGrants { filter, reason }).await?;
    let detail = Some(format!("all {} of their own", ended.len()));
    record(
        by,
        "grant.ended",
        About {
            detail,
            ..About::default()
        },
    )
    .await;
    Ok(())
}

pub(crate) async fn narrow(Post { by, form }: Post<SignedIn>, id: web::Path<GrantId>) -> Answer {
    let grant = own(&by, id.into_inner()).await?;
    let scope = match form.read::<Scope>("scope") {
        Ok(scope) => scope,
        Err(problem) => {
            return show(&by, &form, FormOutcome::Refused(problem)).await;
        }
    };
    let scopes = ScopeSet::from(scope).expanded();
    let narrowed = by
        .page_request
        .change(NarrowGrant {
            id: grant.id.clone(),
            scopes,
        })
        .await?;
    match narrowed {
        Ok(_) => {
            note(&by, "grant.narrowed", &grant, Some(scopes.to_string())).await;
            Ok(done(Section::Apps, "narrowed", &[]))
        }
        Err(problem) => show(&by, &form, FormOutcome::Refused(problem)).await,
    }
}

async fn note(by: &SignedIn, action: &str, grant: &Grant, detail: Option<String>) {
    let about = About {
        client: Some(&grant.client),
        workspace: Some(&grant.workspace),
        detail,
    };
    record(by, action, about).await;
}

/// A grant of the person's own; another's is not found.
async fn own(by: &SignedIn, id: GrantId) -> Result<Grant, Failure> {
    by.page_request
        .ask(FindGrant { id })
        .await?
        .filter(|grant| grant.account == by.session.account.id)
        .ok_or(Failure::NotFound)
}

async fn show(by: &SignedIn, fields: &Fields, outcome: FormOutcome) -> Answer {
    let (sort, search) = (AppSort::parse(fields.text("sort")), fields.search());
    let memberships = by.memberships().await?;
    let titles = Titles::read(by).await?;
    let filter = GrantFilter {
        account: Some(by.session.account.id.clone()),
        ..GrantFilter::default()
    };
    let mut grants = by.page_request.ask(ListGrants { filter }).await?;
    let count = grants.len();
    grants.retain(|summary| is_found(summary, &titles, &search));
    sort_by(sort, &mut grants);
    let found = grants.len();
    let part = Part::of(fields).within(found);
    let shown: Vec<GrantSummary> = part.of_all(grants);
    let clients = clients_of(by, &shown).await?;
    let status = outcome.status();
    let paging = part.paging(
        Counted::from(u64::try_from(found).unwrap_or(u64::MAX)),
        ("connected app", "connected apps"),
        |page| {
            query([
                ("sort", sort.as_str()),
                ("search", search.as_str()),
                ("page", page),
            ])
        },
    );
    let page = AppsPage {
        layout: layout(by, &memberships, Section::Apps, outcome),
        apps: shown
            .into_iter()
            .map(|summary| app(summary, &clients, &titles))
            .collect(),
        count,
        search,
        paging,
        sort,
    };
    Ok(answer::page(status, PageWindow::AtHome, &page))
}

fn is_found(summary: &GrantSummary, titles: &Titles, search: &str) -> bool {
    let search = search.to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&search);
    let grant = &summary.grant;
    has(&summary.client_name)
        || has(grant.client.as_str())
        || has(titles.of(&grant.workspace).as_str())
}

fn sort_by(sort: AppSort, grants: &mut [GrantSummary]) {
    match sort {
        AppSort::Name => grants.sort_by_cached_key(|summary| {
            let grant = &summary.grant;
            UntrustedText::or(&summary.client_name, grant.client.as_str())
                .as_str()
                .to_lowercase()
        }),
        AppSort::Used => grants.sort_by_key(|summary| {
            Reverse(last_used(&summary.grant, summary.calls).map(|used| used.0))
        }),
        // As the manager lists them.
        AppSort::Connected => {}
    }
}

async fn clients_of(
    by: &SignedIn,
    grants: &[GrantSummary],
) -> Result<HashMap<ClientId, Client>, Failure> {
    let mut clients = HashMap::new();
    for summary in grants {
        let id = &summary.grant.client;
        if id.is_url() || clients.contains_key(id) {
            continue;
        }
        if let Some(client) = by.page_request.ask(FindClient { id: id.clone() }).await? {
            clients.insert(id.clone(), client);
        }
    }
    Ok(clients)
}

fn app(
    summary: GrantSummary,
    clients: &HashMap<ClientId, Client>,
    titles: &Titles,
) -> ConnectedApp {
    let grant = summary.grant;
    ConnectedApp {
        client: UntrustedText::or(&summary.client_name, grant.client.as_str()),
        origin: origin::words(summary.client_kind),
        host: origin::host(&grant.client, redirect_uris(clients, &grant.client)),
        workspace: titles.of(&grant.workspace),
        scope: widest(grant.scopes).unwrap_or(Scope::Read),
        created_at: Timestamp(grant.created_at),
        last_used_at: last_used(&grant, summary.calls),
        calls: summary.calls,
        is_offline: grant.is_offline,
        expires_at: Timestamp(grant.expires_at),
        id: grant.id,
    }
}

/// The last call, where there was one: the manager notes the issue of tokens as well.
pub(in crate::pages) fn last_used(grant: &Grant, calls: u64) -> Option<Timestamp> {
    let was_used = |used: &i64| calls > 0 || *used > grant.created_at;
    grant.last_used_at.filter(was_used).map(Timestamp)
}

fn redirect_uris<'c>(clients: &'c HashMap<ClientId, Client>, id: &ClientId) -> &'c [String] {
    clients
        .get(id)
        .map_or(&[], |client| &client.metadata.redirect_uris)
}
