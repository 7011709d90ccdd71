//! The results of each kind of run as tables.

use super::Table;
use crate::abandon::Memory;
use crate::access::{Access, Rate};
use crate::ceiling::against::Ratio;
use crate::ceiling::{Ceiling, Figure};
use crate::drive::Comparison;
use crate::fairness::{MAX_P99_RATIO, Phase};
use crate::soak::Growth;

fn texts<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).into()
}

/// What access costs.
pub(crate) fn of_access(access: &Access) -> Table {
    let yes = |is_so: bool| if is_so { "yes" } else { "no" }.to_owned();
    let rate = |rate: &Rate| {
        let failed = match (rate.failed, &rate.first_failure) {
            (0, _) => String::new(),
            (failed, first) => format!(
                ", {failed} failed: {}",
                first.as_deref().unwrap_or_default()
            ),
        };
        format!(
            "{} done, {:.2} ms of CPU each{failed}",
            rate.done, rate.cpu_ms
        )
    };
    Table {
        title: "Access".into(),
        head: texts(["what", "measured", "goal", "reached", "how"]),
        rows: vec![
            vec![
                "whole sign-ins with a refresh".to_owned(),
                format!("{:.0} a minute", access.sign_ins.per_minute()),
                "1,000 a minute".to_owned(),
                yes(access.sign_ins.per_minute() >= 1_000.0 && access.sign_ins.failed == 0),
                rate(&access.sign_ins),
            ],
            vec![
                "refreshes at the token endpoint".to_owned(),
                format!("{:.0} a second", access.refreshes.per_second),
                "500 a second".to_owned(),
                yes(access.refreshes.per_second >= 500.0 && access.refreshes.failed == 0),
                rate(&access.refreshes),
            ],
            vec![
                "health_check with an access token to without".to_owned(),
                format!("{:.2}", access.checked_to_unchecked),
                "0.85".to_owned(),
                yes(access.checked_to_unchecked >= 0.85),
                "calls a second, in turns, the median".to_owned(),
            ],
        ],
        notes: vec![format!(
            "{} cores, shared by the server and its clients",
            access.cores
        )],
    }
}

/// What one workspace's trouble costs the others.
pub(crate) fn of_fairness(phases: &[Phase]) -> Table {
    let row = |phase: &Phase| {
        let neighbour = &phase.neighbour;
        let colleague = phase.colleague.as_ref().map_or_else(
            || "-".to_owned(),
            |probed| format!("{} of {}", probed.failed, probed.calls),
        );
        vec![
            phase.name.to_owned(),
            format!("{} of {}", neighbour.failed, neighbour.calls),
            format!("{:.1}, {:.1}", neighbour.p50_ms, neighbour.p99_ms),
            format!("{:.2}", phase.p99_ratio),
            colleague,
            if phase.is_fair() { "yes" } else { "no" }.to_owned(),
        ]
    };
    let failures = phases.iter().flat_map(|phase| {
        let colleague = phase.colleague.as_ref();
        let probes = std::iter::once(&phase.neighbour).chain(colleague);
        probes.filter_map(|probed| {
            Some(format!(
                "{}: {}",
                phase.name,
                probed.first_failure.as_ref()?
            ))
        })
    });
    Table {
        title: "One workspace's trouble, and its neighbours".into(),
        head: texts([
            "trouble in the one workspace",
            "refused in the other",
            "p50, p99 there (ms)",
            "p99 to that without trouble",
            "refused to another user of the first",
            "fair",
        ]),
        rows: phases.iter().map(row).collect(),
        notes: std::iter::once(format!(
            "fair: nobody is refused, and p99 is at most {MAX_P99_RATIO} times that without trouble"
        ))
        .chain(failures)
        .collect(),
    }
}

/// Two binaries side by side.
pub(crate) fn of_binaries(ratios: &[Ratio]) -> Table {
    let row = |ratio: &Ratio| {
        vec![
            ratio.label.to_owned(),
            format!("{:.0}", ratio.per_second),
            format!("{:.0}", ratio.against_per_second),
            format!(
                "{:.3} ({:.3} to {:.3})",
                ratio.median, ratio.lowest, ratio.highest
            ),
            format!("{:.0} ({:.0})", ratio.cpu_us, ratio.against_cpu_us),
        ]
    };
    Table {
        title: "Two binaries in turns".into(),
        head: texts([
            "call",
            "calls/s",
            "compared with, calls/s",
            "ratio (lowest to highest)",
            "CPU a call, µs (compared with)",
        ]),
        rows: ratios.iter().map(row).collect(),
        notes: vec!["16 connections; medians of the rounds, and of their own ratios".to_owned()],
    }
}

