//! Rows that are read by name, from both backends, and rows within rows.

#![expect(
    clippy::unwrap_used,
    reason = "functions beside a test are not known to be tests"
)]

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use tidegate_database::{
    Backend, FromRow, NamedRow, Parsed, Pool, PoolSettings, row, rows_as_json,
};
use tidegate_testkit::postgres::PostgresServer;
use tidegate_types::{SecretString, WorkspaceSlug};

row! {
    struct Pet {
        id: i64 = pets.id,
        name: String = pets.name,
        kind: Option<String> = pets.type as text,
        is_tame: Option<bool> = pets.is_tame,
    }
}

row! {
    struct Owner {
        id: i64 = owners.id,
        name: String = owners.name,
    }
}

const TABLES: &str = "
    CREATE TABLE owners (id INTEGER, name TEXT);
    CREATE TABLE pets (id INTEGER, owner_id INTEGER, name TEXT, type TEXT, is_tame BOOLEAN);
    INSERT INTO owners VALUES (1, 'Ada'), (2, 'Bo'), (NULL, 'Nobody'), (4, NULL);
    INSERT INTO pets VALUES (11, 1, 'Rex', 'dog', true), (10, 1, 'Mew \"the cat\"', NULL, NULL), (12, 2, 'Kit', 'fox', false);
";

struct Both {
    pools: [Pool; 2],
    _server: PostgresServer,
    _folder: tempfile::TempDir,
}

impl Both {
    async fn start() -> Self {
        let server = PostgresServer::start().unwrap();
        let url = SecretString::from(server.create_database("zoo").unwrap());
        let folder = tempfile::tempdir().unwrap();
        let settings = PoolSettings::default();
        let pools = [
            Pool::postgres(&url, settings).unwrap(),
            Pool::sqlite(&folder.path().join("zoo.db"), true, settings),
        ];
        for pool in &pools {
            pool.run_script("make a zoo", TABLES, TABLES).await.unwrap();
        }
        Self {
            pools,
            _server: server,
            _folder: folder,
        }
    }
}

fn owners() -> SelectStatement {
    Owner::select(&mut Query::select())
        .from("owners")
        .to_owned()
}

