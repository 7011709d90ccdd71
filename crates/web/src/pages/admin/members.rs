//! `/admin/members`: who belongs to a workspace, and as what.

use actix_web::http::StatusCode;
use actix_web::web;
use tidegate_control_plane::Issued;
use tidegate_control_plane::account::{AccountKey, AccountKind, FindAccount};
use tidegate_control_plane::invitation::{IssueInvitation, ListInvitations, RemoveInvitation};
use tidegate_control_plane::workspace::{
    FindMember, ListMembersPage, ListWorkspaces, Member, MembersPage as Listed, Membership,
    RemoveMembership, SetMembership,
};
use tidegate_pages::{
    ConfirmPage, InvitationLine, InviteDraft, MemberLine, MembersPage, NewMemberDraft, Section,
    Timestamp, UntrustedText, role as role_words, role_name,
};
use tidegate_types::{AccountId, ExposeSecret, Role, WorkspaceSlug};

use super::{frame, value};
use crate::pages::Answer;
use crate::pages::answer::{self, PageWindow};
use crate::pages::authority::{Get, Overseer, Post, SignedIn, WorkspaceAdmin};
use crate::pages::failure::Failure;
use crate::pages::fields::{Fields, query};
use crate::pages::layout::{FormOutcome, done, done_undoable};
use crate::pages::paging::Part;
use crate::pages::record::{About, record};
use crate::pages::undo::Step;

/// Characters of an address that is looked for among the members.
const MOST_EMAIL: usize = 200;

/// What a page says and holds besides its list.
struct Shown {
    outcome: FormOutcome,
    new_link: Option<(UntrustedText, String)>,
    invite: InviteDraft,
    new_member: NewMemberDraft,
}

