use tidegate_oauth_types::AssertionProblem;
use tidegate_types::ClientId;

use crate::clients::DocumentFault;

/// What is wrong with a client's proof of who it is. The client is never told which.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClientDenial {
    #[error("the client is unknown")]
    Unknown,
    #[error("the host of the client's document cannot be reached")]
    DocumentUnreachable,
    #[error("there is no document at the client's id")]
    DocumentUnavailable,
    #[error("the client's document is not valid")]
    DocumentInvalid(#[source] DocumentFault),
    #[error("clients of this host are not let in")]
    DocumentHostRefused,
    #[error("no proof came")]
    NoProof,
    #[error("the proof is of another kind than the client registered")]
    MethodNotRegistered,
    #[error("the secret does not look like one")]
    SecretMalformed,
    #[error("the secret is wrong")]
    SecretWrong,
    #[error("the client registered no keys")]
    NoKeys,
    #[error("the client's keys cannot be read")]
    KeysMalformed,
    #[error("the client's keys cannot be fetched")]
    KeysUnreachable,
    /// Of which client, and why.
    #[error("the assertion of the client {client} was refused")]
    AssertionRefused {
        client: ClientId,
        #[source]
        problem: AssertionProblem,
    },
    #[error("the assertion was used before")]
    AssertionReplayed,
    #[error("a public client presents an assertion about a person")]
    PublicClientWithAssertion,
    #[error("a public client asks about a token")]
    PublicClientIntrospects,
    #[error("the API token is not an administrator's")]
    NotAnAdministratorsToken,
    #[error("the machine client acts as no account")]
    MachineWithoutAccount,
}

impl ClientDenial {
    /// A stable code for the audit.
    pub(super) const fn audit_code(&self) -> &'static str {
        match self {
            Self::Unknown => "client_unknown",
            Self::DocumentUnreachable => "client_document_unreachable",
            Self::DocumentUnavailable => "client_document_unavailable",
            Self::DocumentInvalid(_) => "client_document_invalid",
            Self::DocumentHostRefused => "client_document_host_refused",
            Self::NoProof => "no_proof",
            Self::MethodNotRegistered => "method_not_registered",
            Self::SecretMalformed => "secret_malformed",
            Self::SecretWrong => "secret_wrong",
            Self::NoKeys => "no_keys",
            Self::KeysMalformed => "keys_malformed",
            Self::KeysUnreachable => "keys_unreachable",
            Self::AssertionRefused { .. } => "assertion_refused",
            Self::AssertionReplayed => "assertion_replayed",
            Self::PublicClientWithAssertion => "public_client_with_assertion",
            Self::PublicClientIntrospects => "public_client_introspects",
            Self::NotAnAdministratorsToken => "not_an_administrators_token",
            Self::MachineWithoutAccount => "machine_without_account",
        }
    }
}
