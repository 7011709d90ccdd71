#![doc = include_str!("../README.md")]

mod answer;
mod client;
mod connection;
mod context;
mod deployment;
mod failure;
mod flag;
mod key;
mod life;
mod member;
mod policy;
mod scopes;
mod team;
mod token;
mod user;
mod workspace;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use tidegate_config::Settings;
use tidegate_control_plane::Manager;
use tidegate_types::{Clock, SystemClock};

use answer::Answer;
use context::Context;
use failure::Failure;

pub use deployment::{CommandManager, Deployment};

/// What commands take from the environment; no settings.
pub const ENVIRONMENT: [&str; 2] = [workspace::METASTORE, workspace::SECRET_KEY];

/// What is managed.
#[derive(Subcommand)]
pub enum Manage {
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
pub struct Area<C: Subcommand> {
    #[command(subcommand)]
    command: C,
    /// Answers in JSON on standard output, and with errors in JSON on standard error.
    #[arg(long, global = true)]
    json: bool,
}

/// Runs a command. It says on standard error which manager was asked, and makes none. Exit codes: 0 done; 1 the manager is
/// not there, cannot be reached or failed; 2 what was asked is not right;
/// 3 what it is about does not exist; 4 refused, since it exists already or a limit is reached.
///
/// # Errors
/// The answer cannot be written to standard output.
pub async fn run(
    command: Manage,
    settings: Settings,
    deployment: Arc<dyn Deployment>,
) -> io::Result<ExitCode> {
    let is_json = command.is_json();
    let (manager, answer) = Box::pin(answer(command, settings, deployment)).await;
    if let (Some(manager), true) = (&manager, !is_json || answer.is_ok()) {
        eprintln!("tidegate: manager {manager}");
    }
    match answer {
        Ok(answer) => {
            for warning in &answer.warnings {
                eprintln!("tidegate: warning: {warning}");
            }
            let text = if is_json {
                format!("{:#}\n", answer.into_json())
            } else {
                answer.text
            };
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.flush()?;
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => {
            if is_json {
                eprintln!("{}", failure.json(manager.as_deref()));
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

/// The manager that was asked, as people know it, and what came of it.
async fn answer(
    command: Manage,
    settings: Settings,
    deployment: Arc<dyn Deployment>,
) -> (Option<String>, Result<Answer, Failure>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (place, manager) = match deployment.open_manager(&settings, &clock).await {
        Ok(CommandManager::At(place, manager)) => (place, manager),
        Ok(CommandManager::Missing(place)) => return (None, Err(Failure::MissingManager(place))),
        Ok(CommandManager::NotConfigured) => return (None, Err(Failure::NoManager)),
        Err((place, err)) => return (Some(place), Err(err.into())),
    };
    let context = Context {
        manager,
        settings,
        clock,
        deployment,
    };
    let answer = run_in(command, &context).await;
    if let Manager::Local(local) = &context.manager {
        // Files that belong to an open database go.
        local.close().await;
    }
    (Some(place), answer)
}

async fn run_in(command: Manage, context: &Context) -> Result<Answer, Failure> {
    match command {
        Manage::Workspace(area) => workspace::run(area.command, context).await,
        Manage::User(area) => user::run(area.command, context).await,
        Manage::Team(area) => team::run(area.command, context).await,
        Manage::Client(area) => client::run(area.command, context).await,
        Manage::Connection(area) => connection::run(area.command, context).await,
        Manage::Token(area) => token::run(area.command, context).await,
        Manage::Flag(area) => flag::run(area.command, context).await,
        Manage::Key(area) => key::run(area.command, context).await,
    }
}
