//! Defaults, file and environment, one over the other, as a flat map from key path to value.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::flags::Flag;
use crate::load::Environment;
use crate::problem::{Origin, Problem, nearest};
use crate::schema::{Kind, NAMED, Preset, Schema};
use crate::service_links::{ADVICE, Owner, ServiceLinks};
use crate::{DEFAULT_TOML, python, superset};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Flag(bool),
    Number(i64),
    Float(f64),
    Texts(Vec<String>),
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// The raw form of the settings. Lives only while they are loaded.
#[derive(Debug)]
pub(crate) struct Layers {
    pub(crate) entries: BTreeMap<String, Entry>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) notices: Vec<String>,
    pub(crate) has_file: bool,
    schema: Schema,
    defaults: BTreeMap<String, Value>,
    /// Keys that were given a value of the wrong kind, and have the one of the layer below instead.
    pub(crate) misunderstood: BTreeSet<String>,
    /// Where each workspace, and each entry of [`NAMED`], was first named: by its path, as `workspaces.acme`.
    pub(crate) names: BTreeMap<String, Origin>,
    /// Workspaces that the file or the environment names.
    named: BTreeSet<String>,
    /// Feature flags that were set and are none of ours.
    unknown_flags: BTreeSet<String>,
    /// The same in the sections of [`NAMED`], as `sign_in.providers.okta`.
    named_entries: BTreeSet<String>,
}

/// The workspace that is there while nothing names one, and whose defaults the others take.
const DEMO: &str = "workspaces.demo.";

impl Layers {
    /// `config/default.toml` alone.
    pub(crate) fn defaults() -> Self {
        let table: toml::Table = DEFAULT_TOML
            .parse()
            .expect("a test loads config/default.toml");
        let mut flat = Vec::new();
        flatten("", json_of(table), &mut flat);
        let schema = Schema::of(&flat);
        let defaults: BTreeMap<String, Value> = flat
            .into_iter()
            .filter_map(|(path, json)| Some((schema.kind(&path)?, path, json)))
            .filter_map(|(kind, path, json)| Some((path, of_json(kind, &json)?)))
            .collect();
        let entries = defaults
            .iter()
            .map(|(path, value)| {
                let entry = Entry {
                    value: value.clone(),
                    origin: Origin::Default,
                };
                (path.clone(), entry)
            })
            .collect();
        Self {
            entries,
            problems: Vec::new(),
            notices: Vec::new(),
            has_file: false,
            schema,
            defaults,
            misunderstood: BTreeSet::new(),
            names: BTreeMap::new(),
            named: BTreeSet::new(),
            unknown_flags: BTreeSet::new(),
            named_entries: BTreeSet::new(),
        }
    }

    /// Lays a file's text over what is there.
    pub(crate) fn add_file(&mut self, name: &str, text: &str) {
        self.has_file = true;
        let origin = Origin::File(name.to_owned());
        match text.parse::<toml::Table>() {
            Ok(table) => self.add_tree("", json_of(table), &origin),
            Err(err) => {
                // The message shows the line, which may hold a secret: tell the place only.
                let at = err.span().map_or(0, |span| {
                    text[..span.start.min(text.len())].matches('\n').count() + 1
                });
                let expected = format!("TOML ({})", err.message());
                self.problems.push(Problem::new(
                    name,
                    &origin,
                    format!("a mistake in line {at}"),
                    expected,
                ));
            }
        }
    }

    /// Lays the environment over what is there.
    pub(crate) fn add_environment(&mut self, env: &Environment) {
        let links = ServiceLinks::of(env);
        let mut passed_over = BTreeSet::new();
        let mut sorted: BTreeMap<&String, &String> = BTreeMap::new();
        for (name, value) in env.iter().filter(|(_, value)| !value.is_empty()) {
            match links.owner(name, value) {
                Owner::Service(stem) => {
                    if name.starts_with("TIDEGATE_") || superset::is_setting(name) {
                        passed_over.insert(stem.to_owned());
                    }
                }
                Owner::Operator | Owner::Unknown => {
                    sorted.insert(name, value);
                }
            }
        }
        for stem in passed_over {
            self.notices.push(format!(
                "{stem}_SERVICE_HOST, {stem}_PORT and their like are Kubernetes' variables of a Service and no settings: they are passed over (enableServiceLinks: false keeps them out of the pod)"
            ));
        }
        self.refuse_doubtful_port(&links, env);
        for (name, value) in &sorted {
            superset::add(self, name, value);
        }
        for (name, value) in &sorted {
            self.add_variable(name, value);
        }
    }

