//! What is expected of each run, and how a run differs from it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use super::report::{Report, WIRE_SCHEMA};

/// `tests/conformance/expected.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    /// Scenarios that a revision runs without scoring them and that fail, each with the reason.
    not_yet: BTreeMap<String, String>,
    /// By revision: scenarios that need no fixture.
    catalogue: BTreeMap<String, BTreeSet<String>>,
}

impl Expected {
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("{} is missing", file.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is odd", file.display()))
    }

    /// The revisions whose requirements are run.
    pub(super) fn revisions(&self) -> impl Iterator<Item = &str> {
        self.catalogue.keys().map(String::as_str)
    }

    /// With fixtures: everything that the revision scores ran and is clean, warnings included; everything else
    /// is clean, or expected not to be.
    pub(super) fn judge_fixtures(
        &self,
        revision: &str,
        report: &Report,
        required: &BTreeSet<String>,
    ) -> Vec<String> {
        let missing = required
            .iter()
            .filter(|name| !report.scenarios.contains_key(*name));
        let missing = missing.map(|name| format!("{revision} {name}: required, and did not run"));
        let failed = report
            .scenarios
            .keys()
            .filter(|name| !self.not_yet.contains_key(*name));
        let failed = failed.flat_map(|name| told(revision, name, report));
        let forgiven = required
            .iter()
            .filter(|name| self.not_yet.contains_key(*name));
        let forgiven =
            forgiven.map(|name| format!("{revision} {name}: required, so it cannot be in not_yet"));
        missing
            .chain(failed)
            .chain(forgiven)
            .chain(self.passes_by_now(revision, report))
            .collect()
    }

    /// Numbers of a run without fixtures for a line.
    pub(super) fn summary_of_catalogue(&self, revision: &str, report: &Report) -> String {
        let listed: Vec<&str> = self
            .catalogue
            .get(revision)
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let of_wire = report
            .scenarios
            .values()
            .flatten()
            .filter(|check| check.id == WIRE_SCHEMA);
        let (valid, invalid): (Vec<_>, Vec<_>) = of_wire.partition(|check| !check.is_bad());
        format!(
            "{} of {} scenarios without fixtures pass ({} checks), messages valid in {} of {} scenarios",
            report.clean(&listed),
            listed.len(),
            report.passed(&listed),
            valid.len(),
            valid.len() + invalid.len()
        )
    }

    /// A list of failures must not outlive them. Scenarios of which nothing was checked prove nothing.
    fn passes_by_now(&self, revision: &str, report: &Report) -> Vec<String> {
        let clean = self.not_yet.keys().filter(|name| {
            let has_success = report.scenarios.get(*name).is_some_and(|checks| {
                checks.iter().any(|check| {
                    check.id != WIRE_SCHEMA && check.status == super::report::Status::Success
                })
            });
            has_success && report.bad(name).is_some_and(|bad| bad.is_empty())
        });
        clean
            .map(|name| format!("{revision} {name}: passes by now, so take it out of not_yet"))
            .collect()
    }

    /// Without fixtures: the scenarios of the list are clean, and every message is valid.
    pub(super) fn judge_catalogue(&self, revision: &str, report: &Report) -> Vec<String> {
        let listed = self.catalogue.get(revision).into_iter().flatten();
        let listed = listed.flat_map(|name| match report.bad(name) {
            None => vec![format!("{revision} {name}, own catalogue: did not run")],
            Some(_) => told(&format!("{revision}, own catalogue,"), name, report),
        });
        let invalid = report.scenarios.iter().flat_map(|(name, checks)| {
            let bad = checks
                .iter()
                .filter(|check| check.id == WIRE_SCHEMA && check.is_bad());
            bad.map(move |check| format!("{revision} {name}, own catalogue: {}", check.told()))
        });
        let problems: BTreeSet<String> = listed.chain(invalid).collect();
        problems.into_iter().collect()
    }
}

fn told(run: &str, scenario: &str, report: &Report) -> Vec<String> {
    let bad = report.bad(scenario).unwrap_or_default();
    bad.iter()
        .map(|check| format!("{run} {scenario}: {}", check.told()))
        .collect()
}

