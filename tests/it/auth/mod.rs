//! Who may come in, as whom, and with which scopes.

mod bearer;
mod development;
mod discovery;
mod issuer;
mod jwks;
mod scopes;
mod static_tokens;
mod users;
mod workspaces;
