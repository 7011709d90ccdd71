//! What the server is and can do.

use bytes::Bytes;
use serde_json::{Value, json};
use tidegate_protocol::ProtocolVersion;
use tidegate_protocol::result::{CacheScope, ResultBuilder};

use super::{Caller, Core, millis, notice};

/// `ServerCapabilities`: what is served, and nothing that is not. Log messages are deprecated in
/// 2026-07-28, where a request asks for them in its `_meta`, but still served.
fn capabilities() -> Value {
    json!({
        "tools": { "listChanged": true },
        "prompts": { "listChanged": true },
        "resources": { "listChanged": true, "subscribe": true },
        "completions": {},
        "logging": {},
    })
}

fn instructions(core: &Core, caller: &Caller) -> String {
    notice::with_instructions(&core.settings.instructions, notice::of(caller.token.kind))
}

/// The result of `server/discover`.
pub(crate) fn discover(core: &Core, caller: &Caller, version: ProtocolVersion) -> Bytes {
    ResultBuilder::complete(version, &core.server)
        .member(
            "supportedVersions",
            &ProtocolVersion::SERVED.map(ProtocolVersion::as_str),
        )
        .member("capabilities", &capabilities())
        .member("instructions", &instructions(core, caller))
        .cacheable(millis(core.settings.client_ttl.lists), CacheScope::Private)
        .finish()
}

/// The result of `initialize`.
pub(crate) fn initialize(core: &Core, caller: &Caller, version: ProtocolVersion) -> Bytes {
    let mut server = core.server.implementation.clone();
    if !version.has_structured_content()
        && let Some(members) = server.as_object_mut()
    {
        members.remove("title");
    }
    ResultBuilder::complete(version, &core.server)
        .member("protocolVersion", &version.as_str())
        .member("capabilities", &capabilities())
        .member("serverInfo", &server)
        .member("instructions", &instructions(core, caller))
        .finish()
}
