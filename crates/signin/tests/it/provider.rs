//! Upstream providers: a real one (node-oidc-provider), and one that lies.

mod browser;
mod liar;
mod lies;
mod real;
mod real_server;
