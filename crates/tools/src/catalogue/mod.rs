//! Everything that can be called, read and prompted. [`Catalogue::builder`] makes one and checks it;
//! `builtin.rs` lists Tidegate's own tools.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::value::RawValue;
use tidegate_protocol::parameter_header::{
    InvalidHeaderAnnotation, ParameterHeader, parameter_headers,
};
use tidegate_protocol::{ProtocolVersion, ToolAnnotations, ToolDefinition};
use tidegate_types::{Principal, Scope, ScopeSet};

use crate::arguments::UnsupportedSchema;
use crate::size::advice_for;
use crate::system::call_tool;
use crate::system::search_tools::{self, SearchIndex};
use crate::typed::TypedTool;
use crate::write_tool::Writing;
use crate::{
    Accepted, AnyTool, ArgumentProblem, CallArguments, CallContext, CallLayer, Fitted, Grants,
    LayeredCall, Prompt, Resource, ResourceTemplate, SizeBudget, Tool, ToolFailure, ToolOutput,
    ToolSpec, ToolVisibility, WriteTool, decide, hide_fields,
};

/// The tools for clients that do not show all tools to their model. They are listed where the others are not.
pub const SEARCHING_TOOLS: [&str; 2] = [search_tools::NAME, call_tool::NAME];

/// Everything that can be called, read and prompted, in a fixed order (2026-07-28: `tools/list` is
/// deterministic).
#[derive(Default)]
pub struct Catalogue {
    tools: BTreeMap<String, Arc<CatalogueEntry>>,
    resources: BTreeMap<String, Arc<dyn Resource>>,
    templates: Vec<Arc<dyn ResourceTemplate>>,
    prompts: BTreeMap<String, Arc<dyn Prompt>>,
    search: SearchIndex,
    has_structured_content: bool,
}

/// A tool with what is made of it once.
pub struct CatalogueEntry {
    tool: Arc<dyn AnyTool>,
    definition: Arc<ToolDefinition>,
    /// In the order of [`ProtocolVersion::SERVED`].
    listed: [Box<RawValue>; ProtocolVersion::SERVED.len()],
    headers: Vec<ParameterHeader>,
    advice: String,
    layers: Arc<[Arc<dyn CallLayer>]>,
}

impl CatalogueEntry {
    /// The tool.
    pub fn tool(&self) -> &Arc<dyn AnyTool> {
        &self.tool
    }

    /// Everything about it but its types.
    pub fn spec(&self) -> &ToolSpec {
        self.tool.spec()
    }

    /// Runs the tool, through all layers.
    ///
    /// # Errors
    /// Those of the tool and of the layers.
    pub async fn call(
        &self,
        context: &CallContext,
        arguments: Accepted,
    ) -> Result<ToolOutput, ToolFailure> {
        LayeredCall::new(context, &*self.tool, arguments, &self.layers)
            .run()
            .await
    }

    /// As it was defined.
    pub fn definition(&self) -> &ToolDefinition {
        &self.definition
    }

    /// The entry of `tools/list` in a revision, ready to be sent.
    pub fn listed(&self, version: ProtocolVersion) -> &RawValue {
        let index = ProtocolVersion::SERVED
            .iter()
            .position(|served| *served == version);
        &self.listed[index.expect("every revision that has a name is served")]
    }

    /// Makes an answer of this tool ready to leave: hides what the principal may not see, then fits it into
    /// the budget.
    pub fn guard(
        &self,
        mut output: ToolOutput,
        grants: &dyn Grants,
        budget: &SizeBudget,
    ) -> Fitted {
        hide_fields(&mut output, self.spec(), grants);
        budget.fit(output, self.spec(), &self.advice)
    }

    /// Arguments that come in `Mcp-Param-…` headers as well.
    pub fn parameter_headers(&self) -> &[ParameterHeader] {
        &self.headers
    }
}