    /// A host that somebody set beside a port that may be theirs or a Service's, and that would count.
    fn refuse_doubtful_port(&mut self, links: &ServiceLinks, env: &Environment) {
        const NAME: &str = "MCP_SERVICE_PORT";
        let get = |name: &str| env.get(name).map_or("", String::as_str);
        let port = get(NAME);
        let is_links = matches!(links.owner(NAME, port), Owner::Service(_));
        let is_host_theirs =
            links.owner("MCP_SERVICE_HOST", get("MCP_SERVICE_HOST")) == Owner::Operator;
        let counts = get("TIDEGATE_SERVER__PORT").is_empty()
            && self.entries["server.port"].value != Value::Number(port.parse().unwrap_or_default());
        if is_links && is_host_theirs && counts {
            let expected =
                format!("TIDEGATE_SERVER__PORT, since a Service has this port too; {ADVICE}");
            let origin = Origin::Environment(NAME.to_owned());
            self.problems
                .push(Problem::new("server.port", &origin, port, expected));
        }
    }

    fn add_variable(&mut self, name: &str, value: &str) {
        let Some(rest) = name.strip_prefix("TIDEGATE_") else {
            return;
        };
        // The command line's own variable, and those of the project's tests.
        if rest == "CONFIG" || rest.starts_with("TEST_") {
            return;
        }
        let origin = Origin::Environment(name.to_owned());
        let parts =
            |rest: &str| -> Vec<String> { rest.split("__").map(str::to_ascii_lowercase).collect() };
        if let Some(path) = self.schema.key_of_parts(&parts(rest)) {
            self.set_text(&path, value, &origin);
            return;
        }
        if let Some(path) = rest
            .strip_suffix("_FILE")
            .and_then(|stem| self.schema.key_of_parts(&parts(stem)))
        {
            self.set_from_file(&path, value, &origin);
            return;
        }
        let variables: Vec<String> = self
            .defaults
            .keys()
            .map(|path| format!("TIDEGATE_{}", path.replace('.', "__").to_ascii_uppercase()))
            .collect();
        if self.add_unknown_flag(&parts(rest).join("."), &origin) {
            return;
        }
        let mut expected = match nearest(name, variables.iter().map(String::as_str)) {
            Some(known) => format!("{known}, the nearest known name"),
            None => "TIDEGATE_<SECTION>__<KEY>, as in TIDEGATE_SERVER__PORT".to_owned(),
        };
        if !rest.contains("__")
            && (rest.contains("_PORT") || rest.ends_with("SERVICE_HOST") || rest == "PORT")
        {
            expected = format!("{expected}; {ADVICE}");
        }
        self.problems
            .push(Problem::new(name, &origin, "an unknown name", expected));
    }

    fn set_from_file(&mut self, path: &str, file: &str, origin: &Origin) {
        match std::fs::read_to_string(file) {
            Ok(text) => self.set_text(path, text.trim_end_matches(['\r', '\n']), origin),
            Err(err) => {
                let problem = Problem::new(
                    path,
                    origin,
                    format!("{file} ({err})"),
                    "a file that can be read",
                );
                self.problems.push(problem);
            }
        }
    }

    /// Sets a key, or the keys of a section, from text.
    pub(crate) fn set_text(&mut self, path: &str, text: &str, origin: &Origin) {
        let Some(kind) = self.schema.kind(path) else {
            match python::parse(text) {
                Some(tree @ Json::Object(_)) => self.add_tree(path, tree, origin),
                _ => self.problems.push(Problem::new(
                    path,
                    origin,
                    "text",
                    "a JSON object, since this is a section",
                )),
            }
            return;
        };
        match of_text(kind, text) {
            Some(value) => self.set(path, value, origin),
            None => self.refuse_kind(path, kind, &format!("{text:?}"), origin),
        }
    }

