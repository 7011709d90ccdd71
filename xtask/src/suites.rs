//! The tests of the workspace: how they are built, and which of them need other programs.

use std::process::{Command, Stdio};

use anyhow::Context as _;
use cargo_metadata::Message;
use xtask::command;
use xtask::repository::Repository;

/// Integration tests that start Redis, PostgreSQL or nginx: package, target, and the modules in it that do, all
/// when none is named.
///
/// Unit tests that do so live in a module `tests::redis` or `tests::postgres`. Tests below read the sources and
/// fail when one is missing here.
const NEED_PROGRAMS: &[(&str, &str, &[&str])] = &[
    ("tidegate-authorization-server", "it", &[]),
    ("tidegate-control-plane", "it", &[]),
    ("tidegate-database", "postgres", &[]),
    ("tidegate-database", "rows", &[]),
    ("tidegate-engines", "memory", &[]),
    ("tidegate-engines", "postgres", &[]),
    ("tidegate-engines", "rights", &[]),
    ("tidegate-engines", "same_answers", &["postgres"]),
    ("tidegate-examples", "served", &["nodes"]),
    ("tidegate-login", "it", &[]),
    ("tidegate-metastore", "it", &[]),
    ("tidegate-server", "it", &["check_config"]),
    ("tidegate-store-redis", "access", &[]),
    ("tidegate-store-redis", "contract", &[]),
    ("tidegate-store-redis", "failover", &[]),
    ("tidegate-store-redis", "faults", &[]),
    (
        "tidegate-tests",
        "it",
        &["cluster", "faults", "oauth", "systems"],
    ),
    ("tidegate-tools", "analytics", &["postgres"]),
    ("tidegate-tools", "execute_sql", &[]),
    ("tidegate-tools", "parity", &[]),
];

/// Modules of unit tests that start other programs.
const UNIT_MODULES: [&str; 2] = ["tests::redis::", "tests::postgres::"];

/// Builds everything that the tests run. One set of packages and targets for all steps: another would choose
/// other features of the dependencies and build them once more.
pub(crate) fn build(repository: &Repository) -> anyhow::Result<()> {
    command::run(command::cargo(repository.root()).args([
        "build",
        "--locked",
        "--workspace",
        "--all-targets",
    ]))
}

/// As [`build`], unless the caller has built already.
pub(crate) fn build_unless(no_build: bool, repository: &Repository) -> anyhow::Result<()> {
    if no_build { Ok(()) } else { build(repository) }
}

/// Runs all tests with cargo-nextest, which bounds their time, or with `cargo test` where it is missing.
/// `quick` leaves out those that need other programs.
pub(crate) fn run(repository: &Repository, quick: bool) -> anyhow::Result<()> {
    if command::has_subcommand("nextest") {
        let mut nextest = command::cargo(repository.root());
        nextest.args([
            "nextest",
            "run",
            "--locked",
            "--workspace",
            "--no-fail-fast",
        ]);
        if quick {
            nextest.args(["-E", &quick_filter()]);
        }
        command::run(&mut nextest)?;
    } else {
        println!(
            "cargo-nextest is not installed, so `cargo test` runs the tests, without a bound on their time"
        );
        if quick {
            run_quick_binaries(repository)?;
        } else {
            let mut cargo = command::cargo(repository.root());
            command::run(cargo.args([
                "test",
                "--locked",
                "--workspace",
                "--all-targets",
                "--no-fail-fast",
            ]))?;
        }
    }
    // Examples in documentation, which neither of the above runs.
    command::run(command::cargo(repository.root()).args([
        "test",
        "--locked",
        "--workspace",
        "--doc",
        "--quiet",
    ]))
}

/// The filter of cargo-nextest that leaves out tests which need other programs.
fn quick_filter() -> String {
    let targets = NEED_PROGRAMS.iter().map(|(package, target, modules)| {
        let binary = format!("binary_id({package}::{target})");
        if modules.is_empty() {
            return binary;
        }
        format!("({binary} & test(/^({})::/))", modules.join("|"))
    });
    let units = UNIT_MODULES.iter().map(|module| format!("test({module})"));
    format!(
        "not ({})",
        targets.chain(units).collect::<Vec<_>>().join(" | ")
    )
}

