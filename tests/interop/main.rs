//! Interoperability: the official conformance suite, third-party clients and a browser against running nodes, and the
//! transcripts of what they were answered. `cargo xtask` builds what it needs and calls it.
#![expect(
    clippy::print_stdout,
    reason = "a command line tool, whose output is for people"
)]

mod browser;
mod clients;
mod conformance;
mod node;
mod transcripts;

use clap::{Parser, Subcommand};
use xtask::repository::Repository;

use crate::transcripts::Purpose;

/// Checks of running nodes by programs of others. They use the binaries of the last debug build.
#[derive(Parser)]
#[command(name = "tidegate-interop")]
struct CommandLine {
    #[command(subcommand)]
    check: Check,
}

#[derive(Subcommand)]
enum Check {
    /// Runs the official MCP conformance suite, with fixtures and against the real catalogue.
    Conformance,
    /// Connects the real clients (SDKs, Inspector, mcp-remote), which query real data.
    Clients {
        /// Tries Claude Code and Gemini CLI too, which are some 500 MB.
        #[arg(long)]
        all: bool,
        /// Runs only the clients whose name contains this.
        #[arg(long, default_value = "")]
        only: String,
    },
    /// Goes through the pages in headless Chromium.
    Browser,
    /// Replays what conformance, clients and sign-ins were answered, and compares.
    Transcripts {
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
}

fn main() -> anyhow::Result<()> {
    let check = CommandLine::parse().check;
    let repository = Repository::read()?;
    match check {
        Check::Conformance => conformance::run(&repository),
        Check::Clients { all, only } => clients::run(&repository, &clients::Choice { all, only }),
        Check::Browser => browser::run(&repository),
        Check::Transcripts {
            record,
            label,
            update,
        } => match (record, label, update) {
            (true, ..) => transcripts::record(repository),
            (_, true, _) => transcripts::label(&repository),
            (.., true) => transcripts::replay(&repository, Purpose::Update),
            (.., false) => transcripts::replay(&repository, Purpose::Compare),
        },
    }
}
