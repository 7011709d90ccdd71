//! What the suite wrote: a folder a scenario, `server-<scenario>-<time>`, with `checks.json` in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

/// `-2026-11-20T08-42-47-022Z`
const TIME_LENGTH: usize = 25;

/// The check that every message is valid against the revision's schema; each scenario has one.
pub(super) const WIRE_SCHEMA: &str = "wire-schema-valid";

/// One check of a scenario.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Check {
    pub(super) id: String,
    pub(super) status: Status,
    error_message: Option<String>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Status {
    Success,
    Failure,
    Warning,
    Info,
    Skipped,
}

impl Check {
    /// Whether it says that something is not as the specification says; a warning is a SHOULD.
    pub(super) fn is_bad(&self) -> bool {
        matches!(self.status, Status::Failure | Status::Warning)
    }

    /// The check in one line.
    pub(super) fn told(&self) -> String {
        format!(
            "{} {:?}: {}",
            self.id,
            self.status,
            self.error_message.as_deref().unwrap_or("no message")
        )
    }
}

/// The checks of each scenario.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) scenarios: BTreeMap<String, Vec<Check>>,
}

impl Report {
    /// # Errors
    /// There is no result, or one that cannot be read.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut report = Self::default();
        let entries = std::fs::read_dir(folder)
            .with_context(|| format!("no results in {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let scenario =
                scenario_of(&name).with_context(|| format!("{name} is no result of the suite"))?;
            let file = entry.path().join("checks.json");
            let text = std::fs::read_to_string(&file)
                .with_context(|| format!("{} is missing", file.display()))?;
            let checks: Vec<Check> = serde_json::from_str(&text)
                .with_context(|| format!("{} is odd", file.display()))?;
            report.scenarios.insert(scenario.to_owned(), checks);
        }
        Ok(report)
    }

    /// Checks that are bad, if the scenario ran.
    pub(super) fn bad(&self, scenario: &str) -> Option<Vec<&Check>> {
        let checks = self.scenarios.get(scenario)?;
        Some(checks.iter().filter(|check| check.is_bad()).collect())
    }

    /// What passed, for a line, apart by whether the revision scores it.
    pub(super) fn summary(&self, required: &BTreeSet<String>) -> String {
        let (scored, others): (Vec<&str>, Vec<&str>) = self
            .scenarios
            .keys()
            .map(String::as_str)
            .partition(|name| required.contains(*name));
        format!(
            "{} of {} scored scenarios pass ({} checks), {} of {} others",
            self.clean(&scored),
            required.len(),
            self.passed(&scored),
            self.clean(&others),
            others.len()
        )
    }

    /// How many of these scenarios ran without anything bad.
    pub(super) fn clean(&self, scenarios: &[&str]) -> usize {
        scenarios
            .iter()
            .filter(|name| self.bad(name).is_some_and(|bad| bad.is_empty()))
            .count()
    }

    /// How many checks of these scenarios succeeded.
    pub(super) fn passed(&self, scenarios: &[&str]) -> usize {
        let checks = scenarios
            .iter()
            .filter_map(|name| self.scenarios.get(*name))
            .flatten();
        checks
            .filter(|check| check.status == Status::Success)
            .count()
    }
}

fn scenario_of(folder: &str) -> Option<&str> {
    let name = folder.strip_prefix("server-")?;
    name.get(..name.len().checked_sub(TIME_LENGTH)?)
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_by_scenario() {
        let folder = tempfile::tempdir().unwrap();
        let scenario = folder
            .path()
            .join("server-server-sse-polling-2026-11-20T08-42-52-264Z");
        std::fs::create_dir(&scenario).unwrap();
        let checks = r#"[
            {"id": "wire-schema-valid", "status": "SUCCESS", "details": {}},
            {"id": "a", "status": "WARNING", "errorMessage": "should"},
            {"id": "b", "status": "SKIPPED"}
        ]"#;
        std::fs::write(scenario.join("checks.json"), checks).unwrap();
        let report = Report::read(folder.path()).unwrap();
        let bad = report.bad("server-sse-polling").unwrap();
        assert_eq!(
            vec!["a Warning: should"],
            bad.iter().map(|check| check.told()).collect::<Vec<_>>()
        );
        let one = ["server-sse-polling"];
        assert_eq!((0, 1), (report.clean(&one), report.passed(&one)));
        assert!(report.bad("ping").is_none());
    }

    #[test]
    fn a_missing_result_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("server-ping-2026-11-20T08-42-52-264Z")).unwrap();
        assert!(Report::read(folder.path()).is_err());
        assert!(Report::read(&folder.path().join("none")).is_err());
    }
}
