#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod access_token;
mod assertion;
mod authorization_request;
mod bearer;
mod claims;
mod client_credential;
mod client_metadata;
mod display_name;
mod error;
pub mod jose;
mod known_document;
mod metadata;
mod parameters;
mod pkce;
mod preset;
mod redirect_uri;
mod resource;
mod scope_request;
mod secret;
mod successor;
mod token_request;
mod user_code;

pub use access_token::{
    AccessTokenClaims, NewKey, Signer, SigningKeyError, TokenProblem, VerificationKeys,
};
pub use assertion::{Assertion, AssertionProblem, ClientAssertion, IdJag, IdJagExpectation};
pub use authorization_request::{
    AuthorizationParameters, AuthorizationRequest, Prompt, UnanswerableRequest,
};
pub use bearer::bearer_token;
pub use claims::{find_claim, is_true_claim};
pub use client_credential::{ClientCredential, JWT_BEARER_ASSERTION};
pub use client_metadata::{ApplicationType, ClientMetadata, GrantType, TokenEndpointAuthMethod};
pub use display_name::display_name;
pub use error::{ErrorCode, OAuthError};
pub use jose::{Algorithm, JwkSet, UnknownAlgorithm};
pub use known_document::known_document;
pub use metadata::{AuthorizationServerMetadata, Offered, ProtectedResourceMetadata};
pub use parameters::Parameters;
pub use pkce::CodeChallenge;
pub use preset::{ClientPreset, ConfigurationTemplate, presets};
pub use redirect_uri::{RedirectKind, RedirectProblem, RedirectUri, ShownHost};
pub use resource::{PROTECTED_RESOURCE, Resource, ResourceMap, SpelledResource, Target};
pub use scope_request::{OFFLINE_ACCESS, ScopeRequest};
pub use secret::{IssuedSecret, MalformedHash, MalformedSecret, SecretHash, SecretKind};
pub use successor::{unwrap_successor, wrap_successor};
pub use token_request::TokenRequest;
pub use user_code::{MalformedUserCode, UserCode};
