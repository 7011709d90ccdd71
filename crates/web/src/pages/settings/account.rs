//! `/settings/account`: who one is, and signing out everywhere.

use tidegate_control_plane::api_token::{EndApiToken, ListApiTokens};
use tidegate_control_plane::workspace::{ListWorkspaces, Membership, SetMembership};
use tidegate_login::SupersetUser;
use tidegate_pages::{AccountPage, Section, Timestamp, UntrustedText, role, role_name};
use tidegate_types::{Role, WorkspaceSlug};

use super::{Titles, apps};
use crate::pages::answer::{self, PageWindow};
use crate::pages::authority::{Administrator, Get, Post, SignedIn};
use crate::pages::failure::Failure;
use crate::pages::layout::{FormOutcome, done, layout, missing_users};
use crate::pages::record::{About, record};
use crate::pages::{Answer, sign_in};

/// Workspaces that are offered to whoever manages the deployment.
const MOST_JOINABLE: usize = 500;

pub(crate) async fn get(Get { by, query }: Get<SignedIn>) -> Answer {
    show(&by, FormOutcome::of(&by, &query)).await
}

async fn show(by: &SignedIn, outcome: FormOutcome) -> Answer {
    let memberships = by.memberships().await?;
    let titles = Titles::read(by).await?;
    let account = &by.session.account;
    let status = outcome.status();
    let mut layout = layout(by, &memberships, Section::Account, outcome);
    layout
        .hints
        .extend(missing_users(by, &memberships, &titles).await);
    let page = AccountPage {
        layout,
        email: account.email.as_deref().map(|email| {
            (
                UntrustedText::bounded(email, 254),
                account.is_email_verified,
            )
        }),
        has_password: account.has_password,
        signed_in_at: Timestamp(by.session.signed_in_at),
        joinable: joinable(by, &memberships, &titles).await?,
        memberships: memberships
            .iter()
            .map(|membership| (titles.of(&membership.workspace), role(membership.role)))
            .collect(),
    };
    Ok(answer::page(status, PageWindow::AtHome, &page))
}

async fn joinable(
    by: &SignedIn,
    memberships: &[Membership],
    titles: &Titles,
) -> Result<Vec<(WorkspaceSlug, UntrustedText)>, Failure> {
    if !by.session.account.is_administrator {
        return Ok(vec![]);
    }
    let all = by.page_request.ask(ListWorkspaces {}).await?;
    let is_in = |slug: &WorkspaceSlug| memberships.iter().any(|place| place.workspace == *slug);
    Ok(all
        .into_iter()
        .map(|workspace| workspace.slug)
        .filter(|slug| !is_in(slug))
        .take(MOST_JOINABLE)
        .map(|slug| (slug.clone(), titles.of(&slug)))
        .collect())
}

/// `workspace`, `superset_username`: whoever manages the deployment joins a workspace by themselves, as a user that is there.
pub(crate) async fn join(Post { by, form }: Post<Administrator>) -> Answer {
    let by = by.0;
    let workspace: WorkspaceSlug = match form.read("workspace") {
        Ok(workspace) => workspace,
        Err(problem) => return show(&by, FormOutcome::Refused(problem)).await,
    };
    let account = &by.session.account;
    let acts_as = match form.text("superset_username") {
        "" => account.username.clone(),
        chosen => chosen.to_owned(),
    };
    let user = by
        .page_request
        .sign_in()
        .superset_user(&workspace, &acts_as);
    let problem = match user.await {
        SupersetUser::Active | SupersetUser::MadeWhenNeeded => None,
        SupersetUser::Inactive => Some(format!("superset user: {acts_as} is switched off there")),
        SupersetUser::Missing => Some(format!(
            "superset user: there is no {acts_as} in the Superset of {workspace}; write the name of one"
        )),
        SupersetUser::Unknown => Some(format!(
            "the Superset of {workspace} cannot be asked for its users at the moment: try again"
        )),
    };
    if let Some(problem) = problem {
        return show(&by, FormOutcome::Refused(problem)).await;
    }
    let set = SetMembership {
        workspace: workspace.clone(),
        account: account.id.clone(),
        role: Role::Admin,
        superset_username: Some(acts_as.clone()),
    };
    if let Err(problem) = by.page_request.change(set).await? {
        return show(&by, FormOutcome::Refused(problem)).await;
    }
    let about = About {
        workspace: Some(&workspace),
        detail: Some(format!(
            "{} as {}, acting in Superset as {acts_as}",
            account.username,
            role_name(Role::Admin)
        )),
        ..About::default()
    };
    record(&by, "membership.set", about).await;
    Ok(done(Section::Account, "joined", &[]))
}

/// `apps`: with connections and API tokens.
pub(crate) async fn sign_out_everywhere(Post { by, form }: Post<SignedIn>) -> Answer {
    if form.is_ticked("apps") {
        apps::end_all(&by).await?;
        let account = by.session.account.id.clone();
        let tokens = by
            .page_request
            .ask(ListApiTokens {
                account: account.clone(),
            })
            .await?;
        for token in tokens {
            let account = Some(account.clone());
            by.page_request
                .ask(EndApiToken {
                    id: token.id,
                    account,
                })
                .await?;
        }
    }
    by.page_request
        .sign_in()
        .sign_out_everywhere(&by.session)
        .await?;
    Ok(sign_in::leave(&by.page_request))
}
