use tidegate_metastore::{CHART_COLUMNS, CHART_SEARCHED};

use crate::listing::{Computed, Kind, Part, Subject};

/// The path of a chart's page.
pub(crate) fn path(id: i64) -> String {
    format!("/explore/?slice_id={id}")
}

/// Charts, as lists and `get_schema` show them.
pub(crate) static CHARTS: Subject = Subject {
    kind: Kind::Chart,
    singular: "chart",
    plural: "charts",
    columns: &CHART_COLUMNS,
    hidden: &[],
    computed: &[
        Computed {
            name: "url",
            part: Part::Url,
        },
        Computed {
            name: "form_data",
            part: Part::FormData,
        },
        Computed {
            name: "changed_by",
            part: Part::ChangedBy,
        },
        Computed {
            name: "changed_by_name",
            part: Part::ChangedByName,
        },
        Computed {
            name: "changed_on_humanized",
            part: Part::ChangedOnHumanized,
        },
        Computed {
            name: "created_by",
            part: Part::CreatedBy,
        },
        Computed {
            name: "created_by_name",
            part: Part::CreatedByName,
        },
        Computed {
            name: "created_on_humanized",
            part: Part::CreatedOnHumanized,
        },
        Computed {
            name: "tags",
            part: Part::Tags,
        },
        Computed {
            name: "owners",
            part: Part::Owners,
        },
    ],
    default_columns: DEFAULT,
    default_select: DEFAULT,
    sortable: &[
        "id",
        "slice_name",
        "viz_type",
        "description",
        "changed_on",
        "created_on",
    ],
    searched: CHART_SEARCHED,
    filters: &[
        ("datasource_name", &["eq", "in", "like"]),
        ("viz_type", &["eq", "in", "like"]),
    ],
    list_filters: &["slice_name", "viz_type", "datasource_name", "created_by_fk"],
    path: |record| record.integer("id").map(path),
};

const DEFAULT: &[&str] = &[
    "id",
    "slice_name",
    "viz_type",
    "description",
    "certified_by",
    "certification_details",
    "url",
    "changed_on",
    "changed_on_humanized",
];
