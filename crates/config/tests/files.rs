//! The files of `config/`, and the documentation of what is in them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tidegate_config::{DEFAULT_TOML, Environment, Settings, named_keys};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The secrets that `production.example.toml` asks to be given.
fn secrets() -> Environment {
    [
        ("TIDEGATE_STATE__REDIS__URL", "redis://:word@redis:6379/0"),
        ("TIDEGATE_STATE__SECRET", "a text of thirty-two characters!"),
        (
            "TIDEGATE_MANAGER__URL",
            "postgres://tidegate:word@db/tidegate",
        ),
        (
            "TIDEGATE_MANAGER__SECRET",
            "a text of thirty-two characters!",
        ),
        (
            "TIDEGATE_WORKSPACES__ACME__METASTORE",
            "postgres://superset:word@acme-db/superset",
        ),
        (
            "TIDEGATE_WORKSPACES__GLOBEX__METASTORE",
            "postgres://superset:word@globex-db/superset",
        ),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

#[test]
fn every_file_of_the_config_folder_loads() {
    let mut loaded = 0;
    for entry in std::fs::read_dir(root().join("config")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let env = if name.starts_with("production") {
            secrets()
        } else {
            Environment::new()
        };
        // The defaults are no file of an operator: they leave the development user open.
        if name == "default.toml" {
            Settings::load(None, &env).unwrap();
        } else {
            Settings::load(Some(&path), &env)
                .unwrap_or_else(|problems| panic!("{name}: {problems:#?}"));
        }
        loaded += 1;
    }
    assert!(loaded >= 3);
}

#[test]
fn the_production_example_asks_for_every_secret() {
    let problems = Settings::load(
        Some(&root().join("config/production.example.toml")),
        &Environment::new(),
    );
    let keys: BTreeSet<String> = problems
        .unwrap_err()
        .into_iter()
        .map(|problem| problem.key)
        .collect();
    let expected = [
        // Without its URL the manager would be a file of each node.
        "manager.url",
        "state.redis.url",
        "state.secret",
        "workspaces.acme.metastore",
        "workspaces.globex.metastore",
    ];
    assert_eq!(BTreeSet::from(expected.map(str::to_owned)), keys);
}

/// `section.key` of every line that sets one.
fn keys() -> Vec<String> {
    let table: toml::Table = DEFAULT_TOML.parse().expect("the defaults are TOML");
    let mut keys = Vec::new();
    collect("", &table, &mut keys);
    keys
}

fn collect(path: &str, table: &toml::Table, keys: &mut Vec<String>) {
    for (key, value) in table {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match value {
            toml::Value::Table(below) if !below.is_empty() => collect(&path, below, keys),
            _ => keys.push(path),
        }
    }
}

#[test]
fn every_key_has_a_comment() {
    // A comment covers the run of keys below it.
    let mut has_comment = false;
    for line in DEFAULT_TOML.lines() {
        let line = line.trim();
        if line.starts_with('#') {
            has_comment = true;
        } else if line.is_empty() {
            has_comment = false;
        } else if !line.starts_with('[') {
            // The four levels of limits are explained above the first.
            let is_level = line.starts_with("per_minute") || line.starts_with("burst");
            assert!(has_comment || is_level, "{line} has no comment");
        }
    }
}

#[test]
fn every_key_has_a_row_in_the_documentation() {
    let text = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let rows: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let known: BTreeSet<String> = keys()
        .into_iter()
        .map(|key| key.replace("workspaces.demo.", "workspaces.<slug>."))
        // The section of such names has no row of its own.
        .filter(|key| !named_keys().any(|named| named.starts_with(&format!("{key}.<"))))
        .chain(named_keys())
        .collect();
    for key in &known {
        assert!(
            rows.contains(key.as_str()),
            "docs/configuration.md has no row for {key}"
        );
    }
    for row in rows {
        let is_setting = row.contains('.') || row == "data_dir";
        let is_dynamic = row.starts_with("limits.tools");
        assert!(
            !is_setting || is_dynamic || known.contains(row),
            "docs/configuration.md has a row for {row}, which is no key"
        );
    }
}

#[test]
fn the_documentation_tells_the_defaults_as_they_are() {
    let text = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let table: toml::Table = DEFAULT_TOML.parse().unwrap();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, key, default, ..] = cells[..] else {
            continue;
        };
        let key = key
            .trim_matches('`')
            .replace("workspaces.<slug>.", "workspaces.demo.");
        let mut value = Some(&toml::Value::Table(table.clone())).cloned();
        for part in key.split('.') {
            value = value.and_then(|value| value.get(part).cloned());
        }
        let Some(value) = value.filter(|value| !value.is_table()) else {
            continue;
        };
        assert_eq!(
            value.to_string(),
            default.trim_matches('`'),
            "the default of {key}"
        );
    }
}
