//! The command line.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use tidegate_config::Settings;
use tidegate_demo_data::{PostgresTarget, seed_postgres};
use tidegate_login::FirstAdministrator;
use tidegate_server::{
    Application, CommandDeployment, SignInPlace, check_settings, wait_for_signal,
};
use tidegate_types::{ExposeSecret as _, SecretString, SystemClock, WorkspaceSlug};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Gives `seed --data-url`, which holds a password, without showing it among the processes.
const SEED_DATA_URL: &str = "TIDEGATE_SEED_DATA_URL";

/// An MCP server for Apache Superset workspaces.
///
/// Without a command it serves. With nothing configured it serves the embedded workspace `demo` on
/// 127.0.0.1:5008 for the development user.
#[derive(Parser)]
#[command(name = "tidegate", version, about)]
struct CommandLine {
    /// Settings in TOML, over the defaults and under the environment.
    #[arg(long, global = true, env = "TIDEGATE_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves MCP. This is what happens without a command.
    Serve,
    /// Reads the settings and reports every problem at once. Connects to nothing, unless it is told to.
    CheckConfig {
        /// Reaches for Redis, the manager and the metastores as well, and tries the secret keys. Changes nothing.
        #[arg(long)]
        connect: bool,
    },
    /// Fills an empty PostgreSQL metastore and data base with the sample business.
    Seed {
        /// The workspace of the configuration whose metastore is filled.
        #[arg(long)]
        workspace: WorkspaceSlug,
        /// Where the sample data go: postgres://user:password@host/database.
        #[arg(long, env = SEED_DATA_URL, hide_env_values = true)]
        data_url: String,
    },
    /// Asks a running server whether it is ready; for container health checks.
    Healthcheck {
        /// The server.
        #[arg(long, default_value = "http://127.0.0.1:5008")]
        url: String,
    },
    #[command(flatten)]
    Manage(tidegate_cli::Manage),
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(err) => {
            // Before or after logging is set up, this reaches the operator.
            eprintln!("tidegate: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    // One provider for every TLS connection of the process, before anything makes one.
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("a TLS provider is installed already"))?;
    let CommandLine { config, command } = CommandLine::parse();
    let mut environment: HashMap<String, String> = std::env::vars().collect();
    // They are no settings, and the settings refuse names that they do not know.
    for name in tidegate_cli::ENVIRONMENT.into_iter().chain([SEED_DATA_URL]) {
        environment.remove(name);
    }
    if let Some(Command::Healthcheck { url }) = &command {
        return tokio_main(healthcheck(url));
    }
    let load = match &command {
        // It fills a database, and lets nobody in.
        Some(Command::Seed { .. }) => Settings::load_for_command,
        _ => Settings::load,
    };
    let settings = match load(config.as_deref(), &environment) {
        Ok(settings) => settings,
        Err(problems) => return Ok(refuse(&problems)),
    };
    if matches!(
        command,
        None | Some(Command::Serve | Command::CheckConfig { .. })
    ) {
        let checked = check_settings(&settings)?;
        for notice in &checked.notices {
            eprintln!("note: {notice}");
        }
        if !checked.problems.is_empty() {
            return Ok(refuse(&checked.problems));
        }
    }
    match command {
        None | Some(Command::Serve) => actix_rt::System::new().block_on(serve(settings)),
        Some(Command::CheckConfig { connect }) => {
            for notice in &settings.notices {
                eprintln!("note: {notice}");
            }
            if connect {
                eprintln!("the settings are good");
                return tokio_main(check_connections(settings));
            }
            eprintln!(
                "the settings are good; nothing was connected to (--connect reaches for Redis, the manager and the metastores)"
            );
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Seed {
            workspace,
            data_url,
        }) => tokio_main(seed(settings, workspace, data_url.into())),
        Some(Command::Healthcheck { .. }) => Ok(ExitCode::SUCCESS),
        Some(Command::Manage(command)) => tokio_main(async {
            let deployment = Arc::new(CommandDeployment);
            Ok(tidegate_cli::run(command, settings, deployment).await?)
        }),
    }
}

/// Says what is wrong with the settings.
fn refuse(problems: &[impl std::fmt::Display]) -> ExitCode {
    for problem in problems {
        eprintln!("{problem}");
    }
    let count = match problems.len() {
        1 => "one problem".to_owned(),
        several => format!("{several} problems"),
    };
    eprintln!("tidegate: {count} in the settings");
    ExitCode::from(2)
}

fn tokio_main(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

async fn serve(settings: Settings) -> anyhow::Result<ExitCode> {
    let telemetry = tidegate_telemetry::init(&settings.telemetry, &settings.server.node_id)?;
    let application = Application::builder(settings).metrics(telemetry.metrics);
    // On the heap: everything is put together in it.
    let mut running = Box::pin(application.start()).await?;
    if let Some(first) = running.take_first_administrator() {
        show_first_administrator(&first, running.sign_in());
    }
    for notice in running.notices() {
        tracing::warn!("{notice}");
    }
    if env!("OPT_LEVEL") == "0" {
        tracing::info!(
            "this build is not optimised, so that it is made within minutes; deploy what cargo build --profile dist makes"
        );
    }
    for address in running.addresses() {
        tracing::info!(%address, "serving MCP at http://{address}/mcp");
    }
    if let Some(place) = running.sign_in() {
        tracing::info!("people sign in at {}", place.url);
    }
    let ends = running.ends();
    let code = tokio::select! {
        signal = wait_for_signal() => {
            signal?;
            tracing::info!("stopping; a second signal stops at once");
            ExitCode::SUCCESS
        }
        ended = running.ended() => {
            ended.context("the HTTP server ended")?;
            ExitCode::FAILURE
        }
        () = ends.cancelled() => {
            tracing::error!("the node lost its connection to the others' signals and stops");
            ExitCode::FAILURE
        }
    };
    let code = tokio::select! {
        () = running.stop() => code,
        _ = wait_for_signal() => ExitCode::FAILURE,
    };
    telemetry.guard.shut_down(std::time::Duration::from_secs(3));
    Ok(code)
}

async fn check_connections(settings: Settings) -> anyhow::Result<ExitCode> {
    let found = tidegate_server::check_connections(&settings).await;
    for connection in &found {
        match &connection.outcome {
            Ok(said) => eprintln!("{}: {said}", connection.part),
            Err(problem) => eprintln!("{}: FAILED: {problem}", connection.part),
        }
    }
    let failed = found.iter().filter(|one| one.outcome.is_err()).count();
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        eprintln!("tidegate: {failed} of {} parts cannot be used", found.len());
        ExitCode::FAILURE
    })
}

