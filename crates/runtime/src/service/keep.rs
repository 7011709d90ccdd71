//! Keeping finished answers, and computing each once at a time on this node.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::Value;
use tidegate_protocol::ProtocolVersion;
use tidegate_store::CacheKey;
use tokio::sync::watch;

use super::operation::Operation;
use super::{Caller, Core};

/// Where an answer is kept, and whether the caller wants a new one.
pub(crate) struct Place {
    /// What the answer depends on.
    pub key: CacheKey,
    /// The arguments ask for an answer that was not kept (`force_refresh`, or `use_cache: false`).
    pub wants_fresh: bool,
}

/// Finds the place: the caller's rights and the workspace's epoch, the revision that the answer is shaped
/// for, and what was asked, written the same way however the client wrote it.
pub(crate) fn place(caller: &Caller, operation: &Operation, version: ProtocolVersion) -> Place {
    let mut arguments: Value = serde_json::from_str(&operation.arguments()).unwrap_or_default();
    let wants_fresh = take_wishes(&mut arguments);
    let parts = serde_json::json!([
        caller.access.fingerprint().as_str(),
        caller.principal.user.0,
        caller.principal.scopes.bits(),
        caller.workspace.epoch().0,
        version.as_str(),
        operation.method(),
        operation.target(),
        // serde_json keeps the members of objects sorted.
        arguments,
    ]);
    let key = CacheKey {
        workspace: caller.principal.workspace.clone(),
        digest: sha256(parts.to_string().as_bytes()),
    };
    Place { key, wants_fresh }
}

/// Takes out what says how to answer and not what, wrapped in `request` or flat as tools take it, so that
/// a refreshed answer serves those who did not ask for one.
fn take_wishes(arguments: &mut Value) -> bool {
    let request = match arguments.get("request") {
        Some(Value::Object(_)) => arguments.get_mut("request"),
        _ => Some(arguments),
    };
    let Some(Value::Object(request)) = request else {
        return false;
    };
    let no_cache = request.remove("use_cache") == Some(Value::Bool(false));
    let refresh = request.remove("force_refresh") == Some(Value::Bool(true));
    no_cache || refresh
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    digest
}

/// Computations that are under way on this node, by what they compute.
#[derive(Debug, Default, Clone)]
pub(crate) struct Flights(Arc<Mutex<HashMap<CacheKey, watch::Receiver<Landing>>>>);

/// How a computation ended for those who waited.
#[derive(Debug, Clone)]
enum Landing {
    Flying,
    Landed(Bytes),
    Lost,
}

/// What to do about an answer that is not kept.
pub(crate) enum Boarding {
    /// Compute it, and tell the flight.
    Fly(Flight),
    /// Somebody else computed it meanwhile.
    Landed(Bytes),
}

impl Flights {
    /// Waits for a computation that is under way, or begins one. A computation that fails is nobody else's
    /// failure: those who waited begin their own.
    pub(crate) async fn board(&self, key: &CacheKey) -> Boarding {
        loop {
            let mut landing = {
                let mut flights = self.0.lock();
                if let Some(landing) = flights.get(key) {
                    landing.clone()
                } else {
                    let (sender, receiver) = watch::channel(Landing::Flying);
                    flights.insert(key.clone(), receiver);
                    return Boarding::Fly(Flight {
                        flights: self.clone(),
                        key: key.clone(),
                        sender,
                    });
                }
            };
            let landed = landing
                .wait_for(|landing| !matches!(landing, Landing::Flying))
                .await;
            if let Ok(Landing::Landed(answer)) = landed.as_deref() {
                return Boarding::Landed(answer.clone());
            }
        }
    }
}

/// A computation under way; dropping it lets the next one begin.
pub(crate) struct Flight {
    flights: Flights,
    key: CacheKey,
    sender: watch::Sender<Landing>,
}

impl Flight {
    /// Ends it with an answer for those who wait.
    pub(crate) fn land(self, answer: Bytes) {
        self.sender.send_replace(Landing::Landed(answer));
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.flights.0.lock().remove(&self.key);
        self.sender.send_if_modified(|landing| {
            let is_lost = matches!(landing, Landing::Flying);
            if is_lost {
                *landing = Landing::Lost;
            }
            is_lost
        });
    }
}

/// The kept answer, if there is one. With the store gone there is none.
pub(crate) async fn find(core: &Core, key: &CacheKey) -> Option<Bytes> {
    core.state.cache.get(key).await.unwrap_or_else(|err| {
        tracing::debug!(
            error = &err as &dyn std::error::Error,
            "the response cache cannot be read"
        );
        None
    })
}

/// Keeps an answer, unless it is too large.
pub(crate) fn store(
    core: &Arc<Core>,
    key: CacheKey,
    answer: Bytes,
    ttl: std::time::Duration,
) -> impl Future<Output = ()> + Send + use<> {
    let core = Arc::clone(core);
    async move {
        let max = core
            .settings
            .cache
            .as_ref()
            .map_or(0, |cache| cache.max_item_size_bytes);
        if answer.len() > max {
            return;
        }
        if let Err(err) = core.state.cache.put(&key, answer, ttl).await {
            tracing::debug!(
                error = &err as &dyn std::error::Error,
                "the response cache cannot be written"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key() -> CacheKey {
        CacheKey {
            workspace: "acme".parse().unwrap(),
            digest: [1; 32],
        }
    }

    #[test]
    fn wishes_for_a_fresh_answer_are_not_part_of_what_was_asked() {
        for (mut arguments, fresh, rest) in [
            (
                json!({"request": {"page": 1, "force_refresh": true}}),
                true,
                json!({"request": {"page": 1}}),
            ),
            (
                json!({"page": 1, "use_cache": false}),
                true,
                json!({"page": 1}),
            ),
            (
                json!({"page": 1, "use_cache": true, "force_refresh": false}),
                false,
                json!({"page": 1}),
            ),
            (json!({"request": "{}"}), false, json!({"request": "{}"})),
            (json!([1]), false, json!([1])),
        ] {
            assert_eq!(fresh, take_wishes(&mut arguments), "{arguments}");
            assert_eq!(rest, arguments);
        }
    }

    #[tokio::test]
    async fn those_who_wait_get_the_first_ones_answer() {
        let (flights, key) = (Flights::default(), key());
        let Boarding::Fly(flight) = flights.board(&key).await else {
            panic!("the first one flies")
        };
        let (waited, ()) = tokio::join!(flights.board(&key), async {
            flight.land(Bytes::from_static(b"answer"));
        });
        assert!(matches!(waited, Boarding::Landed(answer) if answer == "answer"));
        assert!(flights.0.lock().is_empty());
    }

    #[tokio::test]
    async fn a_lost_computation_is_begun_again_by_one_of_those_who_wait() {
        let (flights, key) = (Flights::default(), key());
        let Boarding::Fly(flight) = flights.board(&key).await else {
            panic!("the first one flies")
        };
        let (first, second, ()) = tokio::join!(
            async {
                match flights.board(&key).await {
                    Boarding::Fly(flight) => flight.land(Bytes::from_static(b"second try")),
                    Boarding::Landed(answer) => assert_eq!("second try", answer),
                }
            },
            async {
                match flights.board(&key).await {
                    Boarding::Fly(flight) => flight.land(Bytes::from_static(b"second try")),
                    Boarding::Landed(answer) => assert_eq!("second try", answer),
                }
            },
            async { drop(flight) },
        );
        let ((), ()) = (first, second);
    }
}
