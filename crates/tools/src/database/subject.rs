use tidegate_metastore::{DATABASE_COLUMNS, DATABASE_SEARCHED};

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

const DEFAULT: &[&str] = &[
    "id",
    "database_name",
    "backend",
    "expose_in_sqllab",
    "changed_on",
    "changed_on_humanized",
];

/// Databases, as lists and `get_schema` show them. How to connect is never shown.
pub(crate) static DATABASES: Subject = Subject {
    kind: Kind::Database,
    singular: "database",
    plural: "databases",
    columns: &DATABASE_COLUMNS,
    hidden: &["sqlalchemy_uri"],
    computed: &[
        Computed {
            name: "backend",
            part: Part::Backend,
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
    ],
    default_columns: DEFAULT,
    default_select: DEFAULT,
    sortable: &["id", "database_name", "changed_on", "created_on"],
    searched: DATABASE_SEARCHED,
    filters: &[("perm", TEXT)],
    list_filters: &[
        "database_name",
        "expose_in_sqllab",
        "allow_file_upload",
        "created_by_fk",
        "changed_by_fk",
    ],
    path: |_| None,
};
