use std::time::Duration;

use tidegate_control_plane::grant::RefreshRules;
use tidegate_oauth_types::Algorithm;
use tidegate_types::{Scope, ScopeSet};
use url::Url;

/// What an operator can set about authorization. [`Rules::default`] is what happens without settings.
#[derive(Debug, Clone)]
pub struct Rules {
    /// How long people have to decide. 10 minutes.
    pub transaction_life: Duration,
    /// How long a code is good. 60 seconds (OWASP ASVS 5.0 V10.4.3).
    pub code_life: Duration,
    /// How long an access token is good. 1 hour; 5 minutes to 24 hours make sense.
    pub access_life: Duration,
    /// How long a refresh token is good; using it begins anew. 30 days.
    pub refresh_life: Duration,
    /// When an authorization ends, however it is used. 90 days (OWASP ASVS 5.0 V10.4.8).
    pub grant_life: Duration,
    /// How long after its rotation a refresh token gives the same successor again, so that a lost answer or two
    /// processes of one client do no harm. 120 seconds; 0 to 300 make sense.
    pub repeat_window: Duration,
    /// How often in that window: as many windows and processes of one client may refresh at once. More are refused, and the
    /// grant goes on. 100.
    pub max_repeats: u32,
    /// What clients get that ask for nothing by name, within what their person may do. Reading and queries.
    pub default_scopes: ScopeSet,
    /// What metadata name and people can agree to: scopes that some tool needs. Clients ask for all that is named, and what no
    /// tool needs serves only whoever takes a token. All.
    pub offered_scopes: ScopeSet,
    /// Whether clients may register themselves (RFC 7591). Yes.
    pub may_register: bool,
    /// How long a registration is kept that nobody used. A day.
    pub unused_client_life: Duration,
    /// How long a registration is kept after its last use. 30 days.
    pub used_client_life: Duration,
    /// New registrations of one address a day; identical ones of public clients do not count. 100.
    pub max_registrations_a_day: u64,
    /// Whether the URL of a metadata document may be a client's id. Yes.
    pub may_use_documents: bool,
    /// Hosts whose documents are clients; every host while it is empty.
    pub document_hosts: Vec<String>,
    /// How long a device code is good (RFC 8628). 10 minutes.
    pub device_life: Duration,
    /// How often a device may ask. Every 5 seconds.
    pub device_interval: Duration,
    /// What access tokens are signed with. ES256.
    pub algorithm: Algorithm,
    /// When a new signing key takes over. After 90 days.
    pub key_life: Duration,
    /// How long a new key is published before it signs, and an old one after. A day.
    pub key_overlap: Duration,
    /// Whose assertions about people are taken (ID-JAG). Nobody's.
    pub assertion_issuers: Vec<AssertionIssuer>,
    /// How often who may ask.
    pub limits: Limits,
}

impl Default for Rules {
    fn default() -> Self {
        const MINUTE: u64 = 60;
        const DAY: u64 = 24 * 60 * MINUTE;
        Self {
            transaction_life: Duration::from_secs(10 * MINUTE),
            code_life: Duration::from_secs(MINUTE),
            access_life: Duration::from_secs(60 * MINUTE),
            refresh_life: Duration::from_secs(30 * DAY),
            grant_life: Duration::from_secs(90 * DAY),
            repeat_window: Duration::from_secs(2 * MINUTE),
            max_repeats: 100,
            default_scopes: ScopeSet::from(Scope::Query).expanded(),
            offered_scopes: ScopeSet::all(),
            may_register: true,
            unused_client_life: Duration::from_secs(DAY),
            used_client_life: Duration::from_secs(30 * DAY),
            max_registrations_a_day: 100,
            may_use_documents: true,
            document_hosts: Vec::new(),
            device_life: Duration::from_secs(10 * MINUTE),
            device_interval: Duration::from_secs(5),
            algorithm: Algorithm::Es256,
            key_life: Duration::from_secs(90 * DAY),
            key_overlap: Duration::from_secs(DAY),
            assertion_issuers: Vec::new(),
            limits: Limits::default(),
        }
    }
}

impl Rules {
    /// As the manager wants them.
    pub(crate) fn refresh(&self) -> RefreshRules {
        let secs = |duration: Duration| u32::try_from(duration.as_secs()).unwrap_or(u32::MAX);
        RefreshRules {
            life_secs: secs(self.refresh_life),
            repeat_window_secs: secs(self.repeat_window),
            max_repeats: self.max_repeats,
        }
    }
}

/// An identity provider whose assertions about people are taken (RFC 7523 §2.1, as ID-JAG).
#[derive(Debug, Clone)]
pub struct AssertionIssuer {
    /// Its `iss`, byte by byte.
    pub issuer: String,
    /// Where its keys are.
    pub jwks_uri: Url,
    /// Whether an `email` that it calls verified names an account that is not linked to it. Safe only with providers
    /// that own their people's addresses.
    pub trusts_email: bool,
}

/// Requests a minute in the long run, and at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// In the long run, at least 1.
    pub per_minute: u32,
    /// At once, at least 1.
    pub burst: u32,
}

/// How often who may ask what. An address is an IPv4 one or an IPv6 /64 network; programs of a whole company may
/// share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Authorization requests of an address. 60 a minute, 60 at once.
    pub authorize: Rate,
    /// Token requests of an address, before the client is known. 600 a minute, 200 at once.
    pub token: Rate,
    /// Token requests of a client that proved itself. 600 a minute, 200 at once.
    pub token_of_client: Rate,
    /// Registrations of an address. 10 a minute, 20 at once.
    pub registration: Rate,
    /// Registrations of everybody together. 600 a minute, 200 at once.
    pub registration_of_all: Rate,
    /// Revocations and introspections of an address. 300 a minute, 100 at once.
    pub inspection: Rate,
    /// Device authorizations of an address. 10 a minute, 20 at once.
    pub device: Rate,
    /// User codes that an account enters. 10 a minute, 10 at once.
    pub user_code: Rate,
    /// Documents that an address makes us fetch. 30 a minute, 30 at once.
    pub client_document: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        let rate = |per_minute, burst| Rate { per_minute, burst };
        Self {
            authorize: rate(60, 60),
            token: rate(600, 200),
            token_of_client: rate(600, 200),
            registration: rate(10, 20),
            registration_of_all: rate(600, 200),
            inspection: rate(300, 100),
            device: rate(10, 20),
            user_code: rate(10, 10),
            client_document: rate(30, 30),
        }
    }
}
