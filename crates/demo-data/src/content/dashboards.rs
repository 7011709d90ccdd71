//! The three dashboards, laid out on Superset's grid of twelve columns.

use serde_json::{Map, Value, json};

use super::super::cell::{Row, Table};
use super::charts::{self, Chart};
use super::datasets::{ORDER_ITEMS, ORDERS, WEB_SESSIONS};
use super::{Content, access, ids, uuid_of};

const DASHBOARD: Table = Table {
    name: "dashboards",
    columns: &[
        "id",
        "created_on",
        "changed_on",
        "created_by_fk",
        "changed_by_fk",
        "dashboard_title",
        "description",
        "slug",
        "css",
        "position_json",
        "json_metadata",
        "published",
        "is_managed_externally",
        "uuid",
    ],
};
const CHARTS: Table = Table {
    name: "dashboard_slices",
    columns: &["id", "dashboard_id", "slice_id"],
};
const OWNER: Table = Table {
    name: "dashboard_user",
    columns: &["id", "user_id", "dashboard_id"],
};

/// Something on the grid.
#[derive(Debug, Clone, Copy)]
enum Tile {
    /// A chart by its id, as wide as so many columns.
    Chart(i64, u32),
    /// A text in Markdown.
    Text(&'static str, u32),
}

/// A row of the grid: its height in Superset's units of eight pixels, and what stands in it.
type GridRow = (u32, &'static [Tile]);

/// A tab with its rows; a dashboard of one tab shows none.
type Tab = (&'static str, &'static [GridRow]);

/// A filter of the whole dashboard: its name, and the column that it narrows; none for the time range.
type Filter = (&'static str, Option<(i64, &'static str)>);

#[derive(Debug)]
struct Dashboard {
    id: i64,
    title: &'static str,
    description: &'static str,
    slug: &'static str,
    owner: i64,
    tabs: &'static [Tab],
    filters: &'static [Filter],
}

const DASHBOARDS: [Dashboard; 3] = [
    Dashboard {
        id: 1,
        title: "Sales overview",
        description: "Revenue and orders of the sample business: how much, where, when.",
        slug: "sales-overview",
        owner: access::ADMIN,
        tabs: &[(
            "Sales",
            &[
                (
                    24,
                    &[Tile::Chart(1, 4), Tile::Chart(2, 4), Tile::Text(ABOUT, 4)],
                ),
                (50, &[Tile::Chart(3, 8), Tile::Chart(5, 4)]),
                (50, &[Tile::Chart(8, 12)]),
            ],
        )],
        filters: &[
            ("Time range", None),
            ("Country", Some((ORDERS, "country"))),
            ("Segment", Some((ORDERS, "segment"))),
        ],
    },
    Dashboard {
        id: 2,
        title: "Products and customers",
        description: "What sells in which season, and how often customers come back.",
        slug: "products-and-customers",
        owner: access::ANALYST,
        tabs: &[
            (
                "Products",
                &[
                    (56, &[Tile::Chart(7, 8), Tile::Chart(5, 4)]),
                    (56, &[Tile::Chart(6, 6), Tile::Chart(9, 6)]),
                ],
            ),
            ("Customers", &[(50, &[Tile::Chart(10, 12)])]),
        ],
        filters: &[
            ("Time range", None),
            ("Category", Some((ORDER_ITEMS, "category"))),
        ],
    },
    Dashboard {
        id: 3,
        title: "Web traffic",
        description: "Where visitors come from, and how far they get.",
        slug: "web-traffic",
        owner: access::ANALYST,
        tabs: &[(
            "Visits",
            &[
                (50, &[Tile::Chart(4, 8), Tile::Chart(11, 4)]),
                (50, &[Tile::Chart(12, 12)]),
            ],
        )],
        filters: &[
            ("Time range", None),
            ("Device", Some((WEB_SESSIONS, "device"))),
        ],
    },
];

const ABOUT: &str = "\
### The sample business

A mail-order shop for house and garden, made up for trying things out. Nothing in it is real.

Orders run from **1 January 2023** to **31 December 2025**; amounts are in euro.";

impl Dashboard {
    fn tiles(&self) -> impl Iterator<Item = Tile> {
        self.tabs
            .iter()
            .flat_map(|(_, rows)| rows.iter())
            .flat_map(|(_, tiles)| tiles.iter().copied())
    }

