#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod auth;
mod flags;
mod guards;
mod layers;
mod load;
mod manager;
mod network;
mod oauth;
mod problem;
mod python;
mod reader;
mod redis;
mod schema;
mod server;
mod service_links;
mod sign_in;
mod state;
mod superset;
mod telemetry;
mod tools;
mod workspace;

pub use auth::{
    AuthMethod, AuthSettings, ClientScopes, DevelopmentUser, IssuerPreset, JwksSettings,
    JwtAlgorithm, JwtKey, JwtSettings, StaticToken, TokenShape, TokenTypes, UserRules,
};
pub use flags::{Flag, Flags};
pub use guards::{CacheSettings, LimitSettings, Rate, ResponseSizeSettings};
pub use load::{Environment, Settings};
pub use manager::{ManagerPlace, ManagerSettings};
pub use network::{AddressRange, AllowedHosts, AllowedOrigins, ListenAddress, TrustedProxies};
pub use oauth::{
    AssertionIssuer, ClientDocumentSettings, OauthLimits, OauthSettings, RegistrationSettings,
    SigningAlgorithm,
};
pub use problem::Problem;
pub use redis::{RedisIdentity, RedisSettings};
pub use schema::named_keys;
pub use server::{LOOPBACK_NAMES, ServerSettings};
pub use sign_in::{AccountCreation, ProviderSettings, SignInSettings};
pub use state::{SessionSettings, StateBackend, StateSettings};
pub use telemetry::{
    AuditSettings, JsonLines, LogFormat, LogSettings, OtlpSettings, SqlLiterals, StatsdSettings,
    StatsdTags, TelemetrySettings,
};
pub use tools::{ExecutorSettings, QuerySettings, ToolList, ToolSettings};
pub use workspace::{MetastoreSettings, WorkspaceSettings};

/// `config/default.toml`: every key, with its default and a comment.
pub const DEFAULT_TOML: &str = include_str!("../../../config/default.toml");