/// Shows the password of the first administrator to whoever started this, and not to the log.
fn show_first_administrator(first: &FirstAdministrator, sign_in: Option<&SignInPlace>) {
    let others = sign_in.is_some_and(|place| place.is_open_to_others);
    let why = if others {
        "Nobody managed this deployment yet, so there is an administrator now:"
    } else {
        "Nobody could sign in here yet, so there is an administrator now:"
    };
    let at = sign_in.map_or("", |place| place.url.as_str());
    eprintln!(
        "\n    {why}\n\n\
         \x20       sign in at  {at}\n\
         \x20       user name   {}\n\
         \x20       password    {}\n\n\
         \x20   The password is for one use, and shown only this time.\n",
        first.username,
        first.password.expose_secret()
    );
}

async fn seed(
    settings: Settings,
    workspace: WorkspaceSlug,
    data_url: SecretString,
) -> anyhow::Result<ExitCode> {
    let workspace = settings
        .workspaces
        .into_iter()
        .find(|configured| configured.slug == workspace)
        .with_context(|| format!("workspace {workspace} is not in the settings"))?;
    let tidegate_config::MetastoreSettings::Postgres { url } = &workspace.metastore else {
        anyhow::bail!(
            "workspace {} has a SQLite metastore, which is filled at its first start",
            workspace.slug
        );
    };
    let secret_key = workspace.secret_key.as_ref().with_context(|| {
        format!(
            "workspaces.{}.secret_key is needed to encrypt the database's password",
            workspace.slug
        )
    })?;
    let target = PostgresTarget {
        metastore_url: url,
        data_url: &data_url,
        secret_key,
    };
    let seeded = seed_postgres(&target, &SystemClock).await?;
    let told = |was_filled| {
        if was_filled {
            "filled"
        } else {
            "already there"
        }
    };
    eprintln!(
        "metastore: {}, data: {}",
        told(seeded.metastore_was_filled),
        told(seeded.data_was_filled)
    );
    Ok(ExitCode::SUCCESS)
}

/// Of the answer of `/readyz`, which names what is not ready.
const MOST_ANSWER: u64 = 64 * 1024;

async fn healthcheck(url: &str) -> anyhow::Result<ExitCode> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let authority = url
        .strip_prefix("http://")
        .context("the URL must begin with http://")?
        .trim_end_matches('/');
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(authority).await?;
        let request = format!("GET /readyz HTTP/1.0\r\nHost: {authority}\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(MOST_ANSWER).read_to_end(&mut answer).await?;
        anyhow::Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = tokio::time::timeout(std::time::Duration::from_secs(3), ask)
        .await
        .with_context(|| format!("no answer from {url}/readyz in 3 s"))?
        .with_context(|| format!("{url}/readyz could not be asked"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    Ok(
        if head.get(..12).is_some_and(|status| status.ends_with("200")) {
            ExitCode::SUCCESS
        } else {
            let status = head.lines().next().unwrap_or("no answer");
            eprintln!("tidegate: not ready ({status}): {}", body.trim());
            ExitCode::FAILURE
        },
    )
}
