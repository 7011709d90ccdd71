use std::collections::BTreeMap;
use std::sync::LazyLock;

use tidegate_metastore::{ChartOnDashboard, Dashboard, Metastore, MetastoreError};

use super::path;
use crate::chart::ChartSummary;
use crate::listing::{Computed, Description, Field, Listed, OtherFilter, OtherTarget, Reads};

static DESCRIPTION: LazyLock<Description<Dashboard>> = LazyLock::new(Description::new);

impl Listed for Dashboard {
    const COMPUTED: &'static [Computed<Self>] = &[
        Computed {
            name: "url",
            about: "Link to its page in Superset",
            place: Some(6),
            needs: &[Self::slug.column()],
            show: |row| {
                let slug = row.record.get(Self::slug).map(String::as_str);
                Field::Text(row.context.workspace.link(&path(row.record.id(), slug)))
            },
            ..Computed::TEXT
        },
        Computed::CHANGED_BY,
        Computed::CHANGED_BY_NAME,
        Computed::CHANGED_ON_HUMANIZED,
        Computed::CREATED_BY,
        Computed::CREATED_BY_NAME,
        Computed::CREATED_ON_HUMANIZED,
        Computed::TAGS,
        Computed::OWNERS,
        Computed {
            name: "charts",
            about: "The charts on it",
            type_name: "list",
            reads: Reads::Beside,
            show: |row| {
                let charts = row.beside.get(&row.record.id()).into_iter().flatten();
                Field::list(charts.map(|chart| ChartSummary::new(row.context, chart.clone())))
            },
            ..Computed::TEXT
        },
    ];
    const OTHER_FILTERS: &'static [OtherFilter] = &[
        OtherFilter {
            name: "tags",
            operators: &["eq", "in", "like"],
            of: None,
        },
        OtherFilter {
            name: "owners",
            operators: &["eq", "in"],
            of: None,
        },
        OtherFilter {
            name: "owner",
            operators: &["eq", "in"],
            of: Some(OtherTarget::Owner),
        },
        OtherFilter {
            name: "favorite",
            operators: &["eq"],
            of: Some(OtherTarget::Favorite),
        },
    ];

    /// The charts of each dashboard.
    type Beside = BTreeMap<i64, Vec<ChartOnDashboard>>;

    async fn beside(
        metastore: &Metastore,
        ids: &[i64],
        _: &[&'static str],
    ) -> Result<Self::Beside, MetastoreError> {
        metastore.dashboards().charts_of(ids).await
    }

    fn description() -> &'static Description<Self> {
        &DESCRIPTION
    }
}
