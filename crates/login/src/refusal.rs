use tidegate_control_plane::account::{Account, AccountKind};

use crate::{ProviderRefusal, SignInError};

/// Why somebody who entered a name and a password, or whom a provider vouches for, is not let in. The audit gets the code;
/// the person hears the same of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignInRefusal {
    #[error("the name or the password cannot be one")]
    Impossible,
    #[error("too many attempts")]
    Locked,
    #[error("nobody has this name")]
    UnknownName,
    #[error("the password is wrong")]
    WrongPassword,
    #[error("the password of the Superset user is wrong")]
    WrongSupersetPassword,
    #[error("the account has no password")]
    NoPassword,
    #[error("the stored hash of the password cannot be read")]
    UnreadableHash,
    #[error("the account is not a person's")]
    NotAPerson,
    #[error("the account is switched off")]
    AccountOff,
    #[error("the Superset user is switched off")]
    SupersetUserOff,
    #[error("the Superset user has another name than the account acts as")]
    SupersetUserRenamed,
}

impl SignInRefusal {
    /// Why an account whose credentials are right is not let in.
    pub(crate) fn of(account: &Account) -> Option<Self> {
        if account.kind != AccountKind::Person {
            Some(Self::NotAPerson)
        } else if !account.is_active {
            Some(Self::AccountOff)
        } else {
            None
        }
    }

    /// A stable code for the audit.
    pub(crate) const fn audit_code(self) -> &'static str {
        match self {
            Self::Impossible => "impossible",
            Self::Locked => "locked",
            Self::UnknownName => "unknown_name",
            Self::WrongPassword => "wrong_password",
            Self::WrongSupersetPassword => "wrong_superset_password",
            Self::NoPassword => "no_password",
            Self::UnreadableHash => "unreadable_hash",
            Self::NotAPerson => "not_a_person",
            Self::AccountOff => "account_off",
            Self::SupersetUserOff => "superset_user_off",
            Self::SupersetUserRenamed => "superset_user_renamed",
        }
    }
}

/// Why somebody whom a provider vouches for is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AdmissionRefusal {
    #[error("the address is not of a domain that may sign in")]
    DomainNotAllowed,
    #[error("the identity is tied to another account")]
    IdentityTaken,
    #[error("the account with this address has a password")]
    AccountHasPassword,
    #[error("nobody has an account by this identity")]
    NoAccount,
    #[error(transparent)]
    Account(#[from] SignInRefusal),
}

impl AdmissionRefusal {
    /// A stable code for the audit.
    pub(crate) const fn audit_code(self) -> &'static str {
        match self {
            Self::DomainNotAllowed => "domain_not_allowed",
            Self::IdentityTaken => "identity_taken",
            Self::AccountHasPassword => "account_has_password",
            Self::NoAccount => "no_account",
            Self::Account(refusal) => refusal.audit_code(),
        }
    }
}

/// What the person is told.
impl From<AdmissionRefusal> for SignInError {
    fn from(refusal: AdmissionRefusal) -> Self {
        match refusal {
            AdmissionRefusal::DomainNotAllowed => Self::Provider(ProviderRefusal::DomainNotAllowed),
            AdmissionRefusal::IdentityTaken => Self::IdentityTaken,
            AdmissionRefusal::AccountHasPassword => Self::AccountHasPassword,
            AdmissionRefusal::NoAccount => Self::NoAccount,
            AdmissionRefusal::Account(_) => Self::WrongCredentials,
        }
    }
}