/// Whether nodes grew.
pub(crate) fn of_growth(nodes: &[Growth]) -> Table {
    let row = |(number, node): (usize, &Growth)| {
        let cells = [node.memory_mb, node.descriptors]
            .map(|[before, after]| [format!("{before:.0}"), format!("{after:.0}")]);
        let mut row = vec![(number + 1).to_string()];
        row.extend(cells.into_iter().flatten());
        row
    };
    Table {
        title: "What nodes used".into(),
        head: texts([
            "node",
            "memory, second quarter, MB",
            "last quarter, MB",
            "open files and sockets, second quarter",
            "last quarter",
        ]),
        rows: nodes.iter().enumerate().map(row).collect(),
        notes: vec!["medians; the first quarter fills caches and pools".to_owned()],
    }
}

/// The ratios to the floor.
pub(crate) fn of_ceiling(ceiling: &Ceiling) -> Table {
    let row = |figure: &Figure| {
        let p99 = figure
            .goal_p99_times
            .map_or_else(String::new, |times| format!(" (< {times:.0})"));
        vec![
            figure.label.to_owned(),
            figure.answer_bytes.to_string(),
            format!("{:.0}", figure.floor_per_second),
            format!("{:.0}", figure.per_second),
            format!(
                "{:.3} ({:.3} to {:.3})",
                figure.ratio, figure.lowest_ratio, figure.highest_ratio
            ),
            figure.goal_ratio.to_string(),
            if figure.is_reached() { "yes" } else { "no" }.to_owned(),
            format!("{:.2} / {:.2}", figure.p50_us / 1e3, figure.p99_us / 1e3),
            format!(
                "{:.2} / {:.2}",
                figure.floor_p50_us / 1e3,
                figure.floor_p99_us / 1e3
            ),
            format!("{:.1}{p99}", figure.p99_times),
            format!(
                "{:.1} / {:.1} / {:.1}",
                figure.cpu_us, figure.floor_cpu_us, figure.generator_cpu_us
            ),
            format!("{:.0} to {:.0}", figure.rss_before_mb, figure.rss_after_mb),
            format!(
                "{} / {}",
                figure.counted.audit_written, figure.counted.audit_dropped
            ),
        ]
    };
    Table {
        title: "Calls against the floor".into(),
        head: texts([
            "call",
            "answer, bytes",
            "floor, calls/s",
            "calls/s",
            "ratio (lowest to highest)",
            "goal",
            "reached",
            "p50 / p99, ms",
            "floor p50 / p99, ms",
            "p99, times the floor's",
            "CPU for a call, µs: server / floor / generator",
            "RSS, MB",
            "audit rows written / dropped",
        ]),
        rows: ceiling.figures.iter().map(row).collect(),
        notes: vec![
            format!(
                "medians of {} rounds of {} s each, floor and target in turns; wrk with {} connections on the same {} \
                 cores",
                ceiling.rounds, ceiling.seconds_a_round, ceiling.connections, ceiling.cores
            ),
            "JWT (HS256), rights, limits, audit to the metastore, StatsD and Prometheus are on"
                .into(),
            format!("StatsD datagrams received: {}", ceiling.statsd_datagrams),
            format!(
                "start {:.0} ms, idle RSS {:.1} MB",
                ceiling.start_ms, ceiling.idle_rss_mb
            ),
        ],
    }
}

