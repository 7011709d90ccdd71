//! `initialize`: opening a session.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use tidegate_protocol::message::Request;
use tidegate_protocol::{ProtocolVersion, RpcError, reply};
use tidegate_store::SessionRecord;
use tidegate_telemetry::Count;
use tidegate_types::SessionId;

use super::session::{announce_end, session_key, store_refusal};
use crate::answer::Answer;
use crate::service::{Caller, Core, discover};

/// Client capabilities and client info are kept with the session, within bounds.
const MAX_CAPABILITIES_BYTES: usize = 16 * 1024;
const MAX_INFO_BYTES: usize = 4 * 1024;

#[derive(Default, Deserialize)]
struct Initialize<'a> {
    #[serde(default, rename = "protocolVersion")]
    version: Option<Value>,
    #[serde(borrow, default)]
    capabilities: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow, default, rename = "clientInfo")]
    client_info: Option<&'a serde_json::value::RawValue>,
}

/// `initialize`: opens a session.
pub(crate) async fn initialize(core: &Arc<Core>, caller: &Caller, request: &Request<'_>) -> Answer {
    let id = &request.id;
    let refuse =
        |text: &str| Answer::Json(reply::failure(Some(id), &RpcError::invalid_params(text)));
    let raw = request.params.map_or("{}", |params| params.get());
    let Ok(params) = serde_json::from_str::<Initialize<'_>>(raw) else {
        return refuse("params of initialize has the same member more than once");
    };
    let Some(Value::String(asked)) = params.version else {
        return refuse("params.protocolVersion must be a string such as \"2025-11-25\"");
    };
    let version = match asked.parse::<ProtocolVersion>() {
        Ok(version) if !version.is_modern() => version,
        // There is no handshake in 2026-07-28; whoever shakes hands gets the newest revision that has one.
        _ => ProtocolVersion::NEWEST_LEGACY,
    };
    let text_of =
        |raw: Option<&serde_json::value::RawValue>| raw.map_or("{}", |raw| raw.get()).to_owned();
    let (capabilities, client_info) = (text_of(params.capabilities), text_of(params.client_info));
    if !capabilities.starts_with('{') || capabilities.len() > MAX_CAPABILITIES_BYTES {
        return refuse("params.capabilities must be an object of at most 16 KiB");
    }
    if !client_info.starts_with('{') || client_info.len() > MAX_INFO_BYTES {
        return refuse("params.clientInfo must be an object of at most 4 KiB");
    }
    let record = SessionRecord {
        protocol_version: version.as_str().to_owned(),
        client_capabilities: capabilities,
        client_info,
        created_unix_secs: core.clock.unix_secs(),
        log_level: None,
        subscriptions: std::collections::BTreeSet::new(),
    };
    let session = SessionId::random();
    let key = session_key(caller, session.clone());
    match core
        .state
        .sessions
        .create(&key, &record, core.settings.sessions)
        .await
    {
        Ok(evicted) => {
            core.observer.metrics().count(Count::SessionOpened);
            core.observer
                .metrics()
                .count_by(Count::SessionEvicted, evicted.len() as u64);
            for session in evicted {
                announce_end(core, session_key(caller, session)).await;
            }
        }
        Err(err) => return store_refusal(core, Some(id), &err),
    }
    Answer::Initialized {
        body: reply::success(id, &discover::initialize(core, caller, version)),
        session,
    }
}
