//! Lists with filters, search, order and pages, the same for charts, dashboards, datasets and databases.

mod column;
mod page;
mod record;

pub use column::{Column, ColumnKind, Filter, Scalar};
pub use page::{Direction, Found, ListQuery, Page};
pub use record::{Cell, Record, Related};

pub(crate) use page::{Entity, count_seen, fetch_page, find};
