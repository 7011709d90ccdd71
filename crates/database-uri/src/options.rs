//! libpq's connection options (PostgreSQL manual §34.1.2): what is acted on, what is passed over, what is refused.

use std::path::PathBuf;
use std::time::Duration;

use crate::{UriError, invalid};

/// libpq's `sslmode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// Never encrypt.
    Disable,
    /// Encrypt when the server can; libpq's default. Stands for `allow` as well, which would rather not encrypt.
    #[default]
    Prefer,
    /// Encrypt, whoever the server is.
    Require,
    /// Encrypt, with a server whose certificate is good.
    VerifyCa,
    /// Encrypt, with a server whose certificate is good and names the host.
    VerifyFull,
}

/// A version of TLS that a connection may be held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsVersion {
    /// 1.2, the lowest that is ever spoken.
    V1_2,
    /// 1.3.
    V1_3,
}

/// How a connection is encrypted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// Whether, and how far the server is verified.
    pub mode: TlsMode,
    /// `sslrootcert`: a PEM file of authorities, or the word `system`.
    pub root_certificate: Option<PathBuf>,
    /// Authorities in PEM, in the place of a file. No option of a URI sets it.
    pub root_pem: Option<String>,
    /// `sslcert`: a PEM file of our own certificate.
    pub certificate: Option<PathBuf>,
    /// `sslkey`: the PEM file of its key.
    pub key: Option<PathBuf>,
    /// `sslsni=0`: the server is not told which name it was called by.
    pub hides_name: bool,
    /// `ssl_min_protocol_version`, where it asks for more than 1.2.
    pub lowest: Option<TlsVersion>,
    /// `ssl_max_protocol_version`.
    pub highest: Option<TlsVersion>,
    /// `sslnegotiation=direct`: TLS from the first byte.
    pub is_direct: bool,
    /// `channel_binding=require`.
    pub requires_channel_binding: bool,
    /// `channel_binding=disable`.
    pub forbids_channel_binding: bool,
}

/// libpq's `target_session_attrs`: which of several servers will do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SessionKind {
    /// Whichever answers.
    #[default]
    Any,
    /// One that takes changes.
    ReadWrite,
    /// One that takes none.
    ReadOnly,
    /// One that is not in recovery.
    Primary,
    /// One that is in recovery.
    Standby,
    /// One that is in recovery, or else any.
    PreferStandby,
}

/// TCP keepalive, as libpq counts it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keepalive {
    /// `keepalives=0`.
    pub is_off: bool,
    /// `keepalives_idle`; `None` leaves it to the system.
    pub idle: Option<Duration>,
    /// `keepalives_interval`.
    pub interval: Option<Duration>,
    /// `keepalives_count`.
    pub count: Option<u32>,
}

/// Everything that the query of a URI, or `connect_args`, may say, but for where the server is.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Options {
    pub(crate) tls: TlsSettings,
    pub(crate) session: SessionKind,
    pub(crate) keepalive: Keepalive,
    pub(crate) tcp_user_timeout: Option<Duration>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) startup: Option<String>,
    pub(crate) application_name: Option<String>,
    pub(crate) fallback_application_name: Option<String>,
    pub(crate) is_balanced: bool,
    pub(crate) ignored: Vec<String>,
}

/// Options that only tune libpq, or that say what holds here anyway.
const HARMLESS: &[&str] = &[
    "client_encoding",
    "sslcompression",
    "krbsrvname",
    "gsslib",
    "gssdelegation",
    "min_protocol_version",
    "max_protocol_version",
];

/// Options that would make the connection another or a safer one, and that nobody here acts on.
const REFUSED: &[&str] = &[
    "passfile",
    "service",
    "servicefile",
    "replication",
    "requirepeer",
    "require_auth",
    "krb5_ccname",
];

/// Parts of a name that make an unknown option one about safety.
const SENSITIVE: &[&str] = &[
    "ssl", "tls", "cert", "auth", "pass", "crypt", "secur", "scram",
];

