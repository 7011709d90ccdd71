//! Whom a subject names in a workspace's metastore.

use std::sync::Arc;

use tidegate_metastore::{FoundUser, UserQuery};
use tidegate_store::Validation;
use tidegate_token_verifier::Subject;
use tidegate_types::check_name;

use super::IdentifyError;
use crate::unknown_user::{UnknownReason, UnknownUser};
use crate::workspace::{WorkspaceError, WorkspaceHandle};

/// The one active user of the workspace's metastore who goes by the first claim that finds anybody. One that finds
/// somebody who may not come in, or more than one, decides as well: the next must not make up for it.
pub(super) async fn look_up(
    workspace: &WorkspaceHandle,
    subject: &Subject,
) -> Result<Validation, IdentifyError> {
    let unknown = |reason| IdentifyError::UnknownUser(Box::new(UnknownUser::new(subject, reason)));
    let users = workspace.workspace().metastore.users();
    for claim in subject.claims() {
        // Nobody has such a name, and a database that cannot store it is not to be asked.
        if check_name(&claim.value).is_err() {
            continue;
        }
        let query = UserQuery {
            text: &claim.value,
            may_be_address: claim.may_be_address,
            ignores_case: subject.ignores_case(),
        };
        let found = users
            .find(query)
            .await
            .map_err(|err| WorkspaceError::Unavailable(Arc::new(err)))?;
        match found {
            FoundUser::One(user) => {
                return Ok(Validation::Valid {
                    user: user.id,
                    username: user.username,
                    standing: None,
                });
            }
            FoundUser::Nobody => {}
            FoundUser::Inactive => return Err(unknown(UnknownReason::Inactive)),
            FoundUser::Several => return Err(unknown(UnknownReason::Several)),
        }
    }
    Err(unknown(UnknownReason::Nobody))
}
