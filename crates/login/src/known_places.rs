//! Browsers and networks from which somebody signed in by a password before.
//!
//! Strangers' failures must not keep the owner of an account out, so that what is known has budgets of its own
//! ([`crate::attempts`]). A browser is known by a cookie: a secret whose hash is in the shared store. It opens nothing, belongs
//! to one account, and counts no more once the account's browser sessions were ended: by a new password, by signing out
//! everywhere, by an administrator.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tidegate_control_plane::Manager;
use tidegate_control_plane::account::{Account, AccountKey, FindAccount};
use tidegate_oauth_types::{IssuedSecret, SecretHash, SecretKind};
use tidegate_store::{TicketKind, TicketStore};
use tidegate_types::AccountId;

use crate::session::KnownBrowser;
use crate::{SignInError, UnixSecs};

const KIND: TicketKind = TicketKind::KnownPlace;
const BROWSER_LIVES: Duration = Duration::from_hours(90 * 24);
const NETWORK_LIVES: Duration = Duration::from_hours(30 * 24);
const VERSION: u8 = 1;
/// Names of one account at one browser: as it was typed, name and address, and as it was typed before.
const MOST_NAMES: usize = 8;

/// What the store keeps, as JSON: of a browser under the hash of its cookie, of a network under the hash of it and of one name
/// at one directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    v: u8,
    account: AccountId,
    /// The account's `sessions_valid_from` as it was at the last sign-in.
    standing: UnixSecs,
    /// Names at directories, of a browser: see [`crate::attempts::Attempts::name_at`].
    #[serde(default)]
    names: Vec<String>,
}

/// Tells since when an account's browser sessions count.
#[async_trait::async_trait]
pub(crate) trait SessionValidity: Send + Sync {
    /// `None`: the account is gone, or not active.
    async fn valid_from(&self, account: &AccountId) -> Result<Option<UnixSecs>, SignInError>;
}

#[async_trait::async_trait]
impl SessionValidity for Manager {
    async fn valid_from(&self, account: &AccountId) -> Result<Option<UnixSecs>, SignInError> {
        let key = AccountKey::Id(account.clone());
        let found = Box::pin(self.call(FindAccount { key })).await?;
        let active = found.filter(|account| account.is_active);
        Ok(active.map(|account| account.sessions_valid_from))
    }
}

#[derive(Clone)]
pub(crate) struct KnownPlaces {
    tickets: Arc<dyn TicketStore>,
    validity: Arc<dyn SessionValidity>,
}

/// A browser whose cookie counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Browser {
    /// What its failures are counted by.
    pub(crate) key: String,
    /// Whose it is.
    pub(crate) account: AccountId,
    names: Vec<String>,
}

impl Browser {
    /// Whether somebody signed in with it by this name at this directory.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// It is not known by this name any more.
    pub(crate) fn forget(&mut self, name: &str) {
        self.names.retain(|known| known != name);
    }
}

impl KnownPlaces {
    pub(crate) fn new(tickets: Arc<dyn TicketStore>, validity: Arc<dyn SessionValidity>) -> Self {
        Self { tickets, validity }
    }

    /// The browser of a cookie.
    pub(crate) async fn browser(
        &self,
        cookie: Option<&str>,
    ) -> Result<Option<Browser>, SignInError> {
        let hash = cookie
            .and_then(|cookie| SecretHash::of_presented(SecretKind::KnownBrowser, cookie).ok());
        let Some(hash) = hash else {
            return Ok(None);
        };
        let key = key_of_browser(&hash);
        let record = self.good(&key).await?;
        Ok(record.map(|record| Browser {
            key,
            account: record.account,
            names: record.names,
        }))
    }

    /// Whether somebody signed in by this name at this directory from the network.
    pub(crate) async fn is_known(&self, name: &str, network: &str) -> Result<bool, SignInError> {
        let record = self.good(&key_of_network(name, network)).await?;
        Ok(record.is_some())
    }

    async fn good(&self, key: &str) -> Result<Option<Record>, SignInError> {
        let Some(value) = self.tickets.get(KIND, key).await? else {
            return Ok(None);
        };
        let Some(record) = Record::read(&value) else {
            return Ok(None);
        };
        let valid_from = self.validity.valid_from(&record.account).await?;
        Ok(valid_from
            .is_some_and(|valid_from| valid_from == record.standing)
            .then_some(record))
    }

    /// Knows the network from now on.
    pub(crate) async fn note_network(
        &self,
        account: &Account,
        name: &str,
        network: &str,
    ) -> Result<(), SignInError> {
        let key = key_of_network(name, network);
        let new = Record::of(account, Vec::new()).write()?;
        if self
            .tickets
            .issue(KIND, &key, new.clone(), NETWORK_LIVES)
            .await?
        {
            return Ok(());
        }
        match self.tickets.get(KIND, &key).await? {
            Some(old) if old == new => {
                self.tickets.keep(KIND, &key, NETWORK_LIVES).await?;
            }
            Some(old) => {
                self.tickets
                    .replace(KIND, &key, &old, new, NETWORK_LIVES)
                    .await?;
            }
            None => {}
        }
        Ok(())
    }

    /// Knows the browser from now on by a new cookie, which takes the place of the one that it had. Of the same account it
    /// goes on to be known by the names that were typed before.
    pub(crate) async fn note_browser(
        &self,
        account: &Account,
        mut names: Vec<String>,
        before: Option<&Browser>,
    ) -> Result<KnownBrowser, SignInError> {
        if let Some(before) = before.filter(|before| before.account == account.id) {
            names.extend(before.names.iter().cloned());
        }
        let mut unique: Vec<String> = Vec::new();
        for name in names {
            if unique.len() < MOST_NAMES && !unique.contains(&name) {
                unique.push(name);
            }
        }
        let cookie = IssuedSecret::draw(SecretKind::KnownBrowser);
        let value = Record::of(account, unique).write()?;
        let key = key_of_browser(&cookie.hash);
        self.tickets.issue(KIND, &key, value, BROWSER_LIVES).await?;
        if let Some(before) = before {
            self.tickets.remove(KIND, &before.key).await?;
        }
        Ok(KnownBrowser {
            cookie: cookie.text,
            lives: BROWSER_LIVES,
        })
    }
}

fn key_of_browser(cookie: &SecretHash) -> String {
    format!("browser:{cookie}")
}

fn key_of_network(name: &str, network: &str) -> String {
    format!("network:{}", SecretHash::of(&format!("{name} {network}")))
}

impl Record {
    fn of(account: &Account, names: Vec<String>) -> Self {
        Self {
            v: VERSION,
            account: account.id.clone(),
            standing: account.sessions_valid_from,
            names,
        }
    }

    fn write(&self) -> Result<Bytes, SignInError> {
        let value = serde_json::to_vec(self).map_err(|err| SignInError::Internal(err.into()))?;
        Ok(Bytes::from(value))
    }

    fn read(value: &[u8]) -> Option<Self> {
        serde_json::from_slice(value)
            .ok()
            .filter(|record: &Self| record.v == VERSION)
    }
}
