//! Floor and target in turns.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Serialize;
use serde_json::Value;
use tidegate_protocol::ProtocolVersion;

use super::Plan;
use super::measured::{MEASURED, Measured};
use crate::address::LoopbackUrl;
use crate::check::check;
use crate::process::{Server, cpu_of_children, head, post};
use crate::wrk::{self, Check, Load, SAMPLE_ID, Seen};

const VERSION: ProtocolVersion = ProtocolVersion::V2026_07_28;

/// How far the bytes of an answer may be from those of the first: rows and times differ a little, an error
/// differs more.
const SIZE_TOLERANCE: f64 = 0.1;

/// One turn each.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Round {
    pub(crate) answer_bytes: usize,
    pub(crate) floor: Seen,
    pub(crate) target: Seen,
    pub(crate) floor_cpu_us: f64,
    pub(crate) target_cpu_us: f64,
    /// While it drove the target.
    pub(crate) generator_cpu_us: f64,
}

impl Round {
    /// Of the target's calls a second to the floor's.
    pub(crate) fn ratio(&self) -> f64 {
        self.target.per_second() / self.floor.per_second().max(1.0)
    }
}

/// Measures a call. Before the rounds, every answer of a short run is looked through, which also warms both
/// servers up.
pub(super) fn measure(
    call: &Measured,
    floor: &Server,
    target: &Server,
    token: &str,
    plan: &Plan,
) -> anyhow::Result<Vec<Round>> {
    let answer_bytes = learn(call, target.url(), Some(token))?;
    let load = Load {
        connections: plan.connections,
        threads: plan.threads,
        duration: plan.duration,
        check: Check::Sizes,
    };
    let warm_up = Load {
        duration: Duration::from_secs(2),
        check: Check::Every,
        ..load
    };
    let floor_path = format!("/{answer_bytes}/mcp");
    let (at_target, at_floor) = (
        request(call, target.url(), "/mcp", Some(token)),
        request(call, floor.url(), &floor_path, Some(token)),
    );
    for (server, request) in [(floor, &at_floor), (target, &at_target)] {
        let seen = wrk::run(server.url(), request, &warm_up)?;
        ensure!(
            seen.requests > 0 && seen.defects() == 0,
            "{}: wrong answers: {seen:?}",
            call.label
        );
    }
    let mut rounds = Vec::new();
    for number in 0..plan.rounds {
        let drive =
            |server: &Server, request: &str| turn(server.url(), &|| server.cpu(), request, &load);
        let (on_floor, on_target) = if number % 2 == 0 {
            let on_floor = drive(floor, &at_floor)?;
            (on_floor, drive(target, &at_target)?)
        } else {
            let on_target = drive(target, &at_target)?;
            (drive(floor, &at_floor)?, on_target)
        };
        check_sizes(call, &on_target.seen, answer_bytes)?;
        rounds.push(Round {
            answer_bytes,
            floor_cpu_us: on_floor.server_cpu_us,
            target_cpu_us: on_target.server_cpu_us,
            generator_cpu_us: on_target.generator_cpu_us,
            floor: on_floor.seen,
            target: on_target.seen,
        });
    }
    Ok(rounds)
}

/// A server that takes turns with another.
pub(super) struct Side<'a> {
    pub(super) url: &'a LoopbackUrl,
    pub(super) token: Option<&'a str>,
    /// CPU time of all its nodes so far.
    pub(super) cpu: &'a dyn Fn() -> anyhow::Result<Duration>,
}

/// What one turn of a side came to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rate {
    pub(super) per_second: f64,
    /// CPU time of its nodes for each call.
    pub(super) cpu_us: f64,
}

/// Calls a second of `health_check` at `checked` with the token, to those at `unchecked` without any, round by round.
///
/// # Errors
/// Answers are wrong.
pub(crate) fn with_and_without(
    checked: &Server,
    token: &str,
    unchecked: &Server,
    rounds: usize,
    duration: Duration,
) -> anyhow::Result<Vec<f64>> {
    let call = MEASURED
        .iter()
        .find(|call| call.label == "health_check")
        .context("health_check is not among the calls")?;
    let sides = [
        Side {
            url: checked.url(),
            token: Some(token),
            cpu: &|| checked.cpu(),
        },
        Side {
            url: unchecked.url(),
            token: None,
            cpu: &|| unchecked.cpu(),
        },
    ];
    let rates = rates(call, &sides, rounds, duration)?;
    Ok(rates
        .iter()
        .map(|[one, other]| one.per_second / other.per_second.max(1.0))
        .collect())
}

