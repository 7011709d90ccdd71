use tidegate_metastore::{DATASET_COLUMNS, DATASET_SEARCHED};

use crate::listing::{Computed, Kind, Part, Subject};

const TEXT: &[&str] = &[
    "eq",
    "ne",
    "sw",
    "ew",
    "in",
    "nin",
    "like",
    "ilike",
    "is_null",
    "is_not_null",
];

/// Datasets, as lists and `get_schema` show them.
pub(crate) static DATASETS: Subject = Subject {
    kind: Kind::Dataset,
    singular: "dataset",
    plural: "datasets",
    columns: &DATASET_COLUMNS,
    hidden: &[],
    computed: &[
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
            name: "certified_by",
            part: Part::CertifiedBy,
        },
        Computed {
            name: "certification_details",
            part: Part::CertificationDetails,
        },
        Computed {
            name: "metrics",
            part: Part::Metrics,
        },
        Computed {
            name: "columns",
            part: Part::Columns,
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
    default_columns: &[
        "id",
        "table_name",
        "schema",
        "database_name",
        "database",
        "description",
        "certified_by",
        "certification_details",
        "changed_on",
        "changed_on_humanized",
    ],
    default_select: &[
        "id",
        "table_name",
        "schema",
        "description",
        "certified_by",
        "certification_details",
        "changed_on",
        "changed_on_humanized",
    ],
    sortable: &["id", "table_name", "schema", "changed_on", "created_on"],
    searched: DATASET_SEARCHED,
    filters: &[
        ("name", TEXT),
        ("database_name", &["eq", "like", "ilike"]),
        ("owner", &["eq", "in"]),
    ],
    list_filters: &["table_name", "schema", "database_name", "owner"],
    path: |record| {
        record
            .integer("id")
            .map(|id| format!("/tablemodelview/edit/{id}"))
    },
};
