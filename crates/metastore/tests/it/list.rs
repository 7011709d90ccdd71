use tidegate_metastore::{
    Chart, Dashboard, Dataset, Direction, Filter, ListQuery, Metastore, Record, Scalar, Table,
};

use crate::fixture::{Fixture, access_of};

fn text(value: &str) -> Scalar {
    Scalar::Text(value.to_owned())
}

/// Names of the charts that a filter leaves to the administrator.
async fn charts_with(metastore: &Metastore, name: &str, filter: Filter) -> Vec<String> {
    let access = access_of(metastore, "admin").await;
    let shown = Chart::slice_name.column();
    let query = ListQuery {
        select: vec![shown],
        filters: vec![(Chart::column(name).unwrap(), filter)],
        limit: 200,
        ..ListQuery::new(shown, Direction::Ascending)
    };
    let page = metastore.charts().list(&access, &query).await.unwrap();
    assert_eq!(page.total, page.records.len() as u64);
    page.records
        .iter()
        .filter_map(|record| record.get(Chart::slice_name))
        .cloned()
        .collect()
}

#[tokio::test]
async fn every_filter_gives_the_same_in_both_backends() {
    let fixture = Fixture::start().await;
    let cases = [
        ("slice_name", Filter::Equal(text("Games")), 1),
        ("slice_name", Filter::Equal(text("games")), 0),
        ("slice_name", Filter::NotEqual(text("Games")), 102),
        ("slice_name", Filter::StartsWith("Games".into()), 2),
        ("slice_name", Filter::StartsWith("%".into()), 1),
        ("slice_name", Filter::StartsWith("games".into()), 0),
        ("slice_name", Filter::EndsWith("Sales".into()), 1),
        ("slice_name", Filter::EndsWith("_".into()), 0),
        ("slice_name", Filter::Like("%a%".into()), 62),
        ("slice_name", Filter::LikeAnyCase("%A%".into()), 65),
        ("slice_name", Filter::Like("*".into()), 0),
        (
            "slice_name",
            Filter::In(vec![text("Games"), text("Items Sold")]),
            2,
        ),
        ("slice_name", Filter::In(Vec::new()), 0),
        ("slice_name", Filter::NotIn(vec![text("Games")]), 102),
        ("slice_name", Filter::LessOrEqual(text("M")), 53),
        ("slice_name", Filter::Equal(text("x' OR '1'='1")), 0),
        ("id", Filter::Greater(Scalar::Integer(100)), 3),
        ("id", Filter::Less(text("3")), 2),
        ("id", Filter::GreaterOrEqual(Scalar::Number(102.5)), 1),
        (
            "is_managed_externally",
            Filter::Equal(Scalar::Flag(false)),
            103,
        ),
        ("created_by_fk", Filter::IsNull, 103),
        ("created_by_fk", Filter::IsNotNull, 0),
        (
            "uuid",
            Filter::Equal(text("08aff161-f60c-4cb3-a225-dc9b1140d2e3")),
            1,
        ),
        (
            "created_on",
            Filter::Less(text("2026-11-20T06:54:19.154785")),
            1,
        ),
        (
            "created_on",
            Filter::LessOrEqual(text("2026-11-20 06:54:19.154785")),
            2,
        ),
    ];
    for (name, filter, count) in cases {
        let [postgres, sqlite] = [
            charts_with(&fixture.postgres, name, filter.clone()).await,
            charts_with(&fixture.sqlite, name, filter.clone()).await,
        ];
        assert_eq!(count, postgres.len(), "{name} {filter:?}: {postgres:?}");
        assert_eq!(postgres, sqlite, "{name} {filter:?}");
    }
}

#[tokio::test]
async fn case_does_not_count_in_any_script_in_both_backends() {
    let name = "École Отчёт ÜBERSICHT Straße [50%]";
    let renamed = format!("UPDATE slices SET slice_name = '{name}' WHERE id = 1");
    let fixture = Fixture::start_with(&renamed).await;
    for (pattern, is_found) in [
        ("école", true),
        ("ÉCOLE", true),
        ("отчёт", true),
        ("ОТЧЁТ", true),
        ("übersicht", true),
        ("STRAßE", true),
        ("straẞe", true),
        ("é%т Ü", true),
        ("_cole о", true),
        ("ё_ ü", true),
        ("e [5", true),
        ("ße [50%]", true),
        ("ecole", false),
        ("отчет", false),
        ("écol_o", false),
        ("ё[т]", false),
        ("ß*", false),
    ] {
        for metastore in fixture.all() {
            let filter = Filter::LikeAnyCase(pattern.to_owned());
            let found = charts_with(metastore, "slice_name", filter).await;
            let is_sqlite = metastore.is_sqlite();
            assert_eq!(
                is_found,
                found == [name],
                "filter {pattern} {is_sqlite}: {found:?}"
            );
            let found = searched(metastore, pattern).await;
            assert_eq!(
                is_found,
                found.contains(&name.to_owned()),
                "search {pattern} {is_sqlite}: {found:?}"
            );
        }
    }
    // The operator whose case counts stays as it is.
    for metastore in fixture.all() {
        let found = charts_with(metastore, "slice_name", Filter::Like("école".into())).await;
        assert!(found.is_empty(), "{found:?}");
    }
}

