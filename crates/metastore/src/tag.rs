use std::collections::BTreeMap;

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};

use crate::MetastoreError;
use crate::keyed::{keyed_by, read_keyed};
use tidegate_database::{Backend, Pool, row, rows_as_json};

/// A tag on a chart, dashboard or dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// `tag.id`.
    pub id: i64,
    /// `tag.name`.
    pub name: String,
    /// What kind it is.
    pub kind: TagKind,
    /// `tag.description`.
    pub description: Option<String>,
}

/// Kinds of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagKind {
    /// Made by a person.
    Custom,
    /// Says what kind of thing it is on.
    Type,
    /// Says who owns the thing.
    Owner,
    /// Says who marked the thing.
    FavoritedBy,
}

impl TagKind {
    /// Superset's number for the kind, which its answers show as text.
    pub const fn number(self) -> u8 {
        match self {
            Self::Custom => 1,
            Self::Type => 2,
            Self::Owner => 3,
            Self::FavoritedBy => 4,
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "type" => Self::Type,
            "owner" => Self::Owner,
            "favorited_by" => Self::FavoritedBy,
            _ => Self::Custom,
        }
    }
}

row! {
    pub(crate) struct TagRow {
        id: i64 = tag.id,
        name: Option<String> = tag.name,
        // Enums in metastores that older versions of Superset made.
        kind: Option<String> = tag.type as text,
        description: Option<String> = tag.description,
    }
}

impl From<TagRow> for Tag {
    fn from(row: TagRow) -> Self {
        Self {
            id: row.id,
            name: row.name.unwrap_or_default(),
            kind: TagKind::parse(row.kind.as_deref().unwrap_or_default()),
            description: row.description,
        }
    }
}

/// The tags on things of a kind, by id.
fn tags(object_type: &'static str) -> SelectStatement {
    TagRow::select(&mut Query::select())
        .from("tagged_object")
        .inner_join(
            "tag",
            Expr::col(("tag", "id")).equals(("tagged_object", "tag_id")),
        )
        .and_where(
            Expr::col(("tagged_object", "object_type"))
                .cast_as("text")
                .eq(object_type),
        )
        .order_by(("tag", "id"), Order::Asc)
        .to_owned()
}

/// Tags by the id of the thing that they are on. One statement.
pub(crate) async fn tags_of(
    pool: &Pool,
    object_type: &'static str,
    ids: &[i64],
) -> Result<BTreeMap<i64, Vec<Tag>>, MetastoreError> {
    let statement = keyed_by(tags(object_type), ("tagged_object", "object_id"), ids);
    let rows: BTreeMap<i64, Vec<TagRow>> = read_keyed(pool, "read tags", statement, ids).await?;
    let all = |rows: Vec<TagRow>| rows.into_iter().map(Into::into).collect();
    Ok(rows.into_iter().map(|(id, rows)| (id, all(rows))).collect())
}

/// The tags on the row whose id is `id` in the statement around, as one value.
pub(crate) fn tags_within(
    backend: Backend,
    object_type: &'static str,
    id: (&'static str, &'static str),
) -> Expr {
    let tags = tags(object_type)
        .and_where(Expr::col(("tagged_object", "object_id")).equals(id))
        .to_owned();
    rows_as_json::<TagRow>(backend, tags)
}
