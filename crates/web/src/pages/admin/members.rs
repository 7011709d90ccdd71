//! `/admin/members`: who belongs to a workspace, and as what.

use std::collections::HashMap;

use actix_web::web;
use tidegate_manager::account::{
    Account, AccountFilter, AccountKey, AccountKind, FindAccount, ListAccounts,
};
use tidegate_manager::invitation::{CreateInvitation, ListInvitations, RemoveInvitation};
use tidegate_manager::workspace::{
    ListMembers, ListWorkspaces, Membership, RemoveMembership, SetMembership,
};
use tidegate_oauth::{IssuedSecret, SecretKind};
use tidegate_pages::{Foreign, InvitationLine, MemberLine, MembersPage, Moment, Section};
use tidegate_types::{AccountId, ExposeSecret, Role, WorkspaceSlug};

use super::{frame, value};
use crate::pages::Answer;
use crate::pages::answer::{self, Place};
use crate::pages::authority::{Get, Overseer, Post, SignedIn, WorkspaceAdmin};
use crate::pages::desk::{Outcome, done};
use crate::pages::failure::Failure;
use crate::pages::record::{About, record};

/// Members that a page shows.
const MOST: u32 = 1_000;

pub(crate) async fn get(Get { by, query }: Get<Overseer>) -> Answer {
    show(by, Outcome::of(&query), None).await
}

/// `username`, `role`, `superset_username`. For those who manage the deployment: they may say as whom somebody acts, and need
/// not ask. Others invite, and whoever is invited accepts.
pub(crate) async fn add(Post { by, form }: Post<WorkspaceAdmin>) -> Answer {
    if !by.person.session.account.is_administrator {
        return Err(Failure::NotAllowed);
    }
    let role: Role = match form.read("role") {
        Ok(role) => role,
        Err(problem) => return again(by, problem).await,
    };
    let key = AccountKey::Username(form.text("username").to_owned());
    let Some(account) = by.person.visit.ask(FindAccount { key }).await? else {
        return again(
            by,
            "no account has this username: invite its owner".to_owned(),
        )
        .await;
    };
    let superset_username = form
        .get("superset_username")
        .map(|name| name.trim().to_owned());
    let acts_as = superset_username.as_deref().unwrap_or(&account.username);
    let user = by
        .person
        .visit
        .sign_in()
        .superset_user(&by.workspace, acts_as)
        .await;
    let code = if user.is_refused() {
        "member-added-without-user"
    } else {
        "member-added"
    };
    set(by, account.id, role, superset_username, code).await
}

/// `role`.
pub(crate) async fn set_role(
    Post { by, form }: Post<WorkspaceAdmin>,
    account: web::Path<AccountId>,
) -> Answer {
    let role: Role = match form.read("role") {
        Ok(role) => role,
        Err(problem) => return again(by, problem).await,
    };
    let account = account.into_inner();
    let member = member(&by.person, &by.workspace, &account).await?;
    set(
        by,
        account,
        role,
        Some(member.superset_username),
        "role-set",
    )
    .await
}

pub(crate) async fn remove(
    Post { by, .. }: Post<WorkspaceAdmin>,
    account: web::Path<AccountId>,
) -> Answer {
    let (account, workspace) = (account.into_inner(), by.workspace.clone());
    let operation = RemoveMembership {
        workspace: workspace.clone(),
        account: account.clone(),
    };
    if !by.person.visit.ask(operation).await? {
        return again(
            by,
            "it is no member of its own: it comes from a team".to_owned(),
        )
        .await;
    }
    note(&by, "membership.removed", account.to_string()).await;
    Ok(to_page(&workspace, "member-removed"))
}

/// `email`, `role`.
pub(crate) async fn invite(Post { by, form }: Post<WorkspaceAdmin>) -> Answer {
    let role: Role = match form.read("role") {
        Ok(role) => role,
        Err(problem) => return again(by, problem).await,
    };
    let drawn = IssuedSecret::draw(SecretKind::Invitation);
    let operation = CreateInvitation {
        secret: drawn.hash,
        email: form.text("email").to_owned(),
        workspace: by.workspace.clone(),
        role,
        invited_by: by.person.session.account.id.clone(),
    };
    let invitation = match by.person.visit.change(operation).await? {
        Ok(invitation) => invitation,
        Err(problem) => return again(by, problem).await,
    };
    note(
        &by,
        "invitation.created",
        format!("as {role}, {}", invitation.id),
    )
    .await;
    let issuer = by.person.visit.issuer();
    let link = format!("{issuer}/invitation/{}", drawn.text.expose_secret());
    let email = Foreign::bounded(&invitation.email, 254);
    show(overseer(by), Outcome::None, Some((email, link))).await
}

