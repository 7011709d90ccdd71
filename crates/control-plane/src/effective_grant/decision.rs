//! The one decision about whether a grant or API token counts. Pure: what is true now is read and handed in.

use tidegate_types::{AccountId, ClientId, Role, ScopeSet, WorkspaceSlug};

use super::{EffectiveGrant, IneffectiveReason};
use crate::UnixSecs;
use crate::policy::ClientVerdict;

/// What is true now of a grant or API token, and of all it depends on, in one workspace.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) account: AccountId,
    /// The one workspace that it is for.
    pub(super) bound_to: Option<WorkspaceSlug>,
    pub(super) scopes: ScopeSet,
    pub(super) expires_at: Option<UnixSecs>,
    pub(super) has_ended: bool,
    pub(super) is_account_active: bool,
    /// What the account signs in as.
    pub(super) account_name: String,
    pub(super) is_hibernated: bool,
    /// The widest of its own and its teams'; `None`: no member, or no such workspace.
    pub(super) role: Option<Role>,
    /// `ab_user.username`, where it is not the account's own name.
    pub(super) superset_username: Option<String>,
    pub(super) by: By,
}

/// By what the account acts.
#[derive(Debug, Clone)]
pub(super) enum By {
    /// An API token of its own.
    ApiToken(ClientId),
    /// A client.
    Client {
        id: ClientId,
        /// `None`: it was removed.
        found: Option<FoundClient>,
    },
}

#[derive(Debug, Clone)]
pub(super) struct FoundClient {
    /// The most that it may ask for.
    pub(super) scopes: ScopeSet,
    /// The one workspace that it is for.
    pub(super) workspace: Option<WorkspaceSlug>,
    pub(super) verdict: ClientVerdict,
}

/// What belongs to the grant comes first, what is true of the workspace last: whoever is no member learns nothing of it.
pub(super) fn decide(facts: Facts, workspace: &WorkspaceSlug, now: UnixSecs) -> EffectiveGrant {
    judge(facts, workspace, now).unwrap_or_else(EffectiveGrant::Refused)
}

fn judge(
    facts: Facts,
    workspace: &WorkspaceSlug,
    now: UnixSecs,
) -> Result<EffectiveGrant, IneffectiveReason> {
    let refuse_if = |is_so: bool, refusal| if is_so { Err(refusal) } else { Ok(()) };
    let is_other = |bound: &Option<WorkspaceSlug>| bound.as_ref().is_some_and(|to| to != workspace);
    refuse_if(facts.has_ended, IneffectiveReason::Ended)?;
    refuse_if(
        facts.expires_at.is_some_and(|at| at <= now),
        IneffectiveReason::Expired,
    )?;
    refuse_if(is_other(&facts.bound_to), IneffectiveReason::OtherWorkspace)?;
    refuse_if(!facts.is_account_active, IneffectiveReason::AccountInactive)?;
    let role = facts.role.ok_or(IneffectiveReason::NotAMember)?;
    let (client, most) = match facts.by {
        By::ApiToken(id) => (id, ScopeSet::all()),
        By::Client { id, found } => {
            let found = found.ok_or(IneffectiveReason::ClientRefused)?;
            refuse_if(is_other(&found.workspace), IneffectiveReason::ClientRefused)?;
            match found.verdict {
                ClientVerdict::Approved | ClientVerdict::Allowed => (id, found.scopes),
                ClientVerdict::Blocked | ClientVerdict::NeedsApproval => {
                    return Err(IneffectiveReason::ClientRefused);
                }
            }
        }
    };
    let scopes = facts.scopes.narrowed_to(most).narrowed_to(role.scopes());
    refuse_if(scopes.is_empty(), IneffectiveReason::NoScope)?;
    refuse_if(facts.is_hibernated, IneffectiveReason::Hibernated)?;
    Ok(EffectiveGrant::Good {
        account: facts.account,
        superset_username: facts.superset_username.unwrap_or(facts.account_name),
        client,
        scopes,
    })
}

#[cfg(test)]
mod tests {
    use tidegate_types::Scope;

    use super::*;

    const NOW: UnixSecs = 1_000_000;

    fn acme() -> WorkspaceSlug {
        "acme".parse().unwrap()
    }

    fn facts() -> Facts {
        Facts {
            account: "account-1".parse().unwrap(),
            bound_to: Some(acme()),
            scopes: ScopeSet::all(),
            expires_at: Some(NOW + 1),
            has_ended: false,
            is_account_active: true,
            account_name: "grace".into(),
            is_hibernated: false,
            role: Some(Role::Admin),
            superset_username: None,
            by: By::Client {
                id: "client-1".parse().unwrap(),
                found: Some(client()),
            },
        }
    }

