//! Events of the log as lines of JSON: the layout of tracing-subscriber's own, and the causes of an error beside it,
//! which that leaves out.

use std::error::Error;
use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Causes that are written of one error. Nobody's chain is as long, and one that is a circle ends.
const MAX_CAUSES: usize = 16;

/// `{"timestamp":…,"level":…,"message":…,"error":…,"error.sources":[…],"target":…,"span":{…}}` and a line end.
pub(crate) struct JsonEvents;

impl<S, N> FormatEvent<S, N> for JsonEvents
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let metadata = event.metadata();
        let mut line = Line(Vec::with_capacity(8));
        line.add("timestamp", timestamp);
        line.add("level", metadata.level().as_str());
        event.record(&mut line);
        line.add("target", metadata.target());
        let span = event.parent().and_then(|id| context.span(id));
        if let Some(span) = span.or_else(|| context.lookup_current()) {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>();
            let parsed = fields.and_then(|fields| serde_json::from_str(fields).ok());
            let mut fields: Map<String, Value> = parsed.unwrap_or_default();
            fields.insert("name".to_owned(), span.name().into());
            line.add("span", fields);
        }
        line.write(&mut writer)
    }
}

/// The members of a line, in order.
struct Line(Vec<(String, Value)>);

impl Line {
    fn add(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.0.push((name.into(), value.into()));
    }

    fn write(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let mut before = '{';
        for (name, value) in &self.0 {
            let name = Value::from(name.as_str());
            write!(writer, "{before}{name}:{value}")?;
            before = ',';
        }
        writeln!(writer, "}}")
    }
}

impl Visit for Line {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.add(field.name(), value.to_string());
        let mut causes: Vec<Value> = Vec::new();
        let mut next = value.source();
        while let Some(cause) = next.filter(|_| causes.len() < MAX_CAUSES) {
            causes.push(cause.to_string().into());
            next = cause.source();
        }
        if !causes.is_empty() {
            self.add(format!("{}.sources", field.name()), causes);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field.name(), format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tidegate_config::{LogFormat, LogSettings};

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("workspace acme could not be opened")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("the database cannot be reached")]
    struct Inner(#[source] io::Error);

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that a log writes.
    fn lines(work: impl FnOnce()) -> Vec<String> {
        let written = Written::default();
        let writer = written.clone();
        let settings = LogSettings {
            level: "debug".to_owned(),
            format: LogFormat::Json,
        };
        let subscriber =
            crate::logs::subscriber(&settings, None, move || writer.clone()).expect("a level");
        tracing::subscriber::with_default(subscriber, work);
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn an_error_is_written_with_all_of_its_causes() {
        let refused = io::Error::new(
            io::ErrorKind::ConnectionRefused,
            "role \"nobody\" does not exist\n",
        );
        let err = Outer(Inner(refused));
        let lines = lines(|| {
            tracing::error!(
                workspace = "acme",
                error = &err as &dyn Error,
                tries = 3,
                "a workspace could not be opened"
            );
        });
        assert_eq!(1, lines.len(), "a line an event: {lines:?}");
        let event: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!("a workspace could not be opened", event["message"]);
        assert_eq!("ERROR", event["level"]);
        assert_eq!("acme", event["workspace"]);
        assert_eq!(3, event["tries"]);
        assert_eq!("workspace acme could not be opened", event["error"]);
        let causes = serde_json::json!([
            "the database cannot be reached",
            "role \"nobody\" does not exist\n"
        ]);
        assert_eq!(causes, event["error.sources"]);
        assert!(event["timestamp"].as_str().unwrap().ends_with('Z'));
        assert!(event["target"].as_str().unwrap().contains("json"));
    }

    #[test]
    fn spans_and_other_values_stand_as_they_did() {
        let lines = lines(|| {
            let span = tracing::info_span!("call", tool = "list_charts", page = 2);
            span.in_scope(|| {
                tracing::warn!(reason = %"a \"quoted\" text", ratio = 0.5, is_late = true, list = ?[1, 2], "late");
            });
            tracing::info!(
                error = &Inner(io::Error::other("x")).0 as &dyn Error,
                "no causes"
            );
        });
        let event: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!("a \"quoted\" text", event["reason"]);
        assert_eq!(
            (0.5, true, "[1, 2]"),
            (
                event["ratio"].as_f64().unwrap(),
                event["is_late"].as_bool().unwrap(),
                event["list"].as_str().unwrap()
            )
        );
        assert_eq!(
            serde_json::json!({ "name": "call", "tool": "list_charts", "page": 2 }),
            event["span"]
        );
        let event: Value = serde_json::from_str(&lines[1]).unwrap();
        assert!(event.get("span").is_none() && event.get("error.sources").is_none());
    }
}
