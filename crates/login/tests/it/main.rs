//! Signing in on a real manager (SQLite), with the store in memory, and again with Redis and a real OpenID provider.

#[cfg(test)]
mod back_off;
#[cfg(test)]
mod first_start;
#[cfg(test)]
mod invitations;
#[cfg(test)]
mod passwords;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod redis;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod superset;