/// A call that may go on: the tool that runs, and its own arguments.
pub struct ResolvedCall<'a> {
    /// The tool that runs; for a call through `call_tool` the inner one. Limits, cache, audit and metrics go
    /// by its spec.
    pub entry: &'a Arc<CatalogueEntry>,
    /// What it gets.
    pub arguments: CallArguments,
    /// Whether the call came through `call_tool`.
    pub is_indirect: bool,
}

/// Why a call may not go on.
#[derive(Debug, thiserror::Error)]
pub enum CallRefusal {
    /// There is no such tool for this principal; the text fits a protocol error.
    #[error("{0}")]
    UnknownTool(String),
    /// The token's scopes do not reach the tool; the text fits a protocol error as well.
    #[error("tool {tool:?} needs the scope {needed}, which the token does not have")]
    InsufficientScope {
        /// The tool that runs.
        tool: String,
        /// A scope that would do.
        needed: Scope,
    },
    /// `call_tool` cannot tell what to call: nothing was done.
    #[error("the arguments are not valid")]
    InvalidArguments(Vec<ArgumentProblem>),
}

impl From<CallRefusal> for ToolFailure {
    fn from(refusal: CallRefusal) -> Self {
        match refusal {
            CallRefusal::UnknownTool(message) => Self::NotFound(message),
            CallRefusal::InsufficientScope { .. } => Self::Forbidden(refusal.to_string()),
            CallRefusal::InvalidArguments(problems) => Self::InvalidArguments(problems),
        }
    }
}

impl Catalogue {
    /// An empty catalogue to be filled.
    pub fn builder() -> CatalogueBuilder {
        CatalogueBuilder::default()
    }

    /// Tools by name.
    pub fn tools(&self) -> impl Iterator<Item = &CatalogueEntry> {
        self.tools.values().map(|entry| &**entry)
    }

