//! What the edge needs to sign people in and to issue tokens.

use std::collections::HashMap;
use std::sync::Arc;

use tidegate_authorization_server::{AuthorizationServer, OAuthGate};
use tidegate_config::Flags;
use tidegate_control_plane::Manager;
use tidegate_login::SignIn;
use tidegate_oauth_types::SecretHash;
use tidegate_types::{Clock, SecretString, WorkspaceSlug};

/// Sign-in, the authorization server and the control plane.
pub struct ControlPlaneAccess {
    /// The control plane.
    pub manager: Manager,
    /// Who the person in the browser is.
    pub sign_in: SignIn,
    /// Consent, tokens, registration.
    pub authorization: AuthorizationServer,
    /// Whether people sign in with what they have in a workspace's Superset.
    pub accepts_superset: bool,
    /// The time, for what pages make and show.
    pub clock: Arc<dyn Clock>,
    /// Whether OAuth is on now.
    pub gate: Arc<dyn OAuthGate>,
    /// What the configuration says of flags, where no rule of the manager decides.
    pub flags: ConfiguredFlags,
    /// What other nodes show to use this node's manager.
    pub service_tokens: ServiceTokens,
}

/// What the configuration of this node says of feature flags.
#[derive(Debug, Clone, Default)]
pub struct ConfiguredFlags {
    /// Of workspaces that the configuration does not name.
    pub usual: FlagsOfPlace,
    /// Of those that it names.
    pub of_workspaces: HashMap<WorkspaceSlug, FlagsOfPlace>,
}

/// What the configuration says of flags in one place.
#[derive(Debug, Clone, Copy, Default)]
pub struct FlagsOfPlace {
    /// Those that are on.
    pub on: Flags,
    /// Those that a file or the environment says anything of; the others are as Tidegate comes.
    pub named: Flags,
}

impl ConfiguredFlags {
    /// Those of a workspace, or of workspaces that are not named.
    pub fn of(&self, workspace: Option<&WorkspaceSlug>) -> FlagsOfPlace {
        workspace
            .and_then(|workspace| self.of_workspaces.get(workspace))
            .copied()
            .unwrap_or(self.usual)
    }
}

/// Tokens of nodes that use this node's manager. Only their hashes are held, so that comparing two takes the same time
/// wherever they differ.
#[derive(Debug, Clone, Default)]
pub struct ServiceTokens(Vec<SecretHash>);

impl ServiceTokens {
    /// These tokens.
    pub fn new<'a>(tokens: impl IntoIterator<Item = &'a SecretString>) -> Self {
        use tidegate_types::ExposeSecret as _;
        Self(
            tokens
                .into_iter()
                .map(|token| SecretHash::of(token.expose_secret()))
                .collect(),
        )
    }

    /// Whether anybody may use the manager.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a presented token is one of them.
    pub fn contain(&self, presented: &str) -> bool {
        // Whoever cannot choose a SHA-256 learns nothing from the time that comparing two takes.
        self.0.contains(&SecretHash::of(presented))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_token_counts_as_a_whole() {
        let tokens = [
            "one token of thirty-two characters",
            "another of thirty-two characters",
        ];
        let tokens = tokens.map(|token| SecretString::from(token.to_owned()));
        let tokens = ServiceTokens::new(&tokens);
        assert!(tokens.contain("another of thirty-two characters"));
        for wrong in [
            "",
            "another of thirty-two character",
            "another of thirty-two characters ",
        ] {
            assert!(!tokens.contain(wrong), "{wrong:?}");
        }
        assert!(!ServiceTokens::default().contain(""));
    }
}