    /// Sets a key from JSON.
    pub(crate) fn set_json(&mut self, path: &str, json: &Json, origin: &Origin) {
        let Some(kind) = self.schema.kind(path) else {
            if self.add_unknown_flag(path, origin) {
                return;
            }
            let expected = if self.schema.is_section(path) {
                "a table of keys".to_owned()
            } else {
                match self.schema.nearest(path) {
                    Some(known) => format!("{known}, the nearest known key"),
                    None => "a key of config/default.toml".to_owned(),
                }
            };
            let found = if self.schema.is_section(path) {
                "a single value"
            } else {
                "an unknown key"
            };
            self.problems
                .push(Problem::new(path, origin, found, expected));
            return;
        };
        match of_json(kind, json) {
            Some(value) => self.set(path, value, origin),
            None => self.refuse_kind(path, kind, &json.to_string(), origin),
        }
    }

    /// Notes a feature flag that is none of ours, so that Superset's `FEATURE_FLAGS` can be copied as they are. Returns
    /// whether the path is one.
    fn add_unknown_flag(&mut self, path: &str, origin: &Origin) -> bool {
        let parts: Vec<&str> = path.split('.').collect();
        let (["flags", name, ..] | ["workspaces", _, "flags", name, ..]) = parts[..] else {
            return false;
        };
        let name = name.to_ascii_uppercase();
        // One that nearly is ours most likely is meant to be.
        let is_near = |known: &&str| strsim::damerau_levenshtein(known, &name) <= 2;
        let Some(known) = Flag::ALL
            .map(Flag::as_str)
            .into_iter()
            .find(|flag| is_near(flag))
        else {
            self.note_name(path, origin);
            self.unknown_flags.insert(name);
            return true;
        };
        let section = path
            .rsplit_once('.')
            .map_or("flags", |(section, _)| section);
        let expected = format!("{section}.{known}, the nearest known key");
        self.problems
            .push(Problem::new(path, origin, "an unknown key", expected));
        true
    }

    pub(crate) fn set(&mut self, path: &str, value: Value, origin: &Origin) {
        self.note_name(path, origin);
        let entry = Entry {
            value,
            origin: origin.clone(),
        };
        self.entries.insert(path.to_owned(), entry);
    }

    fn add_tree(&mut self, path: &str, tree: Json, origin: &Origin) {
        let mut flat = Vec::new();
        flatten(path, tree, &mut flat);
        for (path, json) in flat {
            // A table without keys says nothing, but may name a workspace. An empty file is one too.
            if path.is_empty() {
                continue;
            }
            if json.is_object() && self.schema.is_section(&path) {
                self.note_name(&path, origin);
            } else {
                self.set_json(&path, &json, origin);
            }
        }
    }

    fn note_name(&mut self, path: &str, origin: &Origin) {
        let below = |section: &str| {
            path.strip_prefix(section)?
                .strip_prefix('.')?
                .split('.')
                .next()
        };
        if let Some(name) = below("workspaces") {
            self.named.insert(name.to_owned());
            let path = format!("workspaces.{name}");
            self.names.entry(path).or_insert_with(|| origin.clone());
        }
        for (section, _) in NAMED {
            if let Some(name) = below(section) {
                let path = format!("{section}.{name}");
                self.names
                    .entry(path.clone())
                    .or_insert_with(|| origin.clone());
                self.named_entries.insert(path);
            }
        }
    }

    fn refuse_kind(&mut self, path: &str, kind: Kind, found: &str, origin: &Origin) {
        let found = if Schema::is_secret(path) {
            "[redacted]"
        } else {
            found
        };
        self.misunderstood.insert(path.to_owned());
        self.problems
            .push(Problem::new(path, origin, found, kind.describe()));
    }

    fn tell_unknown_flags(&mut self) {
        let flags: Vec<String> = std::mem::take(&mut self.unknown_flags)
            .into_iter()
            .collect();
        if !flags.is_empty() {
            self.notices.push(format!(
                "feature flags that Tidegate has no feature for have no effect: {}",
                flags.join(", ")
            ));
        }
    }

