//! Tidegate with the conformance suite's fixtures beside its own tools: for tests alone.
//!
//! Settings come from the environment as for `tidegate`. Prints `administrator <name> <password>` at the first start of
//! a manager, and `listening <address>` when it serves.

use std::collections::HashMap;
use std::io::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use tidegate_config::Settings;
use tidegate_server::{Application, wait_for_signal};
use tidegate_testkit::fixtures::add_fixtures;
use tidegate_tests::trouble::add_trouble;
use tidegate_types::ExposeSecret as _;

fn main() -> anyhow::Result<()> {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("a TLS provider is installed already"))?;
    let environment: HashMap<String, String> = std::env::vars().collect();
    let settings = Settings::load(None, &environment).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!(problems.join("\n"))
    })?;
    actix_rt::System::new().block_on(serve(settings))
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    let telemetry = tidegate_telemetry::init(&settings.telemetry, &settings.server.node_id)?;
    let application = Application::builder(settings)
        .metrics(telemetry.metrics)
        .extend(add_fixtures)
        .extend(add_trouble);
    let mut running = Box::pin(application.start()).await?;
    let mut out = std::io::stdout();
    if let Some(first) = running.take_first_administrator() {
        let password = first.password.expose_secret();
        writeln!(out, "administrator {} {password}", first.username)?;
    }
    let address = running
        .addresses()
        .first()
        .context("it listens somewhere")?;
    writeln!(out, "listening {address}")?;
    out.flush()?;
    wait_for_signal().await?;
    running.stop().await;
    tokio::task::spawn_blocking(move || telemetry.guard.shut_down(Duration::from_secs(3))).await?;
    Ok(())
}
