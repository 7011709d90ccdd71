//! Warns of members who would be refused in their workspace's Superset.

use tidegate_control_plane::account::Account;
use tidegate_control_plane::workspace::{ListMemberships, Membership};
use tidegate_login::SupersetUser;
use tidegate_types::WorkspaceSlug;

use super::context::Context;
use super::failure::Failure;

/// What is missing for an account to act in the workspace, and what to do about it.
pub(super) async fn warning(
    account: &Account,
    workspace: &WorkspaceSlug,
    context: &Context,
) -> Result<Option<String>, Failure> {
    let memberships = ListMemberships {
        account: account.id.clone(),
    };
    let places = context.call(memberships).await?;
    let Some(place) = places.iter().find(|place| &place.workspace == workspace) else {
        return Ok(None);
    };
    let user = context
        .deployment
        .superset_user(
            &context.settings,
            &context.manager,
            &context.clock,
            workspace,
            &place.superset_username,
        )
        .await;
    Ok(words(account, place, user))
}

fn words(account: &Account, place: &Membership, user: SupersetUser) -> Option<String> {
    let Membership {
        workspace,
        superset_username,
        role,
        ..
    } = place;
    let name = &account.username;
    let again = format!(
        "tidegate user join {name} --workspace {workspace} --role {role} --superset-username <user>"
    );
    match user {
        SupersetUser::Active | SupersetUser::MadeWhenNeeded => None,
        SupersetUser::Missing => Some(format!(
            "the Superset of workspace {workspace} has no user {superset_username:?}, so that {name} is refused at /mcp: make that \
             user in Superset, or name one that exists: {again}"
        )),
        SupersetUser::Inactive => Some(format!(
            "the user {superset_username:?} of workspace {workspace}'s Superset is not active, so that {name} is refused at /mcp: \
             activate it in Superset, or name another: {again}"
        )),
        SupersetUser::Unknown => Some(format!(
            "the Superset of workspace {workspace} did not say whether it has the user {superset_username:?}, whom {name} acts \
             as: without, {name} is refused at /mcp"
        )),
    }
}
