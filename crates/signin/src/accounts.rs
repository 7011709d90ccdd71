//! Accounts for people who come from elsewhere.

use tidegate_manager::ManagerError;
use tidegate_manager::account::{
    Account, AccountKey, CreateAccount, FindAccount, LinkUpstream, UpdateAccount,
};

use crate::names::Derived;
use crate::{SignIn, SignInError};

/// Somebody who gets an account.
pub(crate) struct Newcomer {
    pub(crate) name: Derived,
    pub(crate) display_name: String,
    pub(crate) email: Option<String>,
    pub(crate) is_email_verified: bool,
}

/// How often another name is drawn when one is taken; that one of 2^30 is taken twice does not happen.
const MOST_NAMES: usize = 3;

impl SignIn {
    /// Makes an account without a password and without any right. A name that is taken becomes another one.
    pub(crate) async fn make_account(&self, newcomer: &Newcomer) -> Result<Account, SignInError> {
        let mut name = newcomer.name.exact().map(str::to_owned);
        let mut email = newcomer.email.clone();
        for _ in 0..=MOST_NAMES {
            let Some(username) = name.take().or_else(|| newcomer.name.with_suffix()) else {
                return Err(SignInError::Internal("no random bytes for a name".into()));
            };
            let create = CreateAccount {
                username,
                is_email_verified: newcomer.is_email_verified && email.is_some(),
                email: email.clone(),
                display_name: newcomer.display_name.clone(),
                password_hash: None,
                must_change_password: false,
                is_administrator: false,
            };
            match self.parts.call(create).await {
                Ok(account) => return Ok(account),
                Err(ManagerError::Conflict(_)) => {}
                // An address of a form that we do not know is left out, unless somebody is found by it.
                Err(ManagerError::Invalid(_)) if email.is_some() && !newcomer.is_email_verified => {
                    email = None;
                }
                Err(err) => return Err(err.into()),
            }
        }
        Err(SignInError::Internal("no free name was found".into()))
    }

    /// Ties an identity to an account that was made for it. When it got one elsewhere meanwhile, that one is theirs and this
    /// one is switched off.
    pub(crate) async fn link(
        &self,
        account: Account,
        issuer: &str,
        subject: &str,
    ) -> Result<Account, SignInError> {
        let link = LinkUpstream {
            id: account.id.clone(),
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
        };
        match self.parts.call(link).await {
            Ok(()) => Ok(account),
            Err(ManagerError::Conflict(_)) => {
                let off = UpdateAccount {
                    id: account.id,
                    email: None,
                    display_name: None,
                    is_active: Some(false),
                    is_administrator: None,
                };
                self.parts.call(off).await?;
                let key = AccountKey::Upstream {
                    issuer: issuer.to_owned(),
                    subject: subject.to_owned(),
                };
                let theirs = self.parts.call(FindAccount { key }).await?;
                theirs.ok_or_else(|| SignInError::Internal("an identity is tied to nobody".into()))
            }
            Err(err) => Err(err.into()),
        }
    }
}
