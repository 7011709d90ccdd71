//! The documents by which clients find everything. They say what is configured, never what a request's `Host` says.

use tidegate_oauth_types::{
    AuthorizationServerMetadata, Offered, ProtectedResourceMetadata, Resource,
};

use crate::server::Inner;

impl Inner {
    pub(crate) fn metadata(&self) -> AuthorizationServerMetadata {
        let may_register = self.rules.may_register;
        let offered = Offered {
            registration: may_register,
            // Who cannot register has no other way than to try.
            documents: self.rules.may_use_documents
                && (self.documents.can_be_fetched() || !may_register),
            device: true,
            identity_assertions: !self.rules.assertion_issuers.is_empty(),
            scopes: self.rules.offered_scopes,
        };
        AuthorizationServerMetadata::new(&self.issuer(), offered)
    }

    pub(crate) fn protected_resource(
        &self,
        resource: &Resource,
    ) -> Option<ProtectedResourceMetadata> {
        let audience = self.audience(Some(resource)).ok()?;
        let resources = self.resources.load();
        let name = resources.find(&audience.resource)?.display_name();
        Some(ProtectedResourceMetadata::new(
            audience.resource,
            resources.issuer(),
            &name,
            self.rules.offered_scopes,
        ))
    }
}
