//! `/admin/members`: who belongs to a workspace, and as what.

use actix_web::web;
use tidegate_manager::account::{AccountKey, AccountKind, FindAccount};
use tidegate_manager::invitation::{CreateInvitation, ListInvitations, RemoveInvitation};
use tidegate_manager::workspace::{
    FindMember, ListMembersPage, ListWorkspaces, Member, MembersPage as Listed, Membership,
    RemoveMembership, SetMembership,
};
use tidegate_oauth::{IssuedSecret, SecretKind};
use tidegate_pages::{
    Foreign, InvitationLine, InviteDraft, MemberLine, MembersPage, Moment, NewMemberDraft, Section,
    role_name,
};
use tidegate_types::{AccountId, ExposeSecret, Role, WorkspaceSlug};

use super::{frame, value};
use crate::pages::Answer;
use crate::pages::answer::{self, Place};
use crate::pages::authority::{Get, Overseer, Post, SignedIn, WorkspaceAdmin};
use crate::pages::desk::{Outcome, done, done_undoable};
use crate::pages::failure::Failure;
use crate::pages::fields::{Fields, query};
use crate::pages::paging::Part;
use crate::pages::record::{About, record};
use crate::pages::undo::Step;

/// What a page says and holds besides its list.
struct Shown {
    outcome: Outcome,
    new_link: Option<(Foreign, String)>,
    invite: InviteDraft,
    new_member: NewMemberDraft,
}

impl Shown {
    fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            new_link: None,
            invite: InviteDraft {
                email: String::new(),
                role: Role::Viewer,
            },
            new_member: NewMemberDraft {
                username: String::new(),
                role: Role::Viewer,
                superset_username: String::new(),
                is_open: false,
            },
        }
    }
}

/// `workspace`, `search`, `page`.
pub(crate) async fn get(Get { by, query }: Get<Overseer>) -> Answer {
    let outcome = Outcome::of(&by.person, &query);
    show(by, &query, Shown::new(outcome)).await
}

/// `username`, `role`, `superset_username`. For those who manage the deployment: they may say as whom somebody acts, and need
/// not ask. Others invite, and whoever is invited accepts.
pub(crate) async fn add(Post { by, form }: Post<WorkspaceAdmin>) -> Answer {
    if !by.person.session.account.is_administrator {
        return Err(Failure::NotAllowed);
    }
    let refused = |problem: String| Shown {
        new_member: NewMemberDraft {
            username: form.text("username").to_owned(),
            role: form.read("role").unwrap_or(Role::Viewer),
            superset_username: form.text("superset_username").to_owned(),
            is_open: true,
        },
        ..Shown::new(Outcome::Refused(problem))
    };
    let role: Role = match form.read("role") {
        Ok(role) => role,
        Err(problem) => return again(by, &form, refused(problem)).await,
    };
    let key = AccountKey::Username(form.text("username").to_owned());
    let Some(account) = by.person.visit.ask(FindAccount { key }).await? else {
        let problem = "no account has this username: invite its owner".to_owned();
        return again(by, &form, refused(problem)).await;
    };
    let superset_username = form
        .get("superset_username")
        .map(|name| name.trim().to_owned());
    let acts_as = superset_username.as_deref().unwrap_or(&account.username);
    let sign_in = by.person.visit.sign_in();
    let user = sign_in.superset_user(&by.workspace, acts_as).await;
    let operation = SetMembership {
        workspace: by.workspace.clone(),
        account: account.id,
        role,
        superset_username,
    };
    match by.person.visit.change(operation).await? {
        Ok(_) => {
            note_place(&by, &account.username, role).await;
            let code = if user.is_refused() {
                "member-added-without-user"
            } else {
                "member-added"
            };
            Ok(to_page(&by.workspace, code))
        }
        Err(problem) => again(by, &form, refused(problem)).await,
    }
}

