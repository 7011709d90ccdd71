use std::path::{Path, PathBuf};

use tidegate_database_uri::DatabaseUri;
use tidegate_types::{ExposeSecret, SecretString, WorkspaceSlug};
use url::Url;

use crate::flags::{Flag, Flags};
use crate::network::split_port;
use crate::reader::Reader;

/// `[workspaces.<slug>]`: one tenant.
#[derive(Debug, Clone)]
pub struct WorkspaceSettings {
    /// Its name.
    pub slug: WorkspaceSlug,
    /// Where its users, rights and contents are.
    pub metastore: MetastoreSettings,
    /// Connections to the metastore, for each node.
    pub metastore_pool_size: u32,
    /// Whether an empty SQLite metastore is filled with the sample business.
    pub seed: bool,
    /// Host names, in lower case. Others reach the workspace by its path.
    pub hosts: Vec<String>,
    /// Base URL of links; falls back to the server's.
    pub public_url: Option<Url>,
    /// The workspace's own Superset.
    pub superset_url: Option<Url>,
    /// That Superset's `SECRET_KEY`.
    pub secret_key: Option<SecretString>,
    /// Whether databases that allow DML may be written to.
    pub allow_dml: bool,
    /// Whether it is served.
    pub is_enabled: bool,
    /// Its feature flags.
    pub flags: Flags,
    /// Those of them that a file or the environment says anything of, for it or for all.
    pub named_flags: Flags,
}

/// Where a workspace's metadata is.
#[derive(Debug, Clone)]
pub enum MetastoreSettings {
    /// SQLite files of ours in this folder, made at the first start.
    Embedded {
        /// `<data_dir>/<slug>`.
        folder: PathBuf,
    },
    /// A SQLite file that exists already.
    Sqlite {
        /// Its path.
        path: PathBuf,
    },
    /// A PostgreSQL database.
    Postgres {
        /// `postgres://user:password@host[:port]/database`, and what else psql and SQLAlchemy take.
        url: SecretString,
    },
}

impl MetastoreSettings {
    /// Reads "embedded", "sqlite:///path" or "postgres://…".
    ///
    /// # Errors
    /// Anything else, which is given back.
    pub fn parse(
        text: SecretString,
        slug: &WorkspaceSlug,
        data_dir: &Path,
    ) -> Result<Self, SecretString> {
        let form = text.expose_secret();
        if form == "embedded" {
            let folder = data_dir.join(slug.as_str());
            return Ok(Self::Embedded { folder });
        }
        if let Some(path) = form
            .strip_prefix("sqlite://")
            .filter(|path| !path.is_empty())
        {
            return Ok(Self::Sqlite { path: path.into() });
        }
        if matches!(DatabaseUri::parse(&text), Ok(DatabaseUri::PostgreSql(_))) {
            Ok(Self::Postgres { url: text })
        } else {
            Err(text)
        }
    }

    /// Whether only this node sees it, so that a second node would see other data.
    pub const fn is_node_local(&self) -> bool {
        match self {
            Self::Embedded { .. } | Self::Sqlite { .. } => true,
            Self::Postgres { .. } => false,
        }
    }
}

impl WorkspaceSettings {
    pub(crate) fn read_all(reader: &mut Reader, data_dir: &Path) -> Vec<Self> {
        let mut workspaces: Vec<Self> = Vec::new();
        let mut is_told = false;
        for name in reader.workspaces() {
            let Ok(slug) = name.parse::<WorkspaceSlug>() else {
                reader.refuse_name(
                    &format!("workspaces.{name}"),
                    "a name of 1 to 63 of a-z, 0-9 and -, not starting or ending with -",
                );
                is_told = true;
                continue;
            };
            let workspace = Self::read(reader, slug, data_dir);
            for other in &workspaces {
                if let Some(host) = workspace
                    .hosts
                    .iter()
                    .find(|host| other.hosts.contains(host))
                {
                    reader.refuse(
                        &format!("workspaces.{name}.hosts"),
                        &format!(
                            "a host of its own: {host} belongs to workspace {} already",
                            other.slug
                        ),
                    );
                }
            }
            workspaces.push(workspace);
        }
        if !is_told && !workspaces.iter().any(|workspace| workspace.is_enabled) {
            reader.refuse_none("workspaces", "at least one workspace that is enabled");
        }
        workspaces
    }

    fn read(reader: &mut Reader, slug: WorkspaceSlug, data_dir: &Path) -> Self {
        let key = |name: &str| format!("workspaces.{slug}.{name}");
        Self {
            metastore: metastore(reader, &slug, data_dir),
            metastore_pool_size: reader.number(&key("metastore_pool_size"), 1, 1024),
            seed: reader.flag(&key("seed")),
            hosts: hosts(reader, &key("hosts")),
            public_url: reader.http_url(&key("public_url")),
            superset_url: reader.http_url(&key("superset_url")),
            secret_key: reader.secret(&key("secret_key")),
            allow_dml: reader.flag(&key("allow_dml")),
            is_enabled: reader.flag(&key("enabled")),
            flags: flags(reader, &slug),
            named_flags: named_flags(reader, &slug),
            slug,
        }
    }
}

fn metastore(reader: &mut Reader, slug: &WorkspaceSlug, data_dir: &Path) -> MetastoreSettings {
    const FORMS: &str =
        "\"embedded\", \"sqlite:///absolute/path\" or \"postgres://user:password@host/database\"";
    let key = format!("workspaces.{slug}.metastore");
    let value = reader.secret(&key).unwrap_or_default();
    let settings = MetastoreSettings::parse(value, slug, data_dir).unwrap_or_else(|value| {
        reader.check_postgres_url(&key, FORMS);
        MetastoreSettings::Postgres { url: value }
    });
    if settings.is_node_local() && reader.number::<u32>("state.replicas", 1, 10_000) > 1 {
        reader.refuse(
            &key,
            "a postgres:// URL, since state.replicas is more than 1 and a SQLite file is on one node only",
        );
    }
    settings
}

fn hosts(reader: &mut Reader, key: &str) -> Vec<String> {
    let hosts = reader.texts(key);
    let is_host = |host: &String| {
        !host.is_empty()
            && split_port(host).1.is_none()
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
    };
    if !hosts.iter().all(is_host) {
        reader.refuse(
            key,
            "host names such as \"acme.example.com\", without scheme and port",
        );
    }
    hosts
        .into_iter()
        .map(|host| host.to_ascii_lowercase())
        .collect()
}

fn named_flags(reader: &Reader, slug: &WorkspaceSlug) -> Flags {
    Flag::ALL.into_iter().fold(Flags::default(), |flags, flag| {
        let own = format!("workspaces.{slug}.flags.{}", flag.as_str());
        let usual = format!("flags.{}", flag.as_str());
        flags.with(flag, reader.is_named(&own) || reader.is_named(&usual))
    })
}

fn flags(reader: &mut Reader, slug: &WorkspaceSlug) -> Flags {
    Flag::ALL.into_iter().fold(Flags::default(), |flags, flag| {
        let own = format!("workspaces.{slug}.flags.{}", flag.as_str());
        let on = if reader.has(&own) {
            reader.flag(&own)
        } else {
            reader.flag(&format!("flags.{}", flag.as_str()))
        };
        flags.with(flag, on)
    })
}
