use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use tempfile::TempDir;
use tidegate_control_plane::{
    LocalManager, LocalSettings, Manager, RemoteManager, RemoteSettings, serve,
};
use tidegate_testkit::postgres::PostgresServer;
use tidegate_types::{Clock, ManualClock, SecretString};

use crate::http::{Request, Server};

pub(crate) const SECRET: &str = "a secret of this deployment's tests alone";

pub(crate) const SERVICE_TOKEN: &str = "what the nodes show the manager";

/// A manager of its own for one scenario, and the clock that it goes by.
pub(crate) struct Fixture {
    pub(crate) manager: Manager,
    pub(crate) local: Arc<LocalManager>,
    pub(crate) clock: Arc<ManualClock>,
    _folder: Option<TempDir>,
    /// Answers as long as the fixture lives.
    server: Option<Server>,
}

/// 2026-01-01T00:00:00Z.
pub(crate) const START: i64 = 1_767_225_600;

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(DateTime::from_timestamp(START, 0).unwrap()))
}

pub(crate) fn sqlite_settings(path: &Path) -> LocalSettings {
    LocalSettings::Sqlite {
        path: path.to_owned(),
        secret: Some(SecretString::from(SECRET)),
    }
}

pub(crate) fn postgres_settings(url: &str) -> LocalSettings {
    LocalSettings::Postgres {
        url: SecretString::from(url),
        secret: SecretString::from(SECRET),
    }
}

impl Fixture {
    async fn open(settings: LocalSettings, folder: Option<TempDir>) -> Self {
        let clock = clock();
        let opened = LocalManager::open(settings, clock.clone()).await;
        let local = Arc::new(opened.unwrap());
        Self {
            manager: Manager::Local(local.clone()),
            local,
            clock,
            _folder: folder,
            server: None,
        }
    }

    pub(crate) async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manager.sqlite");
        Self::open(sqlite_settings(&path), Some(folder)).await
    }

    /// In a schema of its own, which is made much faster than a database.
    pub(crate) async fn on_postgres(server: &PostgresServer, schema: &str) -> Self {
        let create = format!("CREATE SCHEMA \"{schema}\"");
        server.execute("postgres", &create).unwrap();
        let url = server.url("postgres");
        let url = format!("{url}?options=-csearch_path%3D{schema}");
        Self::open(postgres_settings(&url), None).await
    }

    /// Through another process's manager, which is on SQLite.
    pub(crate) async fn through_remote() -> Self {
        let mut fixture = Self::on_sqlite().await;
        let local = fixture.local.clone();
        let server = Server::start(move |request| {
            let local = local.clone();
            async move { Some(answer(&local, &request).await) }
        });
        let server = server.await;
        let settings = RemoteSettings {
            url: server.url.clone(),
            token: SecretString::from(SERVICE_TOKEN),
            timeout: Duration::from_secs(10),
        };
        fixture.manager = Manager::Remote(Arc::new(RemoteManager::new(&settings).unwrap()));
        fixture.server = Some(server);
        fixture
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.unix_secs()
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

/// As the edge does it.
pub(crate) async fn answer(manager: &LocalManager, request: &Request) -> (String, Vec<u8>) {
    if request.authorization != format!("Bearer {SERVICE_TOKEN}") {
        return ("401 X".to_owned(), Vec::new());
    }
    let name = request.path.strip_prefix("/manager/v1/").unwrap();
    match serve(manager, name, &request.body).await {
        Ok(answer) => ("200 X".to_owned(), answer),
        Err(err) => (format!("{} X", err.status()), err.body()),
    }
}

/// Runs each scenario, an `async fn(Fixture)`, on a manager of its own: as a test each on SQLite, and in one test each
/// through the remote transport and on PostgreSQL, whose server takes longest.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name($crate::fixture::Fixture::on_sqlite().await).await;
                }
            )*
        }

        #[tokio::test]
        async fn every_scenario_holds_through_the_remote_transport() {
            $(
                eprintln!("{}", stringify!($name));
                $name($crate::fixture::Fixture::through_remote().await).await;
            )*
        }

        #[tokio::test]
        async fn every_scenario_holds_on_postgres() {
            let server = tidegate_testkit::postgres::PostgresServer::start().unwrap();
            $(
                eprintln!("{}", stringify!($name));
                $name($crate::fixture::Fixture::on_postgres(&server, stringify!($name)).await).await;
            )*
        }
    };
}
pub(crate) use scenarios;
