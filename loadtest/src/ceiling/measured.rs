//! What is measured, and what it should come to.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Round, megabytes};
use crate::check::Expected;
use crate::metrics::Counters;
use crate::wire::Call;

/// A call whose ceiling is measured.
pub(super) struct Measured {
    /// What reports call it.
    pub(super) label: &'static str,
    /// Of `tools/call`; `None` is `tools/list`.
    tool: Option<&'static str>,
    arguments: fn() -> Value,
    /// A JSON pointer that good answers have; see [`Expected`].
    text_member: &'static str,
    /// Whether the response cache is on.
    pub(super) is_cached: bool,
    pub(super) goal: Goal,
}

/// What it should come to.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Goal {
    /// Part of the floor's calls a second.
    pub(super) ratio: f64,
    /// Most times the floor's p99.
    pub(super) p99_times: Option<f64>,
}

/// The figures to reach, at 16 connections.
pub(super) const MEASURED: &[Measured] = &[
    Measured {
        label: "tools/list",
        tool: None,
        arguments: || Value::Null,
        text_member: "",
        is_cached: false,
        goal: Goal {
            ratio: 0.45,
            p99_times: Some(10.0),
        },
    },
    Measured {
        label: "health_check",
        tool: Some("health_check"),
        arguments: || json!({}),
        text_member: "/status",
        is_cached: false,
        goal: Goal {
            ratio: 0.3,
            p99_times: Some(10.0),
        },
    },
    Measured {
        label: "list_charts",
        tool: Some("list_charts"),
        arguments: || json!({}),
        text_member: "/charts/0/id",
        is_cached: false,
        goal: Goal {
            ratio: 0.08,
            p99_times: None,
        },
    },
    Measured {
        label: "get_dataset_info",
        tool: Some("get_dataset_info"),
        arguments: || json!({ "identifier": 1 }),
        text_member: "/columns/0/column_name",
        is_cached: false,
        goal: Goal {
            ratio: 0.05,
            p99_times: None,
        },
    },
    Measured {
        label: "execute_sql by id",
        tool: Some("execute_sql"),
        arguments: || {
            // Another row each time: five digits, since the length of a request is fixed.
            json!({ "database_id": 1, "sql": "SELECT * FROM orders WHERE order_id = @ROW@" })
        },
        text_member: "/rows/0/order_id",
        is_cached: false,
        goal: Goal {
            ratio: 0.06,
            p99_times: None,
        },
    },
    Measured {
        label: "list_charts cached",
        tool: Some("list_charts"),
        arguments: || json!({}),
        text_member: "/charts/0/id",
        is_cached: true,
        goal: Goal {
            ratio: 0.25,
            p99_times: None,
        },
    },
];

impl Measured {
    pub(super) fn call(&self) -> Call {
        match self.tool {
            None => Call::list("tools/list"),
            Some(tool) => Call::tool(tool, (self.arguments)()),
        }
    }

    /// Whether each call leaves a record.
    pub(super) const fn is_audited(&self) -> bool {
        self.tool.is_some()
    }

    pub(super) fn expected(&self) -> Expected {
        match self.tool {
            None => Expected {
                member: Some("/tools/0/name".into()),
                text_member: None,
            },
            Some(_) => Expected {
                member: None,
                text_member: Some(self.text_member.into()),
            },
        }
    }
}

/// What a call came to: medians over the rounds.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) label: &'static str,
    pub(crate) answer_bytes: usize,
    pub(crate) floor_per_second: f64,
    pub(crate) per_second: f64,
    /// Of the target's calls a second to the floor's of the same round.
    pub(crate) ratio: f64,
    pub(crate) lowest_ratio: f64,
    pub(crate) highest_ratio: f64,
    pub(crate) goal_ratio: f64,
    pub(crate) floor_p50_us: f64,
    pub(crate) p50_us: f64,
    pub(crate) floor_p99_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) p99_times: f64,
    pub(crate) goal_p99_times: Option<f64>,
    /// CPU time of the server for each call: it says the same on a busy machine.
    pub(crate) floor_cpu_us: f64,
    pub(crate) cpu_us: f64,
    /// CPU time of the generator for each call.
    pub(crate) generator_cpu_us: f64,
    pub(crate) rss_before_mb: f64,
    pub(crate) rss_after_mb: f64,
    pub(crate) calls: u64,
    /// Answers that were none, of every call that was checked.
    pub(crate) defects: u64,
    /// What the server counted meanwhile.
    pub(crate) counted: Counters,
    pub(crate) rounds: Vec<Round>,
}

impl Figure {
    pub(super) fn of(
        call: &Measured,
        rounds: &[Round],
        rss_before: u64,
        rss_after: u64,
        counted: Counters,
    ) -> Self {
        let middle = |of: &dyn Fn(&Round) -> f64| median(rounds.iter().map(of).collect());
        let ratios: Vec<f64> = rounds.iter().map(Round::ratio).collect();
        Self {
            label: call.label,
            answer_bytes: rounds.first().map_or(0, |round| round.answer_bytes),
            floor_per_second: middle(&|round| round.floor.per_second()),
            per_second: middle(&|round| round.target.per_second()),
            ratio: median(ratios.clone()),
            lowest_ratio: ratios.iter().copied().fold(f64::MAX, f64::min),
            highest_ratio: ratios.iter().copied().fold(0.0, f64::max),
            goal_ratio: call.goal.ratio,
            floor_p50_us: middle(&|round| micros(round.floor.p50_us)),
            p50_us: middle(&|round| micros(round.target.p50_us)),
            floor_p99_us: middle(&|round| micros(round.floor.p99_us)),
            p99_us: middle(&|round| micros(round.target.p99_us)),
            p99_times: middle(&|round| {
                micros(round.target.p99_us) / micros(round.floor.p99_us).max(1.0)
            }),
            goal_p99_times: call.goal.p99_times,
            floor_cpu_us: middle(&|round| round.floor_cpu_us),
            cpu_us: middle(&|round| round.target_cpu_us),
            generator_cpu_us: middle(&|round| round.generator_cpu_us),
            rss_before_mb: megabytes(rss_before),
            rss_after_mb: megabytes(rss_after),
            calls: rounds.iter().map(|round| round.target.requests).sum(),
            defects: rounds
                .iter()
                .map(|round| round.target.defects() + round.floor.defects())
                .sum(),
            counted,
            rounds: rounds.to_vec(),
        }
    }

    /// Whether it came to what it should.
    pub(crate) fn is_reached(&self) -> bool {
        self.reaches(1.0)
    }

    /// Whether it came to `part` of what it should: short runs on shared machines are noisy.
    pub(crate) fn reaches(&self, part: f64) -> bool {
        let is_quick = self
            .goal_p99_times
            .is_none_or(|times| self.p99_times * part < times);
        self.defects == 0 && self.ratio >= self.goal_ratio * part && is_quick
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds of one call need no more than 52 bits"
)]
fn micros(us: u64) -> f64 {
    us as f64
}

/// The middle one, or the mean of the middle two; 0 of none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.len(), values.len() / 2) {
        (0, _) => 0.0,
        (count, middle) if count % 2 == 1 => values[middle],
        (_, middle) => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "no arithmetic but a half")]
    fn the_median_is_in_the_middle() {
        assert_eq!(0.0, median(vec![]));
        assert_eq!(2.0, median(vec![3.0, 1.0, 2.0]));
        assert_eq!(2.5, median(vec![4.0, 1.0, 2.0, 3.0]));
    }
}
