//! What the tests of whole nodes share.
//!
//! [`TestCluster`] starts real processes of `tidegate-with-fixtures` on a Redis and a PostgreSQL that all
//! tests share ([`servers`]): each cluster has a key prefix of its own, so that tests know nothing of one
//! another. [`Caller`] speaks 2026-07-28, [`Session`] the older revisions.

mod browser;
mod caller;
mod client;
mod cluster;
mod events;
mod nginx;
mod node;
mod one_node;
mod people;
mod servers;
mod session;
mod token;
mod wait;

pub(crate) use browser::{Browser, LEFT_OUT, Page, form_of, web};
pub(crate) use caller::{Caller, Reply, result_text};
pub(crate) use client::{OAuthClient, REDIRECT_URI, Tokens, tokens};
pub(crate) use cluster::{ClusterBuilder, TestCluster, at_port};
pub(crate) use events::{Event, Events};
pub(crate) use nginx::Nginx;
pub(crate) use node::Node;
pub(crate) use one_node::{ENDLESS_SQL, OneNode, OneNodeBuilder};
pub(crate) use people::{Control, PASSWORD, SERVICE_TOKEN};
pub(crate) use servers::{CROWD, SECRET_KEY, Servers};
pub(crate) use session::Session;
pub(crate) use token::{JWT_SECRET, token_for, token_of};
pub(crate) use wait::{PATIENCE, eventually};
