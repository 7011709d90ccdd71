use std::collections::BTreeMap;

use sea_query::{Expr, ExprTrait, Order, Query};

use crate::access::dashboards_seen;
use crate::listing::{
    Column, ColumnKind, Entity, Filter, Found, ListQuery, Page, Scalar, fetch_page, find,
};
use crate::{Access, Metastore, MetastoreError, Role};
use tidegate_database::Pool;

use ColumnKind::{Flag, Integer, LongText, Text, Time, Uuid};

/// The columns of `dashboards`, in the order in which Superset shows them.
pub static DASHBOARD_COLUMNS: [Column; 18] = [
    Column::optional("uuid", Uuid),
    Column::required("created_on", Time),
    Column::required("changed_on", Time),
    Column::required("id", Integer),
    Column::optional("dashboard_title", Text),
    Column::optional("position_json", LongText),
    Column::optional("description", Text),
    Column::optional("css", LongText),
    Column::optional("theme_id", Integer),
    Column::optional("certified_by", Text),
    Column::optional("certification_details", Text),
    Column::optional("json_metadata", LongText),
    Column::optional("slug", Text),
    Column::optional("published", Flag),
    Column::required("is_managed_externally", Flag),
    Column::optional("external_url", Text),
    Column::optional("created_by_fk", Integer),
    Column::optional("changed_by_fk", Integer),
];

/// The columns that a search looks into.
pub const DASHBOARD_SEARCHED: &[&str] = &["dashboard_title", "slug"];

pub(crate) static DASHBOARDS: Entity = Entity {
    table: "dashboards",
    operation: "read dashboards",
    columns: &DASHBOARD_COLUMNS,
    searched: DASHBOARD_SEARCHED,
    owners: Some(("dashboard_user", "dashboard_id")),
    tagged_as: Some("dashboard"),
    starred_as: Some("Dashboard"),
    join: |_| {},
    seen: dashboards_seen,
};

/// A chart as its dashboard shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartOnDashboard {
    /// `slices.id`.
    pub id: i64,
    /// `slices.slice_name`.
    pub slice_name: Option<String>,
    /// `slices.viz_type`.
    pub viz_type: Option<String>,
    /// `slices.datasource_name`.
    pub datasource_name: Option<String>,
    /// `slices.description`.
    pub description: Option<String>,
    /// `dashboard_slices.id`: grows with each chart that is added.
    pub added: i64,
}

/// The dashboard repository. Every call shows only dashboards that the user may see.
#[derive(Clone, Copy)]
pub struct Dashboards<'a> {
    pub(crate) metastore: &'a Metastore,
}

impl Dashboards<'_> {
    /// A page of dashboards. One statement, and one more for each of owners, tags and people, side by side.
    pub async fn list(&self, access: &Access, query: &ListQuery) -> Result<Page, MetastoreError> {
        fetch_page(self.metastore.pool(), &DASHBOARDS, access, query).await
    }

    /// The dashboard of that id, with owners, tags and people. Four statements, three of them side by side.
    pub async fn by_id(&self, access: &Access, id: i64) -> Result<Option<Found>, MetastoreError> {
        find(
            self.metastore.pool(),
            &DASHBOARDS,
            access,
            "id",
            Filter::Equal(Scalar::Integer(id)),
        )
        .await
    }

    /// The dashboard of that UUID, likewise.
    pub async fn by_uuid(
        &self,
        access: &Access,
        uuid: uuid::Uuid,
    ) -> Result<Option<Found>, MetastoreError> {
        find(
            self.metastore.pool(),
            &DASHBOARDS,
            access,
            "uuid",
            Filter::Equal(Scalar::Text(uuid.to_string())),
        )
        .await
    }

    /// The dashboard of that slug, likewise.
    pub async fn by_slug(
        &self,
        access: &Access,
        slug: &str,
    ) -> Result<Option<Found>, MetastoreError> {
        find(
            self.metastore.pool(),
            &DASHBOARDS,
            access,
            "slug",
            Filter::Equal(Scalar::Text(slug.to_owned())),
        )
        .await
    }

    /// The charts of dashboards, by the dashboard's id, in the order of the charts' ids. All of
    /// them, as the dashboard shows all of them: in the place of one that the user cannot query it shows an
    /// error. One statement.
    pub async fn charts_of(
        &self,
        ids: &[i64],
    ) -> Result<BTreeMap<i64, Vec<ChartOnDashboard>>, MetastoreError> {
        charts_of(self.metastore.pool(), ids).await
    }

    /// The roles of a dashboard, by id. One statement.
    pub async fn roles_of(&self, id: i64) -> Result<Vec<Role>, MetastoreError> {
        let statement = Query::select()
            .columns([("ab_role", "id"), ("ab_role", "name")])
            .from("dashboard_roles")
            .inner_join(
                "ab_role",
                Expr::col(("ab_role", "id")).equals(("dashboard_roles", "role_id")),
            )
            .and_where(Expr::col(("dashboard_roles", "dashboard_id")).eq(id))
            .order_by(("ab_role", "id"), Order::Asc)
            .to_owned();
        let rows = self
            .metastore
            .pool()
            .fetch("read a dashboard's roles", &statement)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Role {
                    id: row.id(0)?,
                    name: row.text_or_empty(1)?,
                })
            })
            .collect()
    }
}

async fn charts_of(
    pool: &Pool,
    ids: &[i64],
) -> Result<BTreeMap<i64, Vec<ChartOnDashboard>>, MetastoreError> {
    let mut charts: BTreeMap<i64, Vec<ChartOnDashboard>> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(charts);
    }
    let statement = Query::select()
        .column(("dashboard_slices", "dashboard_id"))
        .columns(
            [
                "id",
                "slice_name",
                "viz_type",
                "datasource_name",
                "description",
            ]
            .map(|name| ("slices", name)),
        )
        .from("dashboard_slices")
        .inner_join(
            "slices",
            Expr::col(("slices", "id")).equals(("dashboard_slices", "slice_id")),
        )
        .and_where(Expr::col(("dashboard_slices", "dashboard_id")).is_in(ids.iter().copied()))
        .column(("dashboard_slices", "id"))
        .order_by(("slices", "id"), Order::Asc)
        .to_owned();
    for row in pool
        .fetch("read the charts of dashboards", &statement)
        .await?
    {
        charts
            .entry(row.id(0)?)
            .or_default()
            .push(ChartOnDashboard {
                id: row.id(1)?,
                slice_name: row.text(2)?,
                viz_type: row.text(3)?,
                datasource_name: row.text(4)?,
                description: row.text(5)?,
                added: row.id(6)?,
            });
    }
    Ok(charts)
}
