//! Rows within a row: what hangs on a row comes with it, in one statement.

use sea_query::{Expr, Func, Query, SelectStatement};

use crate::Backend;

/// The name of the rows within the statement.
const ROWS: &str = "nested";

/// The rows of `select` as one value: JSON, an array of objects with the members `names`, null or empty where there are
/// none. They keep the order of `select`, which may refer to the statement that it stands in. Read by
/// [`rows`](trait.NamedRow.html#method.rows).
pub fn rows_as_json(backend: Backend, names: &[&'static str], select: SelectStatement) -> Expr {
    let row: Expr = match backend {
        Backend::Postgres => Func::cust("json_agg").arg(Expr::col(ROWS)).into(),
        Backend::Sqlite => {
            let members = names
                .iter()
                .flat_map(|name| [Expr::Constant((*name).into()), Expr::col((ROWS, *name))]);
            let object = Func::cust("json_object").args(members);
            Func::cust("json_group_array").arg(object).into()
        }
    };
    let rows = Query::select()
        .expr(row)
        .from_subquery(select, ROWS)
        .to_owned();
    Expr::SubQuery(None, Box::new(rows.into()))
}
