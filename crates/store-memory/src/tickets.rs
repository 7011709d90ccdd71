//! Short-lived values of sign-in and authorization.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tidegate_store::{MAX_TICKET_BYTES, StoreError, StoreErrorKind, TicketKind, TicketStore};
use tidegate_types::Clock;

use crate::expiring_lru::{ExpiringLru, Weigh, after};

/// A value with what its key takes, since keys come from outside.
struct Ticket {
    value: Bytes,
    key_bytes: usize,
}

impl Weigh for Ticket {
    fn bytes(&self) -> usize {
        self.value.len() + self.key_bytes
    }
}

pub(crate) struct MemoryTickets {
    clock: Arc<dyn Clock>,
    /// One of each kind, so that a flood of one pushes out none of another.
    by_kind: [Mutex<ExpiringLru<String, Ticket>>; TicketKind::ALL.len()],
}

impl MemoryTickets {
    /// `max_tickets` and `max_bytes` are of each kind.
    pub(crate) fn new(clock: Arc<dyn Clock>, max_tickets: usize, max_bytes: usize) -> Self {
        Self {
            clock,
            by_kind: TicketKind::ALL.map(|_| Mutex::new(ExpiringLru::new(max_tickets, max_bytes))),
        }
    }

    fn of_kind(&self, kind: TicketKind) -> &Mutex<ExpiringLru<String, Ticket>> {
        &self.by_kind[kind as usize]
    }
}

/// Kinds that say what was used: to forget one early would let it be used again.
const fn must_stay(kind: TicketKind) -> bool {
    matches!(kind, TicketKind::SpentCode | TicketKind::Assertion)
}

fn refuse(operation: &'static str, reason: &'static str) -> StoreError {
    StoreError {
        operation,
        kind: StoreErrorKind::Unavailable,
        source: Some(reason.into()),
    }
}

fn check_size(operation: &'static str, value: &Bytes) -> Result<(), StoreError> {
    if value.len() > MAX_TICKET_BYTES {
        return Err(refuse(operation, "the ticket is too large"));
    }
    Ok(())
}

#[async_trait::async_trait]
impl TicketStore for MemoryTickets {
    async fn issue(
        &self,
        kind: TicketKind,
        key: &str,
        value: Bytes,
        ttl: Duration,
    ) -> Result<bool, StoreError> {
        const OPERATION: &str = "issue a ticket";
        check_size(OPERATION, &value)?;
        let now = self.clock.unix_millis();
        let key = key.to_owned();
        let ticket = Ticket {
            value,
            key_bytes: key.len(),
        };
        let mut lru = self.of_kind(kind).lock();
        if lru.peek(&key, now).is_some() {
            return Ok(false);
        }
        lru.make_room(now);
        if must_stay(kind) && !lru.has_room_for(ticket.bytes()) {
            return Err(refuse(OPERATION, "there is no room for more of its kind"));
        }
        lru.put(key, ticket, after(now, ttl), now);
        Ok(true)
    }

    async fn get(&self, kind: TicketKind, key: &str) -> Result<Option<Bytes>, StoreError> {
        let now = self.clock.unix_millis();
        let mut lru = self.of_kind(kind).lock();
        Ok(lru.with(&key.to_owned(), now, |ticket, _| ticket.value.clone()))
    }

    async fn take(&self, kind: TicketKind, key: &str) -> Result<Option<Bytes>, StoreError> {
        let now = self.clock.unix_millis();
        let taken = self.of_kind(kind).lock().take(&key.to_owned(), now);
        Ok(taken.map(|ticket| ticket.value))
    }

    async fn replace(
        &self,
        kind: TicketKind,
        key: &str,
        old: &Bytes,
        new: Bytes,
        ttl: Duration,
    ) -> Result<bool, StoreError> {
        check_size("replace a ticket", &new)?;
        let now = self.clock.unix_millis();
        let mut lru = self.of_kind(kind).lock();
        let is_replaced = lru.with(&key.to_owned(), now, |ticket, expires| {
            if ticket.value != *old {
                return false;
            }
            ticket.value = new;
            *expires = after(now, ttl);
            true
        });
        lru.make_room(now);
        Ok(is_replaced.unwrap_or(false))
    }

    async fn keep(&self, kind: TicketKind, key: &str, ttl: Duration) -> Result<bool, StoreError> {
        let now = self.clock.unix_millis();
        let mut lru = self.of_kind(kind).lock();
        let is_kept = lru.with(&key.to_owned(), now, |_, expires| {
            *expires = after(now, ttl);
        });
        Ok(is_kept.is_some())
    }

    async fn remove(&self, kind: TicketKind, key: &str) -> Result<(), StoreError> {
        let now = self.clock.unix_millis();
        self.of_kind(kind).lock().take(&key.to_owned(), now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tidegate_types::ManualClock;

    use super::*;

    const LIFE: Duration = Duration::from_mins(1);

    fn tickets(max_tickets: usize) -> (Arc<ManualClock>, MemoryTickets) {
        let clock = Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH));
        let tickets = MemoryTickets::new(Arc::clone(&clock) as _, max_tickets, 1 << 20);
        (clock, tickets)
    }

    fn value() -> Bytes {
        Bytes::from_static(b"value")
    }

    #[tokio::test]
    async fn each_kind_has_a_place_of_its_own() {
        for (at, kind) in TicketKind::ALL.into_iter().enumerate() {
            assert_eq!(at, kind as usize, "{kind:?}");
        }
        let (_, tickets) = tickets(2);
        let kept = TicketKind::BrowserSession;
        tickets.issue(kept, "mine", value(), LIFE).await.unwrap();
        for n in 0..100 {
            let flood = TicketKind::Transaction;
            let issued = tickets.issue(flood, &n.to_string(), value(), LIFE).await;
            assert!(issued.unwrap());
        }
        assert_eq!(Some(value()), tickets.get(kept, "mine").await.unwrap());
    }

    #[tokio::test]
    async fn what_was_used_is_never_forgotten_for_room() {
        let (clock, tickets) = tickets(2);
        let kind = TicketKind::Assertion;
        for jti in ["a", "b"] {
            assert!(tickets.issue(kind, jti, value(), LIFE).await.unwrap());
        }
        let refused = tickets.issue(kind, "c", value(), LIFE).await.unwrap_err();
        assert_eq!(StoreErrorKind::Unavailable, refused.kind);
        assert!(!tickets.issue(kind, "a", value(), LIFE).await.unwrap());
        clock.advance(LIFE);
        assert!(tickets.issue(kind, "c", value(), LIFE).await.unwrap());
    }

    #[tokio::test]
    async fn keys_count_against_the_bytes() {
        let tickets = MemoryTickets::new(
            Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH)),
            1_000,
            1_000,
        );
        let kind = TicketKind::Transaction;
        for n in 0..10 {
            let key = format!("{n}{}", "k".repeat(400));
            tickets.issue(kind, &key, value(), LIFE).await.unwrap();
        }
        assert_eq!(2, tickets.of_kind(kind).lock().len());
    }
}
