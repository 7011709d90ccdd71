//! A TCP address that leads to a server, to another one later, or to nothing.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;

/// How long the connection to the server may take.
const CONNECT_DEADLINE: Duration = Duration::from_secs(1);

/// An address on 127.0.0.1 that stands for a DNS name or a Kubernetes Service: new connections go to whatever it leads
/// to now, those that stand stay where they are. Dropping it ends all of them.
#[derive(Debug)]
pub struct TcpRelay {
    port: u16,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    leads_to: Target,
    /// Both ends of every connection.
    open: Vec<(TcpStream, Option<TcpStream>)>,
    accepted: usize,
    /// Nothing is passed on.
    is_frozen: bool,
    is_over: bool,
}

/// What becomes of a new connection.
#[derive(Debug, Clone, Copy)]
enum Target {
    Server(SocketAddr),
    /// It is accepted, and nothing answers.
    Silence,
    /// It is closed at once.
    Nothing,
}

impl TcpRelay {
    /// An address that leads to a port of 127.0.0.1.
    ///
    /// # Errors
    /// No port is free.
    pub fn to(port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let relay = Self {
            port: listener.local_addr()?.port(),
            shared: Arc::new(Mutex::new(Shared {
                leads_to: Target::Server(local(port)),
                open: Vec::new(),
                accepted: 0,
                is_frozen: false,
                is_over: false,
            })),
        };
        let shared = Arc::clone(&relay.shared);
        thread::spawn(move || accept(&listener, &shared));
        Ok(relay)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// New connections go to another port of 127.0.0.1.
    pub fn lead_to(&self, port: u16) {
        self.lock().leads_to = Target::Server(local(port));
    }

    /// New connections are accepted, and nothing answers, as if packets were lost behind a firewall.
    pub fn lead_to_silence(&self) {
        self.lock().leads_to = Target::Silence;
    }

    /// New connections are closed at once.
    pub fn lead_to_nothing(&self) {
        self.lock().leads_to = Target::Nothing;
    }

    /// Nothing is passed on any more, on whichever connection, until [`Self::thaw`]: what a server that hangs looks like.
    /// New connections are accepted.
    pub fn freeze(&self) {
        self.lock().is_frozen = true;
    }

    /// Everything is passed on again, with what was sent meanwhile.
    pub fn thaw(&self) {
        self.lock().is_frozen = false;
    }

    /// Closes all connections that stand.
    pub fn cut(&self) {
        for (client, server) in self.lock().open.drain(..) {
            // They may be closed already.
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.map(|server| server.shutdown(Shutdown::Both));
        }
    }

    /// How many connections were made so far.
    pub fn accepted(&self) -> usize {
        self.lock().accepted
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        lock(&self.shared)
    }
}

impl Drop for TcpRelay {
    fn drop(&mut self) {
        self.lock().is_over = true;
        self.cut();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(local(self.port));
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn lock(shared: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, shared: &Arc<Mutex<Shared>>) {
    for client in listener.incoming().flatten() {
        let target = {
            let mut shared = lock(shared);
            if shared.is_over {
                return;
            }
            shared.accepted += 1;
            shared.leads_to
        };
        // A connection that cannot be passed on is closed by being dropped.
        match target {
            Target::Server(address) => {
                let shared = Arc::clone(shared);
                thread::spawn(move || pass_on(client, address, &shared));
            }
            Target::Silence => lock(shared).open.push((client, None)),
            Target::Nothing => {}
        }
    }
}

fn pass_on(client: TcpStream, address: SocketAddr, shared: &Arc<Mutex<Shared>>) {
    let Ok(server) = TcpStream::connect_timeout(&address, CONNECT_DEADLINE) else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let copies = || Some((client.try_clone().ok()?, server.try_clone().ok()?));
    let (Some((client_end, server_end)), Some((from_client, from_server))) = (copies(), copies())
    else {
        return;
    };
    {
        let mut shared = lock(shared);
        if shared.is_over {
            return;
        }
        shared.open.push((client_end, Some(server_end)));
    }
    let of_back = Arc::clone(shared);
    let back = thread::spawn(move || copy(from_server, client, &of_back));
    copy(from_client, server, shared);
    // The other direction ends with this one.
    let _ = back.join();
}

fn copy(mut from: TcpStream, mut to: TcpStream, shared: &Mutex<Shared>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length) = from.read(&mut buffer) {
        let is_frozen = || {
            let shared = lock(shared);
            shared.is_frozen && !shared.is_over
        };
        while is_frozen() {
            thread::sleep(Duration::from_millis(2));
        }
        if length == 0 || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