    fn charts(&self) -> Vec<i64> {
        self.tiles()
            .filter_map(|tile| match tile {
                Tile::Chart(id, _) => Some(id),
                Tile::Text(..) => None,
            })
            .collect()
    }
}

/// Ids of the dashboards that show a chart.
pub(super) fn with_chart(chart: i64) -> Vec<i64> {
    DASHBOARDS
        .iter()
        .filter(|dashboard| dashboard.charts().contains(&chart))
        .map(|dashboard| dashboard.id)
        .collect()
}

/// Builds `dashboards.position_json`: a flat map of components, each of which names its children and the
/// way to it from the root.
struct Layout<'a> {
    components: Map<String, Value>,
    charts: &'a [Chart],
    dashboard: i64,
}

impl Layout<'_> {
    fn build(dashboard: &Dashboard, charts: &[Chart]) -> Value {
        let mut layout = Layout {
            components: Map::new(),
            charts,
            dashboard: dashboard.id,
        };
        let has_tabs = dashboard.tabs.len() > 1;
        let tabs_id = format!("TABS-d{}", dashboard.id);
        let mut grid = Vec::new();
        for (at, (title, rows)) in (1..).zip(dashboard.tabs) {
            let mut parents = vec!["ROOT_ID".to_owned(), "GRID_ID".to_owned()];
            let tab = format!("TAB-d{}t{at}", dashboard.id);
            if has_tabs {
                parents.extend([tabs_id.clone(), tab.clone()]);
            }
            let rows: Vec<String> = rows.iter().map(|row| layout.row(row, &parents)).collect();
            if has_tabs {
                parents.pop();
                layout.put("TAB", &tab, &rows, &parents, &json!({"text": title}));
                grid.push(tab);
            } else {
                grid = rows;
            }
        }
        let root = ["ROOT_ID".to_owned()];
        if has_tabs {
            let parents = [root[0].clone(), "GRID_ID".to_owned()];
            layout.put("TABS", &tabs_id, &grid, &parents, &json!({}));
            grid = vec![tabs_id];
        }
        let mut components = layout.components;
        components.extend([
            ("DASHBOARD_VERSION_KEY".to_owned(), json!("v2")),
            (
                "ROOT_ID".to_owned(),
                json!({"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]}),
            ),
            (
                "GRID_ID".to_owned(),
                json!({"type": "GRID", "id": "GRID_ID", "children": grid, "parents": root}),
            ),
            (
                "HEADER_ID".to_owned(),
                json!({"type": "HEADER", "id": "HEADER_ID", "meta": {"text": dashboard.title}}),
            ),
        ]);
        Value::Object(components)
    }

    fn put(&mut self, kind: &str, id: &str, children: &[String], parents: &[String], meta: &Value) {
        let component =
            json!({"type": kind, "id": id, "children": children, "parents": parents, "meta": meta});
        self.components.insert(id.to_owned(), component);
    }

    /// A number that no other component of the dashboard has.
    fn number(&self) -> usize {
        self.components.len() + 1
    }

    fn row(&mut self, (height, tiles): &GridRow, parents: &[String]) -> String {
        let id = format!("ROW-d{}n{}", self.dashboard, self.number());
        // Taken now, so that the number is not given to a tile.
        self.components.insert(id.clone(), Value::Null);
        let inner: Vec<String> = parents.iter().cloned().chain([id.clone()]).collect();
        let children: Vec<String> = tiles
            .iter()
            .map(|tile| self.tile(*tile, *height, &inner))
            .collect();
        self.put(
            "ROW",
            &id,
            &children,
            parents,
            &json!({"background": "BACKGROUND_TRANSPARENT"}),
        );
        id
    }

    fn tile(&mut self, tile: Tile, height: u32, parents: &[String]) -> String {
        let number = format!("d{}n{}", self.dashboard, self.number());
        match tile {
            Tile::Chart(chart, width) => {
                let id = format!("CHART-{number}");
                let chart = self
                    .charts
                    .iter()
                    .find(|it| it.id == chart)
                    .expect("a chart of this module");
                let meta = json!({
                    "chartId": chart.id,
                    "sliceName": chart.name,
                    "uuid": chart.uuid(),
                    "width": width,
                    "height": height,
                });
                self.put("CHART", &id, &[], parents, &meta);
                id
            }
            Tile::Text(text, width) => {
                let id = format!("MARKDOWN-{number}");
                self.put(
                    "MARKDOWN",
                    &id,
                    &[],
                    parents,
                    &json!({"code": text, "width": width, "height": height}),
                );
                id
            }
        }
    }
}

/// `dashboards.json_metadata`.
fn metadata(dashboard: &Dashboard) -> Value {
    let charts = dashboard.charts();
    let filters: Vec<Value> = (1..)
        .zip(dashboard.filters)
        .map(|(at, (name, target))| {
            let (kind, targets) = match target {
                None => ("filter_time", json!([{}])),
                Some((dataset, column)) => {
                    ("filter_select", json!([{"datasetId": dataset, "column": {"name": column}}]))
                }
            };
            json!({
                "id": format!("NATIVE_FILTER-d{}f{at}", dashboard.id),
                "type": "NATIVE_FILTER",
                "name": name,
                "filterType": kind,
                "description": "",
                "targets": targets,
                "scope": {"rootPath": ["ROOT_ID"], "excluded": []},
                "chartsInScope": charts,
                "tabsInScope": [],
                "cascadeParentIds": [],
                "controlValues": {"enableEmptyFilter": false, "multiSelect": true, "searchAllOptions": false, "inverseSelection": false, "defaultToFirstItem": false},
                "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
            })
        })
        .collect();
    json!({
        "chart_configuration": {},
        "global_chart_configuration": {"scope": {"rootPath": ["ROOT_ID"], "excluded": []}, "chartsInScope": charts},
        "color_scheme": "supersetColors",
        "label_colors": {},
        "shared_label_colors": [],
        "map_label_colors": {},
        "color_scheme_domain": [],
        "cross_filters_enabled": true,
        "default_filters": "{}",
        "expanded_slices": {},
        "native_filter_configuration": filters,
        "refresh_frequency": 0,
        "timed_refresh_immune_slices": [],
    })
}

pub(super) fn add(content: &mut Content) {
    let now = content.now;
    let charts = charts::all();
    let rows: Vec<Row> = DASHBOARDS
        .iter()
        .map(|dashboard| {
            vec![
                dashboard.id.into(),
                now.into(),
                now.into(),
                dashboard.owner.into(),
                dashboard.owner.into(),
                dashboard.title.into(),
                dashboard.description.into(),
                dashboard.slug.into(),
                "".into(),
                Layout::build(dashboard, &charts).to_string().into(),
                metadata(dashboard).to_string().into(),
                true.into(),
                false.into(),
                uuid_of(&format!("dashboard {}", dashboard.id)).into(),
            ]
        })
        .collect();
    content.add(DASHBOARD, rows);
    let links = DASHBOARDS.iter().flat_map(|dashboard| {
        dashboard
            .charts()
            .into_iter()
            .map(|chart| (dashboard.id, chart))
    });
    content.add(CHARTS, ids::link(links));
    content.add(
        OWNER,
        ids::link(
            DASHBOARDS
                .iter()
                .map(|dashboard| (dashboard.owner, dashboard.id)),
        ),
    );
}
