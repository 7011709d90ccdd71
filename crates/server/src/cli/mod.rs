//! Commands that manage a deployment: what pages and endpoints do, for those who would rather not click.
//!
//! Each command asks the manager of the settings, here or remote, for one or two operations. Nodes that run notice what
//! was changed by the manager's change log, within a second.

mod answer;
mod client;
mod connection;
mod context;
mod failure;
mod flag;
mod key;
mod life;
mod policy;
mod scopes;
mod team;
mod token;
mod user;
mod workspace;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use tidegate_config::Settings;
use tidegate_types::{Clock, SystemClock};

use answer::Answer;
use context::Context;
use failure::Failure;

/// What commands take from the environment; no settings.
pub(crate) const ENVIRONMENT: [&str; 2] = [workspace::METASTORE, workspace::SECRET_KEY];

/// What is managed.
#[derive(Subcommand)]
pub(crate) enum Manage {
    /// Workspaces and their members.
    Workspace(Area<workspace::Command>),
    /// People and service accounts.
    User(Area<user::Command>),
    /// Teams: groups that join workspaces together.
    Team(Area<team::Command>),
    /// OAuth clients and machine clients, and which of them may be used.
    Client(Area<client::Command>),
    /// Connections: what people let clients do.
    Connection(Area<connection::Command>),
    /// API tokens.
    Token(Area<token::Command>),
    /// Feature flags, which count within a second on every node.
    Flag(Area<flag::Command>),
    /// Keys that access tokens are signed with.
    Key(Area<key::Command>),
}

#[derive(Args)]
pub(crate) struct Area<C: Subcommand> {
    #[command(subcommand)]
    command: C,
    /// Answers in JSON on standard output, and with errors in JSON on standard error.
    #[arg(long, global = true)]
    json: bool,
}

/// Runs a command. Exit codes: 0 done; 1 the manager cannot be reached or failed; 2 what was asked is not right;
/// 3 what it is about does not exist; 4 refused, since it exists already or a limit is reached.
pub(crate) async fn run(command: Manage, settings: Settings) -> anyhow::Result<ExitCode> {
    let is_json = command.is_json();
    match Box::pin(answer(command, settings)).await {
        Ok(answer) => {
            let text = if is_json {
                format!("{:#}\n", answer.json)
            } else {
                answer.text
            };
            let mut out = std::io::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.flush()?;
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => {
            if is_json {
                eprintln!("{}", failure.json());
            } else {
                eprintln!("tidegate: {}", failure.words());
            }
            Ok(failure.exit_code())
        }
    }
}

impl Manage {
    fn is_json(&self) -> bool {
        match self {
            Self::Workspace(area) => area.json,
            Self::User(area) => area.json,
            Self::Team(area) => area.json,
            Self::Client(area) => area.json,
            Self::Connection(area) => area.json,
            Self::Token(area) => area.json,
            Self::Flag(area) => area.json,
            Self::Key(area) => area.json,
        }
    }
}

async fn answer(command: Manage, settings: Settings) -> Result<Answer, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let manager = tidegate_server::open_manager(&settings, &clock).await?;
    let context = Context {
        manager: manager.ok_or(Failure::NoManager)?,
        settings,
        clock,
    };
    match command {
        Manage::Workspace(area) => workspace::run(area.command, &context).await,
        Manage::User(area) => user::run(area.command, &context).await,
        Manage::Team(area) => team::run(area.command, &context).await,
        Manage::Client(area) => client::run(area.command, &context).await,
        Manage::Connection(area) => connection::run(area.command, &context).await,
        Manage::Token(area) => token::run(area.command, &context).await,
        Manage::Flag(area) => flag::run(area.command, &context).await,
        Manage::Key(area) => key::run(area.command, &context).await,
    }
}
