use std::collections::BTreeMap;

use tempfile::TempDir;

use super::{JWT_SECRET, Node, SECRET_KEY, SERVICE_TOKEN, Servers, eventually};

/// Nodes of one deployment: one Redis, one PostgreSQL metastore, tokens signed with HS256.
pub(crate) struct TestCluster {
    nodes: Vec<Node>,
    builder: ClusterBuilder,
    folder: TempDir,
}

/// What a cluster is made of.
#[derive(Clone)]
pub(crate) struct ClusterBuilder {
    environment: BTreeMap<String, String>,
}

impl TestCluster {
    /// Starts nodes of the usual settings.
    pub(crate) async fn start(nodes: usize) -> Self {
        Self::builder().await.start(nodes).await
    }

    /// The usual settings, to be changed. The workspace is `demo`, which holds the sample business.
    pub(crate) async fn builder() -> ClusterBuilder {
        let servers = Servers::get().await;
        let mut builder = ClusterBuilder {
            environment: BTreeMap::new(),
        };
        for (key, value) in [
            ("SERVER__PORT", "0"),
            ("SERVER__WORKERS", "2"),
            ("STATE__BACKEND", "redis"),
            ("STATE__REPLICAS", "3"),
            (
                "STATE__SECRET",
                "what the nodes of a test share to seal states",
            ),
            ("AUTH__ENABLED", "true"),
            ("AUTH__JWT__ALGORITHM", "HS256"),
            ("AUTH__JWT__SECRET", JWT_SECRET),
            ("WORKSPACES__DEMO__METASTORE_POOL_SIZE", "4"),
            ("WORKSPACES__DEMO__SECRET_KEY", SECRET_KEY),
            ("AUDIT__METASTORE", "false"),
            // Tests ask nobody outside of this machine.
            ("OAUTH__CLIENT_DOCUMENTS__CHECK_URL", "off"),
            ("TELEMETRY__LOG__LEVEL", "info"),
        ] {
            builder = builder.set(key, value);
        }
        builder
            .set("STATE__REDIS__URL", &servers.redis_url)
            .set("STATE__REDIS__KEY_PREFIX", &unique_prefix())
            .set("WORKSPACES__DEMO__METASTORE", &servers.metastore_url)
    }

    /// A node by its number.
    pub(crate) fn node(&self, number: usize) -> &Node {
        &self.nodes[number]
    }

    /// The same, to stop it.
    pub(crate) fn node_mut(&mut self, number: usize) -> &mut Node {
        &mut self.nodes[number]
    }

    /// All of them.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Where all nodes are, for clients that take turns.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Node::url).collect()
    }

    /// Stops a node as an operator does, and starts it again at the same address.
    pub(crate) async fn restart(&mut self, number: usize) {
        let (_, port) = self.nodes[number].address().rsplit_once(':').unwrap();
        let mut environment = self.builder.environment.clone();
        environment.insert("TIDEGATE_SERVER__PORT".to_owned(), port.to_owned());
        self.nodes[number].terminate();
        eventually("the node ends", || {
            std::future::ready(self.nodes[number].status())
        })
        .await;
        let log = self.folder.path().join(format!("node-{number}-again.log"));
        let mut node = Node::spawn(&log, &environment);
        node.started().await;
        self.nodes[number] = node;
    }

    /// Starts another node in the place of one.
    pub(crate) async fn replace(&mut self, number: usize) {
        let log = self.folder.path().join(format!("node-{number}-again.log"));
        let mut node = Node::spawn(&log, &self.builder.environment);
        node.started().await;
        self.nodes[number] = node;
    }
}

impl ClusterBuilder {
    /// Sets `TIDEGATE_<key>`.
    pub(crate) fn set(mut self, key: &str, value: &str) -> Self {
        self.environment
            .insert(format!("TIDEGATE_{key}"), value.to_owned());
        self
    }

    /// Reaches PostgreSQL, metastore and manager, by another port.
    pub(crate) fn postgres_at(mut self, port: u16) -> Self {
        for key in ["WORKSPACES__DEMO__METASTORE", "MANAGER__URL"] {
            if let Some(url) = self.environment.get_mut(&format!("TIDEGATE_{key}")) {
                *url = at_port(url, port);
            }
        }
        self
    }

    /// Reaches the manager's PostgreSQL by another port.
    pub(crate) fn manager_at(self, port: u16) -> Self {
        let url = at_port(&self.environment["TIDEGATE_MANAGER__URL"], port);
        self.set("MANAGER__URL", &url)
    }

    /// Asks for tokens of its own, which a manager issues on a PostgreSQL database of the cluster's. `public_url` is what
    /// the nodes call themselves.
    pub(crate) async fn own_tokens(self, public_url: &str) -> Self {
        let servers = Servers::get().await;
        let name = format!("manager_{}", unique_prefix().replace('-', "_"));
        servers.execute(&format!("CREATE DATABASE {name}"));
        let (server, _) = servers.postgres_url.rsplit_once('/').unwrap();
        let mut builder = self
            .set("SERVER__PUBLIC_URL", public_url)
            .set("MANAGER__URL", &format!("{server}/{name}"))
            .set(
                "MANAGER__SECRET",
                "what the nodes of a test seal their secrets with",
            )
            .set("MANAGER__SERVICE_TOKENS", SERVICE_TOKEN);
        for key in ["ALGORITHM", "SECRET"] {
            builder
                .environment
                .remove(&format!("TIDEGATE_AUTH__JWT__{key}"));
        }
        builder
    }

    /// Starts the nodes and waits until they serve.
    pub(crate) async fn start(self, nodes: usize) -> TestCluster {
        let folder = tempfile::Builder::new()
            .prefix("tidegate-cluster-")
            .tempdir()
            .unwrap();
        let builder = self.set("DATA_DIR", folder.path().join("data").to_str().unwrap());
        let mut nodes: Vec<Node> = (0..nodes)
            .map(|number| {
                let log = folder.path().join(format!("node-{number}.log"));
                Node::spawn(&log, &builder.environment)
            })
            .collect();
        for node in &mut nodes {
            node.started().await;
        }
        TestCluster {
            nodes,
            builder,
            folder,
        }
    }
}

/// The same URL with another port.
pub(crate) fn at_port(url: &str, port: u16) -> String {
    let (before, rest) = url.rsplit_once(':').unwrap();
    let (_, after) = rest.split_once('/').unwrap();
    format!("{before}:{port}/{after}")
}

fn unique_prefix() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("t{}-{number}", std::process::id())
}
