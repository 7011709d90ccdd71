//! `[manager]`: where accounts, clients, grants and flags are kept.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tidegate_types::{ExposeSecret, SecretString};
use url::Url;

use crate::auth::AuthMethod;
use crate::reader::{Reader, is_safe};

/// The control plane.
#[derive(Debug, Clone)]
pub struct ManagerSettings {
    /// Where it is.
    pub place: ManagerPlace,
    /// What other nodes show to this one to use its manager, each of at least 32 characters. Empty: nobody may.
    pub service_tokens: Vec<SecretString>,
}

/// Where a manager keeps what it knows.
#[derive(Debug, Clone)]
pub enum ManagerPlace {
    /// In a SQLite file, for one node.
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Seals secrets in it; drawn and kept beside the file without.
        secret: Option<SecretString>,
    },
    /// In a PostgreSQL database, which all nodes share.
    Postgres {
        /// `postgres://user:password@host[:port]/database`.
        url: SecretString,
        /// Seals secrets in it; at least 32 characters, the same on every node.
        secret: SecretString,
    },
    /// On another node, which serves `/manager/v1/`.
    Remote {
        /// Its origin.
        url: Url,
        /// What is shown to it.
        token: SecretString,
        /// Longest wait for an answer.
        timeout: Duration,
    },
}

impl ManagerSettings {
    /// There is a manager when one is named, and when tokens are asked for that nobody else issues.
    pub(crate) fn read(reader: &mut Reader, auth: &AuthMethod, data_dir: &Path) -> Option<Self> {
        let url = reader.secret("manager.url").unwrap_or_default();
        let text = match url.expose_secret() {
            "" if matches!(auth, AuthMethod::OwnTokens) => "embedded",
            text => text,
        };
        let secret = reader.secret("manager.secret");
        if secret
            .as_ref()
            .is_some_and(|secret| !is_long_enough(secret))
        {
            reader.refuse("manager.secret", "a text of at least 32 characters");
        }
        let token = reader.secret("manager.token");
        let timeout = reader.millis("manager.timeout_ms", 100, 60_000);
        let service_tokens = service_tokens(reader);
        let place = match text {
            "" => return None,
            "embedded" => ManagerPlace::Sqlite {
                path: data_dir.join("manager.sqlite"),
                secret,
            },
            text if text.starts_with("sqlite://") => sqlite(reader, text, secret),
            text if text.starts_with("http://") || text.starts_with("https://") => {
                let url = remote_url(reader);
                if !service_tokens.is_empty() {
                    reader.refuse(
                        "manager.service_tokens",
                        "none, since the manager of this node is another node's",
                    );
                }
                if token.is_none() {
                    reader.refuse(
                        "manager.token",
                        "one of the manager.service_tokens of the node that manager.url names",
                    );
                }
                ManagerPlace::Remote {
                    url,
                    token: token.unwrap_or_default(),
                    timeout,
                }
            }
            _ => postgres(reader, url.clone(), secret),
        };
        let is_node_local = matches!(place, ManagerPlace::Sqlite { .. });
        if is_node_local && reader.number::<u32>("state.replicas", 1, 10_000) > 1 {
            reader.refuse(
                "manager.url",
                "a postgres:// or https:// URL, since state.replicas is more than 1 and a SQLite file is on one node only",
            );
        }
        Some(Self {
            place,
            service_tokens,
        })
    }
}

fn is_long_enough(secret: &SecretString) -> bool {
    secret.expose_secret().len() >= 32
}

fn sqlite(reader: &mut Reader, text: &str, secret: Option<SecretString>) -> ManagerPlace {
    let path = PathBuf::from(text.trim_start_matches("sqlite://"));
    if !path.is_absolute() {
        reader.refuse("manager.url", "\"sqlite:///absolute/path\"");
    }
    ManagerPlace::Sqlite { path, secret }
}

fn postgres(reader: &mut Reader, url: SecretString, secret: Option<SecretString>) -> ManagerPlace {
    const FORMS: &str = "\"embedded\", \"sqlite:///absolute/path\", \"postgres://user:password@host/database\" or \"https://host\"";
    reader.check_postgres_url("manager.url", FORMS);
    if secret.is_none() {
        reader.refuse(
            "manager.secret",
            "a text of at least 32 characters, the same on every node, since the manager is on PostgreSQL",
        );
    }
    ManagerPlace::Postgres {
        url,
        secret: secret.unwrap_or_default(),
    }
}

fn remote_url(reader: &mut Reader) -> Url {
    let fallback = || Url::parse("http://localhost").expect("this is a URL");
    let Some(url) = reader.http_url("manager.url") else {
        return fallback();
    };
    if url.path() != "/" || url.query().is_some() {
        reader.refuse("manager.url", "an origin, without path and query");
    }
    if !is_safe(&url) && !reader.flag("manager.allow_insecure_url") {
        reader.refuse(
            "manager.url",
            "https://, since whoever can read the requests can act as this node; or manager.allow_insecure_url = true",
        );
    }
    url
}

fn service_tokens(reader: &mut Reader) -> Vec<SecretString> {
    let tokens = reader.secrets("manager.service_tokens");
    if !tokens.iter().all(is_long_enough) {
        reader.refuse(
            "manager.service_tokens",
            "texts of at least 32 characters each",
        );
    }
    tokens
}
