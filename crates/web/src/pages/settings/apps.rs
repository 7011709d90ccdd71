//! `/settings/apps`: what is connected.

use std::cmp::Reverse;
use std::collections::HashMap;

use actix_web::web;
use tidegate_manager::client::{Client, FindClient};
use tidegate_manager::grant::{
    EndGrant, EndGrants, EndReason, FindGrant, Grant, GrantFilter, GrantSummary, ListGrants,
    NarrowGrant,
};
use tidegate_pages::{AppSort, AppsPage, ConnectedApp, Foreign, Moment, Section, widest};
use tidegate_types::{ClientId, GrantId, Scope, ScopeSet};

use super::Titles;
use crate::pages::answer::{self, Place};
use crate::pages::authority::{Get, Post, SignedIn};
use crate::pages::desk::{Outcome, desk, done};
use crate::pages::failure::Failure;
use crate::pages::record::{About, record};
use crate::pages::{Answer, origin};

/// Different clients that are looked up for a page; later ones are shown without their host.
const MOST_CLIENTS: usize = 100;

pub(crate) async fn get(Get { by, query }: Get<SignedIn>) -> Answer {
    let sort = AppSort::parse(query.text("sort"));
    show(&by, sort, Outcome::of(&by, &query)).await
}

pub(crate) async fn disconnect(Post { by, .. }: Post<SignedIn>, id: web::Path<GrantId>) -> Answer {
    let grant = own(&by, id.into_inner()).await?;
    let reason = EndReason::ByUser;
    by.visit
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
    let ended = by.visit.ask(EndGrants { filter, reason }).await?;
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
            return show(&by, AppSort::default(), Outcome::Refused(problem)).await;
        }
    };
    let scopes = ScopeSet::from(scope).expanded();
    let narrowed = by
        .visit
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
        Err(problem) => show(&by, AppSort::default(), Outcome::Refused(problem)).await,
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
    by.visit
        .ask(FindGrant { id })
        .await?
        .filter(|grant| grant.account == by.session.account.id)
        .ok_or(Failure::NotFound)
}

async fn show(by: &SignedIn, sort: AppSort, outcome: Outcome) -> Answer {
    let memberships = by.memberships().await?;
    let titles = Titles::read(by).await?;
    let filter = GrantFilter {
        account: Some(by.session.account.id.clone()),
        ..GrantFilter::default()
    };
    let grants = by.visit.ask(ListGrants { filter }).await?;
    let clients = clients_of(by, &grants).await?;
    let status = outcome.status();
    let mut apps: Vec<ConnectedApp> = grants
        .into_iter()
        .map(|summary| app(summary, &clients, &titles))
        .collect();
    match sort {
        AppSort::Name => apps.sort_by_key(|app| app.client.as_str().to_lowercase()),
        AppSort::Used => apps.sort_by_key(|app| Reverse(app.last_used_at.map(|used| used.0))),
        // As the manager lists them.
        AppSort::Connected => {}
    }
    let page = AppsPage {
        desk: desk(by, &memberships, Section::Apps, outcome),
        apps,
        sort,
    };
    Ok(answer::page(status, Place::AtHome, &page))
}

async fn clients_of(
    by: &SignedIn,
    grants: &[GrantSummary],
) -> Result<HashMap<ClientId, Client>, Failure> {
    let mut clients = HashMap::new();
    for summary in grants {
        let id = &summary.grant.client;
        if id.is_url() || clients.contains_key(id) || clients.len() == MOST_CLIENTS {
            continue;
        }
        if let Some(client) = by.visit.ask(FindClient { id: id.clone() }).await? {
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
        client: Foreign::or(&summary.client_name, grant.client.as_str()),
        origin: origin::words(summary.client_kind),
        host: origin::host(&grant.client, redirect_uris(clients, &grant.client)),
        workspace: titles.of(&grant.workspace),
        scope: widest(grant.scopes).unwrap_or(Scope::Read),
        created_at: Moment(grant.created_at),
        last_used_at: last_used(&grant, summary.calls),
        calls: summary.calls,
        is_offline: grant.is_offline,
        expires_at: Moment(grant.expires_at),
        id: grant.id,
    }
}

/// The last call, where there was one: the manager notes the issue of tokens as well.
pub(in crate::pages) fn last_used(grant: &Grant, calls: u64) -> Option<Moment> {
    let was_used = |used: &i64| calls > 0 || *used > grant.created_at;
    grant.last_used_at.filter(was_used).map(Moment)
}

fn redirect_uris<'c>(clients: &'c HashMap<ClientId, Client>, id: &ClientId) -> &'c [String] {
    clients
        .get(id)
        .map_or(&[], |client| &client.metadata.redirect_uris)
}
