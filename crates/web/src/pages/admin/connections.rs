//! `/admin/connections`: everybody's connected apps.

use actix_web::web;
use tidegate_control_plane::grant::{
    EndGrant, EndGrants, EndReason, FindGrant, GrantFilter, GrantsPage, ListGrantsPage, ListedGrant,
};
use tidegate_pages::{ConnectionLine, ConnectionsPage, Section, Timestamp, UntrustedText, widest};
use tidegate_types::{ClientId, GrantId, Scope};

use super::{frame, value};
use crate::pages::answer::{self, PageWindow};
use crate::pages::authority::{Get, Overseer, Post};
use crate::pages::failure::Failure;
use crate::pages::fields::{Fields, query};
use crate::pages::layout::{FormOutcome, done};
use crate::pages::paging::Part;
use crate::pages::record::{About, record};
use crate::pages::settings::Titles;
use crate::pages::settings::apps::last_used;
use crate::pages::{Answer, origin};

/// `workspace`, `search`, `client`, `page`.
pub(crate) async fn get(Get { by, query }: Get<Overseer>) -> Answer {
    let outcome = FormOutcome::of(&by.person, &query);
    show(&by, &query, outcome).await
}

pub(crate) async fn end(Post { by, form }: Post<Overseer>, id: web::Path<GrantId>) -> Answer {
    let page_request = &by.person.page_request;
    let grant = page_request
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
    page_request
        .ask(EndGrant {
            id: grant.id.clone(),
            reason,
        })
        .await?;
    let about = About {
        client: Some(&grant.client),
        workspace: Some(&grant.workspace),
        detail: Some(format!(
            "of {}",
            by.person.username_of(&grant.account).await?
        )),
    };
    record(&by.person, "grant.ended", about).await;
    let here = value(by.workspace.as_ref());
    let more = [("workspace", here), ("client", form.text("client"))];
    Ok(done(Section::Connections, "disconnected", &more))
}

/// `client`: all of it, in what the page is about.
pub(crate) async fn end_all(Post { by, form }: Post<Overseer>) -> Answer {
    let client: ClientId = match form.read("client") {
        Ok(client) => client,
        Err(problem) => return show(&by, &form, FormOutcome::Refused(problem)).await,
    };
    let filter = GrantFilter {
        client: Some(client.clone()),
        workspace: by.workspace.clone(),
        ..GrantFilter::default()
    };
    let reason = EndReason::ByAdministrator;
    let ended = by
        .person
        .page_request
        .ask(EndGrants { filter, reason })
        .await?;
    let about = About {
        client: Some(&client),
        workspace: by.workspace.as_ref(),
        detail: Some(format!("{} of everybody", ended.len())),
    };
    record(&by.person, "grant.ended", about).await;
    let more = [("workspace", value(by.workspace.as_ref()))];
    Ok(done(Section::Connections, "all-disconnected", &more))
}

async fn show(by: &Overseer, fields: &Fields, outcome: FormOutcome) -> Answer {
    let client = fields
        .read_if_there::<ClientId>("client")
        .unwrap_or_default();
    let search = fields.search();
    let (part, listed) = list(by, fields, client.as_ref(), &search).await?;
    let titles = Titles::read(&by.person).await?;
    let connections: Vec<ConnectionLine> = listed
        .grants
        .into_iter()
        .map(|one| line(one, &titles))
        .collect();
    let here = by.workspace.as_ref();
    let paging = part.paging(
        listed.total.into(),
        ("connected app", "connected apps"),
        |page| {
            query([
                ("workspace", value(here)),
                ("search", search.as_str()),
                ("client", client.as_ref().map_or("", ClientId::as_str)),
                ("page", page),
            ])
        },
    );
    let status = outcome.status();
    let (layout, picks) = frame(by, Section::Connections, here, true, outcome).await?;
    let page = ConnectionsPage {
        layout,
        picks,
        workspace: by.workspace.clone(),
        // Named as it is in this list: whoever manages one workspace is told nothing of clients of others.
        client: client.map(|id| {
            let name = connections.first().map_or_else(
                || UntrustedText::new(id.as_str()),
                |line| line.client.clone(),
            );
            (id, name)
        }),
        search,
        connections,
        paging,
    };
    Ok(answer::page(status, PageWindow::AtHome, &page))
}

/// The part that is asked for, or the last one where that is behind the end.
async fn list(
    by: &Overseer,
    fields: &Fields,
    client: Option<&ClientId>,
    search: &str,
) -> Result<(Part, GrantsPage), Failure> {
    let ask = async |part: Part| {
        let operation = ListGrantsPage {
            filter: GrantFilter {
                client: client.cloned(),
                workspace: by.workspace.clone(),
                ..GrantFilter::default()
            },
            search: (!search.is_empty()).then(|| search.to_owned()),
            limit: Part::LIMIT,
            offset: part.offset(),
        };
        by.person.page_request.ask(operation).await
    };
    Part::of(fields).listed(ask, |listed| listed.total).await
}

fn line(listed: ListedGrant, titles: &Titles) -> ConnectionLine {
    let summary = listed.summary;
    let grant = summary.grant;
    ConnectionLine {
        client: UntrustedText::or(&summary.client_name, grant.client.as_str()),
        origin: origin::words(summary.client_kind),
        host: origin::host(&grant.client, &listed.redirect_uris),
        username: UntrustedText::new(&summary.username),
        workspace: titles.of(&grant.workspace),
        scope: widest(grant.scopes).unwrap_or(Scope::Read),
        is_offline: grant.is_offline,
        created_at: Timestamp(grant.created_at),
        last_used_at: last_used(&grant, summary.calls),
        calls: summary.calls,
        client_id: grant.client,
        id: grant.id,
    }
}
