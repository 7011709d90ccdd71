use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tidegate_metastore::{Direction, Filter, Scalar};

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

impl Operator {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::In => "in",
            Self::Nin => "nin",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Like => "like",
            Self::Ilike => "ilike",
            Self::IsNull => "is_null",
            Self::IsNotNull => "is_not_null",
        }
    }
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

impl From<FilterScalar> for Scalar {
    fn from(value: FilterScalar) -> Self {
        match value {
            FilterScalar::Text(text) => Self::Text(text),
            FilterScalar::Integer(number) => Self::Integer(number),
            FilterScalar::Number(number) => Self::Number(number),
            FilterScalar::Flag(flag) => Self::Flag(flag),
        }
    }
}

impl FilterValue {
    fn scalars(self) -> Vec<Scalar> {
        match self {
            Self::Text(text) => vec![Scalar::Text(text)],
            Self::Integer(number) => vec![Scalar::Integer(number)],
            Self::Number(number) => vec![Scalar::Number(number)],
            Self::Flag(flag) => vec![Scalar::Flag(flag)],
            Self::List(values) => values.into_iter().map(Into::into).collect(),
        }
    }
}

fn text_of(scalar: Scalar) -> String {
    match scalar {
        Scalar::Text(text) => text,
        Scalar::Integer(number) => number.to_string(),
        Scalar::Number(number) => number.to_string(),
        Scalar::Flag(flag) => flag.to_string(),
    }
}

/// The filter that an operator and a value make.
///
/// # Errors
/// What is wrong with the value, as a clause that follows the path of the value.
pub(crate) fn filter(operator: Operator, value: Option<FilterValue>) -> Result<Filter, String> {
    match operator {
        Operator::IsNull => return Ok(Filter::IsNull),
        Operator::IsNotNull => return Ok(Filter::IsNotNull),
        _ => {}
    }
    let name = operator.name();
    let Some(value) = value else {
        return Err(format!("is missing: {name} needs a value to compare with"));
    };
    let is_list = matches!(value, FilterValue::List(_));
    let mut scalars = value.scalars();
    match operator {
        Operator::In => return Ok(Filter::In(scalars)),
        Operator::Nin => return Ok(Filter::NotIn(scalars)),
        _ => {}
    }
    let Some(scalar) = scalars.pop().filter(|_| !is_list) else {
        return Err(format!(
            "is a list, and {name} takes one value; use in or nin for lists"
        ));
    };
    Ok(match operator {
        Operator::Eq => Filter::Equal(scalar),
        Operator::Ne => Filter::NotEqual(scalar),
        Operator::Gt => Filter::Greater(scalar),
        Operator::Gte => Filter::GreaterOrEqual(scalar),
        Operator::Lt => Filter::Less(scalar),
        Operator::Lte => Filter::LessOrEqual(scalar),
        Operator::Sw => Filter::StartsWith(text_of(scalar)),
        Operator::Ew => Filter::EndsWith(text_of(scalar)),
        Operator::Like => Filter::Like(text_of(scalar)),
        Operator::Ilike => Filter::LikeAnyCase(text_of(scalar)),
        Operator::In | Operator::Nin | Operator::IsNull | Operator::IsNotNull => {
            unreachable!("answered above")
        }
    })
}
