//! Administration of a workspace or of the deployment.

mod accounts;
pub(super) mod audit;
mod connections;
mod flags;
mod members;
mod policy;
mod tokens;

use actix_web::web;
use tidegate_control_plane::workspace::ListWorkspaces;
use tidegate_pages::{AdminLayout, Section, UntrustedText, WorkspacePick};
use tidegate_types::WorkspaceSlug;

use super::authority::Overseer;
use super::failure::Failure;
use super::layout::{FormOutcome, layout};

/// Workspaces to choose from; those of larger deployments are named in the address.
const MOST_PICKS: usize = 1_000;

pub(super) fn routes(app: &mut web::ServiceConfig) {
    app.route("/admin/members", web::get().to(members::get))
        .route("/admin/members", web::post().to(members::add))
        .route(
            "/admin/members/{account}/role",
            web::post().to(members::set_role),
        )
        .route(
            "/admin/members/{account}/remove",
            web::post().to(members::remove),
        )
        .route(
            "/admin/members/{account}/tokens",
            web::get().to(tokens::get),
        )
        .route(
            "/admin/members/{account}/tokens/{token}/end",
            web::post().to(tokens::end),
        )
        .route("/admin/accounts", web::get().to(accounts::get))
        .route(
            "/admin/accounts/{account}/deactivate",
            web::post().to(accounts::deactivate),
        )
        .route(
            "/admin/accounts/{account}/activate",
            web::post().to(accounts::activate),
        )
        .route(
            "/admin/accounts/{account}/password",
            web::post().to(accounts::reset_password),
        )
        .route("/admin/invitations", web::post().to(members::invite))
        .route(
            "/admin/invitations/{id}/remove",
            web::post().to(members::take_back),
        )
        .route("/admin/connections", web::get().to(connections::get))
        .route(
            "/admin/connections/end",
            web::post().to(connections::end_all),
        )
        .route(
            "/admin/connections/{grant}/end",
            web::post().to(connections::end),
        )
        .route("/admin/policy", web::get().to(policy::get))
        .route("/admin/policy/unknown", web::post().to(policy::set_unknown))
        .route("/admin/policy/rules", web::post().to(policy::set_rule))
        .route(
            "/admin/policy/rules/remove",
            web::post().to(policy::remove_rule),
        )
        .route("/admin/flags", web::get().to(flags::get))
        .route("/admin/flags/{flag}", web::post().to(flags::set))
        .route("/admin/flags/{flag}/clear", web::post().to(flags::clear))
        .route("/admin/audit", web::get().to(audit::get))
        .route("/admin/audit.csv", web::get().to(audit::csv))
        .route("/admin/audit.json", web::get().to(audit::json));
}

/// The frame of a page, and what its person may choose to look at. `here` is what the page is about.
async fn frame(
    by: &Overseer,
    at: Section,
    here: Option<&WorkspaceSlug>,
    offers_all: bool,
    outcome: FormOutcome,
) -> Result<(AdminLayout, Vec<WorkspacePick>), Failure> {
    let memberships = by.person.memberships().await?;
    let workspaces = by.person.page_request.ask(ListWorkspaces {}).await?;
    let is_administrator = by.is_administrator();
    let all = (offers_all && is_administrator).then(|| WorkspacePick {
        slug: None,
        title: UntrustedText::new("The whole deployment"),
        is_here: here.is_none(),
    });
    let managed = workspaces
        .into_iter()
        .filter(|workspace| is_administrator || by.managed.contains(&workspace.slug))
        .map(|workspace| WorkspacePick {
            is_here: here == Some(&workspace.slug),
            title: UntrustedText::or(&workspace.title, workspace.slug.as_str()),
            slug: Some(workspace.slug),
        });
    let picks = all.into_iter().chain(managed).take(MOST_PICKS).collect();
    Ok((layout(&by.person, &memberships, at, outcome), picks))
}

/// The query field of what a page is about.
fn value(workspace: Option<&WorkspaceSlug>) -> &str {
    workspace.map_or("", WorkspaceSlug::as_str)
}
