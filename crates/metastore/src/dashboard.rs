use std::collections::BTreeMap;

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use tidegate_database::{Backend, NamedRow, row, rows_as_json};
use tidegate_types::EntityKind;

use crate::keyed::{keyed_by, read_keyed};
use crate::table::{Entity, Parts, Storage, table};
use crate::{MetastoreError, Repository, Role};

table! {
    /// A dashboard: a row of `dashboards`.
    pub struct Dashboard in "dashboards" {
        uuid: Uuid | null, "UUID that identifies it, the same in every environment";
        created_on: Time | null, "When it was created, UTC", sort(9) filled();
        changed_on: Time | null, "When it was changed last, UTC", list(8) sort(8) filled();
        id: Integer, "Whole number that identifies it", list(0) sort(0);
        dashboard_title: Text | null, "The dashboard's title", list(1) sort(1) search(1) filter(1);
        position_json: LongText | null, "Layout as JSON text";
        description: Text | null, "What its author wrote about it", list(3);
        css: LongText | null, "Styles of its own";
        theme_id: Integer | null, "Id of its theme";
        certified_by: Text | null, "Who vouches for it", list(3);
        certification_details: Text | null, "What is vouched for", list(3);
        json_metadata: LongText | null, "Settings as JSON text, filters among them";
        slug: Text | null, "Name of the dashboard in links", list(2) sort(1) search(1) empty_for_null();
        published: Flag | null, "Whether it is published; drafts are seen by their owners",
            sort(1) filter(1) operators(&["eq"]);
        is_managed_externally: Flag, "Whether another system manages it";
        external_url: Text | null, "Where that other system shows it";
        created_by_fk: Integer | null, "Id of the user who created it", filter(1);
        changed_by_fk: Integer | null, "Id of the user who changed it last";
    }
}

impl Entity for Dashboard {
    const KIND: EntityKind = EntityKind::Dashboard;
    const PLURAL: &'static str = "dashboards";
    const STORAGE: Storage = Storage {
        operation: "read dashboards",
        tagged_as: Some("dashboard"),
        starred_as: Some("Dashboard"),
        view: "Dashboard",
        join: |_| {},
    };
    type Parts = DashboardParts;
}

row! {
    /// A chart as its dashboard shows it.
    pub struct ChartOnDashboard {
        /// `slices.id`.
        pub id: i64 = slices.id,
        /// `slices.slice_name`.
        pub slice_name: Option<String> = slices.slice_name,
        /// `slices.viz_type`.
        pub viz_type: Option<String> = slices.viz_type,
        /// `slices.datasource_name`.
        pub datasource_name: Option<String> = slices.datasource_name,
        /// `slices.description`.
        pub description: Option<String> = slices.description,
        /// `dashboard_slices.id`: grows with each chart that is added.
        pub added: i64 = dashboard_slices.id,
    }
}

/// What is on a dashboard.
#[derive(Debug, Clone)]
pub struct DashboardParts {
    /// All its charts, in the order of their ids: in the place of one that the user cannot query a dashboard shows an error.
    pub charts: Vec<ChartOnDashboard>,
    /// The roles that may see it, by id; where it has none, its charts decide.
    pub roles: Vec<Role>,
}

impl Parts for DashboardParts {
    fn select(statement: &mut SelectStatement, backend: Backend) {
        let id = ("dashboards", "id");
        let charts = charts()
            .and_where(Expr::col(("dashboard_slices", "dashboard_id")).equals(id))
            .to_owned();
        let roles = Role::select(&mut Query::select())
            .from("dashboard_roles")
            .inner_join(
                "ab_role",
                Expr::col(("ab_role", "id")).equals(("dashboard_roles", "role_id")),
            )
            .and_where(Expr::col(("dashboard_roles", "dashboard_id")).equals(id))
            .order_by(("ab_role", "id"), Order::Asc)
            .to_owned();
        statement
            .expr_as(rows_as_json::<ChartOnDashboard>(backend, charts), "charts")
            .expr_as(rows_as_json::<Role>(backend, roles), "roles");
    }

    fn read(row: &dyn NamedRow) -> Result<Self, MetastoreError> {
        Ok(Self {
            charts: row.rows("charts")?,
            roles: row.rows("roles")?,
        })
    }
}

fn charts() -> SelectStatement {
    ChartOnDashboard::select(&mut Query::select())
        .from("dashboard_slices")
        .inner_join(
            "slices",
            Expr::col(("slices", "id")).equals(("dashboard_slices", "slice_id")),
        )
        .order_by(("slices", "id"), Order::Asc)
        .to_owned()
}

impl Repository<'_, Dashboard> {
    /// The charts of dashboards, by the dashboard's id, as [`DashboardParts::charts`] has them. One statement.
    pub async fn charts_of(
        &self,
        ids: &[i64],
    ) -> Result<BTreeMap<i64, Vec<ChartOnDashboard>>, MetastoreError> {
        let statement = keyed_by(charts(), ("dashboard_slices", "dashboard_id"), ids);
        read_keyed(self.pool(), "read the charts of dashboards", statement, ids).await
    }
}
