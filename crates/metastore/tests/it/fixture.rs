use tempfile::TempDir;
use tidegate_metastore::{Access, Metastore, MetastoreSettings};
use tidegate_testkit::pgbouncer::PgBouncer;
use tidegate_testkit::postgres::PostgresServer;
use tidegate_testkit::superset;
use tidegate_types::SecretString;

/// The same metadata in both backends.
pub(crate) struct Fixture {
    pub(crate) postgres: Metastore,
    /// The same database through a pooler that gives each transaction another connection.
    pub(crate) pooled: Metastore,
    pub(crate) sqlite: Metastore,
    pub(crate) server: PostgresServer,
    _bouncer: PgBouncer,
    _folder: TempDir,
}

pub(crate) fn settings() -> MetastoreSettings {
    MetastoreSettings {
        dashboard_roles: true,
        secret_key: Some(SecretString::from(superset::SECRET_KEY)),
        ..MetastoreSettings::default()
    }
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// The same after some statements.
    pub(crate) async fn start_with(sql: &str) -> Self {
        let server = PostgresServer::start().unwrap();
        let url = superset::restore(&server, "superset").unwrap();
        if !sql.is_empty() {
            server.execute("superset", sql).unwrap();
        }
        let postgres = Metastore::connect_postgres(&SecretString::from(url), settings()).unwrap();
        let bouncer = PgBouncer::start(server.port(), "").unwrap();
        let url = SecretString::from(bouncer.url("superset"));
        let pooled = Metastore::connect_postgres(&url, settings()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("superset.db");
        let sqlite = Metastore::open_sqlite(&path, true, settings())
            .await
            .unwrap();
        superset::copy_to_sqlite(&server, "superset", &path)
            .await
            .unwrap();
        Self {
            postgres,
            pooled,
            sqlite,
            server,
            _bouncer: bouncer,
            _folder: folder,
        }
    }

    /// All ways to it.
    pub(crate) fn all(&self) -> [&Metastore; 3] {
        [&self.postgres, &self.pooled, &self.sqlite]
    }
}

/// The rights of a user who exists and is active.
pub(crate) async fn access_of(metastore: &Metastore, username: &str) -> Access {
    let user = metastore
        .users()
        .by_username(username)
        .await
        .unwrap()
        .unwrap();
    metastore.access_of(user.id).await.unwrap().unwrap()
}
