//! The accounts of a Superset's users.

use tidegate_control_plane::account::{
    Account, AccountKey, AdmittedAccount, FindAccount, FirstPlace, UpstreamIdentity,
};
use tidegate_control_plane::workspace::FindMember;
use tidegate_types::{AccountId, Peer};

use crate::accounts::Newcomer;
use crate::journal::Entry;
use crate::names::{self, Derived};
use crate::refusal::SignInRefusal;
use crate::{SignIn, SignInError, SupersetAccount, SupersetSignIn};

/// Why a user of a Superset is not let in, for the audit; and the account that it is about.
pub(crate) type LinkRefusal = (SignInRefusal, Option<AccountId>);

impl SignIn {
    /// The account of a user whose password was right. It is found by the workspace and the user's number and by nothing
    /// else: names and addresses in a Superset are what its administrators write there, and whoever is an administrator in
    /// one workspace must not become somebody of the deployment or of another workspace by them.
    ///
    /// On the first sign-in an account is made, a member of this workspace and no other, which acts there as this user.
    pub(crate) async fn account_of_user(
        &self,
        workspace: &SupersetSignIn,
        user: &SupersetAccount,
        peer: &Peer,
    ) -> Result<Result<Account, LinkRefusal>, SignInError> {
        let issuer = format!("superset:{}", workspace.workspace);
        let subject = user.user_id.to_string();
        if let Some(account) = self.known_user(&issuer, &subject).await? {
            return self.as_the_same_user(workspace, user, account).await;
        }
        let role = if let Some(role) = workspace.role {
            role
        } else {
            let superset = &self.parts.superset;
            let by_rights = superset.role_of(&workspace.workspace, user.user_id).await;
            by_rights.map_err(|err| SignInError::Unavailable(Box::new(err)))?
        };
        let newcomer = Newcomer {
            identity: UpstreamIdentity { issuer, subject },
            name: Derived::from(&user.username, None),
            display_name: names::shown(Some(&user.full_name), &user.username),
            // Nobody proved that it is theirs.
            email: user.email.clone(),
            is_email_verified: false,
            place: Some(FirstPlace {
                workspace: workspace.workspace.clone(),
                role,
                superset_username: Some(user.username.clone()),
            }),
        };
        let issuer = newcomer.identity.issuer.clone();
        let AdmittedAccount { account, is_new } = self.make_account(newcomer).await?;
        // Another tab or node may have been first.
        if !is_new {
            return self.as_the_same_user(workspace, user, account).await;
        }
        let entry = Entry::new("account.created", "ok")
            .by(&account.id)
            .at(&workspace.workspace)
            .from(peer)
            .with(issuer);
        self.parts.journal.note(entry).await;
        Ok(Ok(account))
    }

    async fn known_user(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Account>, SignInError> {
        let key = AccountKey::Upstream {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
        };
        Ok(self.parts.call(FindAccount { key }).await?)
    }

    /// A number can be given to another user when its first owner is deleted. So the user must be called what the account
    /// acts as; where somebody was renamed, an administrator says so in the membership.
    async fn as_the_same_user(
        &self,
        workspace: &SupersetSignIn,
        user: &SupersetAccount,
        account: Account,
    ) -> Result<Result<Account, LinkRefusal>, SignInError> {
        let place = FindMember {
            workspace: workspace.workspace.clone(),
            account: account.id.clone(),
        };
        match self.parts.call(place).await? {
            Some(place) if !place.is_by_team && place.superset_username != user.username => {
                Ok(Err((SignInRefusal::SupersetUserRenamed, Some(account.id))))
            }
            // Whoever was taken out of the workspace stays out, and signs in to what is left.
            _ => Ok(Ok(account)),
        }
    }
}
