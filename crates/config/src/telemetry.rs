use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use tidegate_types::SecretString;
use url::Url;

use crate::network::split_port;
use crate::reader::Reader;

/// `[telemetry]`: logs, metrics, traces.
#[derive(Debug, Clone)]
pub struct TelemetrySettings {
    /// `service.name` of traces and metrics.
    pub service_name: String,
    /// Whether `/metrics` answers.
    pub prometheus: bool,
    /// The log.
    pub log: LogSettings,
    /// StatsD, when an address is set.
    pub statsd: Option<StatsdSettings>,
    /// OpenTelemetry, when an endpoint is set.
    pub otlp: Option<OtlpSettings>,
}

/// `[telemetry.log]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// How lines look.
    pub format: LogFormat,
    /// Directives of tracing's filter; telemetry parses them.
    pub level: String,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A JSON object a line.
    Json,
    /// For people.
    Pretty,
}

/// `[telemetry.statsd]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatsdSettings {
    /// `host:port`.
    pub address: String,
    /// Put before names, without a point at its end; may be empty.
    pub prefix: String,
    /// How tags are sent.
    pub tags: StatsdTags,
    /// Metrics that may wait.
    pub queue_size: NonZeroUsize,
}

/// How tags are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatsdTags {
    /// Not at all.
    None,
    /// As DogStatsD's `|#name:value`.
    DogStatsd {
        /// Tags of every metric.
        constant: Vec<(String, String)>,
    },
}

/// `[telemetry.otlp]`.
#[derive(Debug, Clone)]
pub struct OtlpSettings {
    /// Base URL of the collector; `v1/traces` and `v1/metrics` are added.
    pub endpoint: Url,
    /// `name=value` pairs, separated by commas.
    pub headers: Option<SecretString>,
    /// Part of the traces that start here which are recorded, 0.0 to 1.0.
    pub sample_ratio: f64,
    /// Longest wait for the collector.
    pub timeout: Duration,
    /// Time between two sendings of metrics.
    pub interval: Duration,
}

/// `[audit]`: one record a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSettings {
    /// Whether records go to the metastore's `logs`.
    pub metastore: bool,
    /// Where records go as JSON lines.
    pub json_lines: JsonLines,
    /// Records that may wait.
    pub queue_size: NonZeroUsize,
    /// Records written at once.
    pub batch_size: NonZeroUsize,
    /// Longest wait of a record.
    pub flush: Duration,
    /// What happens to literals in SQL.
    pub sql_literals: SqlLiterals,
}

/// Where JSON lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonLines {
    /// Nowhere.
    Off,
    /// Standard output.
    Stdout,
    /// The end of a file.
    File(PathBuf),
}

/// What happens to literals in recorded SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlLiterals {
    /// They stay.
    Keep,
    /// Each becomes `?`.
    Mask,
}

impl TelemetrySettings {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        let service_name = reader.text("telemetry.service_name");
        if service_name.is_empty() {
            reader.refuse("telemetry.service_name", "a name");
        }
        let level = reader.text("telemetry.log.level");
        if level.trim().is_empty() {
            reader.refuse(
                "telemetry.log.level",
                "directives such as \"info\" or \"info,tidegate_web=debug\"",
            );
        }
        Self {
            service_name,
            prometheus: reader.flag("telemetry.prometheus"),
            log: LogSettings {
                format: match reader.choice("telemetry.log.format", &["pretty", "json"]) {
                    1 => LogFormat::Json,
                    _ => LogFormat::Pretty,
                },
                level,
            },
            statsd: StatsdSettings::read(reader),
            otlp: OtlpSettings::read(reader),
        }
    }
}

impl StatsdSettings {
    fn read(reader: &mut Reader) -> Option<Self> {
        const ADDRESS: &str = "telemetry.statsd.address";
        const PREFIX: &str = "telemetry.statsd.prefix";
        const TAGS: &str = "telemetry.statsd.constant_tags";
        let is_plain = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/'))
        };
        let address = reader.text(ADDRESS);
        if !address.is_empty()
            && (split_port(&address).1.is_none_or(|port| port == 0)
                || split_port(&address).0.is_empty())
        {
            reader.refuse(ADDRESS, "\"host:port\", for instance \"127.0.0.1:8125\"");
        }
        let prefix = reader.text(PREFIX);
        if !is_plain(&prefix) || prefix.ends_with('.') {
            reader.refuse(
                PREFIX,
                "letters, digits, -, _ and points, without a point at the end",
            );
        }
        let constant = reader
            .texts(TAGS)
            .into_iter()
            .filter_map(|tag| match tag.split_once(':') {
                Some((name, value)) if !name.is_empty() && is_plain(name) && is_plain(value) => {
                    Some((name.to_owned(), value.to_owned()))
                }
                _ => {
                    reader.refuse(
                        TAGS,
                        "\"name:value\" of letters, digits, -, _, / and points",
                    );
                    None
                }
            })
            .collect();
        let tags = match reader.choice("telemetry.statsd.tags", &["none", "dogstatsd"]) {
            1 => StatsdTags::DogStatsd { constant },
            _ => StatsdTags::None,
        };
        let queue_size = reader.non_zero("telemetry.statsd.queue_size", 1 << 20);
        (!address.is_empty()).then_some(Self {
            address,
            prefix,
            tags,
            queue_size,
        })
    }
}

impl OtlpSettings {
    fn read(reader: &mut Reader) -> Option<Self> {
        const RATIO: &str = "telemetry.otlp.sample_ratio";
        let sample_ratio = reader.float(RATIO);
        if !(0.0..=1.0).contains(&sample_ratio) {
            reader.refuse(RATIO, "0.0 to 1.0");
        }
        let headers = reader.secret("telemetry.otlp.headers");
        let timeout = reader.millis("telemetry.otlp.timeout_ms", 10, 120_000);
        let interval = reader.secs("telemetry.otlp.interval_secs", 1, 3600);
        Some(Self {
            endpoint: reader.http_url("telemetry.otlp.endpoint")?,
            headers,
            sample_ratio,
            timeout,
            interval,
        })
    }
}

impl AuditSettings {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        let json_lines = reader.text("audit.json_lines");
        let queue_size = reader.non_zero("audit.queue_size", 1 << 20);
        let batch_size = reader.non_zero("audit.batch_size", 1 << 16);
        if batch_size > queue_size {
            reader.refuse("audit.batch_size", "at most audit.queue_size");
        }
        Self {
            metastore: reader.flag("audit.metastore"),
            json_lines: match json_lines.as_str() {
                "" | "off" => JsonLines::Off,
                "stdout" => JsonLines::Stdout,
                path => JsonLines::File(path.into()),
            },
            queue_size,
            batch_size,
            flush: reader.millis("audit.flush_ms", 10, 60_000),
            sql_literals: match reader.choice("audit.sql_literals", &["keep", "mask"]) {
                1 => SqlLiterals::Mask,
                _ => SqlLiterals::Keep,
            },
        }
    }
}
