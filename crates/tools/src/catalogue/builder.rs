//! Making a catalogue.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tidegate_protocol::ProtocolVersion;
use tidegate_protocol::parameter_header::parameter_headers;

use super::{Catalogue, CatalogueEntry, CatalogueError};
use crate::size::advice_for;
use crate::system::search_tools::SearchIndex;
use crate::typed::TypedTool;
use crate::write_tool::Writing;
use crate::{AnyTool, CallLayer, Prompt, Resource, ResourceTemplate, Tool, WriteTool};

/// Collects tools, resources and prompts. Mistakes are told by [`CatalogueBuilder::build`].
#[derive(Default)]
pub struct CatalogueBuilder {
    tools: Vec<Result<Arc<dyn AnyTool>, CatalogueError>>,
    resources: Vec<Arc<dyn Resource>>,
    templates: Vec<Arc<dyn ResourceTemplate>>,
    prompts: Vec<Arc<dyn Prompt>>,
    disabled: BTreeSet<String>,
    layers: Vec<Arc<dyn CallLayer>>,
    has_structured_content: bool,
}

impl CatalogueBuilder {
    /// Puts a layer around every tool. The first one is the outermost.
    pub fn layer(mut self, layer: impl CallLayer + 'static) -> Self {
        self.layers.push(Arc::new(layer));
        self
    }

    /// Adds a typed tool.
    pub fn tool<T: Tool>(mut self, tool: T) -> Self {
        let typed = TypedTool::new(tool).map(|tool| Arc::new(tool) as Arc<dyn AnyTool>);
        self.tools
            .push(typed.map_err(|source| CatalogueError::Schema {
                tool: T::SPEC.name.to_owned(),
                source,
            }));
        self
    }

    /// Adds a tool that changes the metastore.
    pub fn write_tool<T: WriteTool>(self, tool: T) -> Self {
        self.tool(Writing::new(tool))
    }

    /// Adds a tool that handles the protocol itself.
    pub fn raw_tool(mut self, tool: impl AnyTool + 'static) -> Self {
        self.tools.push(Ok(Arc::new(tool)));
        self
    }

    /// Adds a resource.
    pub fn resource(mut self, resource: impl Resource + 'static) -> Self {
        self.resources.push(Arc::new(resource));
        self
    }

    /// Adds a resource template. The first one that knows a URI answers for it.
    pub fn template(mut self, template: impl ResourceTemplate + 'static) -> Self {
        self.templates.push(Arc::new(template));
        self
    }

    /// Adds a prompt.
    pub fn prompt(mut self, prompt: impl Prompt + 'static) -> Self {
        self.prompts.push(Arc::new(prompt));
        self
    }

    /// Whether typed answers are also given as `structuredContent`; see
    /// [`Catalogue::has_structured_content`].
    pub fn structured_content(mut self, is_on: bool) -> Self {
        self.has_structured_content = is_on;
        self
    }

    /// Leaves tools out, by name.
    pub fn disable<S: AsRef<str>>(mut self, names: &[S]) -> Self {
        self.disabled
            .extend(names.iter().map(|name| name.as_ref().to_owned()));
        self
    }

    /// Checks everything and makes what is made once: definitions of every revision, the search index.
    ///
    /// # Errors
    /// The first thing that is wrong; see [`CatalogueError`].
    pub fn build(self) -> Result<Catalogue, CatalogueError> {
        let mut tools = BTreeMap::new();
        let layers: Arc<[_]> = self.layers.into();
        for tool in self.tools {
            let entry = publish(tool?, Arc::clone(&layers))?;
            let name = entry.definition.name.clone();
            if tools.insert(name.clone(), Arc::new(entry)).is_some() {
                return Err(CatalogueError::Duplicate { kind: "tool", name });
            }
        }
        for name in self.disabled {
            if tools.remove(&name).is_none() {
                let hint = crate::arguments::nearest(&name, tools.keys().map(String::as_str));
                let hint = hint
                    .map(|hint| format!("; did you mean {hint:?}?"))
                    .unwrap_or_default();
                return Err(CatalogueError::UnknownDisabled { name, hint });
            }
        }
        let mut resources = BTreeMap::new();
        for resource in self.resources {
            let uri = resource.definition().uri;
            if resources.insert(uri.clone(), resource).is_some() {
                return Err(CatalogueError::Duplicate {
                    kind: "resource",
                    name: uri,
                });
            }
        }
        let mut prompts = BTreeMap::new();
        for prompt in self.prompts {
            let name = prompt.definition().name;
            if prompts.insert(name.clone(), prompt).is_some() {
                return Err(CatalogueError::Duplicate {
                    kind: "prompt",
                    name,
                });
            }
        }
        let search = SearchIndex::of(tools.values().map(|entry| &**entry));
        let has_structured_content = self.has_structured_content;
        Ok(Catalogue {
            tools,
            resources,
            templates: self.templates,
            prompts,
            search,
            has_structured_content,
        })
    }
}

fn publish(
    tool: Arc<dyn AnyTool>,
    layers: Arc<[Arc<dyn CallLayer>]>,
) -> Result<CatalogueEntry, CatalogueError> {
    let definition = tool.definition();
    let name = &definition.name;
    debug_assert_eq!(name, tool.spec().name, "a tool has one name");
    let is_valid = (1..=128).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    if !is_valid {
        return Err(CatalogueError::InvalidName(
            name.chars().take(200).collect(),
        ));
    }
    let headers =
        parameter_headers(&definition.input_schema).map_err(|source| CatalogueError::Header {
            tool: name.clone(),
            source,
        })?;
    let listed = |version| {
        serde_json::value::to_raw_value(&definition.for_version(version)).map_err(|source| {
            CatalogueError::Definition {
                tool: name.clone(),
                source,
            }
        })
    };
    let [first, second, third, fourth] = ProtocolVersion::SERVED;
    let listed = [
        listed(first)?,
        listed(second)?,
        listed(third)?,
        listed(fourth)?,
    ];
    let advice = advice_for(&definition.input_schema);
    Ok(CatalogueEntry {
        tool,
        definition: definition.clone(),
        listed,
        headers,
        advice,
        layers,
    })
}
