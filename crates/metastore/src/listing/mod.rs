//! Lists with filters, search, order and pages, the same for charts, dashboards, datasets and databases.

mod column;
mod page;
mod record;

pub use column::{Column, ColumnKind, Filter, Scalar, Usage};
pub use page::{Direction, ListQuery, Page};
pub use record::{Record, Related};

pub(crate) use page::{fetch_page, visible};
