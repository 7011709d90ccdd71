//! `requestState`: what a tool gets back when its call is made again (2026-07-28).

use std::fmt::Write as _;

use tidegate_protocol::ProtocolVersion;
use tidegate_protocol::state::{Binding, InvalidState};
use tidegate_types::Principal;

use super::digest::sha256_of;
use crate::service::operation::{Operation, OperationSummary};
use crate::service::{Caller, Core};

/// How long sealed state counts.
const STATE_TTL_SECS: i64 = 600;

/// The arguments of a call as its `requestState` knows them: however they are written.
pub(super) struct ArgumentsDigest(Option<[u8; 32]>);

impl ArgumentsDigest {
    /// Of an operation that is not carried out yet. In the older revisions there is no state: it is not computed.
    pub(super) fn of(operation: &Operation, version: ProtocolVersion) -> Self {
        Self(
            version
                .is_modern()
                .then(|| sha256_of(&operation.arguments())),
        )
    }

    fn to_hex(&self) -> String {
        let digest = self.0.iter().flatten();
        digest.fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// Seals a tool's state for the client.
pub(super) fn seal(
    core: &Core,
    principal: &Principal,
    summary: &OperationSummary,
    arguments: &ArgumentsDigest,
    state: &serde_json::Value,
) -> String {
    let expires = core.clock.unix_secs() + STATE_TTL_SECS;
    core.sealer.seal(
        &binding(principal, summary, &arguments.to_hex()),
        state.clone(),
        expires,
    )
}

/// What sealed state is bound to.
fn binding<'a>(
    principal: &'a Principal,
    summary: &'a OperationSummary,
    arguments: &'a str,
) -> Binding<'a> {
    Binding {
        workspace: principal.workspace.as_str(),
        user: principal.user.0,
        method: summary.method.as_str(),
        target: &summary.target,
        arguments,
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
    version: ProtocolVersion,
    sealed: &str,
) -> Result<serde_json::Value, InvalidState> {
    let summary = operation.summary();
    let arguments = ArgumentsDigest::of(operation, version).to_hex();
    core.sealer.open(
        &binding(&caller.principal, &summary, &arguments),
        sealed,
        core.clock.unix_secs(),
    )
}