/// What sessions and slow readers take.
pub(crate) fn of_memory(memory: &Memory) -> Table {
    let (abandoned, open, slow) = (&memory.abandoned, &memory.open, &memory.slow);
    let samples: Vec<String> = abandoned
        .samples
        .iter()
        .map(|(opened, mb)| format!("{opened}: {mb:.0}"))
        .collect();
    let yes = |is_so: bool| if is_so { "yes" } else { "no" }.to_owned();
    let row = |what: &str, figure: String, goal: &str, is_reached: String| {
        vec![what.to_owned(), figure, goal.to_owned(), is_reached]
    };
    Table {
        title: "Memory and start".into(),
        head: texts(["what", "measured", "goal", "reached"]),
        rows: vec![
            row(
                "start with an existing workspace",
                format!("{:.0} ms", memory.start_ms),
                "< 300 ms",
                yes(memory.start_ms < 300.0),
            ),
            row(
                "idle",
                format!("{:.1} MB", memory.idle_mb),
                "< 60 MB",
                yes(memory.idle_mb < 60.0),
            ),
            row(
                &format!(
                    "after {} abandoned sessions of {} users",
                    abandoned.sessions, abandoned.users
                ),
                format!(
                    "{:.1} MB, at most {:.1} MB",
                    abandoned.after_mb, abandoned.peak_mb
                ),
                "flat",
                yes(abandoned.is_flat() && abandoned.failed == 0),
            ),
            row(
                &format!(
                    "{} sessions open at once, {} of them streaming",
                    open.sessions, open.streams
                ),
                format!(
                    "{:.1} MB before, {:.1} MB open, {:.1} MB streaming, {:.1} MB after",
                    open.before_mb, open.opened_mb, open.streaming_mb, open.after_mb
                ),
                "all answer",
                yes(open.lost == 0),
            ),
            row(
                &format!(
                    "{} connections that ask {} times and read nothing",
                    slow.connections, slow.asked_each
                ),
                format!(
                    "{:.1} MB before, at most {:.1} MB, {:.1} MB after",
                    slow.before_mb, slow.during_mb, slow.after_mb
                ),
                "others are served",
                yes(slow.others_are_served),
            ),
        ],
        notes: vec![
            format!(
                "MB after so many abandoned sessions: {}",
                samples.join(", ")
            ),
            format!(
                "{:.0} sessions opened a second (initialize and notifications/initialized); {} ended to make room, {} \
                 actors alive at the end",
                abandoned.per_second,
                abandoned.counted.sessions_evicted,
                abandoned.counted.sessions
            ),
            format!(
                "with all sessions open there were {} actors, and the slowest answer took {:.1} ms; {} actors after \
                 DELETE of all",
                open.actors_with_all_open, open.slowest_ms, open.actors_after
            ),
        ],
    }
}

/// The calls of a workload, and the ratio of two targets.
pub(crate) fn of_comparison(comparison: &Comparison) -> Table {
    let mut head = texts(["call"]);
    for target in &comparison.targets {
        head.extend(
            ["calls", "failed", "calls/s", "p50, ms", "p99, ms"]
                .map(|what| format!("{target}: {what}")),
        );
    }
    let is_pair = comparison.targets.len() == 2;
    if is_pair {
        head.extend(texts(["ratio, calls/s", "ratio, p50", "ratio, p99"]));
    }
    let rows = comparison.rows.iter().map(|row| {
        let mut cells = vec![row.label.clone()];
        for figures in &row.figures {
            cells.extend([
                figures.calls.to_string(),
                figures.failed.to_string(),
                format!("{:.0}", figures.per_second),
                format!("{:.2}", figures.p50_ms),
                format!("{:.2}", figures.p99_ms),
            ]);
        }
        if let (true, [one, other]) = (is_pair, row.figures.as_slice()) {
            cells.extend([
                ratio(one.per_second, other.per_second),
                ratio(one.p50_ms, other.p50_ms),
                ratio(one.p99_ms, other.p99_ms),
            ]);
        }
        cells
    });
    let errors = comparison.errors.iter().flat_map(|(target, errors)| {
        errors
            .iter()
            .map(move |(error, count)| format!("{target}: {count} times {error}"))
    });
    Table {
        title: comparison.workload.clone(),
        head,
        rows: rows.collect(),
        notes: std::iter::once(format!(
            "{} clients, {} rounds of {} s a target, in turns; every body was checked; a ratio is the first target's \
             figure to the second's",
            comparison.bounds.users,
            comparison.rounds,
            comparison.bounds.duration.as_secs()
        ))
        .chain(errors)
        .collect(),
    }
}

fn ratio(one: f64, other: f64) -> String {
    if other > 0.0 {
        format!("{:.2}", one / other)
    } else {
        "-".to_owned()
    }
}