/// `role`; `search` and `page` of the list that it was changed in.
pub(crate) async fn set_role(
    Post { by, form }: Post<WorkspaceAdmin>,
    account: web::Path<AccountId>,
) -> Answer {
    let role: Role = match form.read("role") {
        Ok(role) => role,
        Err(problem) => {
            return again(by, &form, Shown::new(Outcome::Refused(problem))).await;
        }
    };
    let account = account.into_inner();
    let before = member(&by, &account).await?;
    let operation = SetMembership {
        workspace: by.workspace.clone(),
        account: account.clone(),
        role,
        superset_username: Some(before.superset_username),
    };
    match by.person.visit.change(operation).await? {
        Ok(_) => {
            let username = by.person.username_of(&account).await?;
            note_place(&by, &username, role).await;
            let (search, page) = (form.text("search"), form.text("page"));
            let workspace = by.workspace.as_str();
            let more = [("workspace", workspace), ("search", search), ("page", page)];
            // Whoever was there by teams alone had no role of their own to go back to.
            let Some(own_role) = before.own_role else {
                return Ok(done(Section::Members, "role-set", &more));
            };
            let step = Step::new(
                format!("/admin/members/{account}/role"),
                &[
                    ("workspace", workspace),
                    ("role", &own_role.to_string()),
                    ("search", search),
                    ("page", page),
                ],
            );
            Ok(done_undoable(
                &by.person,
                Section::Members,
                "role-set",
                &more,
                &step,
            ))
        }
        Err(problem) => again(by, &form, Shown::new(Outcome::Refused(problem))).await,
    }
}

pub(crate) async fn remove(
    Post { by, form }: Post<WorkspaceAdmin>,
    account: web::Path<AccountId>,
) -> Answer {
    let account = account.into_inner();
    let before = member(&by, &account).await?;
    let username = by.person.username_of(&account).await?;
    let operation = RemoveMembership {
        workspace: by.workspace.clone(),
        account: account.clone(),
    };
    if !by.person.visit.ask(operation).await? {
        let problem = "it is no member of its own: it comes from a team".to_owned();
        return again(by, &form, Shown::new(Outcome::Refused(problem))).await;
    }
    note(&by, "membership.removed", username.clone()).await;
    let session = &by.person.session.account;
    if session.id == account && !session.is_administrator {
        // This page is not theirs any more.
        return Ok(done(Section::Apps, "member-removed", &[]));
    }
    let workspace = by.workspace.as_str();
    if !session.is_administrator {
        // Whoever manages one workspace invites, and cannot put somebody back.
        return Ok(to_page(&by.workspace, "member-removed"));
    }
    let step = Step::new(
        "/admin/members".to_owned(),
        &[
            ("workspace", workspace),
            ("username", &username),
            ("role", &before.own_role.unwrap_or(before.role).to_string()),
            ("superset_username", &before.superset_username),
        ],
    );
    let here = [("workspace", workspace)];
    Ok(done_undoable(
        &by.person,
        Section::Members,
        "member-removed",
        &here,
        &step,
    ))
}

/// `email`, `role`.
pub(crate) async fn invite(Post { by, form }: Post<WorkspaceAdmin>) -> Answer {
    let refused = |problem: String| Shown {
        invite: InviteDraft {
            email: form.text("email").to_owned(),
            role: form.read("role").unwrap_or(Role::Viewer),
        },
        ..Shown::new(Outcome::Refused(problem))
    };
    let role: Role = match form.read("role") {
        Ok(role) => role,
        Err(problem) => return again(by, &form, refused(problem)).await,
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
        Err(problem) => return again(by, &form, refused(problem)).await,
    };
    let detail = format!("as {} (invitation {})", role_name(role), invitation.id);
    note(&by, "invitation.created", detail).await;
    let issuer = by.person.visit.issuer();
    let link = format!("{issuer}/invitation/{}", drawn.text.expose_secret());
    let email = Foreign::bounded(&invitation.email, 254);
    let shown = Shown {
        new_link: Some((email, link)),
        ..Shown::new(Outcome::None)
    };
    again(by, &form, shown).await
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
    note(&by, "invitation.removed", format!("invitation {id}")).await;
    Ok(to_page(&workspace, "invitation-removed"))
}

async fn member(by: &WorkspaceAdmin, account: &AccountId) -> Result<Membership, Failure> {
    let operation = FindMember {
        workspace: by.workspace.clone(),
        account: account.clone(),
    };
    by.person
        .visit
        .ask(operation)
        .await?
        .ok_or(Failure::NotFound)
}

