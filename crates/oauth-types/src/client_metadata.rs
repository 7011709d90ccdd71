//! What a client says of itself (RFC 7591 §2), after it was checked.

mod document;
mod reader;
mod registration;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{RedirectUri, SecretHash};

/// How a client proves itself at the token endpoint (RFC 7591 §2, OpenID Connect Core §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenEndpointAuthMethod {
    /// Not at all: a public client.
    None,
    /// A secret in the `Authorization` header.
    ClientSecretBasic,
    /// A secret in the body.
    ClientSecretPost,
    /// A signed assertion (RFC 7523 §2.2).
    PrivateKeyJwt,
}

impl TokenEndpointAuthMethod {
    /// All methods.
    pub const ALL: [Self; 4] = [
        Self::None,
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::PrivateKeyJwt,
    ];

    /// The method as it stands in `token_endpoint_auth_method`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }

    /// The method of that name; `None` when there is none here.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// Whether a client of this method has a secret from us.
    pub const fn has_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

/// How a client gets tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum GrantType {
    /// RFC 6749 §4.1.
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    /// RFC 6749 §6.
    #[serde(rename = "refresh_token")]
    RefreshToken,
    /// RFC 6749 §4.4.
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// RFC 8628 §3.4.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// RFC 7523 §2.1, for ID-JAG.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:jwt-bearer")]
    JwtBearer,
}

/// Where a client runs (OpenID Connect Registration §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// On a server.
    Web,
    /// On the person's machine.
    Native,
}

impl GrantType {
    /// All grant types.
    pub const ALL: [Self; 5] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::JwtBearer,
    ];

    /// The type as it stands in `grant_type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
        }
    }

    /// The type of that name; `None` when there is none here.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

/// A client's metadata, checked: redirect URIs are allowed ones, the name is printable, methods go together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientMetadata {
    /// What people see: printable, at most 200 characters, without bidirectional controls.
    pub client_name: String,
    /// Where codes may be sent, as registered; compared by `RedirectUri`'s rules.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// How it gets tokens.
    pub grant_types: Vec<GrantType>,
    /// How it proves itself.
    pub token_endpoint_auth_method: TokenEndpointAuthMethod,
    /// Where it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_type: Option<ApplicationType>,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// Its public keys as a JWK set in JSON, for `private_key_jwt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<serde_json::Value>,
    /// Where its public keys are fetched, for `private_key_jwt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The scopes that it asks for when a request names none: those of what it wrote that exist here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The program's own id and version, for dedupe and display.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
}

impl ClientMetadata {
    /// Whether a redirect URI from a request is one of the client's.
    pub fn allows_redirect(&self, requested: &RedirectUri) -> bool {
        self.parsed_redirects()
            .any(|registered| requested.matches_registered(&registered))
    }

    /// Where the person would be sent, each host once: what consent pages and policies show and compare
    /// (`claude.ai`, `localhost`, `cursor://`).
    pub fn redirect_hosts(&self) -> Vec<String> {
        let hosts: BTreeSet<_> = self
            .parsed_redirects()
            .map(|uri| uri.shown_host())
            .collect();
        hosts.into_iter().collect()
    }

    fn parsed_redirects(&self) -> impl Iterator<Item = RedirectUri> {
        self.redirect_uris
            .iter()
            .filter_map(|uri| RedirectUri::parse(uri).ok())
    }

    /// What tells registrations apart: two of one digest are the same client registering again (C16). Does not depend
    /// on the order of URIs and grant types, nor on a loopback URI's port, which is another one on each start and is
    /// not compared either. For public clients only: two confidential ones have two secrets.
    ///
    /// # Panics
    /// Never: metadata is JSON.
    pub fn digest(&self) -> SecretHash {
        let mut sorted = self.clone();
        sorted.redirect_uris = self
            .redirect_uris
            .iter()
            .map(|text| match RedirectUri::parse(text) {
                Ok(uri) => uri.without_loopback_port(),
                Err(_) => text.clone(),
            })
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        sorted.grant_types.sort_by_key(|one| one.as_str());
        SecretHash::of(&serde_json::to_string(&sorted).expect("metadata is JSON"))
    }
}
