//! Two PostgreSQL databases.

use tidegate_testkit::postgres::PostgresServer;
use tidegate_types::{ExposeSecret, SecretString};

use super::super::business::Business;
use super::super::{PostgresTarget, SeedError, Seeded, seed_postgres};
use super::{clock, copy_text};
use tidegate_metastore::{Chart, Direction, ListQuery, Metastore, MetastoreSettings};

struct Databases {
    server: PostgresServer,
    metastore_url: SecretString,
    data_url: SecretString,
    secret_key: SecretString,
}

impl Databases {
    fn create() -> Self {
        let server = PostgresServer::start().unwrap();
        // The server asks for no password; that one is given shows that it is stored.
        let with_password = |url: String| url.replace("//postgres@", "//postgres:p%40ss@").into();
        let metastore_url = with_password(server.create_database("meta").unwrap());
        let data_url = with_password(server.create_database("shop").unwrap());
        Self {
            server,
            metastore_url,
            data_url,
            secret_key: "a key of the tests".to_owned().into(),
        }
    }

    fn ask(&self, database: &str, sql: &str) -> String {
        let answer = self.server.execute(database, sql).unwrap();
        answer.trim_end_matches('\n').to_owned()
    }

    async fn seed(&self) -> Result<Seeded, SeedError> {
        let target = PostgresTarget {
            metastore_url: &self.metastore_url,
            data_url: &self.data_url,
            secret_key: &self.secret_key,
        };
        seed_postgres(&target, &clock()).await
    }
}

const LEFT: Seeded = Seeded {
    metastore_was_filled: false,
    data_was_filled: false,
};

#[tokio::test]
async fn both_databases_are_filled_once_however_many_try_at_once() {
    let databases = Databases::create();
    let (first, second) = tokio::join!(databases.seed(), databases.seed());
    let done = [first.unwrap(), second.unwrap()];
    // One may fill the data and the other, coming behind, the metastore.
    assert_eq!(
        1,
        done.iter().filter(|seeded| seeded.data_was_filled).count()
    );
    assert_eq!(
        1,
        done.iter()
            .filter(|seeded| seeded.metastore_was_filled)
            .count()
    );
    assert_eq!(LEFT, databases.seed().await.unwrap());

    let business = Business::generate();
    for (table, _) in business.tables() {
        let columns = table.columns.join(", ");
        let sql = format!(
            "COPY (SELECT {columns} FROM {} ORDER BY 1) TO STDOUT",
            table.name
        );
        let found = databases.ask("shop", &sql);
        assert!(
            copy_text(&business, table.name).trim_end() == found,
            "{} differs",
            table.name
        );
    }

    let settings = MetastoreSettings {
        secret_key: Some(databases.secret_key.clone()),
        ..MetastoreSettings::default()
    };
    let metastore = Metastore::connect_postgres(&databases.metastore_url, settings).unwrap();
    metastore.check_revision().await.unwrap();
    let viewer = metastore
        .users()
        .by_username("viewer")
        .await
        .unwrap()
        .unwrap();
    let access = metastore.access_of(viewer.id).await.unwrap().unwrap();
    let query = ListQuery::new(Chart::uuid.column(), Direction::Ascending);
    assert_eq!(
        7,
        metastore
            .charts()
            .list(&access, &query)
            .await
            .unwrap()
            .total
    );
    let database = metastore.databases().connection(1).await.unwrap().unwrap();
    let expected = databases
        .data_url
        .expose_secret()
        .replace("postgresql:", "postgresql+psycopg2:");
    assert_eq!(expected, database.uri.expose_secret());
    metastore.close().await;

    // What is made next gets a number of its own.
    let next = databases.ask(
        "meta",
        "SELECT nextval('slices_id_seq'), nextval('ab_user_id_seq')",
    );
    assert_eq!("13|4", next);
}

#[tokio::test]
async fn only_empty_databases_are_filled_and_others_stay_as_they_are() {
    const TABLES: &str = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    let databases = Databases::create();

    databases.ask("shop", "CREATE TABLE ledger (id integer)");
    let err = databases.seed().await.unwrap_err();
    assert!(
        matches!(&err, SeedError::NotEmpty { role: "data", .. }),
        "{err:?}"
    );
    assert!(err.to_string().contains("ledger"), "{err}");
    assert_eq!("1", databases.ask("shop", TABLES));
    assert_eq!("0", databases.ask("meta", TABLES));
    databases.ask("shop", "DROP TABLE ledger");

    databases.ask("meta", "CREATE TABLE notes (id integer)");
    let err = databases.seed().await.unwrap_err();
    assert!(
        matches!(
            &err,
            SeedError::NotEmpty {
                role: "metadata",
                ..
            }
        ),
        "{err:?}"
    );
    assert_eq!("1", databases.ask("meta", TABLES));
    databases.ask("meta", "DROP TABLE notes");

    let metastore =
        Metastore::connect_postgres(&databases.metastore_url, MetastoreSettings::default())
            .unwrap();
    metastore.create_schema().await.unwrap();
    metastore.close().await;
    databases.ask("meta", "INSERT INTO ab_role (id, name) VALUES (1, 'Admin')");
    let err = databases.seed().await.unwrap_err();
    assert!(err.to_string().contains("ab_role"), "{err}");

    // Superset's tables without rows count as empty. The data went in before the metadata was refused.
    databases.ask("meta", "DELETE FROM ab_role");
    let expected = Seeded {
        metastore_was_filled: true,
        data_was_filled: false,
    };
    assert_eq!(expected, databases.seed().await.unwrap());
}

#[tokio::test]
async fn one_database_for_both_is_refused_before_anything_is_sent() {
    let url: SecretString = "postgresql://ann:hunter2@127.0.0.1:1/both"
        .to_owned()
        .into();
    let key = "a key".to_owned().into();
    let target = PostgresTarget {
        metastore_url: &url,
        data_url: &url,
        secret_key: &key,
    };
    let err = seed_postgres(&target, &clock()).await.unwrap_err();
    assert!(matches!(err, SeedError::Setting { .. }), "{err:?}");
}
