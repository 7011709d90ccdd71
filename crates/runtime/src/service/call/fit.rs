//! Stage 4: what leaves of a tool's answer.

use std::sync::Arc;

use tidegate_metastore::Access;
use tidegate_telemetry::Count;
use tidegate_tools::{CatalogueEntry, ToolOutput, hide_fields};

use crate::service::Core;

/// Hides what the principal may not see, then makes the rest fit.
pub(crate) fn fit(
    core: &Core,
    access: &Arc<Access>,
    entry: &CatalogueEntry,
    mut output: ToolOutput,
) -> ToolOutput {
    let Some(budget) = &core.settings.size else {
        hide_fields(&mut output, entry.spec(), access);
        return output;
    };
    let fitted = entry.guard(output, access, budget);
    if let Some(warning) = fitted.warning {
        let metrics = core.observer.metrics();
        metrics.count(if warning.is_shortened {
            Count::ResponseShortened
        } else {
            Count::ResponseWarned
        });
        tracing::info!(
            tool = entry.spec().name,
            tokens = warning.tokens,
            token_limit = warning.token_limit,
            bytes = warning.bytes,
            is_shortened = warning.is_shortened,
            "an answer is near or above its size limit",
        );
    }
    fitted.output
}
