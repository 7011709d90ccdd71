use std::fmt;

use chrono::NaiveDateTime;
use tidegate_metastore::{
    Column, ColumnKind, Entity, Metastore, MetastoreError, Person, Record, Related, Usage,
};

use super::ago::humanized;
use super::answer::{Field, owners, tags};
use crate::CallContext;

/// A kind of thing as list tools and `get_schema` show it: its columns as the metastore describes them, and what is shown
/// beside them.
pub(crate) trait Listed: Entity {
    /// What is made from columns or read beside them, in Superset's order.
    const COMPUTED: &'static [Computed<Self>];
    /// Filters that are no columns.
    const OTHER_FILTERS: &'static [OtherFilter];
    /// Names that a list takes by default and `get_schema` does not call default, with their places among those that it does.
    const BY_DEFAULT_TOO: &'static [(u8, &'static str)] = &[];

    /// What is read beside a page, by the id of the row.
    type Beside: Default + Send + Sync;

    /// Reads what the computed columns `wanted` need beside a page.
    fn beside(
        metastore: &Metastore,
        ids: &[i64],
        wanted: &[&'static str],
    ) -> impl Future<Output = Result<Self::Beside, MetastoreError>> + Send;

    /// All of this as lists use it, made once.
    fn description() -> &'static Description<Self>;
}

/// Something that is shown and is no column.
pub(crate) struct Computed<E: Listed> {
    pub(crate) name: &'static str,
    /// For `get_schema`.
    pub(crate) about: &'static str,
    /// What it is, as `get_schema` names it: `str`, `dict`, `list`.
    pub(crate) type_name: &'static str,
    /// Its place among the columns that are shown by default.
    pub(crate) place: Option<u8>,
    /// Columns that it is made from.
    pub(crate) needs: &'static [&'static Column<E>],
    /// Whether the answer tells these among the columns that were loaded.
    pub(crate) tells_needs: bool,
    /// What else it is made from.
    pub(crate) reads: Reads,
    pub(crate) show: fn(&Row<'_, E>) -> Field,
}

/// What is read for a computed column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Its columns alone.
    Columns,
    /// Who created and changed rows.
    People,
    Owners,
    Tags,
    /// What [`Listed::beside`] reads.
    Beside,
}

/// A filter that is no column.
pub(crate) struct OtherFilter {
    pub(crate) name: &'static str,
    pub(crate) operators: &'static [&'static str],
    /// What the list tool makes of it; `None` where `get_schema` alone names it, as Superset does.
    pub(crate) of: Option<OtherTarget>,
}

/// What a filter that is no column stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OtherTarget {
    /// Users who own the row, by id.
    Owner,
    /// Whether the caller has marked the row.
    Favorite,
}

/// What a filter's column stands for.
#[derive(Debug)]
pub(crate) enum FilterTarget<E: 'static> {
    Column(&'static Column<E>),
    Other(OtherTarget),
}

impl<E> Clone for FilterTarget<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for FilterTarget<E> {}

/// A row on its way into an answer.
pub(crate) struct Row<'a, E: Listed> {
    pub(crate) context: &'a CallContext,
    pub(crate) now: NaiveDateTime,
    pub(crate) record: &'a Record<E>,
    pub(crate) related: &'a Related,
    pub(crate) beside: &'a E::Beside,
}

impl<E: Listed> Row<'_, E> {
    fn person(&self, id: Option<&i64>) -> Option<&Person> {
        self.related.people.get(id?)
    }

    fn creator(&self) -> Option<&Person> {
        self.person(self.record.get(E::CREATED_BY_FK))
    }

    fn changer(&self) -> Option<&Person> {
        self.person(self.record.get(E::CHANGED_BY_FK))
    }

    fn ago(&self, then: Option<&NaiveDateTime>) -> Field {
        Field::Text(then.map(|then| humanized(self.now, *then)))
    }
}

