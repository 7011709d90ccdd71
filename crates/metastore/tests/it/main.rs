//! The repositories on a real Superset's metadata, in PostgreSQL and in a SQLite copy of it.

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod list;
#[cfg(test)]
mod log;
#[cfg(test)]
mod open;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod unit_of_work;
#[cfg(test)]
mod users;
