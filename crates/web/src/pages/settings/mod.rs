//! What belongs to whoever is signed in.

mod account;
pub(super) mod apps;
mod clients;
pub(super) mod connect;
mod machines;
mod secrets;
pub(super) mod tokens;

use std::collections::HashMap;

use actix_web::web;
use tidegate_control_plane::workspace::{ListWorkspaces, Membership};
use tidegate_pages::{UntrustedText, widest};
use tidegate_types::{Scope, ScopeSet, WorkspaceSlug};

use super::authority::SignedIn;
use super::failure::Failure;
use super::fields::Fields;

pub(super) fn routes(app: &mut web::ServiceConfig) {
    app.route("/settings/apps", web::get().to(apps::get))
        .route(
            "/settings/apps/disconnect",
            web::post().to(apps::disconnect_all),
        )
        .route(
            "/settings/apps/{grant}/disconnect",
            web::post().to(apps::disconnect),
        )
        .route(
            "/settings/apps/{grant}/narrow",
            web::post().to(apps::narrow),
        )
        .route("/settings/connect", web::get().to(connect::get))
        .route("/settings/clients", web::get().to(clients::get))
        .route("/settings/clients", web::post().to(clients::create))
        .route(
            "/settings/clients/{client}/secret",
            web::post().to(clients::add_secret),
        )
        .route(
            "/settings/clients/{client}/remove",
            web::post().to(clients::remove),
        )
        .route("/settings/machines", web::get().to(machines::get))
        .route("/settings/machines", web::post().to(machines::create))
        .route(
            "/settings/machines/{client}/secret",
            web::post().to(machines::add_secret),
        )
        .route(
            "/settings/machines/{client}/remove",
            web::post().to(machines::remove),
        )
        .route("/settings/tokens", web::get().to(tokens::get))
        .route("/settings/tokens", web::post().to(tokens::create))
        .route("/settings/tokens/{token}/end", web::post().to(tokens::end))
        .route("/settings/account", web::get().to(account::get))
        .route("/settings/account/join", web::post().to(account::join))
        .route(
            "/settings/account/sign-out-everywhere",
            web::post().to(account::sign_out_everywhere),
        );
}

/// Scopes that forms offer: those that some tool needs.
fn offered_scopes(by: &SignedIn) -> ScopeSet {
    by.page_request.authorization().offered_scopes()
}

/// The scope that a form chose, with those that it includes. The error is for the person.
fn chosen_scopes(by: &SignedIn, form: &Fields) -> Result<ScopeSet, String> {
    let scope: Scope = form.read("scope")?;
    if offered_scopes(by).allows(scope) {
        Ok(ScopeSet::from(scope).expanded())
    } else {
        Err("scope: choose one of the list".to_owned())
    }
}

/// A scope to begin a form with: the widest that is offered where it is not.
fn offered_or_less(by: &SignedIn, scope: Scope) -> Scope {
    let offered = offered_scopes(by);
    if offered.allows(scope) {
        scope
    } else {
        widest(offered).unwrap_or(Scope::Read)
    }
}

/// What workspaces are called.
#[derive(Debug, Default)]
pub(super) struct Titles(HashMap<WorkspaceSlug, String>);

impl Titles {
    pub(super) async fn read(by: &SignedIn) -> Result<Self, Failure> {
        let workspaces = by.page_request.ask(ListWorkspaces {}).await?;
        let named = workspaces
            .into_iter()
            .map(|workspace| (workspace.slug, workspace.title));
        Ok(Self(named.collect()))
    }

    /// Whether there is one workspace here.
    pub(super) fn is_of_one(&self) -> bool {
        self.0.len() == 1
    }

    pub(super) fn of(&self, slug: &WorkspaceSlug) -> UntrustedText {
        let title = self.0.get(slug).map_or("", String::as_str);
        UntrustedText::or(title, slug.as_str())
    }

    /// Those of memberships, to choose from.
    pub(super) fn of_memberships(
        &self,
        memberships: &[Membership],
    ) -> Vec<(WorkspaceSlug, UntrustedText)> {
        memberships
            .iter()
            .map(|membership| (membership.workspace.clone(), self.of(&membership.workspace)))
            .collect()
    }
}