fn username(person: Option<&Person>) -> Field {
    Field::Text(person.map(|person| person.username.clone()))
}

fn full_name(person: Option<&Person>) -> Field {
    Field::Text(Some(person.map(Person::full_name).unwrap_or_default()))
}

/// What all kinds of things show alike.
impl<E: Listed> Computed<E> {
    /// What the others are made of.
    pub(crate) const TEXT: Self = Self {
        name: "",
        about: "",
        type_name: "str",
        place: None,
        needs: &[],
        tells_needs: false,
        reads: Reads::Columns,
        show: |_| Field::Text(None),
    };
    pub(crate) const CHANGED_BY: Self = Self {
        name: "changed_by",
        about: "Username of who changed it last",
        needs: &[E::CHANGED_BY_FK.column()],
        reads: Reads::People,
        show: |row| username(row.changer()),
        ..Self::TEXT
    };
    pub(crate) const CHANGED_BY_NAME: Self = Self {
        name: "changed_by_name",
        about: "Full name of who changed it last",
        needs: &[E::CHANGED_BY_FK.column()],
        reads: Reads::People,
        show: |row| full_name(row.changer()),
        ..Self::TEXT
    };
    pub(crate) const CHANGED_ON_HUMANIZED: Self = Self {
        name: "changed_on_humanized",
        about: "How long ago it was changed",
        place: Some(9),
        needs: &[E::CHANGED_ON.column()],
        tells_needs: true,
        show: |row| row.ago(row.record.get(E::CHANGED_ON)),
        ..Self::TEXT
    };
    pub(crate) const CREATED_BY: Self = Self {
        name: "created_by",
        about: "Username of who created it",
        needs: &[E::CREATED_BY_FK.column()],
        reads: Reads::People,
        show: |row| username(row.creator()),
        ..Self::TEXT
    };
    pub(crate) const CREATED_BY_NAME: Self = Self {
        name: "created_by_name",
        about: "Full name of who created it",
        needs: &[E::CREATED_BY_FK.column()],
        reads: Reads::People,
        show: |row| full_name(row.creator()),
        ..Self::TEXT
    };
    pub(crate) const CREATED_ON_HUMANIZED: Self = Self {
        name: "created_on_humanized",
        about: "How long ago it was created",
        needs: &[E::CREATED_ON.column()],
        tells_needs: true,
        show: |row| row.ago(row.record.get(E::CREATED_ON)),
        ..Self::TEXT
    };
    pub(crate) const TAGS: Self = Self {
        name: "tags",
        about: "Its tags",
        type_name: "list",
        reads: Reads::Tags,
        show: |row| {
            let found = row.related.tags.get(&row.record.id());
            Field::Tags(tags(found.into_iter().flatten()))
        },
        ..Self::TEXT
    };
    pub(crate) const OWNERS: Self = Self {
        name: "owners",
        about: "Users who may edit it",
        type_name: "list",
        reads: Reads::Owners,
        show: |row| {
            let found = row.related.owners.get(&row.record.id());
            Field::Owners(owners(found.into_iter().flatten()))
        },
        ..Self::TEXT
    };
}

/// Something that an answer can show.
#[derive(Clone)]
pub(crate) enum Shown<E: Listed> {
    Column(&'static Column<E>),
    Computed(&'static Computed<E>),
}

impl<E: Listed> Copy for Shown<E> {}

impl<E: Listed> Shown<E> {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Column(column) => column.name,
            Self::Computed(computed) => computed.name,
        }
    }

    /// Its place among what is shown by default.
    fn place(self) -> Option<u8> {
        match self {
            Self::Column(column) => column.place(Usage::List),
            Self::Computed(computed) => computed.place,
        }
    }
}

