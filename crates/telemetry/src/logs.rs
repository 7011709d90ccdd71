//! The log and the way of spans, by tracing.

use std::io;

use opentelemetry::trace::TracerProvider as _;
use tidegate_config::{LogFormat, LogSettings};
use tracing::Subscriber;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use crate::TelemetryError;
use crate::json::JsonEvents;
use crate::otel::SCOPE;
use crate::trace::TARGET;

/// What the log shows.
///
/// # Errors
/// No directives, or one that is a word and no level: `tracing` takes it for the name of a part of the program, and shows that part
/// alone, which for `verbose` is nothing at all.
pub(crate) fn filter(level: &str) -> Result<EnvFilter, TelemetryError> {
    // Fields of spans are divided by commas, too.
    let words = (!level.contains('[')).then(|| level.split(',').map(str::trim));
    let mut words = words
        .into_iter()
        .flatten()
        .filter(|word| !word.is_empty() && !word.contains('='));
    if let Some(word) = words.find(|word| word.parse::<LevelFilter>().is_err()) {
        return Err(TelemetryError::NoLevel(word.to_owned()));
    }
    EnvFilter::try_new(level).map_err(TelemetryError::Level)
}

/// Everything that takes events and spans: the log into `writer`, and calls into OpenTelemetry.
pub(crate) fn subscriber<W>(
    settings: &LogSettings,
    traces: Option<&opentelemetry_sdk::trace::SdkTracerProvider>,
    writer: W,
) -> Result<impl Subscriber + Send + Sync + use<W>, TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = filter(&settings.level)?;
    let spans = traces.map(|traces| {
        tracing_opentelemetry::layer()
            .with_tracer(traces.tracer(SCOPE))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_target(false)
            .with_filter(Targets::new().with_target(TARGET, LevelFilter::DEBUG))
    });
    let log = lines(settings.format, writer).with_filter(filter);
    Ok(Registry::default().with(log).with(spans))
}

fn lines<S, W>(format: LogFormat, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    match format {
        LogFormat::Json => layer
            .fmt_fields(JsonFields::new())
            .event_format(JsonEvents)
            .boxed(),
        LogFormat::Pretty => {
            use io::IsTerminal;
            layer.with_ansi(io::stderr().is_terminal()).boxed()
        }
    }
}
