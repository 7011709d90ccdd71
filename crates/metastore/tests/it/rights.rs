use tidegate_metastore::{Chart, Dashboard, Direction, ListQuery, Metastore, Record};
use tidegate_testkit::postgres::PostgresServer;
use tidegate_types::ExposeSecret;

use crate::fixture::{Fixture, access_of};

async fn dashboards_of(metastore: &Metastore, username: &str) -> Vec<i64> {
    let access = access_of(metastore, username).await;
    let query = ListQuery {
        limit: 100,
        ..ListQuery::new(Dashboard::id.column(), Direction::Ascending)
    };
    let page = metastore.dashboards().list(&access, &query).await.unwrap();
    page.records.iter().map(Record::id).collect()
}

async fn charts_of(metastore: &Metastore, username: &str) -> u64 {
    let access = access_of(metastore, username).await;
    let query = ListQuery {
        limit: 1,
        ..ListQuery::new(Chart::id.column(), Direction::Ascending)
    };
    metastore
        .charts()
        .list(&access, &query)
        .await
        .unwrap()
        .total
}

#[tokio::test]
async fn everybody_sees_what_superset_shows_them() {
    let fixture = Fixture::start().await;
    for metastore in fixture.all() {
        assert_eq!(
            (1..=9).collect::<Vec<_>>(),
            dashboards_of(metastore, "admin").await
        );
        // All data is open to Alpha; the draft is another's, and the dashboard with roles is not for them.
        assert_eq!(
            vec![1, 4, 5, 6, 7, 8, 9],
            dashboards_of(metastore, "ben").await
        );
        assert_eq!(vec![1, 8], dashboards_of(metastore, "cleo").await);
        assert_eq!(vec![1, 3, 8], dashboards_of(metastore, "finn").await);
        assert_eq!(Vec::<i64>::new(), dashboards_of(metastore, "eve").await);
        for (user, charts) in [
            ("admin", 103),
            ("ben", 103),
            ("cleo", 41),
            ("dan", 103),
            ("eve", 0),
            ("finn", 33),
        ] {
            assert_eq!(charts, charts_of(metastore, user).await, "{user}");
        }
    }
}

#[tokio::test]
async fn rights_are_those_of_roles_and_groups() {
    let fixture = Fixture::start().await;
    let postgres = &fixture.postgres;
    let before = access_of(postgres, "eve").await;
    assert!(!before.can("can_read", "Chart"));
    let sql = "INSERT INTO ab_group (id, name) VALUES (1, 'analysts'); \
               INSERT INTO ab_group_role (id, group_id, role_id) VALUES (1, 1, 4); \
               INSERT INTO ab_user_group (id, group_id, user_id) VALUES (1, 1, 5)";
    fixture.server.execute("superset", sql).unwrap();
    let after = access_of(postgres, "eve").await;
    assert!(after.can("can_read", "Chart"), "Gamma through a group");
    assert_eq!(
        vec!["Public", "Gamma"],
        after
            .roles()
            .iter()
            .map(|role| role.name.as_str())
            .collect::<Vec<_>>()
    );
    assert_ne!(before.fingerprint(), after.fingerprint());
    assert_eq!(
        after.fingerprint(),
        access_of(postgres, "eve").await.fingerprint()
    );
}

#[tokio::test]
async fn an_owner_sees_their_own_draft_and_nobody_else_does() {
    let fixture = Fixture::start().await;
    own_draft(&fixture.server);
    assert_eq!(
        vec![1, 2, 8],
        dashboards_of(&fixture.postgres, "cleo").await
    );
    assert_eq!(
        vec![1, 3, 8],
        dashboards_of(&fixture.postgres, "finn").await
    );
    let finn = access_of(&fixture.postgres, "finn").await;
    assert!(
        fixture
            .postgres
            .dashboards()
            .by_slug(&finn, "misc_charts")
            .await
            .unwrap()
            .is_none()
    );
    let cleo = access_of(&fixture.postgres, "cleo").await;
    assert!(
        fixture
            .postgres
            .dashboards()
            .by_slug(&cleo, "misc_charts")
            .await
            .unwrap()
            .is_some()
    );
}

