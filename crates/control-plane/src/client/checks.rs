//! What must be true of a client, whoever makes it. Redirect URIs, names and keys are the `oauth-types` crate's business;
//! here is what belongs together, and that nothing is too large.

use tidegate_oauth_types::{ClientMetadata, GrantType, TokenEndpointAuthMethod};

use super::{ClientKind, CreateClient};
use crate::{ManagerError, input};

const MOST_NAME_CHARS: usize = 200;
/// As many as registrations may name.
const MOST_REDIRECT_URIS: usize = 32;
/// Of the metadata as JSON, keys included; what registers itself is bounded more tightly.
const MOST_METADATA_BYTES: usize = 256 * 1_024;

fn invalid(problem: impl Into<String>) -> ManagerError {
    ManagerError::Invalid(problem.into())
}

/// Checks metadata for a client of this kind, and gives it as it is stored.
pub(super) fn metadata_json(
    kind: ClientKind,
    metadata: &ClientMetadata,
) -> Result<String, ManagerError> {
    input::shown_text("client_name", &metadata.client_name, MOST_NAME_CHARS)?;
    if metadata.redirect_uris.len() > MOST_REDIRECT_URIS {
        return Err(invalid(format!(
            "redirect_uris has {} entries: at most {MOST_REDIRECT_URIS} are allowed",
            metadata.redirect_uris.len()
        )));
    }
    if kind == ClientKind::Machine {
        check_machine(metadata)?;
    } else if metadata.grant_types.contains(&GrantType::ClientCredentials) {
        return Err(invalid(
            "grant_types has client_credentials: only a machine client gets tokens for itself",
        ));
    }
    let json = serde_json::to_string(metadata).map_err(|err| ManagerError::Internal(err.into()))?;
    if json.len() > MOST_METADATA_BYTES {
        return Err(invalid(format!(
            "the client's metadata has {} bytes: at most {MOST_METADATA_BYTES} are allowed",
            json.len()
        )));
    }
    Ok(json)
}

fn check_machine(metadata: &ClientMetadata) -> Result<(), ManagerError> {
    if metadata.grant_types != [GrantType::ClientCredentials] {
        return Err(invalid(
            "grant_types of a machine client must be client_credentials alone",
        ));
    }
    if metadata.token_endpoint_auth_method == TokenEndpointAuthMethod::None {
        return Err(invalid(
            "token_endpoint_auth_method is none: a machine client must prove itself",
        ));
    }
    Ok(())
}

/// Checks that what is given goes together.
pub(super) fn check(asked: &CreateClient) -> Result<(), ManagerError> {
    let client = &asked.client;
    if client.scopes.is_empty() {
        return Err(invalid("scopes is empty: at least one scope is needed"));
    }
    let is_document = client.kind == ClientKind::Document;
    if is_document != client.id.is_url() {
        return Err(invalid(
            "id must be an https URL for a client that a document describes, and for no other",
        ));
    }
    let is_nobodys = matches!(client.kind, ClientKind::Dynamic | ClientKind::Document);
    if is_nobodys && client.owner.is_some() {
        return Err(invalid(format!(
            "owner is given: a {} client has none",
            client.kind.as_str()
        )));
    }
    if (client.kind == ClientKind::Machine) != client.acts_as.is_some() {
        return Err(invalid(
            "acts_as must be given for a machine client, and for no other",
        ));
    }
    if asked.registration_token.is_some() && client.kind != ClientKind::Dynamic {
        return Err(invalid(
            "registration_token is given: only a client that registered itself has one",
        ));
    }
    check_proof(asked)
}

/// A secret is there exactly when the client proves itself by one.
fn check_proof(asked: &CreateClient) -> Result<(), ManagerError> {
    let metadata = &asked.client.metadata;
    let needs_secret = match metadata.token_endpoint_auth_method {
        TokenEndpointAuthMethod::ClientSecretBasic | TokenEndpointAuthMethod::ClientSecretPost => {
            true
        }
        TokenEndpointAuthMethod::None | TokenEndpointAuthMethod::PrivateKeyJwt => false,
    };
    if needs_secret != asked.secret.is_some() {
        return Err(invalid(if needs_secret {
            "secret is missing: token_endpoint_auth_method says that the client has one"
        } else {
            "secret is given: token_endpoint_auth_method says that the client has none"
        }));
    }
    let has_keys = metadata.jwks.is_some() || metadata.jwks_uri.is_some();
    if metadata.token_endpoint_auth_method == TokenEndpointAuthMethod::PrivateKeyJwt && !has_keys {
        return Err(invalid(
            "jwks or jwks_uri is missing: private_key_jwt needs the client's keys",
        ));
    }
    Ok(())
}
