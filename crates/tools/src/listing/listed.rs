//! A kind of thing that is listed.

use tidegate_metastore::{Column, Entity, Metastore, MetastoreError};

use super::computed::Computed;
use super::description::Description;

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
