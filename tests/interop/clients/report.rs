//! What a client got, and whether it is what the sample business holds.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::table::Run;

/// What a user does, and what they must not see.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// Tools that the user may not use, and so are not listed.
    hidden: Vec<String>,
    pub(super) calls: Vec<Call>,
}

/// A call that a client makes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    tool: String,
    arguments: Map<String, Value>,
    /// JSON pointers into the answer, and what must be there.
    expected: HashMap<String, Value>,
}

/// What every script prints.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Report {
    /// The revision that the client agreed on, where it tells.
    pub(super) protocol: Option<String>,
    pub(super) tools: Vec<String>,
    /// The body of each answer, by tool.
    results: HashMap<String, Value>,
}

impl Report {
    /// # Errors
    /// Names the first thing that is not as expected.
    pub(super) fn judge(&self, run: &Run, part: &Part) -> anyhow::Result<()> {
        let protocol = self.protocol.as_deref();
        anyhow::ensure!(
            protocol == run.protocol,
            "agreed on {protocol:?}, not on {:?}",
            run.protocol
        );
        self.judge_part(run.user, part)
    }

    /// As [`Self::judge`], whatever the client agreed on.
    pub(super) fn judge_part(&self, user: &str, part: &Part) -> anyhow::Result<()> {
        for tool in &part.hidden {
            let is_listed = self.tools.contains(tool);
            anyhow::ensure!(!is_listed, "{tool} is listed, and {user} may not use it");
        }
        for Call { tool, expected, .. } in &part.calls {
            anyhow::ensure!(
                self.tools.contains(tool),
                "{tool} is not listed, only {}",
                self.tools.join(", ")
            );
            let result = self.results.get(tool).unwrap_or(&Value::Null);
            for (pointer, value) in expected {
                let found = result.pointer(pointer);
                anyhow::ensure!(
                    found == Some(value),
                    "{tool} {pointer}: {found:?}, not {value}; the answer: {result}"
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::table::RUNS;
    use super::*;

    fn judge(protocol: &str, result: &Value) -> anyhow::Result<()> {
        let results = json!({"list_charts": result});
        let report = json!({"protocol": protocol, "tools": ["list_charts"], "results": results});
        let report: Report = serde_json::from_value(report).unwrap();
        let call = json!({"tool": "list_charts", "arguments": {}, "expected": {"/charts/0/id": 1}});
        let part = json!({"hidden": ["execute_sql"], "calls": [call]});
        report.judge(&RUNS[0], &serde_json::from_value(part).unwrap())
    }

    #[test]
    fn a_tool_that_the_user_may_not_use_must_not_be_listed() {
        let report = json!({"protocol": "2026-07-28", "tools": ["execute_sql"], "results": {}});
        let report: Report = serde_json::from_value(report).unwrap();
        let part: Part =
            serde_json::from_value(json!({"hidden": ["execute_sql"], "calls": []})).unwrap();
        assert!(report.judge(&RUNS[0], &part).is_err());
    }

    #[test]
    fn the_answer_must_hold_what_is_expected() {
        assert!(judge("2026-07-28", &json!({"charts": [{"id": 1}]})).is_ok());
        for (protocol, result) in [
            ("2025-11-25", json!({"charts": [{"id": 1}]})),
            ("2026-07-28", json!({"charts": []})),
            ("2026-07-28", json!(null)),
        ] {
            assert!(judge(protocol, &result).is_err());
        }
    }

    #[test]
    fn half_of_the_runs_or_more_bring_a_token() {
        assert!(RUNS.iter().filter(|run| run.has_token).count() * 2 >= RUNS.len());
    }
}
