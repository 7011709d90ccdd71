use std::time::Duration;

use tidegate_control_plane::ManagerError;
use tidegate_store::{StoreError, StoreErrorKind};
use tidegate_types::ServiceCode;

/// Why somebody is not signed in. `Display` and [`SignInError::code`] are safe to show: they are the same whether an
/// account exists or not. The true reason is in the audit of the manager.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Name and password do not open anything: no such account, a wrong password, an account that is switched off.
    #[error("the name or the password is wrong")]
    WrongCredentials,
    /// Too many attempts for this name or from this network. Nothing was checked.
    #[error("too many attempts; try again in {} s", retry_after.as_secs().max(1))]
    Locked {
        /// When the next attempt is taken.
        retry_after: Duration,
    },
    /// Too many people sign in at this moment. Nothing was checked.
    #[error("too many sign-ins at this moment; try again in {} s", retry_after.as_secs().max(1))]
    Busy {
        /// When another attempt makes sense.
        retry_after: Duration,
    },
    /// Signing in by a password is switched off here.
    #[error("signing in with a password is switched off")]
    PasswordsOff,
    /// The browser session is over.
    #[error("you are signed out")]
    SignedOut,
    /// The current password, asked for before it is changed, is wrong.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The account has no password here: it signs in by a provider or by its Superset.
    #[error("this account has no password here")]
    NoPassword,
    /// A password that was chosen is too short, too long or easily guessed. The text says what would be right.
    #[error("{0}")]
    WeakPassword(String),
    /// A name that was chosen is not right. The text says what would be.
    #[error("{0}")]
    InvalidName(String),
    /// A name that was chosen belongs to somebody.
    #[error(
        "the name {0:?} is taken: choose another. If it is yours in this workspace's Superset, an administrator of the \
         deployment can say so afterwards"
    )]
    NameTaken(String),
    /// The invitation was used, taken back or is too old.
    #[error("the invitation is not good any more")]
    InvitationGone,
    /// The invitation is for an address that has an account: its owner signs in, then accepts.
    #[error("the invited address has an account; sign in to accept")]
    InvitationNeedsSignIn,
    /// The invited address is the verified one of another account.
    #[error("the invitation is for another account")]
    InvitationForAnother,
    /// The account would act as a user of the workspace's Superset who is called like it, and who may be somebody else.
    #[error(
        "this workspace's Superset has a user {0:?}, and nothing shows that it is you: ask an administrator of the \
         deployment to add you to the workspace"
    )]
    SupersetUserOfAnother(String),
    /// There is no such provider.
    #[error("there is no such provider")]
    UnknownProvider,
    /// The provider's answer does not belong to a sign-in that this browser began, or it came too late.
    #[error("this sign-in was not begun in this browser, or is too old; begin again")]
    NotBegunHere,
    /// The provider did not sign the person in.
    #[error("{0}")]
    Provider(ProviderRefusal),
    /// The provider knows the person, and they have no account here.
    #[error("you have no account here; ask for an invitation")]
    NoAccount,
    /// The provider proved the address of an account that has a password. Whoever set the password may be somebody else, so
    /// the two are one only when its owner, signed in by it, connects the provider.
    #[error(
        "an account with your address signs in with a password; sign in with it, then connect this provider"
    )]
    AccountHasPassword,
    /// What the provider calls the person is tied to another account.
    #[error("this identity belongs to another account")]
    IdentityTaken,
    /// A part that is needed cannot be reached now.
    #[error("signing in is not possible at the moment")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A defect, or damaged data.
    #[error("signing in failed")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What went wrong at an upstream provider, without a word of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderRefusal {
    /// The person or the provider said no (`access_denied`, `login_required`, `consent_required`, …).
    #[error("the provider did not agree")]
    Denied,
    /// It answered with another error, or not as the specification says.
    #[error("the provider answered with an error")]
    Failed,
    /// The answer names another issuer (`iss`, RFC 9207 §2.4), or none where the provider always names itself.
    #[error(
        "this answer is not from the provider that the sign-in was begun with; begin again, and tell your administrator if it \
         goes on"
    )]
    OtherIssuer,
    /// The answer has neither a code nor an error (OpenID Connect Core §3.1.2.5).
    #[error("the provider's answer is incomplete; begin again")]
    Incomplete,
    /// What it says of the person is not proven: signature, issuer, audience, nonce or time of the ID token.
    #[error("the provider's answer could not be verified")]
    Unverified,
    /// It cannot be reached.
    #[error("the provider cannot be reached")]
    Unreachable,
    /// The address that it tells is not of a domain that may sign in.
    #[error("your address is not of a domain that may sign in here")]
    DomainNotAllowed,
}