    fn client() -> FoundClient {
        FoundClient {
            scopes: ScopeSet::all(),
            workspace: None,
            verdict: ClientVerdict::Allowed,
        }
    }

    fn by(found: Option<FoundClient>) -> By {
        By::Client {
            id: "client-1".parse().unwrap(),
            found,
        }
    }

    fn refusal(facts: Facts) -> IneffectiveReason {
        match decide(facts, &acme(), NOW) {
            EffectiveGrant::Refused(refusal) => refusal,
            good @ EffectiveGrant::Good { .. } => panic!("must be refused: {good:?}"),
        }
    }

    fn scopes(facts: Facts) -> ScopeSet {
        match decide(facts, &acme(), NOW) {
            EffectiveGrant::Good { scopes, .. } => scopes,
            EffectiveGrant::Refused(refusal) => panic!("must be good: {refusal:?}"),
        }
    }

    #[test]
    fn each_condition_refuses_by_itself() {
        let other: WorkspaceSlug = "other".parse().unwrap();
        let blocked = |verdict| {
            Some(FoundClient {
                verdict,
                ..client()
            })
        };
        let elsewhere = FoundClient {
            workspace: Some(other.clone()),
            ..client()
        };
        let cases = [
            (
                IneffectiveReason::Ended,
                Facts {
                    has_ended: true,
                    ..facts()
                },
            ),
            (
                IneffectiveReason::Expired,
                Facts {
                    expires_at: Some(NOW),
                    ..facts()
                },
            ),
            (
                IneffectiveReason::OtherWorkspace,
                Facts {
                    bound_to: Some(other),
                    ..facts()
                },
            ),
            (
                IneffectiveReason::AccountInactive,
                Facts {
                    is_account_active: false,
                    ..facts()
                },
            ),
            (
                IneffectiveReason::NotAMember,
                Facts {
                    role: None,
                    ..facts()
                },
            ),
            (
                IneffectiveReason::ClientRefused,
                Facts {
                    by: by(None),
                    ..facts()
                },
            ),
            (
                IneffectiveReason::ClientRefused,
                Facts {
                    by: by(Some(elsewhere)),
                    ..facts()
                },
            ),
            (
                IneffectiveReason::ClientRefused,
                Facts {
                    by: by(blocked(ClientVerdict::Blocked)),
                    ..facts()
                },
            ),
            (
                IneffectiveReason::ClientRefused,
                Facts {
                    by: by(blocked(ClientVerdict::NeedsApproval)),
                    ..facts()
                },
            ),
            (
                IneffectiveReason::NoScope,
                Facts {
                    scopes: ScopeSet::NONE,
                    ..facts()
                },
            ),
            (
                IneffectiveReason::Hibernated,
                Facts {
                    is_hibernated: true,
                    ..facts()
                },
            ),
        ];
        for (expected, facts) in cases {
            assert_eq!(expected, refusal(facts));
        }
    }

    #[test]
    fn scopes_are_what_grant_and_client_and_role_have_in_common() {
        assert_eq!(ScopeSet::all(), scopes(facts()));
        let narrow_grant = Facts {
            scopes: Scope::Query.into(),
            ..facts()
        };
        assert_eq!(
            ScopeSet::from(Scope::Query).expanded(),
            scopes(narrow_grant)
        );
        let narrow_client = FoundClient {
            scopes: Scope::Read.into(),
            ..client()
        };
        let narrow_client = Facts {
            by: by(Some(narrow_client)),
            ..facts()
        };
        assert_eq!(ScopeSet::from(Scope::Read), scopes(narrow_client));
        let viewer = Facts {
            role: Some(Role::Viewer),
            ..facts()
        };
        assert_eq!(Role::Viewer.scopes(), scopes(viewer));
    }

    #[test]
    fn a_stranger_does_not_learn_that_a_workspace_sleeps() {
        let stranger = Facts {
            role: None,
            is_hibernated: true,
            ..facts()
        };
        assert_eq!(IneffectiveReason::NotAMember, refusal(stranger));
    }

    #[test]
    fn an_api_token_for_no_one_workspace_counts_wherever_its_owner_is_a_member() {
        let token = Facts {
            bound_to: None,
            expires_at: None,
            superset_username: Some("grace.h".into()),
            by: By::ApiToken("token-id-1".parse().unwrap()),
            ..facts()
        };
        let expected = EffectiveGrant::Good {
            account: "account-1".parse().unwrap(),
            superset_username: "grace.h".into(),
            client: "token-id-1".parse().unwrap(),
            scopes: ScopeSet::all(),
        };
        assert_eq!(expected, decide(token, &acme(), NOW));
    }
}
