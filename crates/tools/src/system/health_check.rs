use std::time::Instant;

use chrono::SecondsFormat;
use serde::Serialize;
use tidegate_protocol::{ProtocolVersion, ToolAnnotations};
use tidegate_types::{Clock, Scope};

use crate::{
    ArgumentLayout, CacheRule, CallContext, NoArguments, Redaction, SizeRule, Tool, ToolFailure,
    ToolSpec, Touches,
};

/// Says that the server answers. It touches no database, so that it tells the server's health and not that
/// of what lies behind; `/readyz` tells the rest.
pub(crate) struct HealthCheck {
    started: Instant,
}

impl HealthCheck {
    /// The server started now.
    pub(crate) fn started_now(clock: &dyn Clock) -> Self {
        Self {
            started: clock.instant(),
        }
    }
}

/// Superset's fields, without those about Python.
#[derive(Debug, Serialize)]
pub(crate) struct Health {
    status: &'static str,
    /// RFC 3339 in UTC.
    timestamp: String,
    service: &'static str,
    version: &'static str,
    platform: &'static str,
    uptime_seconds: f64,
    /// The workspace that the call was bound to.
    workspace: String,
    protocol_versions: Vec<&'static str>,
}

impl Tool for HealthCheck {
    type Arguments = NoArguments;
    type Answer = Health;

    const SPEC: ToolSpec = ToolSpec {
        name: "health_check",
        title: "Health check",
        description: "Tells whether the server answers, which version it is and how long it runs. Use it to test the \
                      connection, or when other tools fail; it reads no data. For what the workspace holds, call \
                      get_instance_info.",
        scope: Scope::Read,
        permission: None,
        annotations: ToolAnnotations::READS,
        tags: &["core"],
        touches: Touches::Nothing,
        cache: CacheRule::Never,
        size: SizeRule::Exempt,
        redaction: Redaction::Entities,
    };
    const LAYOUT: ArgumentLayout = ArgumentLayout::Flat;

    async fn call(&self, context: &CallContext, _: NoArguments) -> Result<Health, ToolFailure> {
        let uptime = context
            .clock
            .instant()
            .saturating_duration_since(self.started);
        Ok(Health {
            status: "healthy",
            timestamp: context
                .clock
                .now()
                .to_rfc3339_opts(SecondsFormat::Micros, true),
            service: "Tidegate",
            version: env!("CARGO_PKG_VERSION"),
            platform: std::env::consts::OS,
            uptime_seconds: (uptime.as_secs_f64() * 10.0).round() / 10.0,
            workspace: context.workspace.slug.to_string(),
            protocol_versions: ProtocolVersion::SERVED
                .iter()
                .map(|version| version.as_str())
                .collect(),
        })
    }
}
