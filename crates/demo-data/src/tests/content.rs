//! What Superset would find in the metastore.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tidegate_types::Clock;

use super::super::cell::{Cell, Row};
use super::super::content::{Content, DataLocation};
use super::clock;

fn content() -> Content {
    let place = DataLocation {
        uri: "sqlite:////tmp/sample.sqlite".into(),
        password: None,
        schema: "main",
        catalog: None,
    };
    Content::build(&place, clock().now())
}

/// Rows of a table as maps from column to cell.
fn rows(content: &Content, table: &str) -> Vec<BTreeMap<&'static str, Cell>> {
    let of_table = content
        .tables
        .iter()
        .filter(|(found, _)| found.name == table);
    let named = |columns: &'static [&'static str], row: &Row| {
        columns.iter().copied().zip(row.iter().cloned()).collect()
    };
    of_table
        .flat_map(|(found, rows)| rows.iter().map(|row| named(found.columns, row)))
        .collect()
}

fn text(cell: &Cell) -> &str {
    match cell {
        Cell::Text(text) => text,
        other => panic!("{other:?} is no text"),
    }
}

fn number(cell: &Cell) -> i64 {
    match cell {
        Cell::Int(value) => *value,
        other => panic!("{other:?} is no number"),
    }
}

fn json(cell: &Cell) -> Value {
    serde_json::from_str(text(cell)).unwrap()
}

/// Names of a dataset's columns or metrics.
fn names(content: &Content, table: &str, column: &str) -> BTreeSet<(i64, String)> {
    rows(content, table)
        .iter()
        .map(|row| (number(&row["table_id"]), text(&row[column]).to_owned()))
        .collect()
}

#[test]
fn every_chart_asks_for_columns_and_metrics_that_its_dataset_has() {
    let content = content();
    let columns = names(&content, "table_columns", "column_name");
    let metrics = names(&content, "sql_metrics", "metric_name");
    let charts = rows(&content, "slices");
    assert_eq!(12, charts.len());
    for chart in charts {
        let dataset = number(&chart["datasource_id"]);
        let context = json(&chart["query_context"]);
        assert_eq!(dataset, context["datasource"]["id"]);
        let query = &context["queries"][0];
        let axes = query["columns"].as_array().unwrap().iter();
        for column in axes.chain(
            query["filters"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| &it["col"]),
        ) {
            let name = column
                .as_str()
                .or_else(|| column["sqlExpression"].as_str())
                .unwrap();
            assert!(
                columns.contains(&(dataset, name.to_owned())),
                "{name} of {chart:?}"
            );
        }
        let asked = query["metrics"].as_array();
        for name in asked.into_iter().flatten().filter_map(Value::as_str) {
            assert!(
                metrics.contains(&(dataset, name.to_owned())),
                "{name} of {chart:?}"
            );
        }
        let params = json(&chart["params"]);
        assert_eq!(text(&chart["viz_type"]), params["viz_type"]);
        assert_eq!(format!("{dataset}__table"), params["datasource"]);
    }
}

#[test]
fn twelve_charts_have_twelve_types() {
    let types: BTreeSet<_> = rows(&content(), "slices")
        .iter()
        .map(|chart| text(&chart["viz_type"]).to_owned())
        .collect();
    assert_eq!(12, types.len());
}

#[test]
fn every_component_of_a_dashboard_hangs_where_it_says() {
    let content = content();
    let dashboards = rows(&content, "dashboards");
    assert_eq!(3, dashboards.len());
    for dashboard in dashboards {
        let layout = json(&dashboard["position_json"]);
        let components = layout.as_object().unwrap();
        let mut reached = BTreeSet::new();
        let mut open = vec![("ROOT_ID".to_owned(), Vec::<String>::new())];
        while let Some((id, parents)) = open.pop() {
            let component = &components[&id];
            assert_eq!(id, component["id"]);
            if !parents.is_empty() {
                assert_eq!(serde_json::json!(parents), component["parents"], "{id}");
            }
            let mut width = 0;
            for child in component["children"].as_array().unwrap() {
                let child = child.as_str().unwrap();
                width += components[child]["meta"]["width"].as_i64().unwrap_or(0);
                let way = parents.iter().cloned().chain([id.clone()]).collect();
                open.push((child.to_owned(), way));
            }
            assert!(width <= 12, "{id} is {width} columns wide");
            reached.insert(id);
        }
        // These two stand outside of the tree.
        reached.extend(["HEADER_ID".to_owned(), "DASHBOARD_VERSION_KEY".to_owned()]);
        assert_eq!(components.keys().cloned().collect::<BTreeSet<_>>(), reached);
    }
}

#[test]
fn a_dashboard_links_the_charts_that_its_layout_shows() {
    let content = content();
    let links: BTreeSet<(i64, i64)> = rows(&content, "dashboard_slices")
        .iter()
        .map(|row| (number(&row["dashboard_id"]), number(&row["slice_id"])))
        .collect();
    let mut shown = BTreeSet::new();
    for dashboard in rows(&content, "dashboards") {
        for component in json(&dashboard["position_json"])
            .as_object()
            .unwrap()
            .values()
        {
            if let Some(chart) = component["meta"]["chartId"].as_i64() {
                shown.insert((number(&dashboard["id"]), chart));
            }
        }
    }
    assert_eq!(links, shown);
    // Each chart is somewhere.
    assert_eq!(
        12,
        links
            .iter()
            .map(|(_, chart)| chart)
            .collect::<BTreeSet<_>>()
            .len()
    );
}

/// Counted in the metastore of a Superset 6.1, without the permissions of its own data.
#[test]
fn roles_have_as_many_permissions_as_in_superset() {
    let content = content();
    let mut grants: BTreeMap<i64, usize> = BTreeMap::new();
    for grant in rows(&content, "ab_permission_view_role") {
        *grants.entry(number(&grant["role_id"])).or_default() += 1;
    }
    let of_role: BTreeMap<String, usize> = rows(&content, "ab_role")
        .iter()
        .map(|role| {
            let count = grants.get(&number(&role["id"])).copied().unwrap_or(0);
            (text(&role["name"]).to_owned(), count)
        })
        .collect();
    let expected = [
        ("Admin", 226),
        ("Alpha", 117),
        ("Gamma", 95),
        ("Public", 0),
        ("Sample readers", 2),
        ("sql_lab", 30),
    ];
    assert_eq!(
        BTreeMap::from(expected.map(|(name, count)| (name.to_owned(), count))),
        of_role
    );
}

#[test]
fn no_user_has_a_password_that_works() {
    let content = content();
    let users = rows(&content, "ab_user");
    assert_eq!(3, users.len());
    for user in users {
        // Werkzeug's hashes are `method$salt$hash`; a text without `$` matches no password.
        assert!(!text(&user["password"]).contains('$'));
    }
}

#[test]
fn uuids_are_the_same_in_every_workspace_and_never_twice() {
    let uuids = |content: &Content| -> Vec<Cell> {
        let tables = [
            "dbs",
            "tables",
            "table_columns",
            "sql_metrics",
            "slices",
            "dashboards",
        ];
        tables
            .iter()
            .flat_map(|table| rows(content, table))
            .map(|row| row["uuid"].clone())
            .collect()
    };
    let all = uuids(&content());
    assert_eq!(all, uuids(&content()));
    let different: BTreeSet<String> = all.iter().map(|uuid| format!("{uuid:?}")).collect();
    assert_eq!(all.len(), different.len());
}
