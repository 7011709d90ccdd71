//! Programs that the tests need besides Rust.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::bail;
use xtask::command::{self, capture};
use xtask::repository::Repository;
use xtask::toolbox::{self, first_version};

/// How long a program may take to tell its version.
const VERSION_DEADLINE: Duration = Duration::from_secs(30);

/// One program.
pub(crate) struct Requirement {
    name: &'static str,
    /// What is wrong with what is there, `None` when it will do.
    missing: fn(&Repository) -> Option<String>,
    install: Install,
}

/// Where a program comes from.
enum Install {
    /// Packages of Debian.
    Apt(&'static [&'static str]),
    /// Components of the pinned toolchain.
    Rustup(&'static [&'static str]),
    /// Node from npm, into the target folder; what it takes is the npm of Debian, as old as it may be.
    Npm,
}

/// What `cargo xtask test` needs.
pub(crate) const ALL: &[Requirement] = &[
    FORMAT_AND_CLIPPY,
    Requirement {
        name: "redis-server 7.0 or newer",
        missing: |_| too_old("redis-server", &["--version"], (7, 0)),
        install: Install::Apt(&["redis-server"]),
    },
    Requirement {
        name: "PostgreSQL 12 or newer, server and psql",
        missing: |_| {
            let initdb =
                postgres_programs().map_or_else(|| "initdb".into(), |folder| folder.join("initdb"));
            too_old(&initdb.to_string_lossy(), &["--version"], (12, 0))
        },
        install: Install::Apt(&["postgresql", "postgresql-client"]),
    },
    Requirement {
        name: "PgBouncer 1.18 or newer",
        missing: |_| {
            let program = ["pgbouncer", "/usr/sbin/pgbouncer"]
                .into_iter()
                .find(|program| version_of(program, &["--version"]).is_some());
            too_old(program.unwrap_or("pgbouncer"), &["--version"], (1, 18))
        },
        install: Install::Apt(&["pgbouncer"]),
    },
    Requirement {
        name: "openssl",
        missing: |_| {
            version_of("openssl", &["version"])
                .is_none()
                .then(|| "not found".to_owned())
        },
        install: Install::Apt(&["openssl"]),
    },
    Requirement {
        name: "nginx",
        missing: |_| {
            let is_there = ["nginx", "/usr/sbin/nginx"]
                .iter()
                .any(|path| version_of(path, &["-v"]).is_some());
            (!is_there).then(|| "not found".to_owned())
        },
        install: Install::Apt(&["nginx-light"]),
    },
    Requirement {
        name: "Chromium",
        missing: |_| {
            let is_there = ["chromium", "chromium-browser", "google-chrome"]
                .iter()
                .any(|program| version_of(program, &["--version"]).is_some());
            (!is_there).then(|| "not found".to_owned())
        },
        install: Install::Apt(&["chromium"]),
    },
    Requirement {
        name: "Python 3.10 or newer, with venv",
        missing: |_| {
            let venv = capture(
                Command::new("python3").args(["-c", "import ensurepip, venv"]),
                VERSION_DEADLINE,
            );
            let has_venv = venv.is_ok_and(|captured| captured.status.success());
            too_old("python3", &["--version"], (3, 10))
                .or_else(|| (!has_venv).then(|| "has no venv".to_owned()))
        },
        install: Install::Apt(&["python3", "python3-venv"]),
    },
    Requirement {
        name: "npm",
        missing: |_| {
            version_of("npm", &["--version"])
                .is_none()
                .then(|| "not found".to_owned())
        },
        install: Install::Apt(&["nodejs", "npm"]),
    },
    Requirement {
        name: "Node 22.19 or newer",
        missing: |repository| match toolbox::node_folder(repository) {
            Ok(_) => None,
            Err(err) => Some(err.to_string()),
        },
        install: Install::Npm,
    },
];

/// What `cargo xtask test --systems` needs besides.
pub(crate) const SYSTEMS: &[Requirement] = &[Requirement {
    name: "Glewlwyd",
    missing: |_| {
        version_of("glewlwyd", &["--version"])
            .is_none()
            .then(|| "not found".to_owned())
    },
    install: Install::Apt(&["glewlwyd"]),
}];

/// What `cargo xtask test --quick` needs.
pub(crate) const QUICK: &[Requirement] = &[FORMAT_AND_CLIPPY];

