#![doc = include_str!("../README.md")]

mod abandon;
mod access;
mod address;
mod bench;
mod ceiling;
mod check;
mod drive;
mod fairness;
mod floor;
mod metrics;
mod process;
mod report;
mod scenario;
mod soak;
mod token;
mod wire;
mod wrk;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, ExitCode};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Parser, Subcommand};
use tidegate_types::SecretString;

use address::LoopbackUrl;
use drive::{Bounds, Credentials, Target};
use process::{Database, Server, Setup, StatsdSink};
use scenario::Workload;
use token::TokenMint;

/// Drives MCP servers on this machine.
#[derive(Parser)]
#[command(version, about)]
struct CommandLine {
    /// Where reports are written.
    #[arg(long, global = true, default_value = "loadtest/reports")]
    reports: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Drives one target, or two in turns, with a workload of `scenarios/` (goose).
    Run(Run),
    /// Measures the ceiling of a Tidegate binary against the floor (wrk).
    Ceiling(CeilingArguments),
    /// Compares two Tidegate binaries in turns, call by call (wrk).
    Compare(CompareArguments),
    /// Measures start, idle memory, abandoned and open sessions, slow readers.
    Abandon(AbandonArguments),
    /// Measures sign-ins, the token endpoint, and calls with and without a token.
    Access(AccessArguments),
    /// Measures whether one workspace's trouble costs another anything, and fails when it does.
    Fairness(FairnessArguments),
    /// Measures everything and fails below the goals; `--short` is for each change.
    Bench(BenchArguments),
    /// Drives a deployment for an hour or many, and fails when a node grows or an answer is wrong (goose).
    Soak(SoakArguments),
    /// Prints a bearer token for a server whose HS256 secret is given.
    Token {
        /// `auth.jwt.secret` of the server.
        #[arg(long, env = "LOADTEST_JWT_SECRET", hide_env_values = true)]
        jwt_secret: String,
        /// Whom it is for.
        #[arg(long, default_value = "admin")]
        user: String,
    },
    /// Serves the floor; started by the others.
    Floor {
        /// Where to listen, on 127.0.0.1.
        #[arg(long)]
        port: u16,
        /// Threads; 0 is one a core.
        #[arg(long, default_value_t = 0)]
        workers: usize,
    },
}

#[derive(Args)]
struct Run {
    /// A file of `scenarios/`.
    #[arg(long)]
    scenario: PathBuf,
    /// `http://127.0.0.1:PORT`, or a Tidegate binary to start.
    #[arg(long)]
    target: String,
    /// A second one, to compare with.
    #[arg(long)]
    against: Option<String>,
    /// Clients at once.
    #[arg(long, default_value_t = 16)]
    users: usize,
    /// Seconds of each round.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Rounds for each target.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Calls of each round at most.
    #[arg(long, default_value_t = 1_000_000)]
    max_requests: u64,
    /// A bearer token for targets that are already running.
    #[arg(long, env = "LOADTEST_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Their HS256 secret, to mint tokens for the users of the embedded workspace.
    #[arg(long, env = "LOADTEST_JWT_SECRET", hide_env_values = true)]
    jwt_secret: Option<String>,
}

