use tidegate_metastore::{DASHBOARD_COLUMNS, DASHBOARD_SEARCHED, Record};

use crate::listing::{Computed, Kind, Part, Subject};

/// The path of a dashboard's page: by its slug where it has one.
pub(crate) fn path(record: &Record) -> Option<String> {
    let id = record.integer("id")?;
    Some(match record.text("slug").filter(|slug| !slug.is_empty()) {
        Some(slug) => format!("/superset/dashboard/{slug}/"),
        None => format!("/superset/dashboard/{id}/"),
    })
}

/// Dashboards, as lists and `get_schema` show them.
pub(crate) static DASHBOARDS: Subject = Subject {
    kind: Kind::Dashboard,
    singular: "dashboard",
    plural: "dashboards",
    columns: &DASHBOARD_COLUMNS,
    hidden: &[],
    computed: &[
        Computed {
            name: "url",
            part: Part::Url,
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
        Computed {
            name: "charts",
            part: Part::Charts,
        },
    ],
    default_columns: DEFAULT,
    default_select: DEFAULT,
    sortable: &[
        "id",
        "dashboard_title",
        "slug",
        "published",
        "changed_on",
        "created_on",
    ],
    searched: DASHBOARD_SEARCHED,
    filters: &[
        ("tags", &["eq", "in", "like"]),
        ("owners", &["eq", "in"]),
        ("published", &["eq"]),
        ("owner", &["eq", "in"]),
        ("favorite", &["eq"]),
    ],
    list_filters: &[
        "dashboard_title",
        "published",
        "created_by_fk",
        "owner",
        "favorite",
    ],
    path,
};

const DEFAULT: &[&str] = &[
    "id",
    "dashboard_title",
    "slug",
    "description",
    "certified_by",
    "certification_details",
    "url",
    "changed_on",
    "changed_on_humanized",
];