    /// Drops the default workspace when others are named, and gives what is named its defaults.
    pub(crate) fn complete(&mut self) {
        self.tell_unknown_flags();
        if !self.named.is_empty() && !self.named.contains("demo") {
            self.entries.retain(|path, _| !path.starts_with(DEMO));
        }
        for name in std::mem::take(&mut self.named) {
            for (path, value) in &self.defaults {
                let Some(key) = path.strip_prefix(DEMO) else {
                    continue;
                };
                // Nobody shall get an empty workspace for having forgotten where theirs is.
                let value = if key == "metastore" {
                    Value::Text(String::new())
                } else {
                    value.clone()
                };
                self.entries
                    .entry(format!("workspaces.{name}.{key}"))
                    .or_insert(Entry {
                        value,
                        origin: Origin::Default,
                    });
            }
        }
        for named in std::mem::take(&mut self.named_entries) {
            for (key, preset) in NAMED
                .iter()
                .filter(|(section, _)| named.starts_with(section))
                .flat_map(|(_, keys)| *keys)
            {
                let value = match preset {
                    Preset::Text(text) => Value::Text((*text).to_owned()),
                    Preset::Flag(flag) => Value::Flag(*flag),
                    Preset::Texts(texts) => {
                        Value::Texts(texts.iter().map(|text| (*text).to_owned()).collect())
                    }
                };
                self.entries
                    .entry(format!("{named}.{key}"))
                    .or_insert(Entry {
                        value,
                        origin: Origin::Default,
                    });
            }
        }
        let tools: BTreeSet<String> = self.names_below("limits.tools");
        for tool in tools {
            for key in ["per_minute", "burst"] {
                let general = self.entries[&format!("limits.tool.{key}")].clone();
                self.entries
                    .entry(format!("limits.tools.{tool}.{key}"))
                    .or_insert(general);
            }
        }
    }

    /// The names that stand below a section: `limits.tools` has those of tools.
    pub(crate) fn names_below(&self, section: &str) -> BTreeSet<String> {
        let prefix = format!("{section}.");
        self.entries
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix)?.split('.').next())
            .map(str::to_owned)
            .collect()
    }
}

fn json_of(table: toml::Table) -> Json {
    // Dates become text, which no key takes, so the kind check answers for them.
    let convert = |value| match value {
        toml::Value::Datetime(date) => Json::String(date.to_string()),
        other => serde_json::to_value(other).unwrap_or(Json::Null),
    };
    Json::Object(
        table
            .into_iter()
            .map(|(key, value)| (key, convert(value)))
            .collect(),
    )
}

/// Every leaf with its path. A table without keys is a leaf too.
fn flatten(path: &str, tree: Json, flat: &mut Vec<(String, Json)>) {
    match tree {
        Json::Object(table) if !table.is_empty() => {
            for (key, value) in table {
                let below = if path.is_empty() {
                    key
                } else {
                    format!("{path}.{key}")
                };
                flatten(&below, value, flat);
            }
        }
        leaf => flat.push((path.to_owned(), leaf)),
    }
}

fn of_json(kind: Kind, json: &Json) -> Option<Value> {
    match (kind, json) {
        (Kind::Text, Json::String(text)) => Some(Value::Text(text.clone())),
        (Kind::Flag, Json::Bool(flag)) => Some(Value::Flag(*flag)),
        (Kind::Number, Json::Number(number)) => number.as_i64().map(Value::Number),
        (Kind::Float, Json::Number(number)) => number.as_f64().map(Value::Float),
        (Kind::Texts, Json::String(text)) => Some(Value::Texts(vec![text.clone()])),
        (Kind::Texts, Json::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map(Value::Texts),
        _ => None,
    }
}

fn of_text(kind: Kind, text: &str) -> Option<Value> {
    match kind {
        Kind::Text => Some(Value::Text(text.to_owned())),
        Kind::Flag => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(Value::Flag(true)),
            "false" | "0" | "no" | "off" => Some(Value::Flag(false)),
            _ => None,
        },
        Kind::Number => text.trim().replace('_', "").parse().ok().map(Value::Number),
        Kind::Float => text.trim().parse().ok().map(Value::Float),
        Kind::Texts if text.trim_start().starts_with('[') => of_json(kind, &python::parse(text)?),
        Kind::Texts => Some(Value::Texts(
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect(),
        )),
    }
}
