//! The sample business: a mail-order shop for house and garden, invented for this purpose.
//!
//! 5,000 customers, 120 products, 50,000 orders of 2023-01-01 to 2025-12-31 with their lines, and 80,000
//! web sessions; growing, with seasons, weekdays, campaigns, cancellations and returns. No person, company or
//! figure in it is real. Everything follows from [`SEED`] by whole-number arithmetic, so that every run on
//! every machine gives the same rows.

mod calendar;
mod customers;
mod orders;
mod products;
mod sessions;

use super::cell::{Row, Table};
use super::rng::Rng;
use calendar::Calendar;

/// What the rows follow from. Another number, or another way to use it, is another business: then
/// [`super::VERSION`] has to change too.
const SEED: u64 = 0x7469_6465_6761_7465;

/// The tables, for either backend.
pub(super) const SCHEMA: &str = include_str!("schema.sql");
/// What is made when the rows are in.
pub(super) const INDEXES: &str = include_str!("indexes.sql");

/// All rows of the business. About 20 MB.
#[derive(Debug)]
pub(super) struct Business {
    customers: Vec<customers::Customer>,
    catalogue: products::Catalogue,
    orders: Vec<orders::Order>,
    lines: Vec<orders::Line>,
    sessions: Vec<sessions::Session>,
}

/// The rows of one table.
pub(super) type Rows<'a> = Box<dyn Iterator<Item = Row> + Send + 'a>;

impl Business {
    /// Takes about a tenth of a second: not for an arbiter's thread.
    pub(super) fn generate() -> Self {
        let rng = |purpose| Rng::for_purpose(SEED, purpose);
        let calendar = Calendar::new(&mut rng("calendar"), 210);
        let visits = Calendar::new(&mut rng("visits"), 260);
        let catalogue = products::Catalogue::generate(&mut rng("products"));
        let mut customers = customers::generate(&mut rng("customers"), &calendar);
        let (orders, lines) =
            orders::generate(&mut rng("orders"), &calendar, &catalogue, &mut customers);
        let sessions = sessions::generate(&mut rng("sessions"), &visits);
        Self {
            customers,
            catalogue,
            orders,
            lines,
            sessions,
        }
    }

    /// The tables with their rows, in an order that satisfies their references.
    pub(super) fn tables(&self) -> [(Table, Rows<'_>); 5] {
        [
            (
                customers::TABLE,
                Box::new(self.customers.iter().map(customers::Customer::row)),
            ),
            (
                products::TABLE,
                Box::new(self.catalogue.products.iter().map(products::Product::row)),
            ),
            (
                orders::TABLE,
                Box::new(self.orders.iter().map(orders::Order::row)),
            ),
            (
                orders::LINES,
                Box::new(self.lines.iter().map(orders::Line::row)),
            ),
            (
                sessions::TABLE,
                Box::new(self.sessions.iter().map(sessions::Session::row)),
            ),
        ]
    }
}
