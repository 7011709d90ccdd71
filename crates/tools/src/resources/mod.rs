//! Resources: what the tools of the same content give, for clients that read before they call.

mod instance;
mod schema;

use serde_json::Map;
use serde_json::value::RawValue;
use tidegate_protocol::content::ContentBlock;

use crate::{CallContext, ToolFailure, hide_fields};

pub(crate) use instance::InstanceMetadata;
pub(crate) use schema::ModelSchema;

/// The JSON text that a tool answers with, under the decision that a call of it is under, through the layers around it and without
/// the fields that the caller may not see.
async fn text_of_tool(
    context: &CallContext,
    name: &'static str,
    request: serde_json::Value,
) -> Result<String, ToolFailure> {
    let arguments = Map::from_iter([("request".to_owned(), request)]);
    let call = context.catalogue.resolve_call(
        name,
        arguments.into(),
        &context.principal,
        &context.access,
    )?;
    let mut output = call.entry.run(context, call.arguments).await?;
    hide_fields(&mut output, call.entry.spec(), &*context.access);
    let text = output
        .result
        .content
        .into_iter()
        .find_map(|block| match block {
            ContentBlock::Text { text } => Some(text),
            _ => None,
        });
    text.filter(|text| serde_json::from_str::<&RawValue>(text).is_ok())
        .ok_or_else(|| ToolFailure::internal(format!("{name} answered without JSON text")))
}
