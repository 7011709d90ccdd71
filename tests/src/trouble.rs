//! Tools that misbehave on purpose, each in its own way.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tidegate_protocol::content::ToolResult;
use tidegate_protocol::{LogLevel, ToolAnnotations, ToolDefinition};
use tidegate_tools::{
    Accepted, AnyTool, CacheRule, CallContext, CatalogueBuilder, Redaction, SizeRule, ToolFailure,
    ToolFuture, ToolOutput, ToolSpec, Touches,
};
use tidegate_types::Scope;

/// Adds them all.
pub fn add_trouble(builder: CatalogueBuilder) -> CatalogueBuilder {
    [
        Trouble::new("trouble_panic", "Panics.", |_, _| {
            Box::pin(async { panic!("on purpose") })
        }),
        Trouble::new("trouble_hang", "Never answers, and waits well.", |_, _| {
            Box::pin(std::future::pending())
        }),
        Trouble::new(
            "trouble_block",
            "Blocks its thread for `ms` milliseconds.",
            |_, asked| {
                Box::pin(async move {
                    std::thread::sleep(Duration::from_millis(asked.ms));
                    told("The thread is free again.")
                })
            },
        ),
        Trouble::new(
            "trouble_steps",
            "Reports progress `count` times, `ms` milliseconds apart.",
            |context, asked| {
                Box::pin(async move {
                    for step in 1..=asked.count {
                        context.client.progress(
                            f64::from(step),
                            Some(f64::from(asked.count)),
                            None,
                        );
                        tokio::time::sleep(Duration::from_millis(asked.ms)).await;
                    }
                    told("All steps are done.")
                })
            },
        ),
        Trouble::new(
            "trouble_flood",
            "Logs `count` messages of `bytes` bytes at once, then answers with as many bytes.",
            |context, asked| {
                Box::pin(async move {
                    let load = "x".repeat(asked.bytes);
                    for _ in 0..asked.count {
                        context
                            .client
                            .log(LogLevel::Emergency, "flood", json!(load));
                        tokio::task::yield_now().await;
                    }
                    told(load)
                })
            },
        ),
    ]
    .into_iter()
    .fold(builder, CatalogueBuilder::raw_tool)
}

/// How much trouble; every tool takes what it needs.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    ms: u64,
    count: u32,
    bytes: usize,
}

type Run = for<'a> fn(&'a CallContext, Asked) -> ToolFuture<'a>;

struct Trouble {
    spec: ToolSpec,
    definition: Arc<ToolDefinition>,
    run: Run,
}

impl Trouble {
    fn new(name: &'static str, description: &'static str, run: Run) -> Self {
        let spec = ToolSpec {
            name,
            title: name,
            description,
            scope: Scope::Read,
            permission: None,
            annotations: ToolAnnotations::READS,
            tags: &["test"],
            touches: Touches::Databases,
            cache: CacheRule::Never,
            size: SizeRule::Shorten(&[]),
            redaction: Redaction::Entities,
        };
        let schema = json!({ "type": "object", "properties": {
            "ms": { "type": "integer" }, "count": { "type": "integer" }, "bytes": { "type": "integer" },
        } });
        Self {
            definition: Arc::new(spec.definition(schema)),
            spec,
            run,
        }
    }
}

impl AnyTool for Trouble {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn definition(&self) -> Arc<ToolDefinition> {
        Arc::clone(&self.definition)
    }

    fn call<'a>(&'a self, context: &'a CallContext, arguments: Accepted) -> ToolFuture<'a> {
        Box::pin(async move {
            let asked = arguments.read().map_err(ToolFailure::InvalidArguments)?;
            (self.run)(context, asked).await
        })
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what every tool above ends with")]
fn told(text: impl Into<String>) -> Result<ToolOutput, ToolFailure> {
    Ok(ToolResult::text(text).into())
}
