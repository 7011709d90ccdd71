//! Lists with filters, search, order and pages, the same for charts, dashboards, datasets and databases.

mod column;
mod filter;
mod page;
mod pattern;
mod query;
mod record;

pub use column::{Column, ColumnKind, Usage};
pub use filter::{Filter, Scalar};
pub use page::Page;
pub use query::{Direction, ListQuery};
pub use record::{Record, Related};

pub(crate) use page::{fetch_page, visible};
