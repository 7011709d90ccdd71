//! `/admin/connections`: everybody's connections.

use std::collections::HashMap;

use actix_web::web;
use tidegate_manager::client::{Client, ClientFilter, FindClient, ListClients};
use tidegate_manager::grant::{
    EndGrant, EndGrants, EndReason, FindGrant, GrantFilter, GrantSummary, ListGrants,
};
use tidegate_pages::{ConnectionLine, ConnectionsPage, Foreign, Moment, Section, widest};
use tidegate_types::{ClientId, GrantId, Scope};

use super::{account_named, frame, value};
use crate::pages::answer::{self, Place};
use crate::pages::authority::{Get, Overseer, Post};
use crate::pages::desk::{Outcome, done};
use crate::pages::failure::Failure;
use crate::pages::fields::Fields;
use crate::pages::record::{About, record};
use crate::pages::settings::Titles;
use crate::pages::{Answer, origin};

/// What the manager lists at once.
const MOST: usize = 1_000;

pub(crate) async fn get(Get { by, query }: Get<Overseer>) -> Answer {
    show(&by, &query, Outcome::of(&query)).await
}

pub(crate) async fn end(Post { by, form }: Post<Overseer>, id: web::Path<GrantId>) -> Answer {
    let visit = &by.person.visit;
    let grant = visit
        .ask(FindGrant {
            id: id.into_inner(),
        })
        .await?
        // One of a workspace that the person does not manage is not found.
        .filter(|grant| {
            by.workspace
                .as_ref()
                .is_none_or(|slug| *slug == grant.workspace)
        })
        .ok_or(Failure::NotFound)?;
    let reason = EndReason::ByAdministrator;
    visit
        .ask(EndGrant {
            id: grant.id.clone(),
            reason,
        })
        .await?;
    let about = About {
        client: Some(&grant.client),
        workspace: Some(&grant.workspace),
        detail: Some(format!("of {}", grant.account)),
    };
    record(&by.person, "grant.ended", about).await;
    let here = value(by.workspace.as_ref());
    let more = [("workspace", here), ("client", form.text("client"))];
    Ok(done(Section::Connections, "ended", &more))
}

/// `client`: all of it, in what the page is about.
pub(crate) async fn end_all(Post { by, form }: Post<Overseer>) -> Answer {
    let client: ClientId = match form.read("client") {
        Ok(client) => client,
        Err(problem) => return show(&by, &form, Outcome::Refused(problem)).await,
    };
    let filter = GrantFilter {
        client: Some(client.clone()),
        workspace: by.workspace.clone(),
        ..GrantFilter::default()
    };
    let reason = EndReason::ByAdministrator;
    let ended = by.person.visit.ask(EndGrants { filter, reason }).await?;
    let about = About {
        client: Some(&client),
        workspace: by.workspace.as_ref(),
        detail: Some(format!("all {} connections", ended.len())),
    };
    record(&by.person, "grant.ended", about).await;
    let more = [("workspace", value(by.workspace.as_ref()))];
    Ok(done(Section::Connections, "all-ended", &more))
}

/// What a client is called, for whoever manages the deployment, or a workspace that it has to do with: it is for that one, or
/// somebody let it in there. Anybody else gets nothing that they did not write themselves.
async fn client_name(
    by: &Overseer,
    id: &ClientId,
    grants: &[GrantSummary],
) -> Result<String, Failure> {
    let of_grant = grants.iter().find(|summary| summary.grant.client == *id);
    if let Some(summary) = of_grant {
        return Ok(summary.client_name.clone());
    }
    let visit = &by.person.visit;
    let found = visit.ask(FindClient { id: id.clone() }).await?;
    let Some(client) = found else {
        return Ok(String::new());
    };
    let is_theirs = client.workspace.is_some() && client.workspace == by.workspace;
    let is_seen = by.workspace.is_none() || is_theirs || {
        // The ended ones are in the workspace's audit.
        let filter = GrantFilter {
            client: Some(id.clone()),
            workspace: by.workspace.clone(),
            with_ended: true,
            ..GrantFilter::default()
        };
        !visit.ask(ListGrants { filter }).await?.is_empty()
    };
    Ok(if is_seen {
        client.metadata.client_name
    } else {
        String::new()
    })
}

async fn show(by: &Overseer, fields: &Fields, mut outcome: Outcome) -> Answer {
    let visit = &by.person.visit;
    let client = fields
        .read_if_there::<ClientId>("client")
        .unwrap_or_default();
    let username = fields.text("username").chars().take(64).collect::<String>();
    let mut filter = GrantFilter {
        client: client.clone(),
        workspace: by.workspace.clone(),
        ..GrantFilter::default()
    };
    let mut is_nobody = false;
    if !username.is_empty() {
        match account_named(by, &username).await? {
            Ok(account) => filter.account = Some(account),
            Err(problem) => {
                is_nobody = true;
                outcome = Outcome::Refused(problem);
            }
        }
    }
    let grants = if is_nobody {
        vec![]
    } else {
        visit.ask(ListGrants { filter }).await?
    };
    let titles = Titles::read(&by.person).await?;
    let clients = visit
        .ask(ListClients {
            filter: ClientFilter::default(),
        })
        .await?;
    let clients: HashMap<&ClientId, &Client> =
        clients.iter().map(|client| (&client.id, client)).collect();
    let shown_client = match client {
        Some(id) => {
            let name = client_name(by, &id, &grants).await?;
            Some((id.clone(), Foreign::or(&name, id.as_str())))
        }
        None => None,
    };
    let has_more = grants.len() >= MOST;
    let connections = grants
        .into_iter()
        .map(|summary| {
            let grant = summary.grant;
            ConnectionLine {
                client: Foreign::or(&summary.client_name, grant.client.as_str()),
                origin: origin::words(summary.client_kind),
                host: origin::host(&grant.client, clients.get(&grant.client).copied()),
                username: Foreign::new(&summary.username),
                workspace: titles.of(&grant.workspace),
                scope: widest(grant.scopes).unwrap_or(Scope::Read),
                is_offline: grant.is_offline,
                created_at: Moment(grant.created_at),
                last_used_at: grant.last_used_at.map(Moment),
                calls: summary.calls,
                client_id: grant.client,
                id: grant.id,
            }
        })
        .collect();
    let status = outcome.status();
    let here = by.workspace.as_ref();
    let (desk, picks) = frame(by, Section::Connections, here, true, outcome).await?;
    let page = ConnectionsPage {
        desk,
        picks,
        workspace: by.workspace.clone(),
        client: shown_client,
        username,
        connections,
        has_more,
    };
    Ok(answer::page(status, Place::AtHome, &page))
}
