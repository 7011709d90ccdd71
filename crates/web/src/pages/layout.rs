//! The frame of settings and administration.

use std::borrow::Cow;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use tidegate_control_plane::workspace::Membership;
use tidegate_pages::{AdminLayout, Hint, Notice, Section, Timestamp, Undo, UntrustedText};
use tidegate_types::Role;

use super::answer::{self, PageWindow};
use super::authority::SignedIn;
use super::fields::{Fields, query};
use super::sentence;
use super::settings::Titles;
use super::undo::Step;

/// What just happened: said by a redirect to a page, or by the page itself.
#[derive(Debug, Default)]
pub(super) enum FormOutcome {
    /// Nothing.
    #[default]
    None,
    /// It worked.
    Done(Cow<'static, str>),
    /// It worked, and can be taken back.
    Undoable(Cow<'static, str>, Undo),
    /// It did not: a clause for the person.
    Refused(String),
}

/// What worked, as it stands in the address of the page after it, with words. Anything else there is not shown, so that
/// no link puts words into our mouth.
const DONE: &[(&str, &str)] = &[
    ("disconnected", "Disconnected."),
    ("all-disconnected", "Disconnected for everybody."),
    ("narrowed", "It may do less from now on."),
    ("client-removed", "The client is removed."),
    ("token-ended", "The token is ended."),
    ("account-on", "The account is switched on."),
    (
        "account-off",
        "The account is switched off, and what it had connected is ended.",
    ),
    ("role-set", "The role is changed."),
    (
        "stepped-down",
        "Your role is changed. You do not manage that workspace any more.",
    ),
    ("member-added", "The account is a member now."),
    (
        "member-added-without-user",
        "The account is a member now, but it is refused in this workspace as long as its Superset has no active user of the \
         name that it acts as. Make the user there, or add the account again with another one.",
    ),
    ("joined", "You are a member now."),
    ("member-removed", "The account is no member any more."),
    ("invitation-removed", "The invitation is removed."),
    ("rule-set", "The rule is set."),
    ("rule-removed", "The rule is removed."),
    ("unknown-set", "Saved."),
    ("flag-on", "It is switched on."),
    ("flag-off", "It is switched off."),
    ("flag-part", "It is on in that part of all workspaces."),
    ("flag-cleared", "The rule is removed."),
];

impl FormOutcome {
    /// What the address of a page says.
    pub(super) fn of(by: &SignedIn, fields: &Fields) -> Self {
        let Some(words) = words(fields.text("done")) else {
            return Self::None;
        };
        match Step::of(fields, &by.session.csrf) {
            Some(undo) => Self::Undoable(words.into(), undo),
            None => Self::done(words),
        }
    }

    /// It worked.
    pub(super) const fn done(words: &'static str) -> Self {
        Self::Done(Cow::Borrowed(words))
    }

    /// Says the same with a name in it.
    pub(super) fn say(&mut self, words: String) {
        match self {
            Self::Done(said) | Self::Undoable(said, _) => *said = words.into(),
            Self::None | Self::Refused(_) => {}
        }
    }

    /// The status of a page that says it.
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::None | Self::Done(_) | Self::Undoable(..) => StatusCode::OK,
            Self::Refused(_) => StatusCode::BAD_REQUEST,
        }
    }
}

fn words(code: &str) -> Option<&'static str> {
    DONE.iter()
        .find(|(known, _)| *known == code)
        .map(|(_, words)| *words)
}

/// To a page that says what worked. `more` is added to the query.
pub(super) fn done(section: Section, code: &'static str, more: &[(&str, &str)]) -> HttpResponse {
    debug_assert!(words(code).is_some(), "{code}");
    let mut fields = more.to_vec();
    fields.push(("done", code));
    let query = query(fields);
    answer::see_other(PageWindow::AtHome, &format!("{}?{query}", section.path()))
}

/// As [`done`], and the page offers to take it back.
pub(super) fn done_undoable(
    by: &SignedIn,
    section: Section,
    code: &'static str,
    more: &[(&str, &str)],
    step: &Step,
) -> HttpResponse {
    let undo = step.to_query(&by.session.csrf);
    let undo = undo.iter().map(|(name, value)| (&**name, &**value));
    let fields: Vec<(&str, &str)> = more.iter().copied().chain(undo).collect();
    done(section, code, &fields)
}

/// The frame of a page.
pub(super) fn layout(
    by: &SignedIn,
    memberships: &[Membership],
    at: Section,
    outcome: FormOutcome,
) -> AdminLayout {
    let is_administrator = by.session.account.is_administrator;
    let manages = memberships
        .iter()
        .any(|membership| membership.role == Role::Admin);
    AdminLayout {
        csrf: by.session.csrf.as_str().to_owned(),
        person: by.person(),
        at,
        manages: is_administrator || manages,
        is_administrator,
        now: Timestamp(by.page_request.now()),
        notice: match outcome {
            FormOutcome::None => None,
            FormOutcome::Done(words) => Some(Notice::Done(words.into_owned())),
            FormOutcome::Undoable(words, undo) => Some(Notice::Undoable(words.into_owned(), undo)),
            FormOutcome::Refused(clause) => Some(Notice::Refused(sentence(&clause))),
        },
        hints: outside(is_administrator, memberships).into_iter().collect(),
    }
}

/// What somebody is told who is in no workspace.
fn outside(is_administrator: bool, memberships: &[Membership]) -> Option<Hint> {
    const IN_VAIN: &str = "so that nothing that you connect can do anything";
    if !memberships.is_empty() {
        return None;
    }
    Some(if is_administrator {
        Hint {
            text: format!("You manage this deployment and are in no workspace yet, {IN_VAIN}."),
            link: Some(("/settings/account#join", "Join a workspace")),
        }
    } else {
        Hint {
            text: format!(
                "You are in no workspace yet, {IN_VAIN}, nor can an API token. Ask an administrator of a workspace to invite you."
            ),
            link: None,
        }
    })
}

/// Memberships that are looked at for hints, and how long that may take.
const MOST_LOOKED_AT: usize = 8;
const LOOK: Duration = Duration::from_secs(2);

/// What keeps this person from a workspace of theirs: the user that they act as is not there. A Superset that does not answer
/// in time gives no hint.
pub(super) async fn missing_users(
    by: &SignedIn,
    memberships: &[Membership],
    titles: &Titles,
) -> Vec<Hint> {
    let look = memberships.iter().take(MOST_LOOKED_AT).map(async |place| {
        let (workspace, username) = (&place.workspace, &place.superset_username);
        let sign_in = by.page_request.sign_in();
        let user = sign_in.superset_user(workspace, username);
        let user = tokio::time::timeout(LOOK, user).await.ok()?;
        user.is_refused().then(|| Hint {
            text: format!(
                "In {} you act as {}, and its Superset has no active user of that name: you are refused there. Ask an \
                 administrator to make or activate that user, or to say as whom you act.",
                titles.of(workspace),
                UntrustedText::bounded(username, 128),
            ),
            link: None,
        })
    });
    // All at once: one that does not answer takes no time from the others.
    let hints = futures_util::future::join_all(look).await;
    hints.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_only_what_we_say() {
        assert_eq!(Some("Disconnected."), words("disconnected"));
        assert_eq!(None, words("Call 0800-EVIL"));
        assert_eq!(None, words(""));
    }
}
