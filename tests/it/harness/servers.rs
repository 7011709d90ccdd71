//! A Redis and a PostgreSQL that all tests share, processes of other tests included: to start and fill
//! them takes longer than most tests.
//!
//! Whoever needs them holds a shared lock on a file until its process ends, however it ends. The first one
//! starts the servers, and beside them a watcher (a shell) that stops them when nobody has held the lock for
//! a while. So nothing is left behind, and nothing has to be cleaned up by a test.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use tidegate_demo_data::{PostgresTarget, seed_postgres};
use tidegate_testkit::postgres::PostgresServer;
use tidegate_testkit::redis::RedisServer;
use tidegate_types::{SecretString, SystemClock};
use tokio::sync::OnceCell;

/// The `SECRET_KEY` that the metastore's passwords are encrypted with.
pub(crate) const SECRET_KEY: &str = "the secret key of the sample business";

/// Users of the crowd's metastore.
pub(crate) const CROWD: usize = 500;

/// Stops the servers once nobody has held the lock for five seconds, and removes their files.
/// Arguments: the lock's file, the description's file, the servers' process ids, their folders.
const WATCHER: &str = r#"
users=$1; described=$2; redis=$3; postgres=$4; shift 4
while :; do
    sleep 5
    flock --exclusive --nonblock "$users" sh -c '
        described=$1; redis=$2; postgres=$3; shift 3
        rm -f "$described"
        kill -KILL "$redis"
        kill -INT "$postgres"
        while kill -0 "$postgres" 2>/dev/null; do sleep 0.1; done
        rm -rf "$@"
    ' sh "$described" "$redis" "$postgres" "$@" && exit
done
"#;

/// Where the servers are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "what tests ask for are URLs")]
pub(crate) struct Servers {
    /// `redis://…`. Whoever pauses or kills a Redis starts one of their own.
    pub redis_url: String,
    /// The sample business's metastore. Whoever changes rows that others read makes a database of their own.
    pub metastore_url: String,
    /// The same with [`CROWD`] users more, `crowd-1` and so on, who have no role.
    pub crowd_metastore_url: String,
    /// PostgreSQL's maintenance database, to make others: user `postgres` may do anything.
    pub postgres_url: String,
}

impl Servers {
    /// The servers, started if nobody did yet. They live at least as long as this process.
    pub(crate) async fn get() -> &'static Self {
        static SERVERS: OnceCell<(Servers, File)> = OnceCell::const_new();
        let (servers, _lock) = SERVERS.get_or_init(Self::join).await;
        servers
    }

    /// PostgreSQL's port on 127.0.0.1.
    pub(crate) fn postgres_port(&self) -> u16 {
        let (_, rest) = self.postgres_url.rsplit_once(':').unwrap();
        rest.split('/').next().unwrap().parse().unwrap()
    }

    /// Runs a statement on PostgreSQL's maintenance database.
    pub(crate) fn execute(&self, sql: &str) {
        let done = Command::new("psql")
            .arg(&self.postgres_url)
            .args(["--no-psqlrc", "--quiet", "--command", sql])
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }

    async fn join() -> (Self, File) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let (users, described) = (folder.join("servers.lock"), folder.join("servers.json"));
        let mut lock = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&users)
            .unwrap();
        loop {
            // Whoever is alone may start them.
            match lock.try_lock() {
                Ok(()) => {
                    if Self::read(&described).is_none() {
                        Self::launch(&users, &described).await;
                    }
                    lock.unlock().unwrap();
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(err)) => panic!("{}: {err}", users.display()),
            }
            let shared = tokio::task::spawn_blocking(move || {
                lock.lock_shared().unwrap();
                lock
            });
            lock = shared.await.unwrap();
            // Without them the watcher came between the two locks.
            if let Some(servers) = Self::read(&described) {
                return (servers, lock);
            }
            lock.unlock().unwrap();
        }
    }

    fn read(described: &Path) -> Option<Self> {
        let servers: Self = serde_json::from_slice(&std::fs::read(described).ok()?).ok()?;
        let address = servers.redis_url.strip_prefix("redis://")?;
        // Left behind by a machine that was switched off.
        std::net::TcpStream::connect(address).ok()?;
        Some(servers)
    }

    async fn launch(users: &Path, described: &Path) {
        let (redis, postgres) = tokio::task::spawn_blocking(|| {
            (
                RedisServer::start().unwrap(),
                PostgresServer::start().unwrap(),
            )
        })
        .await
        .unwrap();
        let metastore_url = postgres.create_database("metastore").unwrap();
        // The server asks for no password. That there is one lets nodes try their secret key on it.
        let data_url = postgres.create_database("data").unwrap();
        let data_url = data_url.replacen("postgres@", "postgres:horse@", 1);
        let servers = Self {
            redis_url: redis.url(),
            metastore_url: metastore_url.clone(),
            crowd_metastore_url: postgres.url("crowd"),
            postgres_url: postgres.url("postgres"),
        };
        seed_postgres(
            &PostgresTarget {
                metastore_url: &SecretString::from(metastore_url),
                data_url: &SecretString::from(data_url),
                secret_key: &SecretString::from(SECRET_KEY),
            },
            &SystemClock,
        )
        .await
        .unwrap();
        let copy = "CREATE DATABASE crowd TEMPLATE metastore";
        postgres.execute("postgres", copy).unwrap();
        let fill = format!(
            "INSERT INTO ab_user (id, first_name, last_name, username, active, email)
             SELECT 1000 + n, 'Of', 'The Crowd', 'crowd-' || n, true, 'crowd-' || n || '@example.org'
             FROM generate_series(1, {CROWD}) AS n"
        );
        postgres.execute("crowd", &fill).unwrap();
        watch(users, described, &redis, &postgres);
        std::fs::write(described, serde_json::to_vec(&servers).unwrap()).unwrap();
        // From here on they are the watcher's to stop.
        std::mem::forget((redis, postgres));
    }
}

#[expect(
    clippy::zombie_processes,
    reason = "the watcher outlives this process on purpose"
)]
fn watch(users: &Path, described: &Path, redis: &RedisServer, postgres: &PostgresServer) {
    let told = redis.command("INFO server").unwrap();
    let redis_pid = told
        .lines()
        .find_map(|line| line.strip_prefix("process_id:"))
        .unwrap()
        .trim()
        .to_owned();
    let told = redis.command("CONFIG GET dir").unwrap();
    let redis_folder = told.lines().last().unwrap().trim().to_owned();
    let data = PathBuf::from(postgres.execute("postgres", "SHOW data_directory").unwrap());
    let pids = std::fs::read_to_string(data.join("postmaster.pid")).unwrap();
    Command::new("sh")
        .args(["-c", WATCHER, "sh"])
        .args([users, described])
        .args([redis_pid.as_str(), pids.lines().next().unwrap()])
        .arg(redis_folder)
        .arg(data.parent().unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
}