impl Options {
    /// Takes one option. `value` is never shown in an error: it may be a secret under a wrong name.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), UriError> {
        let is_known = self.set_tls(name, value)?
            || self.set_session(name, value)?
            || self.set_tcp(name, value)?;
        if is_known {
            return Ok(());
        }
        self.pass_over(name, value)
    }

    fn set_tls(&mut self, name: &str, value: &str) -> Result<bool, UriError> {
        let tls = &mut self.tls;
        match name {
            // `ssl` is how asyncpg calls it.
            "sslmode" | "ssl" => {
                tls.mode = tls_mode(value).ok_or_else(|| bad(name, TLS_MODES))?;
            }
            "sslrootcert" => tls.root_certificate = text(value).map(PathBuf::from),
            "sslcert" => tls.certificate = text(value).map(PathBuf::from),
            "sslkey" => tls.key = text(value).map(PathBuf::from),
            "sslsni" => tls.hides_name = !flag(value).ok_or_else(|| bad(name, FLAG))?,
            "ssl_min_protocol_version" => {
                tls.lowest = match value {
                    "" | "TLSv1" | "TLSv1.1" | "TLSv1.2" => None,
                    "TLSv1.3" => Some(TlsVersion::V1_3),
                    _ => return Err(bad(name, "TLSv1.2 or TLSv1.3")),
                };
            }
            "ssl_max_protocol_version" => {
                tls.highest = match value {
                    "" => None,
                    "TLSv1.2" => Some(TlsVersion::V1_2),
                    "TLSv1.3" => Some(TlsVersion::V1_3),
                    _ => return Err(bad(name, "TLSv1.2 or TLSv1.3")),
                };
            }
            "sslnegotiation" => {
                tls.is_direct = match value {
                    "postgres" => false,
                    "direct" => true,
                    _ => return Err(bad(name, "postgres or direct")),
                };
            }
            "channel_binding" => {
                if !matches!(value, "require" | "prefer" | "disable") {
                    return Err(bad(name, "disable, prefer or require"));
                }
                tls.requires_channel_binding = value == "require";
                tls.forbids_channel_binding = value == "disable";
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn set_session(&mut self, name: &str, value: &str) -> Result<bool, UriError> {
        match name {
            "target_session_attrs" => {
                self.session = session_kind(value).ok_or_else(|| bad(name, SESSION_KINDS))?;
            }
            "load_balance_hosts" => {
                self.is_balanced = match value {
                    "disable" => false,
                    "random" => true,
                    _ => return Err(bad(name, "disable or random")),
                };
            }
            "options" => self.startup = text(value),
            "application_name" => self.application_name = text(value),
            "fallback_application_name" => self.fallback_application_name = text(value),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn set_tcp(&mut self, name: &str, value: &str) -> Result<bool, UriError> {
        let number = || {
            value
                .trim()
                .parse::<i64>()
                .map_err(|_| bad(name, "a number"))
        };
        // 0 leaves each of them to the system, or to us.
        let positive = || number().map(|number| u64::try_from(number).ok().filter(|n| *n > 0));
        match name {
            // libpq takes 1 for 2.
            "connect_timeout" => {
                self.connect_timeout = positive()?.map(|secs| Duration::from_secs(secs.max(2)));
            }
            "keepalives" => {
                self.keepalive.is_off = !flag(value).ok_or_else(|| bad(name, FLAG))?;
            }
            "keepalives_idle" => self.keepalive.idle = positive()?.map(Duration::from_secs),
            "keepalives_interval" => self.keepalive.interval = positive()?.map(Duration::from_secs),
            "keepalives_count" => {
                self.keepalive.count = positive()?.and_then(|count| u32::try_from(count).ok());
            }
            "tcp_user_timeout" => self.tcp_user_timeout = positive()?.map(Duration::from_millis),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn pass_over(&mut self, name: &str, value: &str) -> Result<(), UriError> {
        let shown: String = name.chars().take(60).collect();
        let is_at_rest = match name {
            "gssencmode" => matches!(value, "disable" | "prefer"),
            "sslcertmode" => matches!(value, "disable" | "allow"),
            _ => HARMLESS.contains(&name),
        };
        if is_at_rest {
            return Ok(());
        }
        let lower = name.to_ascii_lowercase();
        if REFUSED.contains(&name)
            || matches!(name, "gssencmode" | "sslcertmode")
            || SENSITIVE.iter().any(|part| lower.contains(part))
        {
            return Err(invalid(format!("its option {shown} is not supported")));
        }
        self.ignored.push(shown);
        Ok(())
    }
}

const FLAG: &str = "0 or 1";
const TLS_MODES: &str = "one of disable, allow, prefer, require, verify-ca and verify-full";
const SESSION_KINDS: &str =
    "one of any, read-write, read-only, primary, standby and prefer-standby";

fn bad(name: &str, expected: &str) -> UriError {
    invalid(format!("its {name} is not {expected}"))
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned()).filter(|text| !text.is_empty())
}

fn tls_mode(value: &str) -> Option<TlsMode> {
    Some(match value {
        "disable" => TlsMode::Disable,
        "allow" | "prefer" => TlsMode::Prefer,
        "require" => TlsMode::Require,
        "verify-ca" => TlsMode::VerifyCa,
        "verify-full" => TlsMode::VerifyFull,
        _ => return None,
    })
}

fn session_kind(value: &str) -> Option<SessionKind> {
    Some(match value {
        "any" => SessionKind::Any,
        "read-write" => SessionKind::ReadWrite,
        "read-only" => SessionKind::ReadOnly,
        "primary" => SessionKind::Primary,
        "standby" => SessionKind::Standby,
        "prefer-standby" => SessionKind::PreferStandby,
        _ => return None,
    })
}

fn flag(value: &str) -> Option<bool> {
    match value.trim() {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}