/// What the filter does, without cargo-nextest: `cargo test` cannot leave out targets by package.
fn run_quick_binaries(repository: &Repository) -> anyhow::Result<()> {
    let mut cargo = command::cargo(repository.root());
    cargo.args([
        "test",
        "--locked",
        "--workspace",
        "--all-targets",
        "--no-run",
        "--message-format",
        "json",
    ]);
    let output = cargo
        .stderr(Stdio::inherit())
        .output()
        .context("could not start cargo")?;
    anyhow::ensure!(
        output.status.success(),
        "cargo test --no-run ended with {}",
        output.status
    );
    let mut failed = Vec::new();
    for message in Message::parse_stream(output.stdout.as_slice()) {
        let Message::CompilerArtifact(artifact) = message? else {
            continue;
        };
        let Some(executable) = artifact.executable.filter(|_| artifact.profile.test) else {
            continue;
        };
        let folder = artifact
            .manifest_path
            .parent()
            .context("a manifest lies in a folder")?;
        let package = repository
            .packages()
            .iter()
            .find(|package| package.id == artifact.package_id);
        let package = package
            .context("a test of another workspace")?
            .name
            .as_str();
        let needs = NEED_PROGRAMS
            .iter()
            .find(|(of, target, _)| *of == package && *target == artifact.target.name);
        let skipped = match needs {
            Some((_, _, [])) => continue,
            Some((_, _, modules)) => modules.iter().map(|module| format!("{module}::")).collect(),
            None => UNIT_MODULES.map(str::to_owned).to_vec(),
        };
        let mut test = Command::new(executable.as_std_path());
        test.current_dir(folder.as_std_path())
            .env("CARGO_MANIFEST_DIR", folder.as_std_path());
        for module in skipped {
            test.args(["--skip", &module]);
        }
        if let Err(err) = command::run(&mut test) {
            failed.push(format!("{package} {}: {err}", artifact.target.name));
        }
    }
    anyhow::ensure!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::{Path, PathBuf};

    use cargo_metadata::TargetKind;

    use super::*;

    /// What a test calls to start programs.
    const STARTS: [&str; 4] = [
        "RedisServer::start",
        "PostgresServer::start",
        "TestCluster::start",
        "TestCluster::builder",
    ];

    /// What tests of a target share; it starts programs for those that ask.
    const SHARED: [&str; 2] = ["harness", "fixture"];

    fn sources(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path());
        entries
            .flat_map(|path| {
                if path.is_dir() {
                    sources(&path)
                } else {
                    vec![path]
                }
            })
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .collect()
    }

    fn starts_a_program(file: &Path) -> bool {
        let text = std::fs::read_to_string(file).unwrap();
        STARTS.iter().any(|call| text.contains(call))
    }

    /// The top modules of a target that start programs; the target's own name when it is one file.
    fn modules_of(target: &Path) -> BTreeSet<String> {
        let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
        if !target.ends_with("main.rs") {
            return starts_a_program(target)
                .then(|| name(target))
                .into_iter()
                .collect();
        }
        let folder = target.parent().unwrap();
        let files = sources(folder)
            .into_iter()
            .filter(|file| starts_a_program(file));
        files
            .map(|file| {
                name(Path::new(
                    file.strip_prefix(folder).unwrap().iter().next().unwrap(),
                ))
            })
            .collect()
    }

    #[test]
    fn the_table_names_exactly_the_targets_and_modules_that_start_programs() {
        let repository = Repository::read().unwrap();
        let mut found = BTreeMap::new();
        for package in repository.packages() {
            let tests = package
                .targets
                .iter()
                .filter(|target| target.kind.contains(&TargetKind::Test));
            for target in tests {
                let modules = modules_of(target.src_path.as_std_path());
                if !modules.is_empty() {
                    found.insert((package.name.as_str(), target.name.as_str()), modules);
                }
            }
        }
        let listed: Vec<_> = NEED_PROGRAMS
            .iter()
            .map(|(package, target, _)| (*package, *target))
            .collect();
        assert_eq!(listed, found.keys().copied().collect::<Vec<_>>());
        for (package, target, modules) in NEED_PROGRAMS
            .iter()
            .filter(|(_, _, modules)| !modules.is_empty())
        {
            let starting = found[&(*package, *target)].iter().map(String::as_str);
            let starting: Vec<_> = starting.filter(|module| !SHARED.contains(module)).collect();
            // Modules within one file are not looked into.
            if starting == [*target] {
                continue;
            }
            assert_eq!(*modules, starting, "{package} {target}");
        }
    }

    #[test]
    fn unit_tests_that_start_programs_are_in_modules_of_their_own() {
        let repository = Repository::read().unwrap();
        // What starts servers when it is run, not when it is tested.
        let tools = ["xtask", "tidegate-testkit", "tidegate-loadtest"];
        let packages = repository.packages().iter();
        let product = packages.filter(|package| !tools.contains(&package.name.as_str()));
        for package in product {
            let folder = package.manifest_path.parent().unwrap().join("src");
            for file in sources(folder.as_std_path())
                .iter()
                .filter(|file| starts_a_program(file))
            {
                let is_apart = ["tests/redis.rs", "tests/postgres.rs"]
                    .iter()
                    .any(|name| file.ends_with(name));
                assert!(
                    is_apart,
                    "{} starts a program: put it into tests/redis.rs or tests/postgres.rs",
                    file.display()
                );
            }
        }
    }

    #[test]
    fn the_quick_filter_names_targets_and_modules() {
        let filter = quick_filter();
        assert!(
            filter.starts_with("not (binary_id(tidegate-authorization-server::it) | "),
            "{filter}"
        );
        assert!(
            filter.ends_with("test(tests::redis::) | test(tests::postgres::))"),
            "{filter}"
        );
    }
}