/// What two servers that take turns come to, for each round; who begins changes.
///
/// # Errors
/// Answers are wrong.
pub(super) fn rates(
    call: &Measured,
    sides: &[Side<'_>; 2],
    rounds: usize,
    duration: Duration,
) -> anyhow::Result<Vec<[Rate; 2]>> {
    let load = Load {
        connections: 16,
        threads: 1,
        duration,
        check: Check::Sizes,
    };
    let mut learned = Vec::new();
    for Side { url, token, .. } in sides {
        let answer_bytes = learn(call, url, *token)?;
        let request = request(call, url, "/mcp", *token);
        let warm_up = Load {
            duration: Duration::from_secs(2),
            check: Check::Every,
            ..load
        };
        let seen = wrk::run(url, &request, &warm_up)?;
        ensure!(
            seen.requests > 0 && seen.defects() == 0,
            "wrong answers: {seen:?}"
        );
        learned.push((url, request, answer_bytes));
    }
    let mut rates = Vec::new();
    for number in 0..rounds {
        let mut both = [Rate::default(); 2];
        let order = if number % 2 == 0 { [0, 1] } else { [1, 0] };
        for at in order {
            let (url, request, answer_bytes) = &learned[at];
            let turn = turn(url, sides[at].cpu, request, &load)?;
            check_sizes(call, &turn.seen, *answer_bytes)?;
            both[at] = Rate {
                per_second: turn.seen.per_second(),
                cpu_us: turn.server_cpu_us,
            };
        }
        rates.push(both);
    }
    Ok(rates)
}

struct Turn {
    seen: Seen,
    server_cpu_us: f64,
    generator_cpu_us: f64,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a mean needs no more than 52 bits"
)]
fn turn(
    url: &LoopbackUrl,
    cpu: &dyn Fn() -> anyhow::Result<Duration>,
    request: &str,
    load: &Load,
) -> anyhow::Result<Turn> {
    let (server_before, generator_before) = (cpu()?, cpu_of_children()?);
    let seen = wrk::run(url, request, load)?;
    let calls = seen.requests.max(1) as f64;
    let for_each = |spent: Duration| spent.as_secs_f64() * 1e6 / calls;
    Ok(Turn {
        server_cpu_us: for_each(cpu()?.saturating_sub(server_before)),
        generator_cpu_us: for_each(cpu_of_children()?.saturating_sub(generator_before)),
        seen,
    })
}

/// Asks once, checks the answer, and returns its bytes.
fn learn(call: &Measured, target: &LoopbackUrl, token: Option<&str>) -> anyhow::Result<usize> {
    let id = Value::from(SAMPLE_ID);
    let wire = call.call();
    let body = wire.body(VERSION, &id, None).replace("@ROW@", "20000");
    let reply = post(target, "/mcp", &wire.headers(VERSION, token), &body)?;
    ensure!(
        reply.status == 200,
        "{}: HTTP {}: {}",
        call.label,
        reply.status,
        reply.body
    );
    check(&reply.body, &id, &call.expected())
        .with_context(|| format!("{}: {}", call.label, reply.body))?;
    Ok(reply.body.len())
}

/// The request as wrk's script takes it.
fn request(call: &Measured, server: &LoopbackUrl, path: &str, token: Option<&str>) -> String {
    let wire = call.call();
    let body = wire.body(VERSION, &Value::from(SAMPLE_ID), None);
    let bytes = body.replace("@ROW@", "20000").len();
    let body = body.replace(&SAMPLE_ID.to_string(), "@ID@");
    format!(
        "{}\r\n{body}",
        head(server, path, &wire.headers(VERSION, token), bytes)
    )
}

/// An HTTP head comes with each answer; what is left must be as long as a good answer is.
#[expect(
    clippy::cast_precision_loss,
    reason = "a mean needs no more than 52 bits"
)]
fn check_sizes(call: &Measured, seen: &Seen, answer_bytes: usize) -> anyhow::Result<()> {
    const HEAD_BYTES: f64 = 120.0;
    ensure!(seen.requests > 0, "{}: no answers", call.label);
    let mean = seen.bytes as f64 / seen.requests as f64 - HEAD_BYTES;
    let expected = answer_bytes as f64;
    let tolerance = expected * SIZE_TOLERANCE + HEAD_BYTES;
    ensure!(
        (mean - expected).abs() < tolerance,
        "{}: answers of {mean:.0} bytes where a good one has {expected:.0}",
        call.label
    );
    Ok(())
}