impl SignInError {
    /// A stable name for pages, logs and tests.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongCredentials => "wrong_credentials",
            Self::Locked { .. } => "locked",
            Self::Busy { .. } => "busy",
            Self::PasswordsOff => "passwords_off",
            Self::SignedOut => "signed_out",
            Self::WrongPassword => "wrong_password",
            Self::NoPassword => "no_password",
            Self::WeakPassword(_) => "weak_password",
            Self::InvalidName(_) => "invalid_name",
            Self::NameTaken(_) => "name_taken",
            Self::InvitationGone => "invitation_gone",
            Self::InvitationNeedsSignIn => "invitation_needs_sign_in",
            Self::InvitationForAnother => "invitation_for_another",
            Self::SupersetUserOfAnother(_) => "superset_user_of_another",
            Self::UnknownProvider => "unknown_provider",
            Self::NotBegunHere => "not_begun_here",
            Self::Provider(ProviderRefusal::Denied) => "provider_denied",
            Self::Provider(ProviderRefusal::Failed) => "provider_failed",
            Self::Provider(ProviderRefusal::OtherIssuer) => "provider_other_issuer",
            Self::Provider(ProviderRefusal::Incomplete) => "provider_incomplete",
            Self::Provider(ProviderRefusal::Unverified) => "provider_unverified",
            Self::Provider(ProviderRefusal::Unreachable) => "provider_unreachable",
            Self::Provider(ProviderRefusal::DomainNotAllowed) => "domain_not_allowed",
            Self::NoAccount => "no_account",
            Self::AccountHasPassword => "account_has_password",
            Self::IdentityTaken => "identity_taken",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// The kind of failure that the edge shows.
    pub const fn service_code(&self) -> ServiceCode {
        match self {
            Self::WrongCredentials | Self::SignedOut | Self::WrongPassword => {
                ServiceCode::Unauthenticated
            }
            Self::Locked { .. } => ServiceCode::RateLimited,
            Self::Busy { .. } => ServiceCode::Overloaded,
            Self::WeakPassword(_)
            | Self::InvalidName(_)
            | Self::NameTaken(_)
            | Self::NotBegunHere
            | Self::Provider(ProviderRefusal::OtherIssuer | ProviderRefusal::Incomplete) => {
                ServiceCode::InvalidRequest
            }
            Self::PasswordsOff
            | Self::NoPassword
            | Self::InvitationNeedsSignIn
            | Self::InvitationForAnother
            | Self::SupersetUserOfAnother(_)
            | Self::NoAccount
            | Self::AccountHasPassword
            | Self::IdentityTaken
            | Self::Provider(ProviderRefusal::Denied | ProviderRefusal::DomainNotAllowed) => {
                ServiceCode::Forbidden
            }
            Self::InvitationGone | Self::UnknownProvider => ServiceCode::NotFound,
            Self::Provider(
                ProviderRefusal::Failed
                | ProviderRefusal::Unverified
                | ProviderRefusal::Unreachable,
            )
            | Self::Unavailable(_) => ServiceCode::Unavailable,
            Self::Internal(_) => ServiceCode::Internal,
        }
    }

    /// When another attempt makes sense, for `Retry-After`.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Locked { retry_after } | Self::Busy { retry_after } => Some(*retry_after),
            _ => None,
        }
    }
}

impl From<StoreError> for SignInError {
    fn from(err: StoreError) -> Self {
        match err.kind {
            StoreErrorKind::Unavailable | StoreErrorKind::Timeout => {
                Self::Unavailable(Box::new(err))
            }
            StoreErrorKind::Corrupt => Self::Internal(Box::new(err)),
        }
    }
}

impl From<ManagerError> for SignInError {
    /// Callers match what an operation can end with before this.
    fn from(err: ManagerError) -> Self {
        match err {
            ManagerError::Unavailable(_) | ManagerError::Timeout => {
                Self::Unavailable(Box::new(err))
            }
            ManagerError::Invalid(_)
            | ManagerError::NotFound { .. }
            | ManagerError::Conflict(_)
            | ManagerError::LimitReached(_)
            | ManagerError::Internal(_) => Self::Internal(Box::new(err)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the browser brought is the request's fault, what the provider said or did not say is not.
    #[test]
    fn an_answer_that_is_not_the_providers_is_a_bad_request() {
        for (refusal, code) in [
            (ProviderRefusal::OtherIssuer, ServiceCode::InvalidRequest),
            (ProviderRefusal::Incomplete, ServiceCode::InvalidRequest),
            (ProviderRefusal::Denied, ServiceCode::Forbidden),
            (ProviderRefusal::Unverified, ServiceCode::Unavailable),
            (ProviderRefusal::Unreachable, ServiceCode::Unavailable),
        ] {
            assert_eq!(
                code,
                SignInError::Provider(refusal).service_code(),
                "{refusal}"
            );
        }
    }
}
