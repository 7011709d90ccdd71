//! The manager's operations on SQLite, on PostgreSQL and through the remote transport.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod api_tokens;
#[cfg(test)]
mod at_rest;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod deployment;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod flags;
#[cfg(test)]
mod given;
#[cfg(test)]
mod grants;
#[cfg(test)]
mod http;
#[cfg(test)]
mod invitations;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod open;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod records;
#[cfg(test)]
mod remote;
#[cfg(test)]
mod rotation;
#[cfg(test)]
mod signing_keys;
#[cfg(test)]
mod standing;
#[cfg(test)]
mod teams;
#[cfg(test)]
mod use_cases;
#[cfg(test)]
mod workspaces;
