//! What a process uses, from `/proc` (Linux, proc(5)).

use std::fs;
use std::time::Duration;

use anyhow::Context as _;

/// `USER_HZ`, which is 100 on every Linux platform that Rust's standard library supports.
const TICKS_PER_SEC: u32 = 100;

/// Memory that is resident now (`VmRSS`).
///
/// # Errors
/// The process is gone.
pub(crate) fn rss_bytes(pid: u32) -> anyhow::Result<u64> {
    status(pid, "VmRSS:")
}

/// The most that ever was (`VmHWM`).
///
/// # Errors
/// The process is gone.
pub(crate) fn peak_rss_bytes(pid: u32) -> anyhow::Result<u64> {
    status(pid, "VmHWM:")
}

fn status(pid: u32, field: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the server is gone")?;
    let kib = status
        .lines()
        .find_map(|line| {
            line.strip_prefix(field)?
                .trim()
                .strip_suffix(" kB")?
                .parse::<u64>()
                .ok()
        })
        .with_context(|| format!("/proc/{pid}/status has no {field}"))?;
    Ok(kib * 1024)
}

/// How many files and sockets are open.
///
/// # Errors
/// The process is gone.
pub(crate) fn descriptors(pid: u32) -> anyhow::Result<usize> {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).context("the server is gone")?;
    Ok(open.count())
}

/// CPU time of a process, user and system, to 10 ms.
///
/// # Errors
/// The process is gone.
pub(crate) fn cpu_of_process(pid: u32) -> anyhow::Result<Duration> {
    // utime and stime: fields 14 and 15.
    cpu(&format!("/proc/{pid}/stat"), 14)
}

/// CPU time of the children of this process that have ended.
///
/// # Errors
/// `/proc` is not mounted.
pub(crate) fn cpu_of_children() -> anyhow::Result<Duration> {
    // cutime and cstime: fields 16 and 17.
    cpu("/proc/self/stat", 16)
}

fn cpu(path: &str, field: usize) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(path).context("the server is gone")?;
    // The second field is a name in parentheses and may hold spaces; the third one follows.
    let rest = stat.rsplit_once(") ").context("no process status")?.1;
    let ticks = rest
        .split(' ')
        .skip(field - 3)
        .take(2)
        .map(str::parse::<u32>)
        .sum::<Result<u32, _>>()
        .context("no process status")?;
    Ok(Duration::from_secs(1) * ticks / TICKS_PER_SEC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_something() {
        let pid = std::process::id();
        assert!(rss_bytes(pid).unwrap() > 100_000);
        assert!(peak_rss_bytes(pid).unwrap() >= rss_bytes(pid).unwrap() / 2);
        assert!(descriptors(pid).unwrap() > 2);
        assert!(cpu_of_process(pid).unwrap() < Duration::from_hours(1));
        assert!(cpu_of_children().unwrap() < Duration::from_hours(1));
    }
}
