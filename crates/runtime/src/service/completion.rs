//! `completion/complete`.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tidegate_protocol::result::ResultBuilder;
use tidegate_protocol::{Params, ProtocolVersion, RpcError};
use tidegate_tools::CallContext;
use tidegate_types::{check_name, check_text};

use super::Core;

/// Values that one answer may hold (2025-03-26 and later, "Completion Results").
const MAX_VALUES: usize = 100;

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Reference {
    #[serde(rename = "ref/prompt")]
    Prompt { name: String },
    #[serde(rename = "ref/resource")]
    Resource { uri: String },
}

#[derive(Deserialize)]
struct Argument {
    name: String,
    value: String,
}

/// Values of a prompt's argument that begin with what was typed.
///
/// # Errors
/// `-32602`: the parameters are wrong, or name what does not exist.
pub(crate) async fn complete(
    core: &Core,
    context: &CallContext,
    version: ProtocolVersion,
    params: &Params<'_>,
) -> Result<Bytes, RpcError> {
    let reference: Reference = read("ref", params.reference)?;
    let argument: Argument = read("argument", params.argument)?;
    let named = match &reference {
        Reference::Prompt { name } => check_name(name),
        Reference::Resource { uri } => check_name(uri),
    };
    for (place, checked) in [
        ("ref", named),
        ("argument.name", check_name(&argument.name)),
        ("argument.value", check_text(&argument.value)),
    ] {
        checked.map_err(|err| RpcError::invalid_params(format!("params.{place} {err}")))?;
    }
    let mut values = match reference {
        Reference::Prompt { name } => {
            let prompt = core.catalogue.prompt(&name).ok_or_else(|| {
                let name: String = name.chars().take(128).collect();
                RpcError::invalid_params(format!("prompt {name:?} does not exist"))
            })?;
            prompt
                .complete(context, &argument.name, &argument.value)
                .await
                .unwrap_or_else(|err| {
                    // A completion is a convenience: none is better than an error in the middle of typing.
                    tracing::debug!(
                        error = &err as &dyn std::error::Error,
                        "a completion failed"
                    );
                    Vec::new()
                })
        }
        Reference::Resource { uri } => {
            let is_known = core.catalogue.resource(&uri).is_some()
                || core
                    .catalogue
                    .templates()
                    .any(|template| template.definition().uri_template == uri);
            if !is_known {
                return Err(RpcError::resource_not_found(version, &uri));
            }
            Vec::new()
        }
    };
    let total = values.len();
    values.truncate(MAX_VALUES);
    let completion = json!({ "values": values, "total": total, "hasMore": total > MAX_VALUES });
    Ok(ResultBuilder::complete(version, &core.server)
        .member("completion", &completion)
        .finish())
}

fn read<'a, T: Deserialize<'a>>(member: &str, raw: Option<&'a RawValue>) -> Result<T, RpcError> {
    let expected = match member {
        "ref" => r#"{"type": "ref/prompt", "name": …} or {"type": "ref/resource", "uri": …}"#,
        _ => r#"{"name": …, "value": …}"#,
    };
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
        .ok_or_else(|| RpcError::invalid_params(format!("params.{member} must be {expected}")))
}