fn own_draft(server: &PostgresServer) {
    server
        .execute(
            "superset",
            "INSERT INTO dashboard_user (id, user_id, dashboard_id) VALUES (9, 3, 2)",
        )
        .unwrap();
}

#[tokio::test]
async fn databases_datasets_and_schemas_open_as_granted() {
    let fixture = Fixture::start().await;
    for metastore in fixture.all() {
        let finn = access_of(metastore, "finn").await;
        assert!(!finn.can_access_database(1, "examples"));
        assert!(!finn.can_access_schema(1, "examples", None, Some("public")));
        let tables = metastore
            .datasets()
            .of_tables(&finn, 1, &["CLEANED_SALES_DATA", "flights", "nope"])
            .await
            .unwrap();
        let open: Vec<_> = tables
            .iter()
            .map(|table| (table.table_name.as_str(), table.is_open))
            .collect();
        assert_eq!(vec![("cleaned_sales_data", true), ("flights", false)], open);
        assert!(
            metastore
                .databases()
                .by_id(&finn, 1)
                .await
                .unwrap()
                .is_some(),
            "it holds an open dataset"
        );

        let dan = access_of(metastore, "dan").await;
        assert!(dan.can_access_database(1, "examples") && !dan.can_access_database(2, "examples"));
        assert!(!dan.can_access_all_datasources());
        let eve = access_of(metastore, "eve").await;
        assert!(
            metastore
                .databases()
                .by_id(&eve, 1)
                .await
                .unwrap()
                .is_none()
        );
    }
}

#[tokio::test]
async fn rows_are_limited_by_the_rules_of_the_roles() {
    let fixture = Fixture::start().await;
    for metastore in fixture.all() {
        let finn = access_of(metastore, "finn").await;
        let rules = finn.row_rules(3).unwrap();
        assert_eq!(
            "((country IN ('France','Germany','Spain'))) AND ((deal_size = 'Medium'))",
            rules.to_sql().replace('\n', "")
        );
        let of = finn
            .limited_tables()
            .iter()
            .find(|of| of.table_id == 3)
            .unwrap();
        assert_eq!(
            (1, Some("public"), "cleaned_sales_data"),
            (of.database_id, of.schema.as_deref(), of.table_name.as_str())
        );
        // The base rule on the games spares Admin only; cleo has no regular rule.
        assert!(
            access_of(metastore, "admin")
                .await
                .limited_tables()
                .is_empty()
        );
        let cleo = access_of(metastore, "cleo").await;
        assert_eq!(None, cleo.row_rules(3));
        assert_eq!(
            "((year > 2005))",
            cleo.row_rules(20).unwrap().to_sql().replace('\n', "")
        );
    }
}

#[tokio::test]
async fn the_password_of_a_database_is_decrypted_with_the_secret_key_only() {
    let fixture = Fixture::start().await;
    for metastore in fixture.all() {
        let connection = metastore.databases().connection(1).await.unwrap().unwrap();
        assert_eq!(
            "postgresql+psycopg2://superset:superset@127.0.0.1:5433/examples",
            connection.uri.expose_secret()
        );
        assert!(connection.expose_in_sqllab && !connection.allow_dml);
        assert!(
            !format!("{connection:?}").contains("superset:superset"),
            "debug output hides it"
        );
        assert!(metastore.databases().connection(9).await.unwrap().is_none());
    }
    let url = fixture.server.url("superset").into();
    let keyless =
        Metastore::connect_postgres(&url, tidegate_metastore::MetastoreSettings::default())
            .unwrap();
    let refused = keyless.databases().connection(1).await.unwrap_err();
    assert!(refused.to_string().contains("no secret key"), "{refused}");
}
