//! The `tidegate` binary, as operators run it.

#[cfg(test)]
mod check_config;
#[cfg(test)]
mod manage;
#[cfg(test)]
mod manage_running;
