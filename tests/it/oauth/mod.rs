//! Signing in and getting tokens, over the wire: what a client, a browser and an administrator see.

mod accounts;
mod attacks;
mod discovery;
mod documents;
mod elsewhere;
mod flow;
pub(crate) mod machines;
mod manager;
mod members;
mod outages;
mod pages;
mod providers;
mod side_by_side;
mod standing;
mod switches;

use tidegate_control_plane::account::Account;
use tidegate_types::Role;

use crate::harness::{Browser, Control, Node, OAuthClient, OneNode, TestCluster};

/// What nodes that nobody reaches by it call themselves.
const ISSUER: &str = "https://tidegate.test";

/// Nodes that sign people in, with `ada` (an editor), `vera` (a viewer) and `noah` (who is a member of nothing).
pub(crate) struct Deployment {
    pub(crate) issuer: String,
    nodes: Vec<String>,
    control: Control,
    ada: Account,
}

impl Deployment {
    /// One node; the workspace is embedded, so that its members get their users by themselves.
    pub(crate) async fn of_node(node: &Node) -> Self {
        Self::of(&node.url(), vec![node.url()], node, [None, None]).await
    }

    /// Several; the workspace's Superset has the users already.
    async fn of_cluster(cluster: &TestCluster) -> Self {
        let users = [Some("admin"), Some("viewer")];
        Self::of(ISSUER, cluster.urls(), cluster.node(0), users).await
    }

    async fn of(issuer: &str, nodes: Vec<String>, first: &Node, users: [Option<&str>; 2]) -> Self {
        let control = Control::of(first);
        let ada = control.person("ada").await;
        control.join(&ada, "demo", Role::Editor, users[0]).await;
        let vera = control.person("vera").await;
        control.join(&vera, "demo", Role::Viewer, users[1]).await;
        control.person("noah").await;
        Self {
            issuer: issuer.to_owned(),
            nodes,
            control,
            ada,
        }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.issuer, self.nodes.clone())
    }

    pub(crate) async fn client(&self) -> OAuthClient {
        OAuthClient::register(&self.issuer, self.nodes.clone()).await
    }
}

/// One node with a manager of its own.
async fn one_node() -> (OneNode, Deployment) {
    let node = OneNode::builder().own_tokens().start().await;
    let deployment = Deployment::of_node(&node).await;
    (node, deployment)
}

/// Three nodes on one Redis and one PostgreSQL.
async fn three_nodes() -> (TestCluster, Deployment) {
    let builder = TestCluster::builder().await.own_tokens(ISSUER).await;
    let cluster = builder.start(3).await;
    let deployment = Deployment::of_cluster(&cluster).await;
    (cluster, deployment)
}
