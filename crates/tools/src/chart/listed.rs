use std::sync::LazyLock;

use tidegate_metastore::{Chart, Metastore, MetastoreError};

use super::path;
use crate::listing::{Computed, Description, Field, Listed, OtherFilter, json_of};

static DESCRIPTION: LazyLock<Description<Chart>> = LazyLock::new(Description::new);

impl Listed for Chart {
    const COMPUTED: &'static [Computed<Self>] = &[
        Computed {
            name: "url",
            about: "Link to its page in Superset",
            place: Some(6),
            show: |row| Field::Text(row.context.workspace.link(&path(row.record.id()))),
            ..Computed::TEXT
        },
        Computed {
            name: "form_data",
            about: "The chart's settings as an object",
            type_name: "dict",
            needs: &[Self::params.column()],
            show: |row| Field::Json(row.record.get(Self::params).and_then(|text| json_of(text))),
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
    ];
    const OTHER_FILTERS: &'static [OtherFilter] = &[];

    type Beside = ();

    async fn beside(_: &Metastore, _: &[i64], _: &[&'static str]) -> Result<(), MetastoreError> {
        Ok(())
    }

    fn description() -> &'static Description<Self> {
        &DESCRIPTION
    }
}