#[derive(Args)]
struct Measured {
    /// The optimised binary to measure; without it, the one beside this program.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Where its embedded workspace is kept; without it, in a folder that is removed.
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

#[derive(Args)]
struct CeilingArguments {
    #[command(flatten)]
    measured: Measured,
    /// Rounds of floor and target for each call.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Connections that are always busy.
    #[arg(long, default_value_t = 16)]
    connections: u16,
    /// Threads of the generator.
    #[arg(long, default_value_t = 1)]
    threads: u16,
    /// Only these calls, by the labels of the report.
    #[arg(long)]
    only: Vec<String>,
}

#[derive(Args)]
struct CompareArguments {
    /// The binary to measure; without it, the one beside this program.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// The one to compare it with, for instance of another commit.
    #[arg(long)]
    against: PathBuf,
    /// Where the metastore and the sample business are.
    #[arg(long, value_enum, default_value_t = Database::Sqlite)]
    database: Database,
    /// Nodes behind nginx; more than one share a Redis.
    #[arg(long, default_value_t = 1)]
    nodes: u16,
    /// Rounds for each call.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Seconds of each binary in a round.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Only these calls, by the labels of the report.
    #[arg(long)]
    only: Vec<String>,
}

#[derive(Args)]
struct FairnessArguments {
    /// The binary to measure; without it, the one beside this program.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Nodes behind nginx; more than one share a Redis.
    #[arg(long, default_value_t = 1)]
    nodes: u16,
    /// Seconds of each phase.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Calls of the neighbour in each phase.
    #[arg(long, default_value_t = 600)]
    calls: u32,
    /// Calls of the troublemaker at once.
    #[arg(long, default_value_t = 400)]
    flood: usize,
    /// Only report.
    #[arg(long)]
    report_only: bool,
}

#[derive(Args)]
struct SoakArguments {
    /// The binary to run; without it, the one beside this program.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// A file of `scenarios/`.
    #[arg(long, default_value = "loadtest/scenarios/mixed.toml")]
    scenario: PathBuf,
    /// Where the metastore and the sample business are.
    #[arg(long, value_enum, default_value_t = Database::Postgres)]
    database: Database,
    /// Nodes behind nginx; more than one share a Redis.
    #[arg(long, default_value_t = 3)]
    nodes: u16,
    /// Clients at once.
    #[arg(long, default_value_t = 16)]
    users: usize,
    /// How long; the tokens that it makes last six hours.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=350))]
    minutes: u64,
}

#[derive(Args)]
struct AbandonArguments {
    #[command(flatten)]
    measured: Measured,
    /// Sessions that are opened and left.
    #[arg(long, default_value_t = 100_000)]
    sessions: u64,
    /// Sessions that are open at once.
    #[arg(long, default_value_t = 10_000)]
    open: usize,
    /// Connections that ask and do not read.
    #[arg(long, default_value_t = 200)]
    slow: usize,
}

#[derive(Args)]
struct AccessArguments {
    #[command(flatten)]
    measured: Measured,
    /// Seconds in which people sign in, and in which tokens are refreshed.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// People who sign in at once.
    #[arg(long, default_value_t = 16)]
    people: usize,
}

#[derive(Args)]
struct BenchArguments {
    #[command(flatten)]
    measured: Measured,
    /// A few minutes, with wider margins.
    #[arg(long)]
    short: bool,
}

fn main() -> ExitCode {
    // One provider for every TLS connection of the process; plain HTTP clients want one as well.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let CommandLine { reports, command } = CommandLine::parse();
    match run(&reports, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            let _ = writeln!(std::io::stderr(), "loadtest: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(reports: &Path, command: Command) -> anyhow::Result<()> {
    process::raise_open_files();
    match command {
        Command::Run(arguments) => drive_targets(reports, &arguments),
        Command::Ceiling(arguments) => {
            let measured = optimised(arguments.measured)?;
            let plan = ceiling::Plan {
                rounds: arguments.rounds.max(1),
                duration: Duration::from_secs(arguments.seconds.max(1)),
                connections: arguments.connections,
                threads: arguments.threads,
                only: arguments.only,
            };
            let ceiling = ceiling::measure(&measured.binary, measured.data_dir(), &plan)?;
            report::publish(
                &report::folder(reports, "ceiling")?,
                &ceiling,
                &[report::of_ceiling(&ceiling)],
            )
        }
        Command::Compare(arguments) => {
            wrk::require()?;
            let plan = ceiling::against::Plan {
                database: arguments.database,
                nodes: arguments.nodes.max(1),
                rounds: arguments.rounds.max(1),
                duration: Duration::from_secs(arguments.seconds.max(1)),
                only: arguments.only,
            };
            let binary = the_binary(arguments.binary)?;
            let ratios = ceiling::against::compare(&binary, &arguments.against, &plan)?;
            report::publish(
                &report::folder(reports, "compare")?,
                &ratios,
                &[report::of_binaries(&ratios)],
            )
        }
        Command::Abandon(arguments) => {
            let measured = optimised(arguments.measured)?;
            let plan = abandon::Plan {
                abandoned: arguments.sessions,
                open: arguments.open,
                slow: arguments.slow,
            };
            let memory = abandon::measure(&measured.binary, measured.data_dir(), &plan)?;
            report::publish(
                &report::folder(reports, "abandon")?,
                &memory,
                &[report::of_memory(&memory)],
            )
        }
        Command::Fairness(arguments) => measure_fairness(reports, arguments),
        Command::Access(arguments) => {
            let measured = optimised(arguments.measured)?;
            let plan = access::Plan {
                duration: Duration::from_secs(arguments.seconds.max(1)),
                people: arguments.people.max(1),
                assistants: 16,
                rounds: 5,
                round: Duration::from_secs(4),
            };
            let access = access::measure(&measured.binary, measured.data_dir(), &plan)?;
            report::publish(
                &report::folder(reports, "access")?,
                &access,
                &[report::of_access(&access)],
            )
        }
        Command::Bench(arguments) if !is_optimised() => bench_optimised(reports, &arguments),
        Command::Bench(arguments) => {
            let measured = optimised(arguments.measured)?;
            bench::run(
                &measured.binary,
                measured.data_dir(),
                reports,
                arguments.short,
            )
        }
        Command::Soak(arguments) => soak_deployment(reports, arguments),
        Command::Token { jwt_secret, user } => {
            let token = TokenMint::new(SecretString::from(jwt_secret)).token(&user);
            writeln!(std::io::stdout(), "{token}")?;
            Ok(())
        }
        Command::Floor { port, workers } => {
            let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            floor::serve(port, if workers == 0 { cores } else { workers })
        }
    }
}

fn measure_fairness(reports: &Path, arguments: FairnessArguments) -> anyhow::Result<()> {
    let plan = fairness::Plan {
        duration: Duration::from_secs(arguments.seconds.max(1)),
        calls: arguments.calls.max(1),
        flood: arguments.flood,
        nodes: arguments.nodes.max(1),
    };
    let phases = fairness::measure(&the_binary(arguments.binary)?, &plan)?;
    report::publish(
        &report::folder(reports, "fairness")?,
        &phases,
        &[report::of_fairness(&phases)],
    )?;
    ensure!(
        arguments.report_only || phases.iter().all(fairness::Phase::is_fair),
        "a workspace's trouble costs its neighbours something"
    );
    Ok(())
}

/// A binary to measure and a folder for its data.
struct Ready {
    binary: PathBuf,
    data_dir: PathBuf,
    _removed: Option<tempfile::TempDir>,
}

impl Ready {
    fn data_dir(&self) -> &Path {
        &self.data_dir
    }
}

fn is_optimised() -> bool {
    env!("OPT_LEVEL") != "0"
}

/// # Errors
/// The floor would be slow: this program is not optimised. Or there is no binary.
fn optimised(measured: Measured) -> anyhow::Result<Ready> {
    ensure!(
        is_optimised(),
        "the floor is part of this program, which is not optimised; use cargo run --profile dist -p tidegate-loadtest"
    );
    let binary = the_binary(measured.binary)?;
    let removed = match &measured.data_dir {
        Some(_) => None,
        None => Some(tempfile::tempdir()?),
    };
    let data_dir = measured
        .data_dir
        .or_else(|| removed.as_ref().map(|made| made.path().to_owned()));
    let data_dir = data_dir.context("no folder for the data")?;
    Ok(Ready {
        binary,
        data_dir,
        _removed: removed,
    })
}

/// # Errors
/// It is not there.
fn the_binary(named: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let binary = match named {
        Some(binary) => binary,
        None => std::env::current_exe()?.with_file_name("tidegate"),
    };
    ensure!(
        binary.is_file(),
        "{} is not there; cargo build --profile dist -p tidegate-server makes it, or --binary names another",
        binary.display()
    );
    Ok(binary)
}

/// Builds what is measured and runs the optimised bench in place of this one.
fn bench_optimised(reports: &Path, arguments: &BenchArguments) -> anyhow::Result<()> {
    let cargo = |arguments: &[&str]| -> anyhow::Result<()> {
        let status = Process::new("cargo")
            .args(arguments)
            .status()
            .context("cannot run cargo")?;
        ensure!(status.success(), "cargo {} failed", arguments.join(" "));
        Ok(())
    };
    if arguments.measured.binary.is_none() {
        cargo(&[
            "build",
            "--profile=dist",
            "--package",
            "tidegate-server",
            "--bin",
            "tidegate",
        ])?;
    }
    let reports = reports.to_str().context("the reports' path is not UTF-8")?;
    let mut command = vec![
        "run",
        "--profile=dist",
        "--package",
        "tidegate-loadtest",
        "--",
        "--reports",
        reports,
        "bench",
    ];
    if arguments.short {
        command.push("--short");
    }
    for (flag, path) in [
        ("--binary", &arguments.measured.binary),
        ("--data-dir", &arguments.measured.data_dir),
    ] {
        if let Some(path) = path {
            command.extend([flag, path.to_str().context("a path is not UTF-8")?]);
        }
    }
    cargo(&command)
}

fn drive_targets(reports: &Path, arguments: &Run) -> anyhow::Result<()> {
    let workload = Workload::read(&arguments.scenario)?;
    let bounds = Bounds {
        users: arguments.users.max(workload.clients.len()),
        duration: Duration::from_secs(arguments.seconds.max(1)),
        max_requests: arguments.max_requests,
    };
    let sink = StatsdSink::start()?;
    let specified = [Some(&arguments.target), arguments.against.as_ref()];
    let started: Vec<Started> = specified
        .into_iter()
        .flatten()
        .zip(["first", "second"])
        .map(|(target, name)| Started::of(target, name, arguments, &sink))
        .collect::<anyhow::Result<_>>()?;
    let targets: Vec<Target> = started
        .iter()
        .map(|started| started.target.clone())
        .collect();
    let name = arguments
        .scenario
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or("run");
    let folder = report::folder(reports, name)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let compared = drive::compare(
        &targets,
        &workload,
        &bounds,
        arguments.rounds.max(1),
        &folder,
    );
    let comparison = runtime.block_on(compared)?;
    report::publish(&folder, &comparison, &[report::of_comparison(&comparison)])?;
    let failed = comparison.failed();
    ensure!(failed == 0, "{failed} answers were wrong");
    Ok(())
}

fn soak_deployment(reports: &Path, arguments: SoakArguments) -> anyhow::Result<()> {
    let workload = Workload::read(&arguments.scenario)?;
    let plan = soak::Plan {
        database: arguments.database,
        nodes: arguments.nodes.max(1),
        users: arguments.users,
        duration: Duration::from_secs(60 * arguments.minutes),
    };
    let folder = report::folder(reports, "soak")?;
    let soak = soak::soak(&the_binary(arguments.binary)?, &workload, &plan, &folder)?;
    report::publish(
        &folder,
        &soak,
        &[
            report::of_comparison(&soak.traffic),
            report::of_growth(&soak.nodes),
        ],
    )?;
    soak.check()
}

/// A target, and the server where it was started for this run.
struct Started {
    target: Target,
    _server: Option<(Server, tempfile::TempDir)>,
}

impl Started {
    fn of(text: &str, name: &str, arguments: &Run, sink: &StatsdSink) -> anyhow::Result<Self> {
        if text.contains("://") {
            let url: LoopbackUrl = text.parse()?;
            let credentials = match (&arguments.jwt_secret, &arguments.token) {
                (Some(secret), _) => {
                    Credentials::Minted(TokenMint::new(SecretString::from(secret.clone())))
                }
                (None, Some(token)) => Credentials::Token(token.clone()),
                (None, None) => Credentials::None,
            };
            return Ok(Self {
                target: Target {
                    name: name.to_owned(),
                    url,
                    credentials,
                },
                _server: None,
            });
        }
        let binary = Path::new(text);
        if !binary.is_file() {
            bail!("{text} is neither a URL nor a file");
        }
        let (mint, data) = (TokenMint::random(), tempfile::tempdir()?);
        let server = Server::tidegate(binary, &Setup::new(data.path(), &mint, sink.address()))?;
        let target = Target {
            name: name.to_owned(),
            url: server.url().clone(),
            credentials: Credentials::Minted(mint),
        };
        Ok(Self {
            target,
            _server: Some((server, data)),
        })
    }
}
