//! What is shown of a row and is no column.

use chrono::NaiveDateTime;
use tidegate_metastore::{Column, Person, Record, Related};

use super::ago::humanized;
use super::field::{Field, owners, tags};
use super::listed::Listed;
use crate::CallContext;

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
