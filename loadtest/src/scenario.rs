//! Workloads as data: who the clients are, and what they call.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::Value;
use tidegate_protocol::ProtocolVersion;

use crate::check::Expected;
use crate::token::USERS;
use crate::wire::Call;

/// A file of `scenarios/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Workload {
    pub(crate) description: String,
    pub(crate) clients: Vec<ClientKind>,
}

/// Clients that behave alike.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientKind {
    pub(crate) name: String,
    /// The protocol revision that they speak.
    pub(crate) era: String,
    /// How many of them there are, relative to the other kinds.
    #[serde(default = "one")]
    pub(crate) weight: usize,
    /// Users of the embedded workspace that they are, in turn.
    #[serde(default = "everybody")]
    pub(crate) users: Vec<String>,
    /// Shortest and longest pause between two calls.
    #[serde(default)]
    pub(crate) think_ms: [u64; 2],
    /// Of revisions with sessions.
    #[serde(default)]
    pub(crate) session: Option<SessionHabit>,
    /// How they read, if slowly.
    #[serde(default)]
    pub(crate) slow: Option<SlowReading>,
    pub(crate) calls: Vec<CallHabit>,
}

/// How sessions are used.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionHabit {
    pub(crate) ending: Ending,
    /// Calls in one session.
    pub(crate) calls: u32,
}

/// How sessions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ending {
    /// By DELETE.
    Closed,
    /// Not at all.
    Abandoned,
}

/// How slowly answers are read.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlowReading {
    /// Bytes at a time.
    pub(crate) bytes: usize,
    /// Pause between two of them.
    pub(crate) pause_ms: u64,
}

/// A call, and how often it is made.
#[derive(Debug, Deserialize)]
pub(crate) struct CallHabit {
    #[serde(flatten)]
    fields: BTreeMap<String, toml::Value>,
    #[serde(default = "one")]
    weight: usize,
    #[serde(default)]
    expect: Expectation,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    member: Option<String>,
    text_member: Option<String>,
}

const fn one() -> usize {
    1
}

fn everybody() -> Vec<String> {
    USERS.map(str::to_owned).into()
}

/// A call that was chosen.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) call: Call,
    pub(crate) label: String,
    pub(crate) expected: Expected,
    weight: usize,
}

impl Workload {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or says something that is not understood.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let workload: Self =
            toml::from_str(&text).with_context(|| format!("cannot parse {}", path.display()))?;
        ensure!(
            !workload.clients.is_empty(),
            "{} has no clients",
            path.display()
        );
        for client in &workload.clients {
            let version = client.version()?;
            client.chosen()?;
            ensure!(client.weight > 0, "{}: a weight of 0", client.name);
            ensure!(!client.users.is_empty(), "{} is nobody", client.name);
            ensure!(
                version.is_modern() == client.session.is_none(),
                "{}: sessions are of the revisions before 2026-07-28, and all of those have them",
                client.name
            );
        }
        Ok(workload)
    }
}

impl ClientKind {
    /// The revision.
    ///
    /// # Errors
    /// There is no such revision.
    pub(crate) fn version(&self) -> anyhow::Result<ProtocolVersion> {
        self.era
            .parse()
            .with_context(|| format!("{}: era {:?}", self.name, self.era))
    }

    /// The pauses.
    pub(crate) const fn think(&self) -> [Duration; 2] {
        [
            Duration::from_millis(self.think_ms[0]),
            Duration::from_millis(self.think_ms[1]),
        ]
    }

    /// The calls to choose from.
    ///
    /// # Errors
    /// One of them is not understood.
    pub(crate) fn chosen(&self) -> anyhow::Result<Vec<Chosen>> {
        ensure!(!self.calls.is_empty(), "{} calls nothing", self.name);
        self.calls
            .iter()
            .map(|habit| {
                habit
                    .chosen()
                    .with_context(|| format!("client {}", self.name))
            })
            .collect()
    }
}

impl CallHabit {
    fn chosen(&self) -> anyhow::Result<Chosen> {
        ensure!(self.weight > 0, "a weight of 0");
        let fields = serde_json::to_value(&self.fields)?;
        let call: Call = serde_json::from_value(fields)?;
        Ok(Chosen {
            label: call.label(),
            expected: Expected {
                member: self.expect.member.clone(),
                text_member: self.expect.text_member.clone(),
            },
            weight: self.weight,
            call,
        })
    }
}

/// One of the calls, by weight.
pub(crate) fn choose<'a>(calls: &'a [Chosen], rng: &mut impl rand::Rng) -> &'a Chosen {
    let total: usize = calls.iter().map(|call| call.weight).sum();
    let mut left = rng.random_range(0..total.max(1));
    for call in calls {
        match left.checked_sub(call.weight) {
            None => return call,
            Some(rest) => left = rest,
        }
    }
    &calls[0]
}

/// Arguments with each `${least..most}` replaced by a number. A text that is nothing else becomes a number.
pub(crate) fn fill(template: &Value, rng: &mut impl rand::Rng) -> Value {
    match template {
        Value::String(text) => fill_text(text, rng),
        Value::Array(items) => items.iter().map(|item| fill(item, rng)).collect(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, value)| (key.clone(), fill(value, rng)))
                .collect(),
        ),
        other => other.clone(),
    }
}

fn fill_text(text: &str, rng: &mut impl rand::Rng) -> Value {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        let Some((range, tail)) = after.split_once('}') else {
            break;
        };
        let bounds = range
            .split_once("..")
            .and_then(|(least, most)| Some((least.parse().ok()?, most.parse().ok()?)));
        let Some((least, most)) = bounds.filter(|(least, most): &(i64, i64)| least <= most) else {
            break;
        };
        let number = rng.random_range(least..=most);
        if before.is_empty() && tail.is_empty() && filled.is_empty() {
            return Value::from(number);
        }
        filled.push_str(before);
        filled.push_str(&number.to_string());
        rest = tail;
    }
    filled.push_str(rest);
    Value::String(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_workload_in_the_folder_can_be_read() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios"));
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let workload = Workload::read(&path).unwrap();
            assert!(!workload.description.is_empty(), "{}", path.display());
            names.push(path.file_stem().unwrap().to_str().unwrap().to_owned());
        }
        names.sort();
        assert_eq!(
            ["abandoned", "legacy", "mixed", "modern", "slow-readers"],
            *names
        );
    }

    #[test]
    fn placeholders_become_numbers() {
        let mut rng = rand::rng();
        let filled = fill(
            &json!({ "page": "${3..3}", "sql": "id = ${7..7} or ${8..8}", "n": 1 }),
            &mut rng,
        );
        assert_eq!(json!({ "page": 3, "sql": "id = 7 or 8", "n": 1 }), filled);
        for broken in ["${", "${1..}", "${2..1}", "$5"] {
            assert_eq!(json!(broken), fill(&json!(broken), &mut rng));
        }
    }

    #[test]
    fn calls_are_chosen_by_weight() {
        let text = "description = 'x'\n[[clients]]\nname = 'a'\nera = '2026-07-28'\n\
                    [[clients.calls]]\nmethod = 'tools/list'\nweight = 1\n\
                    [[clients.calls]]\nmethod = 'server/discover'\nweight = 99\n";
        let workload: Workload = toml::from_str(text).unwrap();
        let calls = workload.clients[0].chosen().unwrap();
        let mut rng = rand::rng();
        let lists = (0..2000)
            .filter(|_| choose(&calls, &mut rng).label == "tools/list")
            .count();
        assert!((1..200).contains(&lists), "{lists} of 2000");
    }
}
