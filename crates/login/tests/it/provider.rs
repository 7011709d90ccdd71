//! Upstream providers: a real one (node-oidc-provider), and one that lies.

mod liar;
mod lies;
mod real;
mod real_server;
