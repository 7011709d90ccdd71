//! `[state.redis]`: where Redis is, and how both sides prove who they are.

use std::num::NonZeroUsize;
use std::time::Duration;

use tidegate_types::{ExposeSecret, SecretString};
use url::Url;

use crate::reader::Reader;

const URL: &str = "state.redis.url";

/// `[state.redis]`.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// `redis://…` or `rediss://…`, with its password and without options.
    pub url: SecretString,
    /// Certificates in PEM form of whoever may sign the server's; `None`: those that everybody trusts.
    pub ca: Option<String>,
    /// This node's certificate and key in PEM form.
    pub identity: Option<RedisIdentity>,
    /// First part of every key.
    pub key_prefix: String,
    /// Connections of the pool.
    pub pool_size: NonZeroUsize,
    /// Longest wait for a new connection.
    pub connect_timeout: Duration,
    /// Longest wait for one answer.
    pub command_timeout: Duration,
}

/// What a node shows to a Redis that asks who it is.
#[derive(Debug, Clone)]
pub struct RedisIdentity {
    /// The certificate's chain in PEM form.
    pub certificate: String,
    /// Its key in PEM form.
    pub key: SecretString,
}

impl RedisSettings {
    pub(crate) fn read(reader: &mut Reader, is_used: bool) -> Self {
        let key_prefix = key_prefix(reader);
        let pool_size = reader.non_zero("state.redis.pool_size", 1024);
        let connect_timeout = reader.millis("state.redis.connect_timeout_ms", 10, 60_000);
        let command_timeout = reader.millis("state.redis.command_timeout_ms", 10, 60_000);
        let url = if is_used { server(reader) } else { None };
        let (url, options) =
            url.unwrap_or_else(|| (SecretString::default(), UrlOptions::default()));
        let is_tls = url.expose_secret().starts_with("rediss:");
        let ca = pem(reader, "state.redis.ca", options.ca);
        let certificate = pem(reader, "state.redis.certificate", options.certificate);
        let key = pem(reader, "state.redis.key", options.key);
        if is_used && !is_tls {
            for (name, value) in [("ca", &ca), ("certificate", &certificate), ("key", &key)] {
                if value.is_some() {
                    let name = format!("state.redis.{name}");
                    reader.refuse(&name, "nothing, since state.redis.url is not rediss://");
                }
            }
        }
        let identity = match (certificate, key) {
            (Some(certificate), Some(key)) => Some(RedisIdentity {
                certificate,
                key: key.into(),
            }),
            (None, None) => None,
            (None, Some(_)) => {
                reader.refuse(
                    "state.redis.certificate",
                    "the certificate of state.redis.key",
                );
                None
            }
            (Some(_), None) => {
                reader.refuse("state.redis.key", "the key of state.redis.certificate");
                None
            }
        };
        Self {
            url,
            ca,
            identity,
            key_prefix,
            pool_size,
            connect_timeout,
            command_timeout,
        }
    }
}

/// What redis-py, and so Superset, takes behind the `?` of a URL, as far as it means something here.
#[derive(Debug, Default)]
struct UrlOptions {
    ca: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

/// The server's URL without options, and its options. `None`: it was refused.
fn server(reader: &mut Reader) -> Option<(SecretString, UrlOptions)> {
    const FORM: &str = "redis://[user:password@]host[:port][/db], or rediss:// for TLS";
    let text = reader.secret(URL).unwrap_or_default();
    let url = Url::parse(text.expose_secret()).ok();
    let Some(mut url) =
        url.filter(|url| matches!(url.scheme(), "redis" | "rediss") && url.has_host())
    else {
        reader.refuse(URL, FORM);
        return None;
    };
    if url.fragment().is_some() {
        reader.refuse(
            URL,
            &format!("{FORM}, without #: certificates are always checked"),
        );
        return None;
    }
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    url.set_query(None);
    let mut options = UrlOptions::default();
    for (name, value) in pairs {
        let lower = value.to_ascii_lowercase();
        let is_checked = match name.as_str() {
            "ssl_cert_reqs" => matches!(&*lower, "required" | "cert_required" | "2"),
            "ssl_check_hostname" => matches!(&*lower, "true" | "1" | "yes"),
            _ => true,
        };
        if !is_checked {
            let expected = format!(
                "a URL without {name}={value}: certificates and names are always checked; give an authority of your own as state.redis.ca"
            );
            reader.refuse(URL, &expected);
            return None;
        }
        match name.as_str() {
            "ssl_cert_reqs" | "ssl_check_hostname" => {}
            "ssl_ca_certs" => options.ca = Some(value),
            "ssl_certfile" => options.certificate = Some(value),
            "ssl_keyfile" => options.key = Some(value),
            "db" => url.set_path(&value),
            _ => reader.notice(format!("{URL}: its option {name} has no effect")),
        }
    }
    let database = url.path().trim_matches('/');
    if !database.is_empty() && database.parse::<u32>().is_err() {
        reader.refuse(URL, &format!("{FORM}, where db is a number"));
        return None;
    }
    Some((url.as_str().into(), options))
}

/// The text of a PEM file that a key names, or that it holds itself.
fn pem(reader: &mut Reader, key: &str, in_url: Option<String>) -> Option<String> {
    let own = reader.text(key);
    let text = if own.is_empty() { in_url? } else { own };
    if text.trim_start().starts_with("-----BEGIN") {
        return Some(text);
    }
    match std::fs::read_to_string(&text) {
        Ok(pem) if pem.contains("-----BEGIN") => Some(pem),
        Ok(_) => {
            reader.refuse(
                key,
                "a file in PEM form, which has a line -----BEGIN …-----",
            );
            None
        }
        Err(err) => {
            reader.refuse(key, &format!("a PEM file that can be read ({err})"));
            None
        }
    }
}

fn key_prefix(reader: &mut Reader) -> String {
    const KEY: &str = "state.redis.key_prefix";
    let prefix = reader.text(KEY);
    // Braces would move keys to another slot of a cluster than their scripts expect.
    let is_valid = (1..=32).contains(&prefix.len())
        && prefix
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if !is_valid {
        reader.refuse(KEY, "1 to 32 of a-z, A-Z, 0-9, - and _");
    }
    prefix
}
