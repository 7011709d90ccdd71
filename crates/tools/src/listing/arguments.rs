//! What the list tools take.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tidegate_metastore::Direction;

/// Arguments of a list tool. `C` names the columns that it filters by, `D` the direction that it takes
/// when none is given.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
// `D: Serialize`, so that the schema can show the default.
pub(crate) struct ListArguments<C, D: Default + Serialize> {
    /// Whether a kept answer will do.
    #[serde(default = "yes", rename = "use_cache")]
    #[expect(
        dead_code,
        reason = "read by the response cache before the tool is called"
    )]
    may_be_cached: bool,
    /// Whether to read anew and keep the new answer.
    #[serde(default)]
    #[expect(
        dead_code,
        reason = "read by the response cache before the tool is called"
    )]
    force_refresh: bool,
    /// Taken for compatibility; what is read here is always current.
    #[serde(default)]
    #[expect(dead_code, reason = "nothing behind it is kept")]
    refresh_metadata: bool,
    /// All of these must hold.
    // By path, since `default` alone would ask for a default column.
    #[serde(default = "no_filters::<C>")]
    pub(crate) filters: Vec<ListFilter<C>>,
    /// Which columns to give; leave it out for a short default. get_schema names all of them.
    #[serde(default)]
    pub(crate) select_columns: Vec<String>,
    /// Text to look for in names and descriptions, whatever its case; % and _ are wildcards.
    #[serde(default)]
    #[schemars(extend("x-has-lines" = true))]
    pub(crate) search: Option<String>,
    /// Column to order by; changed_on when left out.
    #[serde(default)]
    pub(crate) order_column: Option<String>,
    /// asc or desc.
    #[serde(default)]
    pub(crate) order_direction: D,
    /// Which page, the first being 1.
    #[serde(default = "one")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(crate) page: u32,
    /// Rows a page, 1 to 100.
    #[serde(default = "ten")]
    #[schemars(range(max = 100), extend("exclusiveMinimum" = 0))]
    pub(crate) page_size: u32,
}

fn no_filters<C>() -> Vec<ListFilter<C>> {
    Vec::new()
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

fn ten() -> u32 {
    10
}

/// A direction that is `asc` when none is given.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum AscendingFirst {
    #[default]
    Asc,
    Desc,
}

/// A direction that is `desc` when none is given.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum DescendingFirst {
    Asc,
    #[default]
    Desc,
}

impl From<AscendingFirst> for Direction {
    fn from(direction: AscendingFirst) -> Self {
        match direction {
            AscendingFirst::Asc => Self::Ascending,
            AscendingFirst::Desc => Self::Descending,
        }
    }
}

impl From<DescendingFirst> for Direction {
    fn from(direction: DescendingFirst) -> Self {
        match direction {
            DescendingFirst::Asc => Self::Ascending,
            DescendingFirst::Desc => Self::Descending,
        }
    }
}

/// One condition.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct ListFilter<C> {
    /// The column.
    pub(crate) col: C,
    /// How to compare: eq, ne, gt, gte, lt, lte; sw and ew (begins, ends with); in, nin (lists); like,
    /// ilike (contains, % and _ being wildcards); is_null, is_not_null (value is ignored).
    pub(crate) opr: Operator,
    /// What to compare with.
    #[serde(default)]
    pub(crate) value: Option<FilterValue>,
}

/// Superset's operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Operator {
    Eq,
    Ne,
    Sw,
    Ew,
    In,
    Nin,
    Gt,
    Gte,
    Lt,
    Lte,
    Like,
    Ilike,
    IsNull,
    IsNotNull,
}

/// A value or a list of values.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(crate) enum FilterValue {
    #[schemars(extend("x-has-lines" = true))]
    Text(String),
    Integer(i64),
    Number(f64),
    Flag(bool),
    List(Vec<FilterScalar>),
}

/// A value in a list.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(crate) enum FilterScalar {
    #[schemars(extend("x-has-lines" = true))]
    Text(String),
    Integer(i64),
    Number(f64),
    Flag(bool),
}