impl Shown {
    fn new(outcome: FormOutcome) -> Self {
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
    let mut outcome = FormOutcome::of(&by.person, &query);
    if query.text("done") == "role-set"
        && let Some(name) = name_of_member(&by, &query).await?
    {
        outcome.say(format!("The role of {name} is changed."));
    }
    show(by, &query, Shown::new(outcome)).await
}

/// What the member is called whom the field `of` names. Only members of the page's workspace have a name there.
async fn name_of_member(by: &Overseer, query: &Fields) -> Result<Option<UntrustedText>, Failure> {
    let (Some(workspace), Ok(account)) = (by.workspace.clone(), query.read::<AccountId>("of"))
    else {
        return Ok(None);
    };
    let page_request = &by.person.page_request;
    let place = FindMember {
        workspace,
        account: account.clone(),
    };
    if page_request.ask(place).await?.is_none() {
        return Ok(None);
    }
    let key = AccountKey::Id(account);
    let found = page_request.ask(FindAccount { key }).await?;
    Ok(found.map(|found| UntrustedText::or(&found.display_name, &found.username)))
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
        ..Shown::new(FormOutcome::Refused(problem))
    };
    let role: Role = match form.read("role") {
        Ok(role) => role,
        Err(problem) => return again(by, &form, refused(problem)).await,
    };
    let key = AccountKey::Username(form.text("username").to_owned());
    let Some(account) = by.person.page_request.ask(FindAccount { key }).await? else {
        let problem = "no account has this username: invite its owner".to_owned();
        return again(by, &form, refused(problem)).await;
    };
    let superset_username = form
        .get("superset_username")
        .map(|name| name.trim().to_owned());
    let acts_as = superset_username.as_deref().unwrap_or(&account.username);
    let sign_in = by.person.page_request.sign_in();
    let user = sign_in.superset_user(&by.workspace, acts_as).await;
    let operation = SetMembership {
        workspace: by.workspace.clone(),
        account: account.id,
        role,
        superset_username,
    };
    match by.person.page_request.change(operation).await? {
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

/// `role`; `search` and `page` of the list that it was changed in. Whoever would be no administrator any more by their own
/// hand is asked first (`confirmed`).
pub(crate) async fn set_role(
    Post { by, form }: Post<WorkspaceAdmin>,
    account: web::Path<AccountId>,
) -> Answer {
    let role: Role = match form.read("role") {
        Ok(role) => role,
        Err(problem) => {
            return again(by, &form, Shown::new(FormOutcome::Refused(problem))).await;
        }
    };
    let account = account.into_inner();
    let before = member(&by, &account).await?;
    let is_self = account == by.person.session.account.id;
    if is_self && is_step_down(&before, role) && !form.is_ticked("confirmed") {
        return ask_to_step_down(by, &form, role).await;
    }
    let operation = SetMembership {
        workspace: by.workspace.clone(),
        account: account.clone(),
        role,
        superset_username: Some(before.superset_username),
    };
    if let Err(problem) = by.person.page_request.change(operation).await? {
        return again(by, &form, Shown::new(FormOutcome::Refused(problem))).await;
    }
    let username = by.person.username_of(&account).await?;
    note_place(&by, &username, role).await;
    if is_self && !manages_still(&by, &account).await? {
        // This page is not theirs any more.
        return Ok(done(Section::Apps, "stepped-down", &[]));
    }
    let (search, page) = (form.text("search"), form.text("page"));
    let workspace = by.workspace.as_str();
    let account = account.as_str();
    let more = [
        ("workspace", workspace),
        ("search", search),
        ("page", page),
        ("of", account),
    ];
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

/// Whether a member would be no administrator any more. One who is an administrator by a team stays one.
fn is_step_down(before: &Membership, role: Role) -> bool {
    before.own_role == Some(Role::Admin) && role != Role::Admin
}

/// Whether somebody may open this workspace's pages still.
async fn manages_still(by: &WorkspaceAdmin, account: &AccountId) -> Result<bool, Failure> {
    let is_administrator = by.person.session.account.is_administrator;
    Ok(is_administrator || member(by, account).await?.role == Role::Admin)
}

/// Asks somebody who is about to take the workspace out of their own hands.
async fn ask_to_step_down(by: WorkspaceAdmin, form: &Fields, role: Role) -> Answer {
    let first = ListMembersPage {
        workspace: by.workspace.clone(),
        search: None,
        limit: 1,
        offset: 0,
    };
    let is_last = by.person.page_request.ask(first).await?.administrators == 1;
    let what = if by.person.session.account.is_administrator {
        "Your apps and API tokens may do no more than that in this workspace. You manage the deployment, and can change it back."
    } else {
        "You can no longer open this page, invite anybody or change a role here, so that only another administrator can make \
         you one again."
    };
    let last = if is_last {
        " You are the last administrator of this workspace: afterwards only administrators of the deployment can manage it."
    } else {
        ""
    };
    let back = query([
        ("workspace", by.workspace.as_str()),
        ("search", form.text("search")),
        ("page", form.text("page")),
    ]);
    let by = overseer(by);
    let here = by.workspace.as_ref();
    let (layout, _) = frame(&by, Section::Members, here, false, FormOutcome::None).await?;
    let page = ConfirmPage {
        layout,
        question: format!("This is you. Become {} here?", role_words(role)),
        text: format!("{what}{last}"),
        button: format!("Become {}", role_words(role)),
        action: format!("/admin/members/{}/role", by.person.session.account.id),
        fields: form.without(&["csrf", "confirmed"]),
        back: format!("/admin/members?{back}"),
    };
    Ok(answer::page(StatusCode::OK, PageWindow::AtHome, &page))
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
    if !by.person.page_request.ask(operation).await? {
        let problem = "it is no member of its own: it comes from a team".to_owned();
        return again(by, &form, Shown::new(FormOutcome::Refused(problem))).await;
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
        ..Shown::new(FormOutcome::Refused(problem))
    };
    let role: Role = match form.read("role") {
        Ok(role) => role,
        Err(problem) => return again(by, &form, refused(problem)).await,
    };
    let email = form.text("email");
    if let Some(problem) = is_there_already(&by, email).await? {
        return again(by, &form, refused(problem)).await;
    }
    let earlier = invitations(&by.person, &by.workspace).await?;
    let is_again = earlier.iter().any(|one| is_same(one.email.as_str(), email));
    let invite = IssueInvitation {
        email: email.to_owned(),
        workspace: by.workspace.clone(),
        role,
        invited_by: by.person.session.account.id.clone(),
    };
    let Issued {
        made: invitation,
        secret,
    } = match by.person.page_request.change(invite).await? {
        Ok(issued) => issued,
        Err(problem) => return again(by, &form, refused(problem)).await,
    };
    let detail = format!("as {} (invitation {})", role_name(role), invitation.id);
    note(&by, "invitation.created", detail).await;
    let issuer = by.person.page_request.issuer();
    let link = format!("{issuer}/invitation/{}", secret.expose_secret());
    let email = UntrustedText::bounded(&invitation.email, 254);
    let shown = Shown {
        new_link: Some((email, link)),
        ..Shown::new(if is_again {
            FormOutcome::done(
                "The invitation takes the place of the earlier one, whose link does not work any more.",
            )
        } else {
            FormOutcome::None
        })
    };
    again(by, &form, shown).await
}

fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Why nobody is invited whose address a member has: a clause for the person.
async fn is_there_already(by: &WorkspaceAdmin, email: &str) -> Result<Option<String>, Failure> {
    if email.is_empty() || email.chars().count() > MOST_EMAIL {
        return Ok(None);
    }
    let listed = by
        .person
        .page_request
        .change(ListMembersPage {
            workspace: by.workspace.clone(),
            search: Some(email.to_owned()),
            limit: Part::LIMIT,
            offset: 0,
        })
        .await?;
    // What cannot be looked for is no address, which the invitation says.
    let members = listed.map(|listed| listed.members).unwrap_or_default();
    let is_theirs = |member: &&Member| {
        let address = member.account.email.as_deref();
        address.is_some_and(|address| is_same(address, email))
    };
    Ok(members.iter().find(is_theirs).map(|member| {
        format!(
            "{} is a member already, as {}: change the role in the list below",
            UntrustedText::bounded(email, MOST_EMAIL),
            role_words(member.membership.role)
        )
    }))
}

pub(crate) async fn take_back(
    Post { by, .. }: Post<WorkspaceAdmin>,
    id: web::Path<String>,
) -> Answer {
    let workspace = by.workspace.clone();
    let open = by
        .person
        .page_request
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
        .page_request
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
        .page_request
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
    show(overseer(by), fields, shown).await
}

pub(super) fn overseer(by: WorkspaceAdmin) -> Overseer {
    Overseer {
        managed: vec![by.workspace.clone()],
        workspace: Some(by.workspace),
        person: by.person,
    }
}

async fn show(by: Overseer, fields: &Fields, shown: Shown) -> Answer {
    let page_request = &by.person.page_request;
    let mut workspace = by.workspace.clone();
    if workspace.is_none() {
        let workspaces = page_request.ask(ListWorkspaces {}).await?;
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
    let (layout, picks) = frame(&by, Section::Members, here, false, shown.outcome).await?;
    let own = &by.person.session.account.id;
    let page = MembersPage {
        can_add: by.is_administrator(),
        layout,
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
    Ok(answer::page(status, PageWindow::AtHome, &page))
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
        by.page_request.ask(operation).await
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
    let open = by.page_request.ask(open).await?;
    Ok(open
        .into_iter()
        .map(|invitation| InvitationLine {
            email: UntrustedText::bounded(&invitation.email, 254),
            role: invitation.role,
            expires_at: Timestamp(invitation.expires_at),
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
        username: UntrustedText::new(&account.username),
        display_name: UntrustedText::or(&account.display_name, &account.username),
        role: membership.role,
        superset_username: UntrustedText::new(&membership.superset_username),
        is_self: account.id == *own,
        is_administrator: account.is_administrator,
        is_last_administrator: is_administrator_here && administrators == 1,
        is_by_team: membership.is_by_team,
        is_service: account.kind == AccountKind::Service,
        is_active: account.is_active,
        last_sign_in_at: account.last_sign_in_at.map(Timestamp),
        connections: member.grants,
        api_tokens: member.api_tokens,
    }
}
