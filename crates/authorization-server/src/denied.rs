//! Refusals: why, and what they are about.

mod client;
mod device;
mod grant;
mod reason;
mod request;
#[cfg(test)]
mod tests;
mod unavailable;

use tidegate_control_plane::ManagerError;
use tidegate_oauth_types::OAuthError;
use tidegate_types::{AccountId, ClientId, WorkspaceSlug};

pub(crate) use client::ClientDenial;
pub(crate) use device::DeviceDenial;
pub(crate) use grant::GrantDenial;
pub(crate) use reason::DenialReason;
pub(crate) use request::{
    GrantTypeDenial, PromptDenial, RegistrationDenial, RegistrationTokenDenial, ScopeDenial,
    TargetDenial,
};
pub(crate) use unavailable::{RateDenial, UnavailableDenial};

/// What a record is about, as far as it is known.
#[derive(Debug, Clone, Default)]
pub(crate) struct About {
    pub(crate) account: Option<AccountId>,
    pub(crate) client: Option<ClientId>,
    pub(crate) workspace: Option<WorkspaceSlug>,
}

/// A refusal: its true reason, which only audit and log get, and what it is about.
#[derive(Debug, thiserror::Error)]
#[error("{}", .reason.audit_code())]
pub(crate) struct Denied {
    #[source]
    pub(crate) reason: Box<DenialReason>,
    pub(crate) about: About,
}

impl<R: Into<DenialReason>> From<R> for Denied {
    fn from(reason: R) -> Self {
        Self {
            reason: Box::new(reason.into()),
            about: About::default(),
        }
    }
}

impl Denied {
    /// A stable code of the reason.
    pub(crate) fn audit_code(&self) -> &'static str {
        self.reason.audit_code()
    }

    /// What the client gets.
    pub(crate) fn client_error(&self) -> OAuthError {
        self.reason.client_error()
    }

    pub(crate) fn of_client(mut self, client: &ClientId) -> Self {
        self.about.client.get_or_insert_with(|| client.clone());
        self
    }

    pub(crate) fn about(mut self, about: About) -> Self {
        self.about = about;
        self
    }

    /// Writes what an operator needs beside the audit into the log: a part that failed, or the details of a refusal. For
    /// whoever turns the refusal into an answer, and nobody else.
    pub(crate) fn log(&self) {
        match &*self.reason {
            DenialReason::Store(err) => {
                tracing::warn!(error = %Chain(err), "the shared store failed during an authorization request");
            }
            DenialReason::Manager(err @ (ManagerError::Unavailable(_) | ManagerError::Timeout)) => {
                tracing::warn!(error = %Chain(err), "the manager failed during an authorization request");
            }
            DenialReason::Manager(err) => {
                tracing::error!(error = %Chain(err), "the manager refused an operation of an authorization request");
            }
            DenialReason::Unavailable(
                err @ (UnavailableDenial::SigningFailed(_)
                | UnavailableDenial::SigningKeyDamaged { .. }),
            ) => {
                tracing::error!(error = %Chain(err), "an access token could not be signed");
            }
            DenialReason::Client(ClientDenial::DocumentInvalid(fault)) => fault.log(),
            DenialReason::Client(ClientDenial::AssertionRefused { client, problem }) => {
                tracing::info!(%client, %problem, "a client's assertion was refused");
            }
            DenialReason::Grant(GrantDenial::AssertionRefused { issuer, problem }) => {
                tracing::info!(issuer, %problem, "an identity provider's assertion was refused");
            }
            _ => {}
        }
    }
}

/// An error with its causes, for the log.
pub(crate) struct Chain<'a>(pub(crate) &'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(err) = cause {
            write!(f, ": {err}")?;
            cause = err.source();
        }
        Ok(())
    }
}
