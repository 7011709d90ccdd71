//! The documents by which clients find everything (RFC 8414, RFC 9728).

use serde::{Deserialize, Serialize};
use tidegate_types::ScopeSet;

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
    /// With the next one, what readers of OpenID configuration refuse the document without (OpenID Connect Discovery
    /// §3). We issue no ID tokens.
    pub subject_types_supported: Vec<String>,
    pub id_token_signing_alg_values_supported: Vec<String>,
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
    /// Scopes that something there needs.
    pub scopes: ScopeSet,
}

impl Offered {
    /// All of it.
    pub const ALL: Self = Self {
        registration: true,
        documents: true,
        device: true,
        identity_assertions: true,
        scopes: ScopeSet::all(),
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
        let mut scopes = names(offered.scopes);
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
            subject_types_supported: vec!["public".into()],
            id_token_signing_alg_values_supported: vec!["ES256".into()],
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
    pub resource: String,
    pub authorization_servers: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    pub bearer_methods_supported: Vec<String>,
    pub resource_name: String,
}

impl ProtectedResourceMetadata {
    /// The document of a resource that takes this issuer's tokens. Clients ask for all `scopes` that it names, so that it names
    /// those that something there needs.
    pub fn new(resource: Resource, issuer: &str, resource_name: &str, scopes: ScopeSet) -> Self {
        Self {
            resource: resource.into(),
            authorization_servers: vec![issuer.to_owned()],
            scopes_supported: names(scopes),
            bearer_methods_supported: vec!["header".into()],
            resource_name: resource_name.to_owned(),
        }
    }
}

fn names(scopes: ScopeSet) -> Vec<String> {
    scopes
        .expanded()
        .iter()
        .map(|scope| scope.to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use tidegate_types::Scope;

    use super::*;

    const ISSUER: &str = "https://bi.example.com";

    #[test]
    fn the_authorization_server_says_all_that_clients_look_for() {
        let document = AuthorizationServerMetadata::new(ISSUER, Offered::ALL);
        insta::assert_json_snapshot!(document, @r#"
        {
          "issuer": "https://bi.example.com",
          "authorization_endpoint": "https://bi.example.com/oauth/authorize",
          "token_endpoint": "https://bi.example.com/oauth/token",
          "registration_endpoint": "https://bi.example.com/oauth/register",
          "revocation_endpoint": "https://bi.example.com/oauth/revoke",
          "introspection_endpoint": "https://bi.example.com/oauth/introspect",
          "device_authorization_endpoint": "https://bi.example.com/oauth/device_authorization",
          "jwks_uri": "https://bi.example.com/.well-known/jwks.json",
          "scopes_supported": [
            "mcp:read",
            "mcp:query",
            "mcp:write",
            "mcp:admin",
            "offline_access"
          ],
          "response_types_supported": [
            "code"
          ],
          "response_modes_supported": [
            "query"
          ],
          "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:jwt-bearer"
          ],
          "token_endpoint_auth_methods_supported": [
            "none",
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt"
          ],
          "token_endpoint_auth_signing_alg_values_supported": [
            "ES256",
            "ES384",
            "RS256",
            "PS256",
            "EdDSA"
          ],
          "revocation_endpoint_auth_methods_supported": [
            "none",
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt"
          ],
          "revocation_endpoint_auth_signing_alg_values_supported": [
            "ES256",
            "ES384",
            "RS256",
            "PS256",
            "EdDSA"
          ],
          "introspection_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt"
          ],
          "introspection_endpoint_auth_signing_alg_values_supported": [
            "ES256",
            "ES384",
            "RS256",
            "PS256",
            "EdDSA"
          ],
          "code_challenge_methods_supported": [
            "S256"
          ],
          "prompt_values_supported": [
            "none",
            "login",
            "consent",
            "select_account"
          ],
          "client_id_metadata_document_supported": true,
          "subject_types_supported": [
            "public"
          ],
          "id_token_signing_alg_values_supported": [
            "ES256"
          ],
          "authorization_response_iss_parameter_supported": true,
          "request_parameter_supported": false,
          "request_uri_parameter_supported": false,
          "authorization_grant_profiles_supported": [
            "urn:ietf:params:oauth:grant-profile:id-jag"
          ]
        }
        "#);
    }

    #[test]
    fn what_is_off_is_not_named() {
        let nothing = Offered {
            registration: false,
            documents: false,
            device: false,
            identity_assertions: false,
            scopes: Scope::Read.into(),
        };
        let document = AuthorizationServerMetadata::new(ISSUER, nothing);
        assert_eq!(
            vec!["mcp:read", "offline_access"],
            document.scopes_supported
        );
        let json = serde_json::to_value(&document).unwrap();
        let members = json.as_object().unwrap();
        assert!(members.values().all(|member| !member.is_null()));
        for name in [
            "registration_endpoint",
            "device_authorization_endpoint",
            "authorization_grant_profiles_supported",
        ] {
            assert!(!members.contains_key(name), "{name}");
        }
        assert_eq!(
            serde_json::json!(["authorization_code", "refresh_token", "client_credentials"]),
            json["grant_types_supported"]
        );
        assert_eq!(false, json["client_id_metadata_document_supported"]);
    }

    #[test]
    fn the_resource_names_its_server_and_no_offline_access() {
        let resource = Resource::parse("https://bi.example.com/w/acme/mcp/").unwrap();
        let document =
            ProtectedResourceMetadata::new(resource, ISSUER, "Acme", Scope::Query.into());
        insta::assert_json_snapshot!(document, @r#"
        {
          "resource": "https://bi.example.com/w/acme/mcp",
          "authorization_servers": [
            "https://bi.example.com"
          ],
          "scopes_supported": [
            "mcp:read",
            "mcp:query"
          ],
          "bearer_methods_supported": [
            "header"
          ],
          "resource_name": "Acme"
        }
        "#);
    }

    #[test]
    fn the_issuer_is_the_same_text_everywhere() {
        let server = AuthorizationServerMetadata::new(ISSUER, Offered::ALL);
        let resource = Resource::parse("https://bi.example.com/mcp").unwrap();
        let resource = ProtectedResourceMetadata::new(resource, ISSUER, "x", ScopeSet::all());
        assert_eq!(vec![server.issuer.clone()], resource.authorization_servers);
        assert_eq!(ISSUER, server.issuer);
    }
}
