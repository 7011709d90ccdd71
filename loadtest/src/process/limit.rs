//! Open files.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Takes as many open files as this process may have; the servers that it starts inherit them. Returns how
/// many.
pub(crate) fn raise_open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    let now = if setrlimit(Resource::Nofile, raised).is_ok() {
        limit.maximum
    } else {
        limit.current
    };
    now.unwrap_or(u64::MAX)
}
