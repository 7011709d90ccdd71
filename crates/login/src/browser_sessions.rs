//! Where browser sessions are kept.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tidegate_control_plane::Manager;
use tidegate_control_plane::account::{Account, AccountKey, AccountKind, FindAccount};
use tidegate_oauth_types::{IssuedSecret, SecretHash, SecretKind};
use tidegate_store::{TicketKind, TicketStore};
use tidegate_types::{AccountId, Clock, ExposeSecret};

use crate::{BrowserSession, CsrfToken, NewSession, SignInError, UnixSecs};

const KIND: TicketKind = TicketKind::BrowserSession;

/// What the store keeps, as JSON under the hash of the cookie. It outlives a version of Tidegate by days.
#[derive(Serialize, Deserialize)]
struct Record {
    v: u8,
    account: AccountId,
    since: UnixSecs,
    /// The account's `sessions_valid_from` as it was when its credentials were checked. The session is good while
    /// it is still that: sessions that begin while others are being ended end with them.
    standing: UnixSecs,
    /// Whether the account's own password was entered for it.
    #[serde(default)]
    by_password: bool,
}

const VERSION: u8 = 1;

#[derive(Clone)]
pub(crate) struct BrowserSessions {
    manager: Manager,
    tickets: Arc<dyn TicketStore>,
    clock: Arc<dyn Clock>,
    idle: Duration,
    lifetime: Duration,
}

impl BrowserSessions {
    pub(crate) fn new(
        manager: Manager,
        tickets: Arc<dyn TicketStore>,
        clock: Arc<dyn Clock>,
        idle: Duration,
        lifetime: Duration,
    ) -> Self {
        Self {
            manager,
            tickets,
            clock,
            idle,
            lifetime,
        }
    }

    /// Begins a session for an account as it was read before its credentials were checked. `by_password`: they were the
    /// password of the account itself.
    pub(crate) async fn begin(
        &self,
        account: Account,
        by_password: bool,
    ) -> Result<NewSession, SignInError> {
        let cookie = IssuedSecret::draw(SecretKind::BrowserSession);
        let since = self.clock.unix_secs();
        let record = Record {
            v: VERSION,
            account: account.id.clone(),
            since,
            standing: account.sessions_valid_from,
            by_password,
        };
        let value = serde_json::to_vec(&record).map_err(|err| SignInError::Internal(err.into()))?;
        let ttl = self.idle.min(self.lifetime);
        let is_new = self
            .tickets
            .issue(KIND, &cookie.hash.to_string(), Bytes::from(value), ttl)
            .await?;
        if !is_new {
            return Err(SignInError::Internal("a cookie was drawn twice".into()));
        }
        let text = cookie.text.expose_secret();
        let session = session_of(account, text, cookie.hash, &record);
        Ok(NewSession {
            cookie: cookie.text,
            lives: self.lifetime,
            session,
            known_browser: None,
        })
    }

    /// The session of a cookie. One that is over is removed.
    pub(crate) async fn find(&self, cookie: &str) -> Result<Option<BrowserSession>, SignInError> {
        let Ok(hash) = SecretHash::of_presented(SecretKind::BrowserSession, cookie) else {
            return Ok(None);
        };
        let key = hash.to_string();
        let Some(value) = self.tickets.get(KIND, &key).await? else {
            return Ok(None);
        };
        let Some(record) = Record::read(&value) else {
            self.tickets.remove(KIND, &key).await?;
            return Ok(None);
        };
        let left = self.left(record.since);
        let account = self.account_of(&record).await?;
        let (Some(account), false) = (account, left.is_zero()) else {
            self.tickets.remove(KIND, &key).await?;
            return Ok(None);
        };
        // It may have ended since it was read, by a sign-out in another tab.
        if !self.tickets.keep(KIND, &key, self.idle.min(left)).await? {
            return Ok(None);
        }
        Ok(Some(session_of(account, cookie, hash, &record)))
    }

    /// Ends the session of a cookie, and tells whose it was.
    pub(crate) async fn end_of(&self, cookie: &str) -> Result<Option<AccountId>, SignInError> {
        let Ok(hash) = SecretHash::of_presented(SecretKind::BrowserSession, cookie) else {
            return Ok(None);
        };
        let taken = self.tickets.take(KIND, &hash.to_string()).await?;
        Ok(taken
            .and_then(|value| Record::read(&value))
            .map(|record| record.account))
    }

    pub(crate) async fn end(&self, key: &SecretHash) -> Result<(), SignInError> {
        Ok(self.tickets.remove(KIND, &key.to_string()).await?)
    }

    /// How long a session of that age has at most.
    fn left(&self, since: UnixSecs) -> Duration {
        let age = self.clock.unix_secs().saturating_sub(since);
        // A session from the future comes from a clock that is ahead; it is young.
        let age = Duration::from_secs(u64::try_from(age).unwrap_or(0));
        self.lifetime.saturating_sub(age)
    }

    async fn account_of(&self, record: &Record) -> Result<Option<Account>, SignInError> {
        let key = AccountKey::Id(record.account.clone());
        let account = Box::pin(self.manager.call(FindAccount { key })).await?;
        Ok(account.filter(|account| {
            account.is_active
                && account.kind == AccountKind::Person
                && account.sessions_valid_from == record.standing
        }))
    }
}

impl Record {
    fn read(value: &[u8]) -> Option<Self> {
        serde_json::from_slice(value)
            .ok()
            .filter(|record: &Self| record.v == VERSION)
    }
}

fn session_of(account: Account, cookie: &str, key: SecretHash, record: &Record) -> BrowserSession {
    BrowserSession {
        must_change_password: account.must_change_password,
        csrf: CsrfToken::of_cookie(cookie),
        signed_in_at: record.since,
        password_entered_at: record.by_password.then_some(record.since),
        account,
        key,
    }
}
