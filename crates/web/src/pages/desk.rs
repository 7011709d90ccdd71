//! The frame of settings and administration.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use tidegate_manager::workspace::Membership;
use tidegate_pages::{Desk, Notice, Section};
use tidegate_types::Role;

use super::answer::{self, Place};
use super::authority::SignedIn;
use super::fields::{Fields, query};
use super::sentence;

/// What just happened: said by a redirect to a page, or by the page itself.
#[derive(Debug, Default)]
pub(super) enum Outcome {
    /// Nothing.
    #[default]
    None,
    /// It worked.
    Done(&'static str),
    /// It did not: a clause for the person.
    Refused(String),
}

/// What worked, as it stands in the address of the page after it, with words. Anything else there is not shown, so that
/// no link puts words into our mouth.
const DONE: &[(&str, &str)] = &[
    ("disconnected", "Disconnected."),
    ("narrowed", "It may do less from now on."),
    ("client-removed", "The client is removed."),
    ("token-ended", "The token is ended."),
    ("role-set", "The role is set."),
    ("member-added", "The account is a member now."),
    ("member-removed", "The account is no member any more."),
    ("invitation-removed", "The invitation is taken back."),
    ("ended", "The connection is ended."),
    ("all-ended", "All connections of this client are ended."),
    ("rule-set", "The rule is set."),
    ("rule-removed", "The rule is removed."),
    ("unknown-set", "Saved."),
    ("flag-set", "The feature is set."),
    ("flag-cleared", "The rule is cleared."),
];

impl Outcome {
    /// What the address of a page says.
    pub(super) fn of(fields: &Fields) -> Self {
        let named = fields.text("done");
        DONE.iter()
            .find(|(code, _)| *code == named)
            .map_or(Self::None, |(_, words)| Self::Done(words))
    }

    /// The status of a page that says it.
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::None | Self::Done(_) => StatusCode::OK,
            Self::Refused(_) => StatusCode::BAD_REQUEST,
        }
    }
}

/// To a page that says what worked. `more` is added to the query.
pub(super) fn done(section: Section, code: &'static str, more: &[(&str, &str)]) -> HttpResponse {
    debug_assert!(DONE.iter().any(|(known, _)| *known == code), "{code}");
    let mut fields = more.to_vec();
    fields.push(("done", code));
    let query = query(fields);
    answer::see_other(Place::AtHome, &format!("{}?{query}", section.path()))
}

/// The frame of a page.
pub(super) fn desk(
    by: &SignedIn,
    memberships: &[Membership],
    at: Section,
    outcome: Outcome,
) -> Desk {
    let is_administrator = by.session.account.is_administrator;
    let manages = memberships
        .iter()
        .any(|membership| membership.role == Role::Admin);
    Desk {
        csrf: by.session.csrf.as_str().to_owned(),
        person: by.person(),
        at,
        manages: is_administrator || manages,
        is_administrator,
        notice: match outcome {
            Outcome::None => None,
            Outcome::Done(words) => Some(Notice::Done(words.to_owned())),
            Outcome::Refused(clause) => Some(Notice::Refused(sentence(&clause))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_only_what_we_say() {
        let said = |query: &str| Outcome::of(&Fields::parse(query.as_bytes()).unwrap());
        assert!(matches!(
            said("done=disconnected"),
            Outcome::Done("Disconnected.")
        ));
        assert!(matches!(said("done=Call+0800-EVIL"), Outcome::None));
        assert!(matches!(said(""), Outcome::None));
    }
}
