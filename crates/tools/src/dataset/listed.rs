use std::collections::BTreeMap;
use std::sync::LazyLock;

use tidegate_metastore::{
    ColumnKind, Dataset, DatasetColumn, DatasetMetric, Metastore, MetastoreError,
};

use super::parts::{ColumnInfo, MetricInfo, certification};
use crate::listing::{
    Computed, Description, Field, Listed, OtherFilter, OtherTarget, Reads, Row, operators_of,
};

static DESCRIPTION: LazyLock<Description<Dataset>> = LazyLock::new(Description::new);

/// Columns and metrics of each dataset.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    columns: BTreeMap<i64, Vec<DatasetColumn>>,
    metrics: BTreeMap<i64, Vec<DatasetMetric>>,
}

const COLUMNS: &str = "columns";
const METRICS: &str = "metrics";

fn certified(row: &Row<'_, Dataset>, member: &str) -> Field {
    let extra = row.record.get(Dataset::extra).map(String::as_str);
    Field::Text(certification(extra, member))
}

impl Listed for Dataset {
    const COMPUTED: &'static [Computed<Self>] = &[
        Computed::CHANGED_BY,
        Computed::CHANGED_BY_NAME,
        Computed::CHANGED_ON_HUMANIZED,
        Computed::CREATED_BY,
        Computed::CREATED_BY_NAME,
        Computed::CREATED_ON_HUMANIZED,
        Computed {
            name: "certified_by",
            about: "Who vouches for it",
            place: Some(4),
            needs: &[Self::extra.column()],
            show: |row| certified(row, "certified_by"),
            ..Computed::TEXT
        },
        Computed {
            name: "certification_details",
            about: "What is vouched for",
            place: Some(4),
            needs: &[Self::extra.column()],
            show: |row| certified(row, "details"),
            ..Computed::TEXT
        },
        Computed {
            name: METRICS,
            about: "Its metrics",
            type_name: "list",
            reads: Reads::Beside,
            show: |row| {
                let metrics = row.beside.metrics.get(&row.record.id());
                let metrics = metrics.into_iter().flatten().cloned();
                Field::list(metrics.map(MetricInfo::from))
            },
            ..Computed::TEXT
        },
        Computed {
            name: COLUMNS,
            about: "Its columns",
            type_name: "list",
            reads: Reads::Beside,
            show: |row| {
                let columns = row.beside.columns.get(&row.record.id());
                let columns = columns.into_iter().flatten().cloned();
                Field::list(columns.map(ColumnInfo::from))
            },
            ..Computed::TEXT
        },
        Computed::TAGS,
        Computed::OWNERS,
    ];
    const OTHER_FILTERS: &'static [OtherFilter] = &[
        OtherFilter {
            name: "name",
            operators: operators_of(ColumnKind::Text),
            of: None,
        },
        OtherFilter {
            name: "owner",
            operators: &["eq", "in"],
            of: Some(OtherTarget::Owner),
        },
    ];
    // The second is one of Superset's own defaults, which gives nothing there either.
    const BY_DEFAULT_TOO: &'static [(u8, &'static str)] = &[(2, "database_name"), (2, "database")];

    type Beside = Beside;

    async fn beside(
        metastore: &Metastore,
        ids: &[i64],
        wanted: &[&'static str],
    ) -> Result<Beside, MetastoreError> {
        // No ids, no statement.
        let ids_for = |name| if wanted.contains(&name) { ids } else { &[] };
        let datasets = metastore.datasets();
        let (columns, metrics) = tokio::try_join!(
            datasets.columns_of(ids_for(COLUMNS)),
            datasets.metrics_of(ids_for(METRICS)),
        )?;
        Ok(Beside { columns, metrics })
    }

    fn description() -> &'static Description<Self> {
        &DESCRIPTION
    }
}
