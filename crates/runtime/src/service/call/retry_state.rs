//! `requestState`: what a tool gets back when its call is made again (2026-07-28).

use tidegate_protocol::state::{Binding, InvalidState};
use tidegate_types::Principal;

use crate::service::operation::{Operation, OperationSummary};
use crate::service::{Caller, Core};

/// How long sealed state counts.
const STATE_TTL_SECS: i64 = 600;

/// Seals a tool's state for the client.
pub(super) fn seal(
    core: &Core,
    principal: &Principal,
    summary: &OperationSummary,
    state: &serde_json::Value,
) -> String {
    let expires = core.clock.unix_secs() + STATE_TTL_SECS;
    core.sealer
        .seal(&binding(principal, summary), state.clone(), expires)
}

/// What sealed state is bound to.
fn binding<'a>(principal: &'a Principal, summary: &'a OperationSummary) -> Binding<'a> {
    Binding {
        workspace: principal.workspace.as_str(),
        user: principal.user.0,
        method: summary.method.as_str(),
        target: &summary.target,
        arguments: summary.arguments(),
    }
}

/// Opens `requestState` that came with a call.
///
/// # Errors
/// It is not for this call, or too old.
pub(crate) fn open(
    core: &Core,
    caller: &Caller,
    operation: &Operation,
    sealed: &str,
) -> Result<serde_json::Value, InvalidState> {
    let summary = operation.summary();
    core.sealer.open(
        &binding(&caller.principal, &summary),
        sealed,
        core.clock.unix_secs(),
    )
}
