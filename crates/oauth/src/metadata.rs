//! The documents by which clients find everything (RFC 8414, RFC 9728).

use serde::{Deserialize, Serialize};
use tidegate_types::Scope;

use crate::scope_request::OFFLINE_ACCESS;
use crate::{GrantType, JwkSet, Resource, TokenEndpointAuthMethod};

/// Authorization server metadata (RFC 8414 §2), served as OpenID configuration as well. No member is ever `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the members are the specification's"
)]
#[expect(missing_docs, reason = "the members are the specification's")]
pub struct AuthorizationServerMetadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    pub revocation_endpoint: String,
    pub introspection_endpoint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_authorization_endpoint: Option<String>,
    pub jwks_uri: String,
    pub scopes_supported: Vec<String>,
    pub response_types_supported: Vec<String>,
    pub response_modes_supported: Vec<String>,
    pub grant_types_supported: Vec<GrantType>,
    pub token_endpoint_auth_methods_supported: Vec<TokenEndpointAuthMethod>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    pub revocation_endpoint_auth_methods_supported: Vec<TokenEndpointAuthMethod>,
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<String>,
    pub introspection_endpoint_auth_methods_supported: Vec<TokenEndpointAuthMethod>,
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<String>,
    pub code_challenge_methods_supported: Vec<String>,
    pub prompt_values_supported: Vec<String>,
    pub client_id_metadata_document_supported: bool,
    pub authorization_response_iss_parameter_supported: bool,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_grant_profiles_supported: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_documentation: Option<String>,
}

/// What an installation has switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four switches")]
pub struct Offered {
    /// Clients may register themselves (RFC 7591).
    pub registration: bool,
    /// Client id metadata documents are fetched.
    pub documents: bool,
    /// The device flow (RFC 8628).
    pub device: bool,
    /// Identity providers are trusted to vouch for people (ID-JAG).
    pub identity_assertions: bool,
}

impl Offered {
    /// All of it.
    pub const ALL: Self = Self {
        registration: true,
        documents: true,
        device: true,
        identity_assertions: true,
    };
}

/// The profile of RFC 7523 grants that ID-JAG is.
const ID_JAG_PROFILE: &str = "urn:ietf:params:oauth:grant-profile:id-jag";

impl AuthorizationServerMetadata {
    /// The document of an issuer: an origin without a trailing slash.
    pub fn new(issuer: &str, offered: Offered) -> Self {
        let at = |path: &str| format!("{issuer}{path}");
        let mut grant_types = vec![
            GrantType::AuthorizationCode,
            GrantType::RefreshToken,
            GrantType::ClientCredentials,
        ];
        if offered.device {
            grant_types.push(GrantType::DeviceCode);
        }
        if offered.identity_assertions {
            grant_types.push(GrantType::JwtBearer);
        }
        let mut scopes: Vec<String> = Scope::ALL.iter().map(Scope::to_string).collect();
        scopes.push(OFFLINE_ACCESS.to_owned());
        let confidential = [
            TokenEndpointAuthMethod::ClientSecretBasic,
            TokenEndpointAuthMethod::ClientSecretPost,
            TokenEndpointAuthMethod::PrivateKeyJwt,
        ];
        // `none` must be there, or clients do not send their document (C22).
        let methods = [&[TokenEndpointAuthMethod::None][..], &confidential].concat();
        let algorithms: Vec<String> = JwkSet::algorithms().map(str::to_owned).collect();
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: at("/oauth/authorize"),
            token_endpoint: at("/oauth/token"),
            registration_endpoint: offered.registration.then(|| at("/oauth/register")),
            revocation_endpoint: at("/oauth/revoke"),
            introspection_endpoint: at("/oauth/introspect"),
            device_authorization_endpoint: offered
                .device
                .then(|| at("/oauth/device_authorization")),
            jwks_uri: at("/.well-known/jwks.json"),
            scopes_supported: scopes,
            response_types_supported: vec!["code".into()],
            response_modes_supported: vec!["query".into()],
            grant_types_supported: grant_types,
            token_endpoint_auth_methods_supported: methods.clone(),
            token_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
            revocation_endpoint_auth_methods_supported: methods,
            revocation_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
            introspection_endpoint_auth_methods_supported: confidential.to_vec(),
            introspection_endpoint_auth_signing_alg_values_supported: algorithms,
            code_challenge_methods_supported: vec!["S256".into()],
            prompt_values_supported: ["none", "login", "consent", "select_account"]
                .map(String::from)
                .to_vec(),
            client_id_metadata_document_supported: offered.documents,
            authorization_response_iss_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            authorization_grant_profiles_supported: if offered.identity_assertions {
                vec![ID_JAG_PROFILE.into()]
            } else {
                Vec::new()
            },
            service_documentation: None,
        }
    }
}

/// Protected resource metadata (RFC 9728 §2). `offline_access` is never in it: it is no scope of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the members are the specification's")]
pub struct ProtectedResourceMetadata {
    pub resource: Resource,
    pub authorization_servers: Vec<String>,
    pub scopes_supported: Vec<String>,
    pub bearer_methods_supported: Vec<String>,
    pub resource_name: String,
}

impl ProtectedResourceMetadata {
    /// The document of a resource that takes this issuer's tokens.
    pub fn new(resource: Resource, issuer: &str, resource_name: &str) -> Self {
        Self {
            resource,
            authorization_servers: vec![issuer.to_owned()],
            scopes_supported: Scope::ALL.iter().map(Scope::to_string).collect(),
            bearer_methods_supported: vec!["header".into()],
            resource_name: resource_name.to_owned(),
        }
    }
}
