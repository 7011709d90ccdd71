use tidegate_control_plane::effective_grant::IneffectiveReason;
use tidegate_oauth_types::AssertionProblem;

/// What is wrong with a code, refresh token, assertion or API token. The client is never told which.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GrantDenial {
    #[error("the code does not look like one")]
    CodeMalformed,
    #[error("the code is unknown or has expired")]
    CodeUnknown,
    #[error("the code is being exchanged by another request")]
    CodeUsedUp,
    #[error("the code was exchanged before")]
    CodeReplayed,
    #[error("the redirect URI is not that of the authorization request")]
    RedirectUriMismatch,
    #[error("the code verifier does not match the challenge")]
    VerifierMismatch,
    #[error("it was given to another client")]
    ClientMismatch,
    #[error("the device code does not look like one")]
    DeviceCodeMalformed,
    #[error("the refresh token does not look like one")]
    RefreshTokenMalformed,
    #[error("the refresh token is unknown")]
    RefreshTokenUnknown,
    #[error("the grant of the refresh token has ended")]
    RefreshTokenEnded,
    #[error("the refresh token was used before")]
    RefreshTokenReplayed,
    #[error("the stored successor of the refresh token is damaged")]
    SuccessorDamaged,
    #[error("account, client or workspace went away before the grant began")]
    WithoutParties,
    #[error("the grant counts for nothing: {}", ineffective_code(*.0))]
    Ineffective(IneffectiveReason),
    #[error("the assertion is not a JWT")]
    AssertionMalformed,
    #[error("the assertion's issuer is not trusted")]
    AssertionIssuerNotTrusted,
    /// Of which issuer, and why.
    #[error("the assertion of {issuer} was refused")]
    AssertionRefused {
        issuer: String,
        #[source]
        problem: AssertionProblem,
    },
    #[error("the assertion was used before")]
    AssertionReplayed,
    #[error("the assertion is for another resource")]
    AssertionForOtherResource,
    #[error("the account is unknown")]
    AccountUnknown,
    #[error("the account is switched off")]
    AccountInactive,
    #[error("the account has a password, so that its owner connects the provider")]
    AccountHasPassword,
    #[error("the account is not a member of the workspace")]
    NotAMember,
    #[error("the client is for another workspace")]
    WorkspaceNotTheClients,
    #[error("the client belongs to another person")]
    ClientNotTheirs,
    #[error("the workspace blocks the client")]
    ClientBlocked,
    #[error("the workspace has not approved the client")]
    ClientNeedsApproval,
    #[error("the API token does not look like one")]
    ApiTokenMalformed,
    #[error("the API token is unknown")]
    ApiTokenUnknown,
    #[error("the API token has another name")]
    ApiTokenOfOtherName,
    #[error("the API token has ended")]
    ApiTokenEnded,
    #[error("the API token has expired")]
    ApiTokenExpired,
    #[error("the API token counts in no workspace")]
    ApiTokenWithoutStanding,
}

impl GrantDenial {
    /// A stable code for the audit.
    pub(super) const fn audit_code(&self) -> &'static str {
        match self {
            Self::CodeMalformed => "code_malformed",
            Self::CodeUnknown => "code_unknown",
            Self::CodeUsedUp => "code_used_up",
            Self::CodeReplayed => "code_replayed",
            Self::RedirectUriMismatch => "redirect_uri_mismatch",
            Self::VerifierMismatch => "verifier_mismatch",
            Self::ClientMismatch => "client_mismatch",
            Self::DeviceCodeMalformed => "device_code_malformed",
            Self::RefreshTokenMalformed => "refresh_token_malformed",
            Self::RefreshTokenUnknown => "refresh_token_unknown",
            Self::RefreshTokenEnded => "refresh_token_ended",
            Self::RefreshTokenReplayed => "refresh_token_replayed",
            Self::SuccessorDamaged => "successor_damaged",
            Self::WithoutParties => "grant_without_parties",
            Self::Ineffective(reason) => ineffective_code(*reason),
            Self::AssertionMalformed => "assertion_malformed",
            Self::AssertionIssuerNotTrusted => "assertion_issuer_not_trusted",
            Self::AssertionRefused { .. } => "assertion_refused",
            Self::AssertionReplayed => "assertion_replayed",
            Self::AssertionForOtherResource => "assertion_for_other_resource",
            Self::AccountUnknown => "account_unknown",
            Self::AccountInactive => "account_inactive",
            Self::AccountHasPassword => "account_has_password",
            Self::NotAMember => "not_a_member",
            Self::WorkspaceNotTheClients => "workspace_not_the_clients",
            Self::ClientNotTheirs => "client_not_theirs",
            Self::ClientBlocked => "client_blocked",
            Self::ClientNeedsApproval => "client_needs_approval",
            Self::ApiTokenMalformed => "api_token_malformed",
            Self::ApiTokenUnknown => "api_token_unknown",
            Self::ApiTokenOfOtherName => "api_token_of_other_name",
            Self::ApiTokenEnded => "api_token_ended",
            Self::ApiTokenExpired => "api_token_expired",
            Self::ApiTokenWithoutStanding => "api_token_without_standing",
        }
    }
}

const fn ineffective_code(reason: IneffectiveReason) -> &'static str {
    match reason {
        IneffectiveReason::Unknown => "grant_unknown",
        IneffectiveReason::Ended => "grant_ended",
        IneffectiveReason::Expired => "grant_expired",
        IneffectiveReason::OtherWorkspace => "other_workspace",
        IneffectiveReason::AccountInactive => "account_inactive",
        IneffectiveReason::NotAMember => "not_a_member",
        IneffectiveReason::ClientRefused => "client_refused",
        IneffectiveReason::NoScope => "no_scope_left",
        IneffectiveReason::Hibernated => "hibernated",
    }
}