async fn note_place(by: &WorkspaceAdmin, username: &str, role: Role) {
    let detail = format!("{username} as {}", role_name(role));
    note(by, "membership.set", detail).await;
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

async fn again(by: WorkspaceAdmin, fields: &Fields, shown: Shown) -> Answer {
    let by = Overseer {
        managed: vec![by.workspace.clone()],
        workspace: Some(by.workspace),
        person: by.person,
    };
    show(by, fields, shown).await
}

async fn show(by: Overseer, fields: &Fields, shown: Shown) -> Answer {
    let visit = &by.person.visit;
    let mut workspace = by.workspace.clone();
    if workspace.is_none() {
        let workspaces = visit.ask(ListWorkspaces {}).await?;
        workspace = workspaces.into_iter().next().map(|first| first.slug);
    }
    let search = fields.search();
    let (part, listed) = match &workspace {
        Some(workspace) => list(&by.person, workspace, &search, Part::of(fields)).await?,
        None => (Part::of(&Fields::default()), nobody()),
    };
    let invitations = match &workspace {
        Some(workspace) => invitations(&by.person, workspace).await?,
        None => vec![],
    };
    let paging = part.paging(listed.total.into(), ("member", "members"), |page| {
        query([
            ("workspace", value(workspace.as_ref())),
            ("search", search.as_str()),
            ("page", page),
        ])
    });
    let status = shown.outcome.status();
    let here = workspace.as_ref();
    let (desk, picks) = frame(&by, Section::Members, here, false, shown.outcome).await?;
    let own = &by.person.session.account.id;
    let page = MembersPage {
        can_add: by.is_administrator(),
        desk,
        picks,
        workspace,
        search,
        members: listed
            .members
            .iter()
            .map(|member| line(member, own, listed.administrators))
            .collect(),
        paging,
        invitations,
        new_link: shown.new_link,
        invite: shown.invite,
        new_member: shown.new_member,
    };
    Ok(answer::page(status, Place::AtHome, &page))
}

const fn nobody() -> Listed {
    Listed {
        members: vec![],
        total: 0,
        administrators: 0,
    }
}

/// The part that is asked for, or the last one where that is behind the end.
async fn list(
    by: &SignedIn,
    workspace: &WorkspaceSlug,
    search: &str,
    part: Part,
) -> Result<(Part, Listed), Failure> {
    let ask = async |part: Part| {
        let operation = ListMembersPage {
            workspace: workspace.clone(),
            search: (!search.is_empty()).then(|| search.to_owned()),
            limit: Part::LIMIT,
            offset: part.offset(),
        };
        by.visit.ask(operation).await
    };
    part.listed(ask, |listed| listed.total).await
}

async fn invitations(
    by: &SignedIn,
    workspace: &WorkspaceSlug,
) -> Result<Vec<InvitationLine>, Failure> {
    let open = ListInvitations {
        workspace: workspace.clone(),
    };
    let open = by.visit.ask(open).await?;
    Ok(open
        .into_iter()
        .map(|invitation| InvitationLine {
            email: Foreign::bounded(&invitation.email, 254),
            role: invitation.role,
            expires_at: Moment(invitation.expires_at),
            id: invitation.id,
        })
        .collect())
}

fn line(member: &Member, own: &AccountId, administrators: u64) -> MemberLine {
    let Member {
        account,
        membership,
        ..
    } = member;
    let is_administrator_here =
        membership.role == Role::Admin && account.kind == AccountKind::Person && account.is_active;
    MemberLine {
        id: account.id.clone(),
        username: Foreign::new(&account.username),
        display_name: Foreign::or(&account.display_name, &account.username),
        role: membership.role,
        superset_username: Foreign::new(&membership.superset_username),
        is_self: account.id == *own,
        is_administrator: account.is_administrator,
        is_last_administrator: is_administrator_here && administrators == 1,
        is_by_team: membership.is_by_team,
        is_service: account.kind == AccountKind::Service,
        is_active: account.is_active,
        last_sign_in_at: account.last_sign_in_at.map(Moment),
        connections: member.grants,
        api_tokens: member.api_tokens,
    }
}
