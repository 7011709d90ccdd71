//! What may work later.

use tidegate_oauth_types::SigningKeyError;

/// A limit that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RateDenial {
    #[error("too many requests")]
    TooManyRequests,
    #[error("the refresh token was used too often within its window")]
    RefreshRepeated,
    #[error("too many registrations of everybody in this hour")]
    RegistrationsOfAll,
}

impl RateDenial {
    /// A stable code for the audit.
    pub(super) const fn audit_code(self) -> &'static str {
        match self {
            Self::TooManyRequests => "too_many_requests",
            Self::RefreshRepeated => "refresh_repeated_too_often",
            Self::RegistrationsOfAll => "registrations_of_all",
        }
    }
}

/// A part of ours, or of an operator's, that does not work now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnavailableDenial {
    #[error("there is no signing key")]
    NoSigningKey,
    #[error("the signing key {kid} from the manager cannot be decoded")]
    SigningKeyDamaged { kid: String },
    #[error("an access token could not be signed")]
    SigningFailed(#[source] SigningKeyError),
    #[error("the id of an access token could not be made")]
    TokenIdMalformed,
    #[error("the keys of an identity provider cannot be fetched")]
    AssertionIssuerUnreachable,
    #[error("no user code was free")]
    NoUserCodeFree,
    #[error("others registered the same client at the same time")]
    RegistrationContended,
    #[error("the workspace is hibernated")]
    Hibernated,
}

impl UnavailableDenial {
    /// A stable code for the audit.
    pub(super) const fn audit_code(&self) -> &'static str {
        match self {
            Self::NoSigningKey => "no_signing_key",
            Self::SigningKeyDamaged { .. } => "signing_key_damaged",
            Self::SigningFailed(_) => "signing_failed",
            Self::TokenIdMalformed => "jti_malformed",
            Self::AssertionIssuerUnreachable => "assertion_issuer_unreachable",
            Self::NoUserCodeFree => "no_user_code_free",
            Self::RegistrationContended => "registration_contended",
            Self::Hibernated => "hibernated",
        }
    }
}