/// The server scenarios in the output of `conformance list --server --requirements …`: the first block of
/// `- name` lines, up to the client scenarios.
pub(super) fn required(list: &str) -> BTreeSet<String> {
    let server = list
        .lines()
        .skip_while(|line| !line.starts_with("Server scenarios"))
        .skip(1);
    let block = server.take_while(|line| line.trim_start().starts_with("- "));
    block
        .filter_map(|line| line.trim_start().strip_prefix("- "))
        .map(|name| name.trim().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::report::Check;

    fn expected() -> Expected {
        toml::from_str(
            r#"
            [not_yet]
            tasks = "no tasks"
            [catalogue]
            "2026-07-28" = ["tools-list"]
            "#,
        )
        .unwrap()
    }

    fn report(scenarios: &[(&str, &[(&str, &str)])]) -> Report {
        let check = |(id, status): &(&str, &str)| -> Check {
            serde_json::from_value(serde_json::json!({"id": id, "status": status})).unwrap()
        };
        let scenarios = scenarios
            .iter()
            .map(|(name, checks)| ((*name).to_owned(), checks.iter().map(check).collect()));
        Report {
            scenarios: scenarios.collect(),
        }
    }

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn required_scenarios_are_read_up_to_those_of_clients() {
        let list = "Required for 2026-07-28 (3 scenarios):\n\nServer scenarios (test against a server):\n  \
                    - ping\n  - tools-list\n\nClient scenarios (test against a client):\n  - tools_call\n";
        assert_eq!(names(&["ping", "tools-list"]), required(list));
    }

    #[test]
    fn a_clean_run_has_no_problems() {
        let report = report(&[
            ("ping", &[("a", "SUCCESS"), ("b", "INFO")]),
            ("tasks", &[("t", "FAILURE")]),
        ]);
        assert_eq!(
            Vec::<String>::new(),
            expected().judge_fixtures("2026-07-28", &report, &names(&["ping"]))
        );
    }

    #[test]
    fn failures_warnings_and_missing_scenarios_are_problems() {
        let report = report(&[
            ("ping", &[("a", "FAILURE")]),
            ("extra", &[("b", "WARNING")]),
        ]);
        assert_eq!(
            vec![
                "2026-07-28 tools-list: required, and did not run",
                "2026-07-28 extra: b Warning: no message",
                "2026-07-28 ping: a Failure: no message",
            ],
            expected().judge_fixtures("2026-07-28", &report, &names(&["ping", "tools-list"]))
        );
    }

    #[test]
    fn what_is_expected_to_fail_must_fail_and_cannot_be_required() {
        let passing = report(&[("tasks", &[("t", "SUCCESS")])]);
        assert_eq!(
            vec![
                "2026-07-28 tasks: required, so it cannot be in not_yet",
                "2026-07-28 tasks: passes by now, so take it out of not_yet",
            ],
            expected().judge_fixtures("2026-07-28", &passing, &names(&["tasks"]))
        );
        let unchecked = report(&[("tasks", &[("t", "SKIPPED"), (WIRE_SCHEMA, "SUCCESS")])]);
        assert_eq!(
            Vec::<String>::new(),
            expected().judge_fixtures("2026-07-28", &unchecked, &names(&[]))
        );
    }

    #[test]
    fn without_fixtures_every_message_must_be_valid() {
        let report = report(&[
            ("tools-list", &[(WIRE_SCHEMA, "SUCCESS"), ("a", "FAILURE")]),
            (
                "tools-call-image",
                &[(WIRE_SCHEMA, "FAILURE"), ("no fixture", "FAILURE")],
            ),
        ]);
        assert_eq!(
            vec![
                "2026-07-28 tools-call-image, own catalogue: wire-schema-valid Failure: no message",
                "2026-07-28, own catalogue, tools-list: a Failure: no message",
            ],
            expected().judge_catalogue("2026-07-28", &report)
        );
    }
}
