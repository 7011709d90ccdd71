use std::collections::BTreeMap;

use sea_query::{Expr, ExprTrait, Order, Query};

use crate::MetastoreError;
use tidegate_database::Pool;

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

/// Tags by the id of the thing that they are on. One statement.
pub(crate) async fn tags_of(
    pool: &Pool,
    object_type: &'static str,
    ids: &[i64],
) -> Result<BTreeMap<i64, Vec<Tag>>, MetastoreError> {
    let statement = Query::select()
        .column(("tagged_object", "object_id"))
        .column(("tag", "id"))
        .column(("tag", "name"))
        // Enums in metastores that older versions of Superset made.
        .expr(Expr::col(("tag", "type")).cast_as("text"))
        .column(("tag", "description"))
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
        .and_where(Expr::col(("tagged_object", "object_id")).is_in(ids.iter().copied()))
        .order_by(("tag", "id"), Order::Asc)
        .to_owned();
    let mut tags: BTreeMap<i64, Vec<Tag>> = BTreeMap::new();
    for row in pool.fetch("read tags", &statement).await? {
        tags.entry(row.id(0)?).or_default().push(Tag {
            id: row.id(1)?,
            name: row.text_or_empty(2)?,
            kind: TagKind::parse(&row.text_or_empty(3)?),
            description: row.text(4)?,
        });
    }
    Ok(tags)
}
