//! Session validation as the nodes share it.

use std::sync::Arc;
use std::time::Duration;

use tidegate_store::{Generation, Remembered, Validation};
use tidegate_types::{TokenId, WorkspaceSlug};

use super::{IdentifyError, Identity, Validated};

/// How long a validated session counts everywhere.
const VALIDATION_TTL: Duration = Duration::from_mins(5);

impl Identity {
    /// The shared outcome. With the store gone, whoever knows is asked each time, which any node can.
    pub(super) async fn remembered(
        &self,
        slug: &WorkspaceSlug,
        token: &TokenId,
    ) -> (Option<Validation>, Option<Generation>) {
        match self.circuit.run(self.validations.get(slug, token)).await {
            Some(Ok(Remembered {
                outcome,
                generation,
            })) => (outcome, Some(generation)),
            Some(Err(err)) => {
                tracing::warn!(
                    error = &err as &dyn std::error::Error,
                    "session validation goes on without the store"
                );
                (None, None)
            }
            None => (None, None),
        }
    }

    /// Keeps an outcome for all nodes, unless the generation could not be read before it was looked up.
    pub(super) async fn remember(
        &self,
        slug: &WorkspaceSlug,
        token: &TokenId,
        found: Validation,
        generation: Option<Generation>,
    ) -> Validation {
        let Some(generation) = generation else {
            return found;
        };
        let put = self
            .validations
            .put(slug, token, found.clone(), generation, VALIDATION_TTL);
        match self.circuit.run(put).await {
            Some(Ok(stands)) => stands,
            _ => found,
        }
    }
}

/// What an outcome says of the caller.
pub(super) fn validated_of(outcome: Validation) -> Result<Arc<Validated>, IdentifyError> {
    match outcome {
        Validation::Valid {
            user,
            username,
            standing,
        } => Ok(Arc::new(Validated {
            user,
            username: username.into(),
            standing,
        })),
        Validation::Revoked => Err(IdentifyError::Revoked),
    }
}