const FORMAT_AND_CLIPPY: Requirement = Requirement {
    name: "rustfmt and clippy",
    missing: |_| {
        let missing: Vec<&str> = ["fmt", "clippy"]
            .into_iter()
            .filter(|subcommand| !command::has_subcommand(subcommand))
            .collect();
        (!missing.is_empty()).then(|| format!("cargo {} not found", missing.join(", cargo ")))
    },
    install: Install::Rustup(&["rustfmt", "clippy"]),
};

/// Installs what is missing where this can be done without asking: by apt as root on Debian, by rustup and npm
/// below the target folder everywhere.
///
/// # Errors
/// Something is missing still; the error lists all of it with what to call.
pub(crate) fn ensure(needed: &[Requirement], repository: &Repository) -> anyhow::Result<()> {
    let is_missing = |one: &&Requirement| (one.missing)(repository).is_some();
    let packages: Vec<&str> = needed
        .iter()
        .filter(is_missing)
        .flat_map(|one| one.install.apt())
        .copied()
        .collect();
    if !packages.is_empty() && is_root_on_debian() {
        install_packages(&packages)?;
    }
    let mut problems = Vec::new();
    for one in needed {
        let Some(problem) = (one.missing)(repository) else {
            println!("{:<40} ok", one.name);
            continue;
        };
        match one.install.without_asking(repository) {
            Ok(()) => {}
            Err(err) => println!("{}: {err:#}", one.name),
        }
        match (one.missing)(repository) {
            None => println!("{:<40} installed", one.name),
            Some(_) => problems.push(format!(
                "- {} ({problem}): {}",
                one.name,
                one.install.hint()
            )),
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    bail!(
        "please install what the tests need, or leave it out with `cargo xtask test --quick`:\n{}",
        problems.join("\n")
    );
}

impl Install {
    fn apt(&self) -> &'static [&'static str] {
        match self {
            Self::Apt(packages) => packages,
            Self::Rustup(_) | Self::Npm => &[],
        }
    }

    fn without_asking(&self, repository: &Repository) -> anyhow::Result<()> {
        match self {
            Self::Apt(_) => Ok(()),
            Self::Rustup(components) => command::run(
                Command::new("rustup")
                    .args(["component", "add"])
                    .args(*components),
            ),
            Self::Npm => toolbox::install_node(repository),
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Apt(packages) => {
                format!("apt-get install {} (Debian, Ubuntu)", packages.join(" "))
            }
            Self::Rustup(components) => format!("rustup component add {}", components.join(" ")),
            Self::Npm => "from https://nodejs.org".to_owned(),
        }
    }
}

fn is_root_on_debian() -> bool {
    rustix::process::geteuid().is_root() && Path::new("/etc/debian_version").exists()
}

fn install_packages(packages: &[&str]) -> anyhow::Result<()> {
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq");
        apt
    };
    command::run(apt().arg("update"))?;
    command::run(
        apt()
            .args(["install", "-y", "--no-install-recommends"])
            .args(packages),
    )
}

/// Debian keeps PostgreSQL's programs out of `PATH`; the newest version is taken.
fn postgres_programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions
        .map(|entry| entry.path())
        .max_by_key(|path| number(path))?;
    Some(newest.join("bin")).filter(|folder| folder.join("initdb").exists())
}

/// What a program says about its version, in whichever stream.
fn version_of(program: &str, arguments: &[&str]) -> Option<String> {
    let captured = capture(Command::new(program).args(arguments), VERSION_DEADLINE).ok()?;
    captured
        .status
        .success()
        .then(|| captured.stdout + &captured.stderr)
}

fn too_old(program: &str, arguments: &[&str], least: (u32, u32)) -> Option<String> {
    let Some(text) = version_of(program, arguments) else {
        return Some("not found".to_owned());
    };
    match first_version(&text) {
        Some(version) if version >= least => None,
        Some((major, minor)) => Some(format!("found {major}.{minor}")),
        None => Some(format!("{:?} tells no version", text.trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_comes_with_what_to_call() {
        let repository = Repository::read().unwrap();
        let tidepool = Requirement {
            name: "tidepool",
            missing: |_| Some("not found".into()),
            install: Install::Apt(&[]),
        };
        let err = ensure(&[tidepool], &repository).unwrap_err().to_string();
        assert!(
            err.contains("- tidepool (not found): apt-get install"),
            "{err}"
        );
    }
}