    /// The name that a misspelt one surely meant, if there is one.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        crate::arguments::nearest(name, self.tools.keys().map(String::as_str))
    }

    /// The scopes that some tool needs, with those that they include: what clients may usefully ask for.
    pub fn scopes(&self) -> ScopeSet {
        let needed: ScopeSet = self
            .tools
            .values()
            .map(|entry| entry.spec().scope)
            .collect();
        needed.expanded()
    }

    /// The tool of that name.
    pub fn tool(&self, name: &str) -> Option<&Arc<CatalogueEntry>> {
        self.tools.get(name)
    }

    /// What a tool may do to the workspace when this principal calls it. `call_tool` may do what the tools may
    /// that the principal can reach by it.
    pub fn annotations_for(
        &self,
        entry: &CatalogueEntry,
        principal: &Principal,
        grants: &dyn Grants,
    ) -> ToolAnnotations {
        let own = entry.spec().annotations;
        if entry.spec().name != call_tool::NAME {
            return own;
        }
        self.visible(principal, grants)
            .map(CatalogueEntry::spec)
            .filter(|spec| spec.name != call_tool::NAME)
            .map(|spec| spec.annotations)
            .fold(ToolAnnotations::READS, ToolAnnotations::and)
    }

    /// Tools that a principal may call, by name: what `tools/list` and the search show.
    pub fn visible<'a>(
        &'a self,
        principal: &Principal,
        grants: &dyn Grants,
    ) -> impl Iterator<Item = &'a CatalogueEntry> {
        self.tools()
            .filter(|entry| decide(entry.spec(), principal, grants) == ToolVisibility::Allowed)
    }

    /// Finds the tool of a call and decides whether it may run. A call of `call_tool` becomes the call that
    /// it stands for, under the same decision. Every call goes through here.
    ///
    /// # Errors
    /// See [`CallRefusal`]. A tool that is hidden is unknown.
    pub fn resolve_call<'a>(
        &'a self,
        name: &str,
        arguments: CallArguments,
        principal: &Principal,
        grants: &dyn Grants,
    ) -> Result<ResolvedCall<'a>, CallRefusal> {
        let entry = self.allowed(name, principal, grants)?;
        if name != call_tool::NAME {
            return Ok(ResolvedCall {
                entry,
                arguments,
                is_indirect: false,
            });
        }
        let (inner, arguments) =
            call_tool::unwrap(arguments).map_err(CallRefusal::InvalidArguments)?;
        let entry = self.allowed(&inner, principal, grants)?;
        Ok(ResolvedCall {
            entry,
            arguments,
            is_indirect: true,
        })
    }

    fn allowed(
        &self,
        name: &str,
        principal: &Principal,
        grants: &dyn Grants,
    ) -> Result<&Arc<CatalogueEntry>, CallRefusal> {
        let entry = self.tools.get(name);
        match entry.map(|entry| (entry, decide(entry.spec(), principal, grants))) {
            Some((entry, ToolVisibility::Allowed)) => Ok(entry),
            Some((_, ToolVisibility::InsufficientScope(needed))) => {
                Err(CallRefusal::InsufficientScope {
                    tool: name.to_owned(),
                    needed,
                })
            }
            // The hint names only what this principal may see.
            Some((_, ToolVisibility::Hidden)) | None => {
                let shown: String = name.chars().take(128).collect();
                let visible = self
                    .visible(principal, grants)
                    .map(|entry| entry.spec().name);
                let hint = crate::arguments::nearest(name, visible.filter(|other| *other != name));
                let hint = hint
                    .map(|hint| format!("; did you mean {hint:?}?"))
                    .unwrap_or_default();
                Err(CallRefusal::UnknownTool(format!(
                    "tool {shown:?} does not exist, or you may not use it{hint}"
                )))
            }
        }
    }

    /// The index behind `search_tools`.
    pub(crate) fn search(&self) -> &SearchIndex {
        &self.search
    }

    /// Whether typed answers are also given as `structuredContent`. Off by default: most clients put both
    /// the text and the structure before the model, which doubles the tokens of every answer.
    pub fn has_structured_content(&self) -> bool {
        self.has_structured_content
    }

    /// Resources by URI.
    pub fn resources(&self) -> impl Iterator<Item = &Arc<dyn Resource>> {
        self.resources.values()
    }

    /// The resource at that URI.
    pub fn resource(&self, uri: &str) -> Option<&Arc<dyn Resource>> {
        self.resources.get(uri)
    }

    /// Resource templates.
    pub fn templates(&self) -> impl Iterator<Item = &Arc<dyn ResourceTemplate>> {
        self.templates.iter()
    }

    /// Prompts by name.
    pub fn prompts(&self) -> impl Iterator<Item = &Arc<dyn Prompt>> {
        self.prompts.values()
    }

    /// The prompt of that name.
    pub fn prompt(&self, name: &str) -> Option<&Arc<dyn Prompt>> {
        self.prompts.get(name)
    }
}

/// A catalogue that cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Two tools, resources or prompts of one name.
    #[error("{kind} {name:?} is there twice")]
    Duplicate {
        /// What it is.
        kind: &'static str,
        /// Its name or URI.
        name: String,
    },
    /// Names are 1 to 128 of `[A-Za-z0-9_.-]`.
    #[error("tool name {0:?} is not 1 to 128 of A-Z, a-z, 0-9, _, . and -")]
    InvalidName(String),
    /// The schema of the arguments cannot be held.
    #[error("tool {tool:?} cannot be published")]
    Schema {
        /// The tool.
        tool: String,
        /// What went wrong below.
        #[source]
        source: UnsupportedSchema,
    },
    /// A header annotation breaks the rules of 2026-07-28.
    #[error("tool {tool:?} cannot be published")]
    Header {
        /// The tool.
        tool: String,
        /// What went wrong below.
        #[source]
        source: InvalidHeaderAnnotation,
    },
    /// A definition does not serialize.
    #[error("tool {tool:?} cannot be published")]
    Definition {
        /// The tool.
        tool: String,
        /// What went wrong below.
        #[source]
        source: serde_json::Error,
    },
    /// A setting turns off a tool that does not exist.
    #[error("tool {name:?} cannot be turned off, since it does not exist{hint}")]
    UnknownDisabled {
        /// As the setting has it.
        name: String,
        /// The nearest name, as a clause.
        hint: String,
    },
}

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

#[cfg(test)]
mod tests;
