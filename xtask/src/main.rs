//! `cargo xtask`: everything above one line that developers and CI run. CONTRIBUTING.md lists the commands.
#![expect(
    clippy::print_stdout,
    reason = "a command line tool, whose output is for people"
)]

mod bench;
mod interop;
mod layers;
mod requirements;
mod steps;
mod suites;
mod systems;
mod test;

use clap::{Parser, Subcommand};
use xtask::repository::Repository;
/// Tasks of the Tidegate repository.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct CommandLine {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Installs what the tests need (as root on Debian), or says what to install.
    Setup {
        /// What the systems tests need, too.
        #[arg(long)]
        systems: bool,
    },
    /// Runs every check: format, clippy, layers, tests, documentation, conformance, real clients.
    Test {
        /// Leaves out what needs other programs: Redis, PostgreSQL, nginx, Node, Python.
        #[arg(long)]
        quick: bool,
        /// Runs against whole other systems instead: Superset, providers, all clients. An hour at most.
        #[arg(long, conflicts_with = "quick")]
        systems: bool,
    },
    /// Holds the arrows between the crates, the homes of packages, and the lints of every crate.
    CheckLayers,
    /// Runs the official MCP conformance suite, with fixtures and against the real catalogue.
    Conformance {
        /// Uses the binaries of the last build.
        #[arg(long)]
        no_build: bool,
    },
    /// Connects the real clients (SDKs, Inspector, mcp-remote), which query real data.
    Clients {
        /// Uses the binaries of the last build.
        #[arg(long)]
        no_build: bool,
        /// Tries Claude Code and Gemini CLI too, which are some 500 MB.
        #[arg(long)]
        all: bool,
        /// Runs only the clients whose name contains this.
        #[arg(long, default_value = "")]
        only: String,
    },
    /// Goes through the pages in headless Chromium.
    Browser {
        /// Uses the binaries of the last build.
        #[arg(long)]
        no_build: bool,
    },
    /// Replays what conformance, clients and sign-ins were answered, and compares.
    Transcripts {
        /// Uses the binaries of the last build.
        #[arg(long)]
        no_build: bool,
        /// Runs the checks themselves and writes new transcripts.
        #[arg(long, conflicts_with = "update")]
        record: bool,
        /// Makes transcripts of the last recordings anew.
        #[arg(long, conflicts_with_all = ["record", "update"])]
        label: bool,
        /// Takes what is answered now for what is expected.
        #[arg(long)]
        update: bool,
    },
    /// Runs a short load test; what follows goes to the load generator.
    Bench {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Drives three nodes with Redis and PostgreSQL for an hour; fails when one grows or answers are wrong.
    Soak {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> anyhow::Result<()> {
    let task = CommandLine::parse().task;
    let repository = Repository::read()?;
    match task {
        Task::Setup { systems } => {
            requirements::ensure(requirements::ALL, &repository)?;
            let more = if systems { requirements::SYSTEMS } else { &[] };
            requirements::ensure(more, &repository)
        }
        Task::Test { systems: true, .. } => systems::run(&repository),
        Task::Test { quick, .. } => test::run(&repository, quick),
        Task::CheckLayers => layers::check(&repository),
        Task::Conformance { no_build } => {
            suites::build_unless(no_build, &repository)?;
            interop::run(&repository, &["conformance"])
        }
        Task::Clients {
            no_build,
            all,
            only,
        } => {
            suites::build_unless(no_build, &repository)?;
            let mut arguments = vec!["clients", "--only", &only];
            if all {
                arguments.push("--all");
            }
            interop::run(&repository, &arguments)
        }
        Task::Browser { no_build } => {
            suites::build_unless(no_build, &repository)?;
            interop::run(&repository, &["browser"])
        }
        Task::Transcripts {
            no_build,
            record,
            label,
            update,
        } => {
            suites::build_unless(no_build, &repository)?;
            let purposes = [
                (record, "--record"),
                (label, "--label"),
                (update, "--update"),
            ];
            let chosen = purposes.into_iter().filter(|(is_chosen, _)| *is_chosen);
            let mut arguments = vec!["transcripts"];
            arguments.extend(chosen.map(|(_, option)| option));
            interop::run(&repository, &arguments)
        }
        Task::Bench { mut arguments } => {
            if arguments.is_empty() {
                arguments = ["bench", "--short"].map(str::to_owned).into();
            }
            bench::run(&repository, &arguments)
        }
        Task::Soak { arguments } => {
            let soak = [vec!["soak".to_owned()], arguments].concat();
            bench::run(&repository, &soak)
        }
    }
}
