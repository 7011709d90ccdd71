//! Accounts for people who come from elsewhere.

use tidegate_control_plane::ManagerError;
use tidegate_control_plane::account::{
    AdmitUpstream, AdmittedAccount, CreateAccount, FirstPlace, UpstreamIdentity,
};

use crate::names::Derived;
use crate::{SignIn, SignInError};

/// Somebody who gets an account.
pub(crate) struct Newcomer {
    pub(crate) identity: UpstreamIdentity,
    pub(crate) name: Derived,
    pub(crate) display_name: String,
    pub(crate) email: Option<String>,
    pub(crate) is_email_verified: bool,
    pub(crate) place: Option<FirstPlace>,
}

/// How often another name is drawn when one is taken; that one of 2^30 is taken twice does not happen.
const MOST_NAMES: usize = 3;

impl SignIn {
    /// The account of an identity: one that another tab or node made meanwhile, or a new one without a password and without
    /// any right but its place. A name that is taken becomes another one.
    pub(crate) async fn make_account(
        &self,
        newcomer: Newcomer,
    ) -> Result<AdmittedAccount, SignInError> {
        let mut name = newcomer.name.exact().map(str::to_owned);
        let mut email = newcomer.email;
        for _ in 0..=MOST_NAMES {
            let Some(username) = name.take().or_else(|| newcomer.name.with_suffix()) else {
                return Err(SignInError::Internal("no random bytes for a name".into()));
            };
            let admit = AdmitUpstream {
                identity: newcomer.identity.clone(),
                account: CreateAccount {
                    username,
                    is_email_verified: newcomer.is_email_verified && email.is_some(),
                    email: email.clone(),
                    display_name: newcomer.display_name.clone(),
                    password_hash: None,
                    must_change_password: false,
                    is_administrator: false,
                },
                place: newcomer.place.clone(),
            };
            match self.parts.call(admit).await {
                Ok(admitted) => return Ok(admitted),
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
}
