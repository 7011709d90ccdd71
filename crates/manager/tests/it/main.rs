//! The manager's operations on SQLite, on PostgreSQL and through the remote transport.

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod open;
