//! The documents by which clients find everything. They say what is configured, never what a request's `Host` says.

use tidegate_oauth::{
    AuthorizationServerMetadata, Offered, ProtectedResourceMetadata, Resource, Target,
};

use crate::server::Inner;

const NAME: &str = "Tidegate";

impl Inner {
    pub(crate) fn metadata(&self) -> AuthorizationServerMetadata {
        let offered = Offered {
            registration: self.rules.may_register,
            documents: self.rules.may_use_documents,
            device: true,
            identity_assertions: !self.rules.assertion_issuers.is_empty(),
        };
        AuthorizationServerMetadata::new(&self.issuer(), offered)
    }

    pub(crate) fn protected_resource(
        &self,
        resource: &Resource,
    ) -> Option<ProtectedResourceMetadata> {
        let audience = self.audience(Some(resource)).ok()?;
        let resources = self.resources.load();
        let name = match resources.find(&audience.resource)? {
            Target::Generic => NAME.to_owned(),
            Target::Workspace(workspace) => format!("{NAME}, workspace {workspace}"),
        };
        Some(ProtectedResourceMetadata::new(
            audience.resource,
            resources.issuer(),
            &name,
        ))
    }
}
