//! Everything that can be called, read and prompted. [`Catalogue::builder`] makes one and checks it;
//! `builtin.rs` lists Tidegate's own tools.

mod builder;
mod entry;
mod error;
mod guard;
mod resolve;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_protocol::ToolAnnotations;
use tidegate_types::{Principal, ScopeSet};

pub use builder::CatalogueBuilder;
pub use entry::CatalogueEntry;
pub use error::CatalogueError;
pub use resolve::{CallRefusal, ResolvedCall};

use crate::system::call_tool;
use crate::system::search_tools::{self, SearchIndex};
use crate::{Grants, Prompt, Resource, ResourceTemplate, ToolVisibility, decide};

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
