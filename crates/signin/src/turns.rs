//! One after the other, on all nodes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tidegate_oauth::SecretHash;
use tidegate_store::{TicketKind, TicketStore};
use tokio::time::Instant;

use crate::SignInError;

/// Longer than what is done in a turn takes with all its time-outs. A node that dies gives it back by that.
const HELD: Duration = Duration::from_secs(20);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Lets one at a time make an account for somebody who is not known yet, or replace a password.
#[derive(Clone)]
pub(crate) struct Turns {
    tickets: Arc<dyn TicketStore>,
}

/// A turn that must be ended.
pub(crate) struct Turn {
    key: String,
}

impl Turns {
    pub(crate) fn new(tickets: Arc<dyn TicketStore>) -> Self {
        Self { tickets }
    }

    /// Waits for a turn at `what`, for a while.
    ///
    /// # Errors
    /// `Busy`: others take too long.
    pub(crate) async fn begin(&self, what: &str) -> Result<Turn, SignInError> {
        // `state` parameters have another form, so that no upstream sign-in has this key.
        let key = format!("turn-{}", SecretHash::of(what));
        let until = Instant::now() + LONGEST_WAIT;
        loop {
            let is_ours = self
                .tickets
                .issue(
                    TicketKind::UpstreamSignIn,
                    &key,
                    Bytes::from_static(b"turn"),
                    HELD,
                )
                .await?;
            if is_ours {
                return Ok(Turn { key });
            }
            if Instant::now() >= until {
                return Err(SignInError::Busy {
                    retry_after: LONGEST_WAIT,
                });
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    pub(crate) async fn end(&self, turn: Turn) -> Result<(), SignInError> {
        Ok(self
            .tickets
            .remove(TicketKind::UpstreamSignIn, &turn.key)
            .await?)
    }
}
