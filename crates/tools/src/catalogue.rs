use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{AnyTool, Prompt, Resource, ResourceTemplate};

/// Everything that can be called, read and prompted, in a fixed order (2026-07-28: `tools/list` is
/// deterministic).
#[derive(Default)]
pub struct Catalogue {
    tools: BTreeMap<String, Arc<dyn AnyTool>>,
    resources: BTreeMap<String, Arc<dyn Resource>>,
    templates: Vec<Arc<dyn ResourceTemplate>>,
    prompts: BTreeMap<String, Arc<dyn Prompt>>,
}

impl Catalogue {
    /// Tools by name.
    pub fn tools(&self) -> impl Iterator<Item = &Arc<dyn AnyTool>> {
        self.tools.values()
    }

    /// The tool of that name.
    pub fn tool(&self, name: &str) -> Option<&Arc<dyn AnyTool>> {
        self.tools.get(name)
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
