//! From a decoded request to an operation that this caller may do.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_protocol::ladder::Params;
use tidegate_protocol::{ProtocolVersion, RequestId, RpcError, reply};
use tidegate_tools::{CallRefusal, ToolFailure};
use tidegate_types::{Scope, ScopeSet, ServiceCode};

use super::operation::Operation;
use super::{Caller, Core, Outcome, failure};
use crate::answer::Refused;

/// The operation that a request names.
///
/// # Errors
/// The answer instead: it does not exist, may not be done, or is not said rightly.
pub(crate) fn operation(
    core: &Core,
    caller: &Caller,
    method: &str,
    params: &Params<'_>,
    id: &RequestId,
    version: ProtocolVersion,
) -> Result<Operation, Outcome> {
    let in_band = |error: RpcError| Outcome::Message(reply::failure(Some(id), &error));
    match method {
        "tools/call" => {
            let name = Params::text("name", params.name).map_err(in_band)?;
            tool(core, caller, &name, params, id, version)
        }
        "prompts/get" => {
            let name = Params::text("name", params.name).map_err(in_band)?;
            prompt(core, &name, params).map_err(in_band)
        }
        _ => {
            let uri = Params::text("uri", params.uri).map_err(in_band)?;
            Ok(Operation::Resource {
                uri: uri.into_owned(),
            })
        }
    }
}

fn tool(
    core: &Core,
    caller: &Caller,
    name: &str,
    params: &Params<'_>,
    id: &RequestId,
    version: ProtocolVersion,
) -> Result<Operation, Outcome> {
    // Members that are null count as absent: some clients write all of them.
    let arguments = params
        .arguments
        .filter(|arguments| arguments.get() != "null");
    let resolved = core
        .catalogue
        .resolve_call(name, arguments, &caller.principal, &caller.access);
    match resolved {
        Ok(call) => Ok(Operation::Tool {
            tool: Arc::clone(call.entry.tool()),
            arguments: call.arguments.map(std::borrow::Cow::into_owned),
        }),
        Err(CallRefusal::UnknownTool(message)) => {
            core.observer
                .refused(caller, "tools/call", name, ServiceCode::NotFound);
            Err(Outcome::Message(reply::failure(
                Some(id),
                &RpcError::invalid_params(message),
            )))
        }
        Err(CallRefusal::InsufficientScope { tool, needed }) => {
            core.observer
                .refused(caller, "tools/call", &tool, ServiceCode::InsufficientScope);
            let error = RpcError::new(
                super::FORBIDDEN,
                format!("the token's scopes do not reach the tool {tool}: it needs {needed}"),
            );
            Err(Outcome::Refused(Refused {
                needs_scope: Some(step_up(caller.principal.scopes, needed)),
                ..Refused::new(ServiceCode::InsufficientScope, Some(id), error)
            }))
        }
        Err(CallRefusal::InvalidArguments(problems)) => {
            core.observer
                .refused(caller, "tools/call", name, ServiceCode::InvalidRequest);
            let failed = ToolFailure::InvalidArguments(problems);
            Err(failure::outcome(core, &failed, id, version, true, |_| {
                String::new()
            }))
        }
    }
}

/// What a client should ask for that has some scopes and needs one more.
fn step_up(has: ScopeSet, needed: Scope) -> ScopeSet {
    has.iter().chain([needed]).collect::<ScopeSet>().expanded()
}

fn prompt(core: &Core, name: &str, params: &Params<'_>) -> Result<Operation, RpcError> {
    let prompt = core.catalogue.prompt(name).ok_or_else(|| {
        let name: String = name.chars().take(128).collect();
        RpcError::invalid_params(format!("prompt {name:?} does not exist"))
    })?;
    let arguments: BTreeMap<String, String> = match params
        .arguments
        .filter(|arguments| arguments.get() != "null")
    {
        None => BTreeMap::new(),
        Some(raw) => serde_json::from_str(raw.get()).map_err(|_| {
            RpcError::invalid_params("params.arguments must be an object of strings")
        })?,
    };
    let missing = prompt
        .definition()
        .arguments
        .into_iter()
        .find(|argument| argument.is_required && !arguments.contains_key(&argument.name));
    if let Some(missing) = missing {
        return Err(RpcError::invalid_params(format!(
            "params.arguments.{} is missing",
            missing.name
        )));
    }
    Ok(Operation::Prompt {
        prompt: Arc::clone(prompt),
        arguments,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stepping_up_loses_nothing_and_asks_for_no_more() {
        let ask = |has: ScopeSet, needed| step_up(has, needed).to_string();
        let read = ScopeSet::from(Scope::Read);
        assert_eq!("mcp:read mcp:query", ask(read, Scope::Query));
        assert_eq!("mcp:read", ask(ScopeSet::NONE, Scope::Read));
        assert_eq!(
            "mcp:read mcp:query mcp:write",
            ask(Scope::Query.into(), Scope::Write)
        );
    }
}
