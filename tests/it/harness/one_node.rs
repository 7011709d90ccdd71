use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;
use tidegate_demo_data::create_embedded;
use tidegate_types::SystemClock;

use super::{JWT_SECRET, Node, SERVICE_TOKEN};

/// SQL that SQLite computes until it is stopped.
pub(crate) const ENDLESS_SQL: &str = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) \
                                      SELECT count(*) FROM numbers";

/// One node that keeps its state in memory, on embedded workspaces of its own. Tokens are signed with HS256.
pub(crate) struct OneNode {
    node: Node,
    folder: TempDir,
}

/// What such a node is made of.
pub(crate) struct OneNodeBuilder {
    environment: BTreeMap<String, String>,
    workspaces: Vec<(String, String)>,
    has_outside_workspace: bool,
    changes_data: bool,
}

impl OneNode {
    /// Starts a node of the usual settings: workspace `demo`.
    pub(crate) async fn start() -> Self {
        Self::builder().start().await
    }

    /// The usual settings, to be changed.
    pub(crate) fn builder() -> OneNodeBuilder {
        let builder = OneNodeBuilder {
            environment: BTreeMap::new(),
            workspaces: Vec::new(),
            has_outside_workspace: false,
            changes_data: false,
        };
        [
            ("SERVER__PORT", "0"),
            ("SERVER__WORKERS", "2"),
            ("AUTH__ENABLED", "true"),
            ("AUTH__JWT__ALGORITHM", "HS256"),
            ("AUTH__JWT__SECRET", JWT_SECRET),
            ("AUDIT__METASTORE", "false"),
            // Tests ask nobody outside of this machine.
            ("OAUTH__CLIENT_DOCUMENTS__CHECK_URL", "off"),
            ("TELEMETRY__LOG__LEVEL", "info"),
        ]
        .into_iter()
        .fold(builder, |builder, (key, value)| builder.set(key, value))
    }

    /// A folder of the node's own, gone with it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A workspace's metastore, opened beside the node.
    pub(crate) fn metastore(&self, slug: &str) -> Connection {
        open(
            &self
                .folder()
                .join("data")
                .join(slug)
                .join("metastore.sqlite"),
        )
    }
}

impl Deref for OneNode {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.node
    }
}

impl OneNodeBuilder {
    /// Sets `TIDEGATE_<key>`. `{folder}` in a value is the node's folder.
    pub(crate) fn set(mut self, key: &str, value: &str) -> Self {
        self.environment
            .insert(format!("TIDEGATE_{key}"), value.to_owned());
        self
    }

    /// Leaves `TIDEGATE_<key>` to its default.
    pub(crate) fn unset(mut self, key: &str) -> Self {
        self.environment.remove(&format!("TIDEGATE_{key}"));
        self
    }

    /// Everyone is this user, without a token.
    pub(crate) fn development_user(self, name: &str) -> Self {
        ["ALGORITHM", "SECRET"]
            .into_iter()
            .fold(self, |builder, key| {
                builder.unset(&format!("AUTH__JWT__{key}"))
            })
            .set("AUTH__ENABLED", "false")
            .set("AUTH__DEVELOPMENT_USER", name)
    }

    /// Asks for tokens of its own, which its manager issues.
    pub(crate) fn own_tokens(self) -> Self {
        ["ALGORITHM", "SECRET"]
            .into_iter()
            .fold(self, |builder, key| {
                builder.unset(&format!("AUTH__JWT__{key}"))
            })
            .with_manager()
    }

    /// Has a manager, which the tests may ask.
    pub(crate) fn with_manager(self) -> Self {
        self.set("MANAGER__URL", "embedded")
            .set("MANAGER__SERVICE_TOKENS", SERVICE_TOKEN)
    }

    /// Adds an embedded workspace, with `sql` run on its metastore. Without any there is `demo`.
    pub(crate) fn workspace(mut self, slug: &str, sql: &str) -> Self {
        self.workspaces.push((slug.to_owned(), sql.to_owned()));
        let name = slug.to_uppercase().replace('-', "_");
        self.set(&format!("WORKSPACES__{name}__METASTORE"), "embedded")
    }

    /// Adds a workspace whose metastore is there already.
    pub(crate) fn outside_workspace(mut self, slug: &str, metastore: &str, key: &str) -> Self {
        self.has_outside_workspace = true;
        let name = slug.to_uppercase().replace('-', "_");
        self.set(&format!("WORKSPACES__{name}__METASTORE"), metastore)
            .set(&format!("WORKSPACES__{name}__SECRET_KEY"), key)
    }

    /// Gives the node a copy of the sample data that it may change; others read the same file.
    pub(crate) fn changes_data(mut self) -> Self {
        self.changes_data = true;
        self
    }

    /// Starts the node and waits until it serves.
    pub(crate) async fn start(mut self) -> OneNode {
        let folder = tempfile::Builder::new()
            .prefix("one-node-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .unwrap();
        let data = folder.path().join("data");
        if self.workspaces.is_empty() && !self.has_outside_workspace {
            self = self.workspace("demo", "");
        }
        let seed = seed().await;
        for (slug, sql) in &self.workspaces {
            furnish(&seed, &data.join(slug), sql, self.changes_data);
        }
        let place = folder.path().to_str().unwrap().to_owned();
        let mut environment = self.set("DATA_DIR", "{folder}/data").environment;
        for value in environment.values_mut() {
            *value = value.replace("{folder}", &place);
        }
        let mut node = Node::spawn(&folder.path().join("node.log"), &environment);
        node.started().await;
        OneNode { node, folder }
    }
}

/// The sample business, made once for each build of the server: it takes longer than most tests.
async fn seed() -> PathBuf {
    let binary = std::fs::metadata(env!("CARGO_BIN_EXE_tidegate-with-fixtures")).unwrap();
    let built = binary
        .modified()
        .unwrap()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("seeds");
    let root = all.join(built.as_millis().to_string());
    if !root.is_dir() {
        for earlier in std::fs::read_dir(&all).into_iter().flatten().flatten() {
            if earlier.path() != root {
                // Another test may be removing it too.
                let _ = std::fs::remove_dir_all(earlier.path());
            }
        }
    }
    create_embedded(&root, &"seed".parse().unwrap(), &SystemClock)
        .await
        .unwrap();
    root.join("seed")
}

/// Copies a workspace and points its one database at the data, which all tests share that do not change it.
fn furnish(seed: &Path, folder: &Path, sql: &str, changes_data: bool) {
    std::fs::create_dir_all(folder).unwrap();
    let (metastore, sample) = (
        folder.join("metastore.sqlite"),
        folder.join("sample.sqlite"),
    );
    std::fs::copy(seed.join("metastore.sqlite"), &metastore).unwrap();
    let data = seed.join("sample.sqlite");
    if changes_data {
        std::fs::copy(data, &sample).unwrap();
    } else {
        std::fs::hard_link(data, &sample).unwrap();
    }
    let connection = open(&metastore);
    let uri = format!("sqlite:///{}", sample.to_str().unwrap());
    connection
        .execute("UPDATE dbs SET sqlalchemy_uri = ?1", [uri])
        .unwrap();
    connection.execute_batch(sql).unwrap();
}

fn open(metastore: &Path) -> Connection {
    let connection = Connection::open(metastore).unwrap();
    connection.busy_timeout(super::PATIENCE).unwrap();
    connection
}
