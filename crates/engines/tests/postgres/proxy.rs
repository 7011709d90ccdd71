//! A relay to a server that may lose what it is given.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What a relay does beside passing bytes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    Honest,
    /// The statement goes to the server, and no answer comes back from then on.
    SwallowsAnswerTo(&'static str),
    /// The statement goes to the server, and the connection breaks before its answer.
    BreaksAfter(&'static str),
    /// The connection breaks before the statement gets to the server; once.
    BreaksBeforeOnce(&'static str),
    /// Takes connections and says nothing.
    Silent,
}

/// Relays to a port of this machine until it is dropped.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    habit: Habit,
    target: u16,
    breaks: AtomicUsize,
    connections: AtomicUsize,
}

impl Proxy {
    pub(crate) async fn start(target: u16, habit: Habit) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Shared::new(target, habit);
        let task = tokio::spawn({
            let shared = shared.clone();
            async move {
                loop {
                    let (client, _) = listener.accept().await.unwrap();
                    tokio::spawn(shared.clone().relay(client));
                }
            }
        });
        Self { port, shared, task }
    }

    /// A Unix socket in `folder`, as PostgreSQL names it.
    pub(crate) fn on_socket(folder: &Path, target: u16) -> Self {
        let listener = UnixListener::bind(folder.join(".s.PGSQL.5432")).unwrap();
        let shared = Shared::new(target, Habit::Honest);
        let task = tokio::spawn({
            let shared = shared.clone();
            async move {
                loop {
                    let (client, _) = listener.accept().await.unwrap();
                    tokio::spawn(shared.clone().relay(client));
                }
            }
        });
        Self {
            port: 5432,
            shared,
            task,
        }
    }

    /// Connections that were made so far, cancels among them.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn url(&self) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn new(target: u16, habit: Habit) -> Arc<Self> {
        Arc::new(Self {
            habit,
            target,
            breaks: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
        })
    }

    async fn relay(self: Arc<Self>, client: impl AsyncRead + AsyncWrite + Send + 'static) {
        self.connections.fetch_add(1, Ordering::SeqCst);
        let (mut from_client, mut to_client) = tokio::io::split(client);
        if self.habit == Habit::Silent {
            let mut nothing = Vec::new();
            let _ = from_client.read_to_end(&mut nothing).await;
            return;
        }
        let server = TcpStream::connect(("127.0.0.1", self.target)).await;
        let (mut from_server, mut to_server) = server.unwrap().into_split();
        let (is_mute, broken) = (CancellationToken::new(), CancellationToken::new());
        let there = async {
            let mut bytes = vec![0; 16 << 10];
            loop {
                let count = from_client.read(&mut bytes).await.unwrap_or_default();
                if count == 0 {
                    return;
                }
                match self.habit {
                    Habit::SwallowsAnswerTo(word) if has(&bytes[..count], word) => is_mute.cancel(),
                    Habit::BreaksAfter(word) if has(&bytes[..count], word) => {
                        is_mute.cancel();
                        let _ = to_server.write_all(&bytes[..count]).await;
                        // Its answer is the sign that the server has seen it.
                        broken.cancelled().await;
                        return;
                    }
                    Habit::BreaksBeforeOnce(word)
                        if has(&bytes[..count], word)
                            && self.breaks.fetch_add(1, Ordering::SeqCst) == 0 =>
                    {
                        return;
                    }
                    _ => {}
                }
                if to_server.write_all(&bytes[..count]).await.is_err() {
                    return;
                }
            }
        };
        let back = async {
            let mut bytes = vec![0; 16 << 10];
            loop {
                let count = from_server.read(&mut bytes).await.unwrap_or_default();
                if is_mute.is_cancelled() {
                    broken.cancel();
                    if count == 0 {
                        std::future::pending::<()>().await;
                    }
                    continue;
                }
                if count == 0 || to_client.write_all(&bytes[..count]).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = there => {}
            () = back => {}
        }
    }
}

fn has(bytes: &[u8], word: &str) -> bool {
    bytes
        .windows(word.len())
        .any(|window| window == word.as_bytes())
}
