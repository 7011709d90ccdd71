use crate::ProviderRefusal;

use super::discovery::DiscoveryError;
use tidegate_http_client::HttpError;

/// Why a provider did not sign somebody in. The audit gets the code, the person what [`Self::shown`] says.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamRefusal {
    #[error("the provider could not be asked a moment ago, and is not asked again yet")]
    Unreachable,
    #[error("could not ask a provider")]
    Http(#[from] HttpError),
    #[error("could not discover a provider")]
    Discovery(#[from] DiscoveryError),
    #[error("our own address cannot be the base of a redirect URI")]
    NoRedirect,
    #[error("the answer is of another issuer")]
    OtherIssuer,
    #[error("the answer has neither a code nor an error")]
    NoCode,
    #[error("the person or the provider said no")]
    Denied,
    #[error("the provider wants to ask the person something")]
    WantsInteraction,
    #[error("the provider says that it is not available now")]
    Unavailable,
    #[error("the provider answered with an error")]
    Error,
    #[error("the provider did not take the code")]
    CodeRefused,
    #[error("the provider's token response cannot be read")]
    TokenAnswerUnreadable,
    #[error("the provider's token response has no ID token")]
    NoIdToken,
    #[error(transparent)]
    IdToken(#[from] IdTokenProblem),
    #[error("the provider's userinfo response cannot be read")]
    UserinfoUnreadable,
    #[error("the provider's userinfo response is not proven, or of another person")]
    UserinfoUnverified,
    #[error("the claims name nobody")]
    NoSubject,
}

/// What is wrong with an ID token (OpenID Connect Core 1.0 §3.1.3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IdTokenProblem {
    #[error("the ID token is too long or no JWT")]
    Unreadable,
    #[error("the ID token has another type")]
    Type,
    #[error("the ID token's algorithm is not one of the provider's")]
    Algorithm,
    #[error("the provider has no key for the ID token")]
    UnknownKey,
    #[error("the ID token's signature does not match")]
    Signature,
    #[error("the ID token is of another issuer")]
    Issuer,
    #[error("the ID token is not for us alone")]
    Audience,
    #[error("the ID token lacks a time")]
    Claims,
    #[error("the ID token has expired, or is of the future")]
    Time,
    #[error("the ID token is of another sign-in")]
    Nonce,
    #[error("the access token is not the one that came with the ID token")]
    AccessTokenHash,
}

impl UpstreamRefusal {
    /// A stable code for the audit.
    pub(crate) const fn audit_code(&self) -> &'static str {
        match self {
            Self::Unreachable | Self::Http(_) => "provider_unreachable",
            Self::Discovery(err) => match err {
                DiscoveryError::Http(_) => "provider_unreachable",
                DiscoveryError::Unreadable(_) | DiscoveryError::OtherIssuer { .. } => {
                    "discovery_unreadable"
                }
                DiscoveryError::NotSecure => "endpoint_not_secure",
            },
            Self::NoRedirect => "public_url_is_no_base",
            Self::OtherIssuer => "issuer_of_answer",
            Self::NoCode => "no_code",
            Self::Denied => "provider_denied",
            Self::WantsInteraction => "provider_wants_interaction",
            Self::Unavailable => "provider_unavailable",
            Self::Error => "provider_error",
            Self::CodeRefused => "code_refused",
            Self::TokenAnswerUnreadable => "token_answer_unreadable",
            Self::NoIdToken => "no_id_token",
            Self::IdToken(problem) => problem.audit_code(),
            Self::UserinfoUnreadable => "userinfo_unreadable",
            Self::UserinfoUnverified => "userinfo_unverified",
            Self::NoSubject => "no_subject",
        }
    }

    /// What the person is told.
    pub(crate) const fn shown(&self) -> ProviderRefusal {
        match self {
            Self::Unreachable
            | Self::Http(_)
            | Self::Discovery(DiscoveryError::Http(_))
            | Self::Unavailable => ProviderRefusal::Unreachable,
            Self::OtherIssuer => ProviderRefusal::OtherIssuer,
            Self::NoCode => ProviderRefusal::Incomplete,
            Self::Denied | Self::WantsInteraction => ProviderRefusal::Denied,
            Self::IdToken(_) | Self::UserinfoUnverified => ProviderRefusal::Unverified,
            Self::Discovery(
                DiscoveryError::Unreadable(_)
                | DiscoveryError::OtherIssuer { .. }
                | DiscoveryError::NotSecure,
            )
            | Self::NoRedirect
            | Self::Error
            | Self::CodeRefused
            | Self::TokenAnswerUnreadable
            | Self::NoIdToken
            | Self::UserinfoUnreadable
            | Self::NoSubject => ProviderRefusal::Failed,
        }
    }
}

impl IdTokenProblem {
    /// A stable code for the audit.
    pub(crate) const fn audit_code(self) -> &'static str {
        match self {
            Self::Unreadable => "id_token_unreadable",
            Self::Type => "id_token_type",
            Self::Algorithm => "id_token_algorithm",
            Self::UnknownKey => "id_token_key",
            Self::Signature => "id_token_signature",
            Self::Issuer => "id_token_issuer",
            Self::Audience => "id_token_audience",
            Self::Claims => "id_token_claims",
            Self::Time => "id_token_time",
            Self::Nonce => "id_token_nonce",
            Self::AccessTokenHash => "access_token_hash",
        }
    }
}
