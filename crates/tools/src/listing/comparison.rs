//! What an operator and a value compare.

use tidegate_metastore::{Filter, Scalar};

use super::arguments::{FilterScalar, FilterValue, Operator};

impl Operator {
    const fn name(self) -> &'static str {
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
pub(super) fn filter(operator: Operator, value: Option<FilterValue>) -> Result<Filter, String> {
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
