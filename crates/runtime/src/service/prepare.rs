//! From a decoded request to an operation that this caller may do.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_protocol::content::ToolResult;
use tidegate_protocol::result::tool_result;
use tidegate_protocol::{Method, Params, ProtocolVersion, RequestId, RpcError, reply};
use tidegate_tools::{Accepted, CallArguments, CallRefusal, ToolFailure};
use tidegate_types::{Scope, ScopeSet, ServiceCode};

use super::operation::Operation;
use super::{Caller, Core, Outcome, failure};
use crate::answer::Refused;

/// Ours, outside the reserved range: the caller may not do this.
const FORBIDDEN: i32 = -31003;

/// A request for something that is done, within limits and with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallKind {
    /// `tools/call`.
    Tool,
    /// `prompts/get`.
    Prompt,
    /// `resources/read`.
    Resource,
}

/// The operation that a request names.
///
/// # Errors
/// The answer instead: it does not exist, may not be done, or is not said rightly.
pub(crate) fn operation(
    core: &Core,
    caller: &Caller,
    kind: CallKind,
    params: &Params<'_>,
    id: &RequestId,
    version: ProtocolVersion,
) -> Result<Operation, Outcome> {
    let in_band = |error: RpcError| Outcome::Message(reply::failure(Some(id), &error));
    match kind {
        CallKind::Tool => {
            let name = Params::text("name", params.name).map_err(in_band)?;
            tool(core, caller, &name, params, id, version)
        }
        CallKind::Prompt => {
            let name = Params::text("name", params.name).map_err(in_band)?;
            prompt(core, &name, params).map_err(in_band)
        }
        CallKind::Resource => {
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
    // The one place where a tool's arguments are read.
    let arguments = CallArguments::read(params.arguments);
    let resolved = core
        .catalogue
        .resolve_call(name, arguments, &caller.principal, &caller.access);
    match resolved {
        Ok(call) => Ok(Operation::Tool {
            entry: Arc::clone(call.entry),
            arguments: call.arguments,
            is_indirect: call.is_indirect,
        }),
        Err(CallRefusal::UnknownTool(message)) => {
            core.observer
                .refused(caller, Method::CallTool, name, ServiceCode::NotFound);
            Err(Outcome::Message(reply::failure(
                Some(id),
                &RpcError::invalid_params(message),
            )))
        }
        Err(refusal @ CallRefusal::InsufficientScope { .. }) => {
            Err(insufficient_scope(core, caller, &refusal, id, version))
        }
        Err(CallRefusal::InvalidArguments(problems)) => {
            core.observer
                .refused(caller, Method::CallTool, name, ServiceCode::InvalidRequest);
            let failed = ToolFailure::InvalidArguments(problems);
            let asked = failure::Asked {
                id,
                version,
                tool: core.catalogue.tool(name).map(|entry| &**entry),
                access: &caller.access,
            };
            Err(failure::outcome(core, &failed, &asked, |_| String::new()))
        }
    }
}

/// What the client gets whose token does not reach a tool: a challenge, or a result where no other token can be
/// had by it.
fn insufficient_scope(
    core: &Core,
    caller: &Caller,
    refusal: &CallRefusal,
    id: &RequestId,
    version: ProtocolVersion,
) -> Outcome {
    let CallRefusal::InsufficientScope { tool, needed } = refusal else {
        unreachable!("called for this one alone");
    };
    core.observer.refused(
        caller,
        Method::CallTool,
        tool,
        ServiceCode::InsufficientScope,
    );
    let has = caller.principal.scopes;
    if !caller.can_act_on_status() {
        let text = failure::sentence(&format!(
            "{refusal}; it has {has}. The person who made it can make another one"
        ));
        let result = tool_result(&ToolResult::error(text), version, &core.server);
        return Outcome::Message(reply::success(id, &result));
    }
    let error = RpcError::new(FORBIDDEN, format!("{refusal}; it has {has}"));
    Outcome::Refused(Refused {
        needs_scope: Some(step_up(has, *needed)),
        ..Refused::new(ServiceCode::InsufficientScope, Some(id), error)
    })
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
    let arguments = prompt_arguments(params)?;
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

/// The arguments of a prompt: texts by name. Null is the same as left out.
fn prompt_arguments(params: &Params<'_>) -> Result<BTreeMap<String, String>, RpcError> {
    let Some(raw) = params.arguments else {
        return Ok(BTreeMap::new());
    };
    // The same reading as of a tool's arguments: no member twice, no control characters.
    let accepted =
        Accepted::unchecked_by_schema(CallArguments::read(Some(raw))).map_err(|problems| {
            let problem = problems.first().map(|problem| {
                let dot = if problem.path.is_empty() { "" } else { "." };
                format!("{dot}{}: {}", problem.path, problem.message)
            });
            RpcError::invalid_params(format!("params.arguments{}", problem.unwrap_or_default()))
        })?;
    let mut arguments: BTreeMap<String, Option<String>> = accepted
        .read()
        .map_err(|_| RpcError::invalid_params("params.arguments must be an object of strings"))?;
    arguments.retain(|_, text| text.is_some());
    Ok(arguments
        .into_iter()
        .map(|(name, text)| (name, text.unwrap_or_default()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> Result<BTreeMap<String, String>, String> {
        let raw: &serde_json::value::RawValue = serde_json::from_str(text).unwrap();
        let params = Params {
            arguments: Some(raw),
            ..Params::default()
        };
        prompt_arguments(&params).map_err(|error| error.message)
    }

    #[test]
    fn null_for_an_argument_of_a_prompt_is_the_same_as_left_out() {
        let expected = BTreeMap::from([("a".to_owned(), "x".to_owned())]);
        assert_eq!(Ok(expected), arguments(r#"{"a":"x","b":null}"#));
    }

    #[test]
    fn arguments_of_a_prompt_are_texts_without_control_characters() {
        for (came, told) in [
            (
                r#"{"a":"x\u0000"}"#,
                "params.arguments.a: must not contain the control character U+0000",
            ),
            (
                r#"{"a\u001b":"x"}"#,
                "params.arguments.\"a\\u{1b}\": the name of a member must not contain the control character U+001B",
            ),
            (
                r#"{"a":"x","a":"y"}"#,
                "params.arguments.a: stands more than once",
            ),
            (
                r#"{"a":1}"#,
                "params.arguments must be an object of strings",
            ),
            (
                "[]",
                "params.arguments: expected an object, or its JSON in a string, got an empty list",
            ),
        ] {
            assert_eq!(Err(told.to_owned()), arguments(came), "{came}");
        }
    }

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
