/// Defines a struct that is read from rows by name. For each field it says which table and column it is stored in, which
/// may be another name; `as text` reads it as text, whatever it is.
///
/// ```
/// tidegate_database::row! {
///     /// Who may do what.
///     pub struct Grant {
///         /// The role.
///         pub role: String = ab_role.name,
///         /// Its description.
///         pub description: Option<String> = ab_role.description,
///     }
/// }
///
/// let mut statement = sea_query::Query::select();
/// Grant::select(&mut statement).from("ab_role");
/// ```
#[macro_export]
macro_rules! row {
    (
        $(#[$about:meta])*
        $visible:vis struct $name:ident {
            $(
                $(#[$about_field:meta])*
                $visible_field:vis $field:ident : $type:ty = $table:ident . $column:tt $(as $cast:ident)?
            ),* $(,)?
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        $visible struct $name {
            $( $(#[$about_field])* $visible_field $field: $type, )*
        }

        impl $name {
            /// Adds what it is read from to a statement.
            $visible fn select(
                statement: &mut $crate::sea_query::SelectStatement,
            ) -> &mut $crate::sea_query::SelectStatement {
                $(
                    let column = $crate::sea_query::Expr::col((stringify!($table), stringify!($column)));
                    $( let column = $crate::sea_query::ExprTrait::cast_as(column, stringify!($cast)); )?
                    statement.expr_as(column, stringify!($field));
                )*
                statement
            }
        }

        impl $crate::FromNestedRow for $name {
            const NAMES: &'static [&'static str] = &[$(stringify!($field)),*];
        }

        impl $crate::FromRow for $name {
            fn from_row(row: &dyn $crate::NamedRow) -> Result<Self, $crate::DatabaseError> {
                Ok(Self {
                    $( $field: row.get(
                        stringify!($field),
                        concat!(stringify!($table), ".", stringify!($column)),
                    )?, )*
                })
            }
        }
    };
}