#[tokio::test]
async fn columns_are_found_by_name_wherever_they_stand() {
    let both = Both::start().await;
    for pool in &both.pools {
        let mut statement = Query::select();
        statement.expr_as(Expr::val("first"), "another");
        Pet::select(&mut statement)
            .from("pets")
            .order_by(("pets", "id"), Order::Asc);
        let pets: Vec<Pet> = pool.read("list pets", &statement).await.unwrap();
        let read: Vec<_> = pets
            .iter()
            .map(|pet| (pet.id, pet.kind.as_deref(), pet.is_tame))
            .collect();
        assert_eq!(
            vec![
                (10, None, None),
                (11, Some("dog"), Some(true)),
                (12, Some("fox"), Some(false))
            ],
            read
        );
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_named_with_its_table_its_column_and_its_row() {
    let both = Both::start().await;
    for pool in &both.pools {
        let without_id = owners().and_where(Expr::col("id").is_null()).to_owned();
        let err = pool
            .read::<Owner>("list owners", &without_id)
            .await
            .unwrap_err();
        assert_eq!(
            "could not list owners: owners.id is null in row 1 of 1",
            err.to_string()
        );
        let nameless = owners()
            .and_where(Expr::col("id").is_in([1, 4]))
            .order_by(("owners", "id"), Order::Asc)
            .to_owned();
        let err = pool
            .read::<Owner>("list owners", &nameless)
            .await
            .unwrap_err();
        assert_eq!(
            "could not list owners: owners.name is null in row 2 of 2, with id 4",
            err.to_string()
        );
        let forgotten = Query::select()
            .column("name")
            .from("owners")
            .limit(1)
            .to_owned();
        let err = pool
            .read::<Owner>("list owners", &forgotten)
            .await
            .unwrap_err();
        assert_eq!(
            "could not list owners: owners.id was not asked for in row 1 of 1",
            err.to_string()
        );
    }
}

row! {
    struct NamedAsWorkspace {
        id: Option<i64> = owners.id,
        name: Option<Parsed<WorkspaceSlug>> = owners.name,
    }
}

row! {
    struct MustBeNamed {
        name: Parsed<WorkspaceSlug> = owners.name,
    }
}

#[tokio::test]
async fn text_is_parsed_as_it_is_read() {
    let both = Both::start().await;
    for pool in &both.pools {
        pool.run_script(
            "name owners",
            "UPDATE owners SET name = lower(name)",
            "UPDATE owners SET name = lower(name)",
        )
        .await
        .unwrap();
        let mut statement = Query::select();
        NamedAsWorkspace::select(&mut statement)
            .from("owners")
            .and_where(Expr::col("id").is_not_null())
            .order_by("id", Order::Asc);
        let rows: Vec<NamedAsWorkspace> = pool.read("list owners", &statement).await.unwrap();
        let names: Vec<_> = rows
            .into_iter()
            .map(|row| row.name.map(|name| name.into_inner().to_string()))
            .collect();
        assert_eq!(
            vec![Some("ada".to_owned()), Some("bo".to_owned()), None],
            names
        );
    }
}

#[tokio::test]
async fn text_that_does_not_parse_is_an_error_with_its_column() {
    let both = Both::start().await;
    for pool in &both.pools {
        for (id, problem) in [
            (1, "owners.name cannot be read: "),
            (4, "owners.name is null"),
        ] {
            let mut statement = Query::select();
            MustBeNamed::select(&mut statement)
                .from("owners")
                .and_where(Expr::col("id").eq(id));
            let read = pool.read::<MustBeNamed>("list owners", &statement).await;
            let said = read.unwrap_err().to_string();
            assert!(said.contains(problem), "{said}");
        }
    }
}

struct WithPets {
    owner: Owner,
    pets: Vec<Pet>,
}

impl FromRow for WithPets {
    fn from_row(row: &dyn NamedRow) -> Result<Self, tidegate_database::DatabaseError> {
        Ok(Self {
            owner: Owner::from_row(row)?,
            pets: row.rows("pets")?,
        })
    }
}

fn with_pets(backend: Backend, owner_ids: [i64; 2]) -> SelectStatement {
    let pets = Pet::select(&mut Query::select())
        .from("pets")
        .and_where(Expr::col(("pets", "owner_id")).equals(("owners", "id")))
        .order_by(("pets", "id"), Order::Desc)
        .to_owned();
    owners()
        .expr_as(rows_as_json::<Pet>(backend, pets), "pets")
        .and_where(Expr::col(("owners", "id")).is_in(owner_ids))
        .order_by(("owners", "id"), Order::Asc)
        .to_owned()
}

#[tokio::test]
async fn rows_that_belong_to_a_row_come_with_it_and_in_their_order() {
    let both = Both::start().await;
    for pool in &both.pools {
        let statement = with_pets(pool.backend(), [1, 2]);
        let found: Vec<WithPets> = pool.read("list owners", &statement).await.unwrap();
        let [ada, bo] = found.as_slice() else {
            panic!("two owners");
        };
        assert_eq!(
            ("Ada", "Bo"),
            (ada.owner.name.as_str(), bo.owner.name.as_str())
        );
        let pets: Vec<_> = ada
            .pets
            .iter()
            .map(|pet| (pet.id, pet.name.as_str(), pet.kind.as_deref(), pet.is_tame))
            .collect();
        assert_eq!(
            vec![
                (11, "Rex", Some("dog"), Some(true)),
                (10, "Mew \"the cat\"", None, None)
            ],
            pets
        );
        assert_eq!(Some(false), bo.pets[0].is_tame);
    }
}

#[tokio::test]
async fn a_row_to_which_none_belong_has_none() {
    let both = Both::start().await;
    for pool in &both.pools {
        let nobody = with_pets(pool.backend(), [4, 4]);
        let row = pool
            .fetch_one("find an owner", &nobody)
            .await
            .unwrap()
            .unwrap();
        let row: &dyn NamedRow = &row;
        assert_eq!(Vec::<Pet>::new(), row.rows::<Pet>("pets").unwrap());
    }
}
