use std::io;
use std::time::Duration;

use tidegate_config::TelemetrySettings;
use tidegate_types::NodeId;
use tracing_subscriber::util::SubscriberInitExt;

use crate::logs;
use crate::metrics::{Metrics, StatsdError};
use crate::otel::Otel;

/// What [`init`] makes.
#[derive(Debug)]
pub struct Telemetry {
    /// Hand this to whatever counts.
    pub metrics: Metrics,
    /// Keep this until the end, and shut it down last.
    pub guard: TelemetryGuard,
}

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `telemetry.log.level` is no filter.
    #[error("telemetry.log.level is not a list of directives such as \"info,tidegate_web=debug\"")]
    Level(#[source] tracing_subscriber::filter::ParseError),
    /// A word in `telemetry.log.level` is no level.
    #[error(
        "telemetry.log.level: {0:?} is no level: write off, error, warn, info, debug or trace, or {0}=debug for a \
         part of the program"
    )]
    NoLevel(String),
    /// Something else takes the log already.
    #[error("logging is set up already")]
    AlreadySet(#[source] tracing_subscriber::util::TryInitError),
    /// StatsD.
    #[error("could not set up StatsD")]
    Statsd(#[from] StatsdError),
    /// OpenTelemetry.
    #[error("could not set up OpenTelemetry")]
    Otlp(#[from] opentelemetry_otlp::ExporterBuildError),
}

/// Says whether the level of the log can be used, without setting anything up.
///
/// # Errors
/// It is no filter.
pub fn check(settings: &TelemetrySettings) -> Result<(), TelemetryError> {
    logs::filter(&settings.log.level).map(drop)
}

/// Sets up log, metrics and traces for the process. The log goes to standard error, so that standard
/// output is free for what commands print.
///
/// # Errors
/// When a setting cannot be used, or when it was called before.
pub fn init(settings: &TelemetrySettings, node: &NodeId) -> Result<Telemetry, TelemetryError> {
    let mut metrics = Metrics::new(settings)?;
    let otel = match &settings.otlp {
        Some(otlp) => Some(Otel::start(settings, otlp, node)?),
        None => None,
    };
    if let Some(otel) = &otel {
        metrics.join_otel(otel.instruments(metrics.cells()));
    }
    logs::subscriber(
        &settings.log,
        otel.as_ref().map(|otel| &otel.traces),
        io::stderr,
    )?
    .try_init()
    .map_err(TelemetryError::AlreadySet)?;
    Ok(Telemetry {
        guard: TelemetryGuard {
            metrics: metrics.clone(),
            otel,
        },
        metrics,
    })
}

/// Sends what is left at the end.
#[derive(Debug)]
pub struct TelemetryGuard {
    metrics: Metrics,
    otel: Option<Otel>,
}

impl TelemetryGuard {
    /// Sends the last metrics and traces, within `most`. Blocks: call it after the runtime, or on a
    /// thread for blocking work.
    pub fn shut_down(self, most: Duration) {
        self.metrics.flush(most / 4);
        if let Some(otel) = self.otel {
            otel.shut_down(most.saturating_sub(most / 4));
        }
    }
}
