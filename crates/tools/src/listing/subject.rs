use tidegate_metastore::{Column, ColumnKind, Record};

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Chart,
    Dashboard,
    Dataset,
    Database,
}

/// A kind of thing as list tools and `get_schema` show it.
pub(crate) struct Subject {
    pub(crate) kind: Kind,
    /// `chart`.
    pub(crate) singular: &'static str,
    /// `charts`: the member of the answer that holds the rows.
    pub(crate) plural: &'static str,
    /// Columns of the metastore.
    pub(crate) columns: &'static [Column],
    /// Those of them that are never shown.
    pub(crate) hidden: &'static [&'static str],
    /// What is made from columns or read beside them.
    pub(crate) computed: &'static [Computed],
    /// Columns that a list gives when none are named.
    pub(crate) default_columns: &'static [&'static str],
    /// The same as `get_schema` tells it.
    pub(crate) default_select: &'static [&'static str],
    /// Columns that are offered for ordering.
    pub(crate) sortable: &'static [&'static str],
    /// Columns that a search looks into.
    pub(crate) searched: &'static [&'static str],
    /// Operators that differ from those of the column's kind, and filters that are no columns.
    pub(crate) filters: &'static [(&'static str, &'static [&'static str])],
    /// What the list tool filters by.
    pub(crate) list_filters: &'static [&'static str],
    /// The path of its page in Superset.
    pub(crate) path: fn(&Record) -> Option<String>,
}

/// Something that is shown and is no column.
pub(crate) struct Computed {
    pub(crate) name: &'static str,
    pub(crate) part: Part,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Url,
    FormData,
    Backend,
    ChangedBy,
    ChangedByName,
    ChangedOnHumanized,
    CreatedBy,
    CreatedByName,
    CreatedOnHumanized,
    CertifiedBy,
    CertificationDetails,
    Tags,
    Owners,
    Charts,
    Columns,
    Metrics,
}

impl Part {
    /// Columns that it is made from.
    pub(crate) const fn needs(self) -> &'static [&'static str] {
        match self {
            // Only dashboards have a slug; where there is none, it is passed over.
            Self::Url => &["slug"],
            Self::FormData => &["params"],
            Self::Backend => &["sqlalchemy_uri"],
            Self::ChangedBy | Self::ChangedByName => &["changed_by_fk"],
            Self::ChangedOnHumanized => &["changed_on"],
            Self::CreatedBy | Self::CreatedByName => &["created_by_fk"],
            Self::CreatedOnHumanized => &["created_on"],
            Self::CertifiedBy | Self::CertificationDetails => &["extra"],
            Self::Tags | Self::Owners | Self::Charts | Self::Columns | Self::Metrics => &[],
        }
    }

    /// As `get_schema` names it.
    pub(crate) const fn type_name(self) -> &'static str {
        match self {
            Self::FormData => "dict",
            Self::Tags | Self::Owners | Self::Charts | Self::Columns | Self::Metrics => "list",
            _ => "str",
        }
    }

    /// For `get_schema`.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::Url => "Link to its page in Superset",
            Self::FormData => "The chart's settings as an object",
            Self::Backend => "Which database system it is, such as postgresql",
            Self::ChangedBy => "Username of who changed it last",
            Self::ChangedByName => "Full name of who changed it last",
            Self::ChangedOnHumanized => "How long ago it was changed",
            Self::CreatedBy => "Username of who created it",
            Self::CreatedByName => "Full name of who created it",
            Self::CreatedOnHumanized => "How long ago it was created",
            Self::CertifiedBy => "Who vouches for it",
            Self::CertificationDetails => "What is vouched for",
            Self::Tags => "Its tags",
            Self::Owners => "Users who may edit it",
            Self::Charts => "The charts on it",
            Self::Columns => "Its columns",
            Self::Metrics => "Its metrics",
        }
    }
}

impl Subject {
    /// The column of that name, hidden ones too.
    pub(crate) fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// A column that the subject surely has.
    pub(crate) fn known(&self, name: &'static str) -> &'static Column {
        self.column(name)
            .expect("every subject has the columns that its tools name")
    }

    /// Columns that are shown.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &'static Column> {
        self.columns
            .iter()
            .filter(|column| !self.hidden.contains(&column.name))
    }

    /// Everything that `select_columns` may name, in Superset's order.
    pub(crate) fn available(&self) -> impl Iterator<Item = &'static str> {
        self.shown()
            .map(|column| column.name)
            .chain(self.computed.iter().map(|computed| computed.name))
    }
}

/// Superset's name for what a column holds.
pub(crate) const fn type_name(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Integer => "int",
        ColumnKind::Text | ColumnKind::LongText | ColumnKind::Uuid => "str",
        ColumnKind::Flag => "bool",
        ColumnKind::Time => "datetime",
        ColumnKind::Json => "dict",
    }
}

/// The operators that a column understands.
pub(crate) const fn operators_of(kind: ColumnKind) -> &'static [&'static str] {
    match kind {
        ColumnKind::Integer | ColumnKind::Time => &[
            "eq",
            "ne",
            "gt",
            "gte",
            "lt",
            "lte",
            "in",
            "nin",
            "is_null",
            "is_not_null",
        ],
        ColumnKind::Text => &[
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
        ],
        ColumnKind::LongText | ColumnKind::Flag | ColumnKind::Uuid | ColumnKind::Json => {
            &["eq", "ne", "is_null", "is_not_null"]
        }
    }
}
