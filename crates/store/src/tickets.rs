use std::time::Duration;

use bytes::Bytes;

use crate::StoreError;

/// What a ticket is for. Tickets of two kinds never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TicketKind {
    /// An authorization request that a person decides on. 10 minutes.
    Transaction,
    /// An authorization code. 60 seconds.
    Code,
    /// The grant of a code that was taken, so that its second use ends the grant. 10 minutes.
    SpentCode,
    /// A device authorization (RFC 8628), by its device code. 10 minutes.
    DeviceCode,
    /// The device authorization of a user code. 10 minutes.
    UserCode,
    /// A sign-in that went to an upstream provider. 10 minutes.
    UpstreamSignIn,
    /// A browser session.
    BrowserSession,
    /// A browser, or a network, from which somebody signed in by a password before, so that strangers' failures do not keep
    /// them out. 90 days and 30 days from the last time.
    KnownPlace,
    /// The `jti` of an assertion that was used, until it expires.
    Assertion,
    /// A client that registered itself and was not let in by anybody yet. A day, and 30 from its last use.
    DynamicClient,
    /// A client id metadata document as it was fetched. As its cache headers say, at most a day.
    ClientDocument,
}

impl TicketKind {
    /// All kinds.
    pub const ALL: [Self; 11] = [
        Self::Transaction,
        Self::Code,
        Self::SpentCode,
        Self::DeviceCode,
        Self::UserCode,
        Self::UpstreamSignIn,
        Self::BrowserSession,
        Self::KnownPlace,
        Self::Assertion,
        Self::DynamicClient,
        Self::ClientDocument,
    ];

    /// A stable name for keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::Code => "code",
            Self::SpentCode => "spent-code",
            Self::DeviceCode => "device-code",
            Self::UserCode => "user-code",
            Self::UpstreamSignIn => "upstream-sign-in",
            Self::BrowserSession => "browser-session",
            Self::KnownPlace => "known-place",
            Self::Assertion => "assertion",
            Self::DynamicClient => "dynamic-client",
            Self::ClientDocument => "client-document",
        }
    }
}

/// A larger ticket is refused as [`StoreErrorKind::Unavailable`](crate::StoreErrorKind): nothing that belongs here
/// comes near.
pub const MAX_TICKET_BYTES: usize = 64 * 1024;

/// Short-lived values of sign-in and authorization, by the hash of what names them. They belong to the deployment,
/// not to a workspace: a person chooses the workspace while they live.
///
/// Redis: string `tg:{~}:ticket:<kind>:<key>`, expiring. `~` cannot be a workspace.
#[async_trait::async_trait]
pub trait TicketStore: Send + Sync {
    /// Keeps a value unless there is one. `false`: there is one, which stays as it is.
    async fn issue(
        &self,
        kind: TicketKind,
        key: &str,
        value: Bytes,
        ttl: Duration,
    ) -> Result<bool, StoreError>;

    /// The value, which stays.
    async fn get(&self, kind: TicketKind, key: &str) -> Result<Option<Bytes>, StoreError>;

    /// Removes and returns the value, at most once across all nodes.
    ///
    /// # Errors
    /// `Timeout`: treat it as taken.
    async fn take(&self, kind: TicketKind, key: &str) -> Result<Option<Bytes>, StoreError>;

    /// Puts `new` in the place of exactly `old`, for `ttl` from now. `false`: it is gone or another by now.
    async fn replace(
        &self,
        kind: TicketKind,
        key: &str,
        old: &Bytes,
        new: Bytes,
        ttl: Duration,
    ) -> Result<bool, StoreError>;

    /// Lets the value live for `ttl` from now. `false`: it is gone.
    async fn keep(&self, kind: TicketKind, key: &str, ttl: Duration) -> Result<bool, StoreError>;

    /// Removes the value, if there is one.
    async fn remove(&self, kind: TicketKind, key: &str) -> Result<(), StoreError>;
}

/// Counts that start again after a while: failed sign-ins of an account or an address.
///
/// Redis: hash `tg:{~}:tally:<name>` of `n` (the count) and `at` (milliseconds by Redis' clock of the last addition),
/// expiring `window` after it.
#[async_trait::async_trait]
pub trait Counters: Send + Sync {
    /// Adds one and returns the count. It starts again `window` after the last addition.
    async fn add(&self, name: &str, window: Duration) -> Result<u64, StoreError>;

    /// The count and the time since its last addition, if it is not 0.
    async fn read(&self, name: &str) -> Result<Option<Counter>, StoreError>;

    /// Starts again.
    async fn clear(&self, name: &str) -> Result<(), StoreError>;
}

/// A count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter {
    /// Additions since it last started again.
    pub count: u64,
    /// Time since the last addition.
    pub since_last: Duration,
}