/// A kind of thing as lists use it.
pub(crate) struct Description<E: Listed> {
    /// Everything that `select_columns` may name, in Superset's order.
    pub(crate) shown: Vec<Shown<E>>,
    /// The names of these.
    pub(crate) available: Vec<&'static str>,
    /// What a list gives when nothing is named.
    pub(crate) default_columns: Vec<&'static str>,
    /// The same as `get_schema` tells it.
    pub(crate) default_select: Vec<&'static str>,
    /// Columns that are offered for ordering.
    pub(crate) sortable: Vec<&'static str>,
    /// Columns that a search looks into.
    pub(crate) searched: Vec<&'static str>,
    /// What the list tool filters by.
    pub(crate) filters: Vec<(&'static str, FilterTarget<E>)>,
    /// The names of these.
    pub(crate) list_filters: Vec<&'static str>,
}

impl<E: Listed> fmt::Debug for Description<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(E::PLURAL)
    }
}

/// Names by their places.
fn ordered(named: impl Iterator<Item = (u8, &'static str)>) -> Vec<&'static str> {
    let mut named: Vec<_> = named.collect();
    named.sort_by_key(|(place, _)| *place);
    named.into_iter().map(|(_, name)| name).collect()
}

/// The columns of a use, by their places.
fn used<E: Listed>(usage: Usage) -> Vec<&'static Column<E>> {
    let mut columns: Vec<_> = E::COLUMNS
        .iter()
        .filter_map(|column| Some((column.place(usage)?, *column)))
        .collect();
    columns.sort_by_key(|(place, _)| *place);
    columns.into_iter().map(|(_, column)| column).collect()
}

fn names<E: Listed>(usage: Usage) -> Vec<&'static str> {
    used::<E>(usage).iter().map(|column| column.name).collect()
}

impl<E: Listed> Description<E> {
    pub(crate) fn new() -> Self {
        let columns = E::COLUMNS
            .iter()
            .filter(|column| column.is_shown)
            .map(|column| Shown::Column(column));
        let computed = E::COMPUTED.iter().map(Shown::Computed);
        let shown: Vec<Shown<E>> = columns.chain(computed).collect();
        let default = || {
            let placed = shown.iter().copied();
            placed.filter_map(|shown| Some((shown.place()?, shown.name())))
        };
        let columns = used::<E>(Usage::Filter);
        let columns = columns
            .into_iter()
            .map(|column| (column.name, FilterTarget::Column(column)));
        let others = E::OTHER_FILTERS
            .iter()
            .filter_map(|filter| Some((filter.name, FilterTarget::Other(filter.of?))));
        let filters: Vec<_> = columns.chain(others).collect();
        Self {
            available: shown.iter().map(|shown| shown.name()).collect(),
            default_columns: ordered(default().chain(E::BY_DEFAULT_TOO.iter().copied())),
            default_select: ordered(default()),
            sortable: names::<E>(Usage::Sort),
            searched: names::<E>(Usage::Search),
            list_filters: filters.iter().map(|(name, _)| *name).collect(),
            filters,
            shown,
        }
    }

    /// What has that name.
    pub(crate) fn find(&self, name: &str) -> Option<Shown<E>> {
        self.shown
            .iter()
            .copied()
            .find(|shown| shown.name() == name)
    }

    /// The column of that name, where answers show it.
    pub(crate) fn column(&self, name: &str) -> Option<&'static Column<E>> {
        match self.find(name) {
            Some(Shown::Column(column)) => Some(column),
            _ => None,
        }
    }

    /// Operators by column, in Superset's order: of columns, then of filters that are none.
    pub(crate) fn operators(&self) -> Vec<(&'static str, &'static [&'static str])> {
        let columns = self.shown.iter().filter_map(|shown| match shown {
            Shown::Column(column) => {
                let operators = column.operators;
                Some((column.name, operators.unwrap_or(operators_of(column.kind))))
            }
            Shown::Computed(_) => None,
        });
        let others = E::OTHER_FILTERS
            .iter()
            .map(|filter| (filter.name, filter.operators));
        columns.chain(others).collect()
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
