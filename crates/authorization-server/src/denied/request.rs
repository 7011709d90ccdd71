//! What is asked for and cannot be given. The texts of these are for clients, unless they say otherwise.

use tidegate_oauth_types::ErrorCode;

/// A grant type that the client may not use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GrantTypeDenial {
    #[error("the client may not use this `grant_type`")]
    AtTokenEndpoint,
    #[error("the client did not register for authorization_code")]
    AuthorizationCode,
    #[error("the client did not register for device_code")]
    DeviceCode,
}

impl GrantTypeDenial {
    /// A stable code for the audit.
    pub(super) const fn audit_code(self) -> &'static str {
        match self {
            Self::AtTokenEndpoint | Self::AuthorizationCode | Self::DeviceCode => {
                "grant_type_not_registered"
            }
        }
    }
}

/// A resource that no token can be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetDenial {
    #[error("`resource` is not one of this server: use the URL that you connect to")]
    Unknown,
    #[error("`resource` is another than was authorized")]
    Mismatch,
    #[error("`resource` must name the workspace: use the URL of its MCP endpoint")]
    Ambiguous,
    #[error("`resource` is of another workspace than the client's")]
    NotTheClients,
}

impl TargetDenial {
    /// A stable code for the audit.
    pub(super) const fn audit_code(self) -> &'static str {
        match self {
            Self::Unknown => "resource_unknown",
            Self::Mismatch => "resource_mismatch",
            Self::Ambiguous => "workspace_ambiguous",
            Self::NotTheClients => "workspace_not_the_clients",
        }
    }
}

/// Scopes of which nothing is left. Clients get one text for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ScopeDenial {
    #[error("nothing is left of the scopes that may be granted")]
    NoneLeft,
    #[error("a machine names only scopes that do not exist here")]
    NoneKnown,
}

impl ScopeDenial {
    /// A stable code for the audit.
    pub(super) const fn audit_code(self) -> &'static str {
        match self {
            Self::NoneLeft => "no_scope_left",
            Self::NoneKnown => "no_scope_known",
        }
    }
}

/// `prompt=none`, and something would have to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PromptDenial {
    #[error("nobody is signed in")]
    LoginRequired,
    #[error("the person must agree first")]
    ConsentRequired,
}

impl PromptDenial {
    /// What the client reads, and the audit's code as well.
    pub(super) const fn code(self) -> ErrorCode {
        match self {
            Self::LoginRequired => ErrorCode::LoginRequired,
            Self::ConsentRequired => ErrorCode::ConsentRequired,
        }
    }
}

/// A registration that is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RegistrationDenial {
    #[error("clients cannot register themselves here: ask an administrator")]
    Off,
    #[error("the metadata are larger than {limit} bytes")]
    TooLarge { limit: usize },
}

impl RegistrationDenial {
    /// What the client reads.
    pub(super) const fn code(self) -> ErrorCode {
        match self {
            Self::Off => ErrorCode::AccessDenied,
            Self::TooLarge { .. } => ErrorCode::InvalidClientMetadata,
        }
    }

    /// A stable code for the audit.
    pub(super) const fn audit_code(self) -> &'static str {
        match self {
            Self::Off => "registration_off",
            Self::TooLarge { .. } => "registration_too_large",
        }
    }
}

/// What is wrong with the token that a registration is managed with (RFC 7592). Clients get one text for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RegistrationTokenDenial {
    #[error("no registration access token came")]
    Missing,
    #[error("the registration access token does not look like one")]
    Malformed,
    #[error("the registration access token is another client's, or none")]
    Wrong,
    #[error("the client id does not look like one")]
    ClientMalformed,
    #[error("the client is unknown")]
    ClientUnknown,
}

impl RegistrationTokenDenial {
    /// A stable code for the audit.
    pub(super) const fn audit_code(self) -> &'static str {
        match self {
            Self::Missing => "registration_token_missing",
            Self::Malformed => "registration_token_malformed",
            Self::Wrong => "registration_token_wrong",
            Self::ClientMalformed => "client_malformed",
            Self::ClientUnknown => "client_unknown",
        }
    }
}