/// Names of the charts that a search leaves to the administrator.
async fn searched(metastore: &Metastore, search: &str) -> Vec<String> {
    let access = access_of(metastore, "admin").await;
    let shown = Chart::slice_name.column();
    let query = ListQuery {
        select: vec![shown],
        search: Some(search.to_owned()),
        limit: 200,
        ..ListQuery::new(shown, Direction::Ascending)
    };
    let page = metastore.charts().list(&access, &query).await.unwrap();
    page.records
        .iter()
        .filter_map(|record| record.get(Chart::slice_name))
        .cloned()
        .collect()
}

#[tokio::test]
async fn pages_follow_each_other_without_gaps_and_tell_the_total() {
    let fixture = Fixture::start().await;
    for metastore in fixture.all() {
        let access = access_of(metastore, "cleo").await;
        let order = Chart::viz_type.column();
        let mut seen = Vec::new();
        for offset in (0..).step_by(10) {
            let query = ListQuery {
                offset,
                limit: 10,
                ..ListQuery::new(order, Direction::Descending)
            };
            let page = metastore.charts().list(&access, &query).await.unwrap();
            assert_eq!(41, page.total, "also past the end");
            if page.records.is_empty() {
                break;
            }
            seen.extend(page.records.iter().map(Record::id));
        }
        assert_eq!(41, seen.len());
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(41, seen.len(), "no chart twice");
    }
}

#[tokio::test]
async fn owners_tags_and_favorites_hang_on_rows() {
    let fixture = Fixture::start().await;
    let starred =
        "INSERT INTO favstar (id, user_id, class_name, obj_id) VALUES (1, 1, 'Dashboard', 4)";
    fixture.server.execute("superset", starred).unwrap();
    let id = Dashboard::id.column();
    for metastore in fixture.all() {
        let access = access_of(metastore, "admin").await;
        let query = ListQuery {
            owners: true,
            tags: true,
            limit: 100,
            ..ListQuery::new(id, Direction::Ascending)
        };
        let page = metastore.dashboards().list(&access, &query).await.unwrap();
        let owners = &page.related.owners[&1];
        assert_eq!(
            ("ben", vec!["Alpha".to_owned()]),
            (owners[0].username.as_str(), owners[0].roles.clone())
        );
        assert_eq!("owner:2", page.related.tags[&1][0].name);
        assert!(!page.related.owners.contains_key(&4));
        let owned = ListQuery {
            owned_by: Some(vec![2, 3]),
            ..query
        };
        assert_eq!(
            1,
            metastore
                .dashboards()
                .list(&access, &owned)
                .await
                .unwrap()
                .total
        );
    }
    let access = access_of(&fixture.postgres, "admin").await;
    let favorite = |is| ListQuery {
        favorite: Some(is),
        ..ListQuery::new(id, Direction::Ascending)
    };
    let total = async |query| {
        fixture
            .postgres
            .dashboards()
            .list(&access, &query)
            .await
            .unwrap()
            .total
    };
    assert_eq!(
        (1, 8),
        (total(favorite(true)).await, total(favorite(false)).await)
    );
}

#[tokio::test]
async fn datasets_have_columns_metrics_and_the_name_of_their_database() {
    let fixture = Fixture::start().await;
    for metastore in fixture.all() {
        let access = access_of(metastore, "ben").await;
        let name = Dataset::database_name.column();
        let query = ListQuery {
            select: vec![name],
            search: Some("SALES".into()),
            filters: vec![(name, Filter::LikeAnyCase("EXAM".into()))],
            ..ListQuery::new(name, Direction::Ascending)
        };
        let page = metastore.datasets().list(&access, &query).await.unwrap();
        let ids: Vec<_> = page.records.iter().map(Record::id).collect();
        assert_eq!(
            (vec![3, 7, 20], Some(&"examples".to_owned())),
            (ids, page.records[0].get(Dataset::database_name))
        );
        assert_eq!(
            25,
            metastore.datasets().columns_of(&[3]).await.unwrap()[&3].len()
        );
        assert_eq!(
            "COUNT(*)",
            metastore.datasets().metrics_of(&[3, 20]).await.unwrap()[&20][0].expression
        );
    }
}
