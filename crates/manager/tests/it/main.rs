//! The manager's operations on SQLite, on PostgreSQL and through the remote transport.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod deployment;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod given;
#[cfg(test)]
mod open;
#[cfg(test)]
mod rotation;
