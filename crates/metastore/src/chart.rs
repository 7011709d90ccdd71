use crate::access::charts_seen;
use crate::listing::{
    Column, ColumnKind, Entity, Filter, Found, ListQuery, Page, Scalar, fetch_page, find,
};
use crate::{Access, Metastore, MetastoreError};

use ColumnKind::{Flag, Integer, LongText, Text, Time, Uuid};

/// The columns of `slices`, in the order in which Superset shows them.
pub static CHART_COLUMNS: [Column; 24] = [
    Column::optional("uuid", Uuid),
    Column::required("created_on", Time),
    Column::required("changed_on", Time),
    Column::required("id", Integer),
    Column::optional("slice_name", Text),
    Column::optional("datasource_id", Integer),
    Column::optional("datasource_type", Text),
    Column::optional("datasource_name", Text),
    Column::optional("viz_type", Text),
    Column::optional("params", LongText),
    Column::optional("query_context", LongText),
    Column::optional("description", Text),
    Column::optional("cache_timeout", Integer),
    Column::optional("perm", Text),
    Column::optional("schema_perm", Text),
    Column::optional("catalog_perm", Text),
    Column::optional("last_saved_at", Time),
    Column::optional("last_saved_by_fk", Integer),
    Column::optional("certified_by", Text),
    Column::optional("certification_details", Text),
    Column::required("is_managed_externally", Flag),
    Column::optional("external_url", Text),
    Column::optional("created_by_fk", Integer),
    Column::optional("changed_by_fk", Integer),
];

/// The columns that a search looks into.
pub const CHART_SEARCHED: &[&str] = &["slice_name", "description"];

pub(crate) static CHARTS: Entity = Entity {
    table: "slices",
    operation: "read charts",
    columns: &CHART_COLUMNS,
    searched: CHART_SEARCHED,
    owners: Some(("slice_user", "slice_id")),
    tagged_as: Some("chart"),
    starred_as: Some("slice"),
    join: |_| {},
    seen: charts_seen,
};

/// The chart repository. Every call shows only charts on datasets that are open to the user.
#[derive(Clone, Copy)]
pub struct Charts<'a> {
    pub(crate) metastore: &'a Metastore,
}

impl Charts<'_> {
    /// A page of charts. One statement, and one more for each of owners, tags and people, side by side.
    pub async fn list(&self, access: &Access, query: &ListQuery) -> Result<Page, MetastoreError> {
        fetch_page(self.metastore.pool(), &CHARTS, access, query).await
    }

    /// The chart of that id, with owners, tags and people. Four statements, three of them side by side.
    pub async fn by_id(&self, access: &Access, id: i64) -> Result<Option<Found>, MetastoreError> {
        find(
            self.metastore.pool(),
            &CHARTS,
            access,
            "id",
            Filter::Equal(Scalar::Integer(id)),
        )
        .await
    }

    /// The chart of that UUID, likewise.
    pub async fn by_uuid(
        &self,
        access: &Access,
        uuid: uuid::Uuid,
    ) -> Result<Option<Found>, MetastoreError> {
        find(
            self.metastore.pool(),
            &CHARTS,
            access,
            "uuid",
            Filter::Equal(Scalar::Text(uuid.to_string())),
        )
        .await
    }
}
