use std::sync::Arc;

use arc_swap::ArcSwap;
use tidegate_oauth_types::ResourceMap;

/// The resources of a deployment, which change as workspaces come and go. Clones share them.
#[derive(Debug, Clone)]
pub struct LiveResources(Arc<ArcSwap<ResourceMap>>);

impl LiveResources {
    /// The resources to begin with.
    pub fn new(resources: ResourceMap) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(resources)))
    }

    /// The resources from now on.
    pub fn replace(&self, resources: ResourceMap) {
        self.0.store(Arc::new(resources));
    }

    /// The resources now.
    pub fn load(&self) -> Arc<ResourceMap> {
        self.0.load_full()
    }
}
