//! The list of all operations.

use crate::{LocalManager, Operation, account, api_token, audit, change, client, flag, grant};
use crate::{effective_grant, invitation, policy, signing_key, team, tidy, workspace};

use crate::remote::{ServeError, serve_one};

/// Stands in the list.
pub trait Listed {
    /// Whether it changes nothing, so that it may be sent again when no answer came.
    const IS_READ: bool;
}

macro_rules! operations {
    ($($effect:ident: $($module:ident::{$($name:ident),* $(,)?}),* $(,)?;)*) => {
        $($($(
            impl Listed for $module::$name {
                const IS_READ: bool = operations!(@is_read $effect);
            }
        )*)*)*

        /// Runs the operation of the name. The body and the answer are JSON.
        pub(crate) async fn dispatch(
            manager: &LocalManager,
            name: &str,
            body: &[u8],
        ) -> Result<Vec<u8>, ServeError> {
            match name {
                $($($(
                    // On the heap, for the future of the match is as large as the largest of them.
                    <$module::$name as Operation>::NAME => {
                        Box::pin(serve_one::<$module::$name>(manager, body)).await
                    }
                )*)*)*
                _ => Err(ServeError::unknown(name)),
            }
        }

        /// Names, and whether each changes nothing.
        #[cfg(test)]
        const ALL: &[(&str, bool)] = &[$($($((
            <$module::$name as Operation>::NAME,
            <$module::$name as Listed>::IS_READ,
        )),*,)*)*];
    };
    (@is_read reads) => { true };
    (@is_read changes) => { false };
}

operations! {
    reads:
        account::{FindAccount, FindPassword, ListAccounts, ListAccountsPage, CountAccounts},
        api_token::{FindApiToken, ListApiTokens},
        audit::{ListEvents, ListEventsPage},
        change::{ReadChanges},
        client::{FindClient, ListClients, CheckRegistrationToken, ListSecrets},
        flag::{ListFlags, EvaluateFlags},
        grant::{
            FindGrant, FindGrantOfRefreshToken, FindLatestWorkspace, FindStandingGrant, ListGrants,
            ListGrantsPage,
        },
        invitation::{FindInvitation, ListInvitations},
        policy::{ListPolicyRules, FindUnknownClients, JudgeClient},
        signing_key::{ListSigningKeys},
        effective_grant::{CheckEffectiveGrant},
        team::{ListTeams},
        workspace::{
            FindWorkspace, FindConnection, FindMember, ListWorkspaces, ListMemberships, ListMembers,
            ListMembersPage,
        };
    changes:
        account::{
            CreateAccount, UpdateAccount, SetPassword, ReplacePasswordHash, NoteSignIn, EndSessions,
            LinkUpstream, AdmitUpstream, CreateServiceAccount,
        },
        api_token::{CreateApiToken, EndApiToken, NoteApiTokenUse},
        audit::{RecordEvents, RemoveOldEvents},
        // `CheckSecret` notes that the client was used.
        client::{
            CreateClient, RegisterMachine, UpdateClient, RemoveClient, RemoveMachine, CheckSecret,
            AddSecret, NoteClientUse, RemoveUnusedClients,
        },
        flag::{SetFlag, ClearFlag, ClearFlagRule},
        grant::{
            CreateGrant, RotateRefreshToken, NarrowGrant, EndGrant, EndGrants, NoteGrantUse,
            RemoveOldGrants, EraseWrappedSuccessors,
        },
        invitation::{CreateInvitation, AcceptInvitation, RemoveInvitation},
        policy::{SetPolicyRule, RemovePolicyRule, SetUnknownClients},
        signing_key::{AddSigningKey, RemoveSigningKey},
        team::{CreateTeam, RemoveTeam, SetTeamMember, SetTeamWorkspace},
        tidy::{Tidy},
        workspace::{
            DeclareWorkspaces, CreateWorkspace, UpdateWorkspace, RemoveWorkspace, SetMembership,
            RemoveMembership,
        };
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_operation_has_a_name_of_its_own() {
        let names: HashSet<_> = ALL.iter().map(|(name, _)| name).collect();
        assert_eq!(ALL.len(), names.len());
        for (name, _) in ALL {
            let (area, verb) = name.split_once('.').unwrap();
            let is_plain = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            assert!(is_plain(area) && is_plain(verb), "{name}");
        }
    }

    #[test]
    fn what_its_name_calls_a_look_is_sent_again_and_nothing_else() {
        for (name, is_read) in ALL {
            let verb = name.split_once('.').unwrap().1;
            let looks = [
                "find", "list", "count", "evaluate", "read", "judge", "check",
            ];
            let is_look = looks.iter().any(|look| verb.starts_with(look));
            // Notes that the client was used.
            let is_look = is_look && *name != "client.check_secret";
            assert_eq!(is_look, *is_read, "{name}");
        }
    }
}