pub(crate) async fn take_back(
    Post { by, .. }: Post<WorkspaceAdmin>,
    id: web::Path<String>,
) -> Answer {
    let workspace = by.workspace.clone();
    let open = by
        .person
        .visit
        .ask(ListInvitations {
            workspace: workspace.clone(),
        })
        .await?;
    // One of another workspace is not found here.
    if !open.iter().any(|invitation| invitation.id == *id) {
        return Err(Failure::NotFound);
    }
    let id = id.into_inner();
    by.person
        .visit
        .ask(RemoveInvitation { id: id.clone() })
        .await?;
    note(&by, "invitation.removed", id).await;
    Ok(to_page(&workspace, "invitation-removed"))
}

async fn set(
    by: WorkspaceAdmin,
    account: AccountId,
    role: Role,
    superset_username: Option<String>,
    code: &'static str,
) -> Answer {
    let operation = SetMembership {
        workspace: by.workspace.clone(),
        account: account.clone(),
        role,
        superset_username,
    };
    match by.person.visit.change(operation).await? {
        Ok(_) => {
            note(&by, "membership.set", format!("{account} as {role}")).await;
            Ok(to_page(&by.workspace, code))
        }
        Err(problem) => again(by, problem).await,
    }
}

async fn member(
    by: &SignedIn,
    workspace: &WorkspaceSlug,
    account: &AccountId,
) -> Result<Membership, Failure> {
    let workspace = workspace.clone();
    let members = by.visit.ask(ListMembers { workspace }).await?;
    let mut members = members.into_iter();
    members
        .find(|member| member.account == *account)
        .ok_or(Failure::NotFound)
}

async fn note(by: &WorkspaceAdmin, action: &str, detail: String) {
    let about = About {
        workspace: Some(&by.workspace),
        detail: Some(detail),
        ..About::default()
    };
    record(&by.person, action, about).await;
}

fn to_page(workspace: &WorkspaceSlug, code: &'static str) -> actix_web::HttpResponse {
    done(
        Section::Members,
        code,
        &[("workspace", value(Some(workspace)))],
    )
}

async fn again(by: WorkspaceAdmin, problem: String) -> Answer {
    show(overseer(by), Outcome::Refused(problem), None).await
}

fn overseer(by: WorkspaceAdmin) -> Overseer {
    Overseer {
        managed: vec![by.workspace.clone()],
        workspace: Some(by.workspace),
        person: by.person,
    }
}

async fn show(by: Overseer, outcome: Outcome, new_link: Option<(Foreign, String)>) -> Answer {
    let visit = &by.person.visit;
    let mut workspace = by.workspace.clone();
    if workspace.is_none() {
        let workspaces = visit.ask(ListWorkspaces {}).await?;
        workspace = workspaces.into_iter().next().map(|first| first.slug);
    }
    let status = outcome.status();
    let (desk, picks) = frame(&by, Section::Members, workspace.as_ref(), false, outcome).await?;
    let (mut members, mut invitations) = (vec![], vec![]);
    if let Some(workspace) = &workspace {
        members = lines(&by.person, workspace).await?;
        let open = ListInvitations {
            workspace: workspace.clone(),
        };
        invitations = visit
            .ask(open)
            .await?
            .into_iter()
            .map(|invitation| InvitationLine {
                email: Foreign::bounded(&invitation.email, 254),
                role: invitation.role,
                expires_at: Moment(invitation.expires_at),
                id: invitation.id,
            })
            .collect();
    }
    let page = MembersPage {
        can_add: by.is_administrator(),
        desk,
        picks,
        workspace,
        members,
        invitations,
        new_link,
    };
    Ok(answer::page(status, Place::AtHome, &page))
}

async fn lines(by: &SignedIn, workspace: &WorkspaceSlug) -> Result<Vec<MemberLine>, Failure> {
    let members = by
        .visit
        .ask(ListMembers {
            workspace: workspace.clone(),
        })
        .await?;
    let filter = AccountFilter {
        workspace: Some(workspace.clone()),
        ..AccountFilter::default()
    };
    let accounts = by
        .visit
        .ask(ListAccounts {
            filter,
            limit: MOST,
            offset: 0,
        })
        .await?;
    let accounts: HashMap<AccountId, Account> = accounts
        .into_iter()
        .map(|account| (account.id.clone(), account))
        .collect();
    let mut lines: Vec<MemberLine> = members
        .into_iter()
        .filter_map(|member| Some(line(accounts.get(&member.account)?, &member)))
        .collect();
    lines.sort_by(|one, other| one.display_name.as_str().cmp(other.display_name.as_str()));
    Ok(lines)
}

fn line(account: &Account, member: &Membership) -> MemberLine {
    MemberLine {
        id: account.id.clone(),
        username: Foreign::new(&account.username),
        display_name: Foreign::or(&account.display_name, &account.username),
        role: member.role,
        superset_username: Foreign::new(&member.superset_username),
        is_by_team: member.is_by_team,
        is_service: account.kind == AccountKind::Service,
        is_active: account.is_active,
        last_sign_in_at: account.last_sign_in_at.map(Moment),
    }
}
