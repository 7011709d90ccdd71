use std::collections::BTreeMap;

use serde_json::json;
use serde_json::value::RawValue;
use tidegate_protocol::{ResourceContents, ResourceDefinition};

use super::text_of_tool;
use crate::{CallContext, Resource, ToolFailure};

/// Models that have a resource of their own.
const MODELS: [&str; 3] = ["chart", "dataset", "dashboard"];

/// `superset://schema/…`: which columns the list tools select, filter and sort by, as `get_schema` gives it.
pub(crate) struct ModelSchema {
    /// `None` for all models together.
    model: Option<&'static str>,
}

impl ModelSchema {
    /// One for each model, and one for all.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        MODELS
            .into_iter()
            .map(Some)
            .chain([None])
            .map(|model| Self { model })
    }

    fn uri(&self) -> String {
        format!("superset://schema/{}", self.model.unwrap_or("all"))
    }
}

#[async_trait::async_trait]
impl Resource for ModelSchema {
    fn definition(&self) -> ResourceDefinition {
        let (name, lists) = match self.model {
            Some(model) => (format!("Columns of {model}s"), format!("list_{model}s")),
            None => (
                "Columns of charts, datasets and dashboards".to_owned(),
                "the list tools".to_owned(),
            ),
        };
        ResourceDefinition {
            uri: self.uri(),
            name,
            description: Some(format!(
                "Which columns {lists} can select, filter and sort by, with their defaults. The same as the tool get_schema."
            )),
            mime_type: Some("application/json".to_owned()),
        }
    }

    async fn read(&self, context: &CallContext) -> Result<Vec<ResourceContents>, ToolFailure> {
        let schema_of =
            async |model| text_of_tool(context, "get_schema", json!({ "model_type": model })).await;
        let text = if let Some(model) = self.model {
            schema_of(model).await?
        } else {
            let mut all: BTreeMap<&str, Box<RawValue>> = BTreeMap::new();
            for model in MODELS {
                let text = schema_of(model).await?;
                all.insert(
                    model,
                    RawValue::from_string(text).map_err(ToolFailure::internal)?,
                );
            }
            serde_json::to_string(&all).map_err(ToolFailure::internal)?
        };
        Ok(vec![ResourceContents::json(self.uri(), text)])
    }
}
