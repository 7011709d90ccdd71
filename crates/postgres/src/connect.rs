//! Connections to the servers that a URI names, one after the other as libpq does it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future;
use socket2::{SockRef, TcpKeepalive};
use tidegate_database_uri::{Host, PostgresUri, SessionKind, Target, TlsMode, UriError};
use tidegate_types::ExposeSecret;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout_at};
use tokio_postgres::config::{self, SslMode, SslNegotiation};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_postgres::{Client, Config, SimpleQueryMessage};

use crate::cancel::ClosedByServer;
use crate::error::{ConnectError, ConnectFailure};
use crate::tls::Tls;

/// `SSLRequest` (PostgreSQL manual §55.7).
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Opens connections to one database.
pub struct Connector {
    uri: PostgresUri,
    /// `None` where nothing is to be encrypted.
    tls: Option<Tls>,
    config: Config,
    limit: Duration,
    /// Where to begin when the servers are to share the load.
    turn: AtomicUsize,
}

/// How to reach a server again that was reached once.
#[derive(Debug, Clone)]
pub struct Route {
    address: Address,
    /// What its certificate must name.
    host: String,
    is_encrypted: bool,
}

#[derive(Debug, Clone)]
enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// A connection that was made.
pub struct Connected<S> {
    /// Runs statements.
    pub client: Client,
    /// Reads and writes; it must be polled for anything to happen.
    pub connection: Connection<S>,
    /// How to reach this server again.
    pub route: Route,
}

/// What drives a connection over such a stream.
pub type Connection<S> = tokio_postgres::Connection<S, Sealed<S>>;

/// What a connection needs of its stream.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encryption {
    Never,
    /// Only if the server offers it.
    IfOffered,
    Always,
}

impl Connector {
    /// `limit` is how long a connection may take to be made, all servers together. Reads files.
    ///
    /// # Errors
    /// A certificate or key cannot be read or used.
    pub fn new(uri: PostgresUri, limit: Duration) -> Result<Self, UriError> {
        let mut config = Config::new();
        config.application_name(uri.application_name.as_deref().unwrap_or("tidegate"));
        if let Some(user) = &uri.user {
            config.user(user);
        }
        if let Some(password) = &uri.password {
            config.password(password.expose_secret());
        }
        if let Some(database) = &uri.database {
            config.dbname(database);
        }
        if let Some(options) = &uri.options {
            config.options(options);
        }
        config.channel_binding(if uri.tls.requires_channel_binding {
            config::ChannelBinding::Require
        } else if uri.tls.forbids_channel_binding {
            config::ChannelBinding::Disable
        } else {
            config::ChannelBinding::Prefer
        });
        let tls = match uri.tls.mode {
            TlsMode::Disable => None,
            _ => Some(Tls::new(&uri.tls)?),
        };
        Ok(Self {
            uri,
            tls,
            config,
            limit,
            turn: AtomicUsize::new(0),
        })
    }

    /// Connects to the first server that will do. What passes between it and the driver goes through what `wrap` makes
    /// of the socket.
    ///
    /// # Errors
    /// What the last server said, or the first that knows us and refuses.
    pub async fn connect<S: Stream>(
        &self,
        wrap: &(impl Fn(Socket) -> S + Sync),
    ) -> Result<Connected<S>, ConnectError> {
        let deadline = Instant::now() + self.limit;
        let kinds: &[SessionKind] = match self.uri.session {
            SessionKind::PreferStandby => &[SessionKind::Standby, SessionKind::Any],
            ref kind => std::slice::from_ref(kind),
        };
        let mut last = ConnectError::other("it names no server");
        for (pass, kind) in kinds.iter().enumerate() {
            let targets = self.targets();
            // Time for those passes as well that come after this one.
            let later = targets.len() * (kinds.len() - pass - 1);
            for (index, target) in targets.iter().enumerate() {
                let addresses = match self.addresses(target, deadline).await {
                    Ok(addresses) => addresses,
                    Err(failure) => {
                        last = failure;
                        continue;
                    }
                };
                let others = targets.len() - index - 1;
                let count = addresses.len();
                for (number, address) in addresses.into_iter().enumerate() {
                    let until = self.until(deadline, later + others + count - number);
                    match self.connect_to(target, address, *kind, until, wrap).await {
                        Ok(connected) => return Ok(connected),
                        // It knows us, and the others would say the same.
                        Err(failure) if failure.is_final() => return Err(failure),
                        Err(failure) => last = failure,
                    }
                }
            }
        }
        Err(last)
    }

    fn targets(&self) -> Vec<&Target> {
        let mut targets: Vec<_> = self.uri.targets.iter().collect();
        if self.uri.is_balanced {
            let count = targets.len();
            targets.rotate_left(self.turn.fetch_add(1, Ordering::Relaxed) % count.max(1));
        }
        targets
    }

    /// When an attempt is given up, so that those after it have time as well.
    fn until(&self, deadline: Instant, attempts_left: usize) -> Instant {
        let now = Instant::now();
        let share = deadline.saturating_duration_since(now)
            / u32::try_from(attempts_left.max(1)).unwrap_or(u32::MAX);
        now + self.uri.connect_timeout.map_or(share, |own| own.min(share))
    }

    async fn addresses(
        &self,
        target: &Target,
        deadline: Instant,
    ) -> Result<Vec<Address>, ConnectError> {
        if let Some(address) = target.address {
            return Ok(vec![Address::Tcp((address, target.port).into())]);
        }
        match &target.host {
            Host::Socket(folder) => Ok(vec![Address::Unix(socket_path(folder, target.port))]),
            Host::Name(name) => {
                let found = tokio::net::lookup_host((name.as_str(), target.port));
                match timeout_at(deadline, found).await {
                    Err(_) => Err(ConnectError::timed_out()),
                    Ok(Err(err)) => Err(ConnectError {
                        cause: ConnectFailure::UnknownHost,
                        reason: format!("{name}: {err}"),
                        code: None,
                    }),
                    Ok(Ok(found)) => Ok(found.map(Address::Tcp).collect()),
                }
            }
        }
    }

    async fn connect_to<S: Stream>(
        &self,
        target: &Target,
        address: Address,
        kind: SessionKind,
        until: Instant,
        wrap: &(impl Fn(Socket) -> S + Sync),
    ) -> Result<Connected<S>, ConnectError> {
        let host = match &target.host {
            Host::Name(name) => name.clone(),
            Host::Socket(_) => String::new(),
        };
        let mut route = Route {
            address,
            host,
            is_encrypted: false,
        };
        // libpq's order for `prefer`: whatever is wrong with an encrypted connection, a plain one may do.
        let attempts: &[Encryption] = match (&route.address, self.uri.tls.mode) {
            (Address::Unix(_), _) | (_, TlsMode::Disable) => &[Encryption::Never],
            (_, TlsMode::Prefer) => &[Encryption::IfOffered, Encryption::Never],
            _ => &[Encryption::Always],
        };
        let mut last = ConnectError::timed_out();
        for encryption in attempts {
            let attempt = self.attempt(&mut route, *encryption, kind, wrap);
            match timeout_at(until, attempt).await {
                Err(_) => return Err(ConnectError::timed_out()),
                Ok(Ok(connected)) => return Ok(connected),
                Ok(Err(failure)) => {
                    let may_be_plain = route.is_encrypted
                        && matches!(
                            failure.cause,
                            ConnectFailure::Tls | ConnectFailure::Credentials
                        );
                    last = failure;
                    if !may_be_plain {
                        break;
                    }
                }
            }
        }
        Err(last)
    }

    async fn attempt<S: Stream>(
        &self,
        route: &mut Route,
        encryption: Encryption,
        kind: SessionKind,
        wrap: &(impl Fn(Socket) -> S + Sync),
    ) -> Result<Connected<S>, ConnectError> {
        // Until it is known to be plain, what goes wrong goes wrong with TLS.
        route.is_encrypted = encryption != Encryption::Never;
        let (socket, binding) = self.open(route, encryption).await?;
        route.is_encrypted = matches!(socket, Socket::Tls(_));
        let stream = wrap(socket);
        let mut config = self.config.clone();
        seal_config(&mut config, route.is_encrypted);
        let connected = config.connect_raw(stream, Seal(binding)).await;
        let (client, mut connection) = connected.map_err(|err| ConnectError::of(&err))?;
        check_kind(kind, &client, &mut connection).await?;
        Ok(Connected {
            client,
            connection,
            route: route.clone(),
        })
    }

    /// A stream to a server, encrypted as it is wanted, and what a password is bound to.
    async fn open(
        &self,
        route: &Route,
        encryption: Encryption,
    ) -> Result<(Socket, Option<Vec<u8>>), ConnectError> {
        let mut stream = match &route.address {
            Address::Unix(path) => {
                let stream = UnixStream::connect(path).await;
                let stream = stream.map_err(|err| ConnectError::io(&err))?;
                return Ok((Socket::Unix(stream), None));
            }
            Address::Tcp(address) => {
                let stream = TcpStream::connect(address).await;
                stream.map_err(|err| ConnectError::io(&err))?
            }
        };
        self.tune(&stream).map_err(|err| ConnectError::io(&err))?;
        let tls = match &self.tls {
            Some(tls) if encryption != Encryption::Never => tls,
            _ => return Ok((Socket::Tcp(stream), None)),
        };
        if !self.uri.tls.is_direct {
            let answer = ask_for_tls(&mut stream).await;
            match answer.map_err(|err| ConnectError::io(&err))? {
                b'S' => {}
                b'N' if encryption == Encryption::IfOffered => {
                    return Ok((Socket::Tcp(stream), None));
                }
                _ => return Err(ConnectError::tls("the server does not offer TLS")),
            }
        }
        let (stream, binding) = tls
            .connect(stream, &route.host)
            .await
            .map_err(|err| ConnectError::tls(err.to_string()))?;
        Ok((Socket::Tls(Box::new(stream)), binding))
    }

    fn tune(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let socket = SockRef::from(stream);
        #[cfg(target_os = "linux")]
        if let Some(timeout) = self.uri.tcp_user_timeout {
            socket.set_tcp_user_timeout(Some(timeout))?;
        }
        let wanted = self.uri.keepalive;
        if wanted.is_off {
            return Ok(());
        }
        let mut keepalive = TcpKeepalive::new();
        if let Some(idle) = wanted.idle {
            keepalive = keepalive.with_time(idle);
        }
        if let Some(interval) = wanted.interval {
            keepalive = keepalive.with_interval(interval);
        }
        if let Some(count) = wanted.count {
            keepalive = keepalive.with_retries(count);
        }
        socket.set_keepalive(true)?;
        socket.set_tcp_keepalive(&keepalive)
    }

    /// Asks the server of a connection to stop what runs on it, and waits until it has heard.
    ///
    /// # Errors
    /// The request could not be sent.
    pub(crate) async fn cancel(
        &self,
        token: &tokio_postgres::CancelToken,
        route: &Route,
    ) -> Result<(), ConnectError> {
        let encryption = if route.is_encrypted {
            Encryption::Always
        } else {
            Encryption::Never
        };
        let (socket, binding) = self.open(route, encryption).await?;
        let sent = token
            .cancel_query_raw(ClosedByServer(socket), Seal(binding))
            .await;
        sent.map_err(|err| ConnectError::of(&err))
    }
}

/// `/folder/.s.PGSQL.5432`; a name that begins with `@` is abstract, which systems write with a zero.
fn socket_path(folder: &std::path::Path, port: u16) -> PathBuf {
    let path = folder.join(format!(".s.PGSQL.{port}"));
    match path.to_str().and_then(|path| path.strip_prefix('@')) {
        Some(name) => format!("\0{name}").into(),
        None => path,
    }
}

async fn ask_for_tls(stream: &mut TcpStream) -> io::Result<u8> {
    stream.write_all(&TLS_REQUEST).await?;
    // Exactly one byte: what came with it unencrypted would otherwise be taken for the server's.
    stream.read_u8().await
}

/// The stream that is handed to the driver is encrypted already, which it calls direct TLS.
fn seal_config(config: &mut Config, is_encrypted: bool) {
    if is_encrypted {
        config
            .ssl_mode(SslMode::Require)
            .ssl_negotiation(SslNegotiation::Direct);
    } else {
        config.ssl_mode(SslMode::Disable);
    }
}

/// Refuses a server of another kind.
async fn check_kind<S: Stream>(
    kind: SessionKind,
    client: &Client,
    connection: &mut Connection<S>,
) -> Result<(), ConnectError> {
    let (sql, expected) = match kind {
        SessionKind::Any | SessionKind::PreferStandby => return Ok(()),
        SessionKind::ReadWrite => ("SHOW transaction_read_only", "off"),
        SessionKind::ReadOnly => ("SHOW transaction_read_only", "on"),
        SessionKind::Primary => ("SELECT pg_catalog.pg_is_in_recovery()", "f"),
        SessionKind::Standby => ("SELECT pg_catalog.pg_is_in_recovery()", "t"),
    };
    let mut asked = std::pin::pin!(client.simple_query(sql));
    let answer = future::poll_fn(|cx| {
        if let Poll::Ready(Some(Err(err))) = connection.poll_message(cx) {
            return Poll::Ready(Err(err));
        }
        asked.as_mut().poll(cx)
    });
    let messages = answer.await.map_err(|err| ConnectError::of(&err))?;
    let is_wanted = messages.iter().any(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0) == Some(expected),
        _ => false,
    });
    if is_wanted {
        return Ok(());
    }
    Err(ConnectError {
        cause: ConnectFailure::WrongServer,
        reason: format!("{sql} is not {expected}"),
        code: None,
    })
}

/// A way to a server.
pub enum Socket {
    /// Plain.
    Tcp(TcpStream),
    /// Encrypted.
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
    /// On this machine.
    Unix(UnixStream),
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// Tells the driver what a stream, which is encrypted before it gets it, binds the password to.
struct Seal(Option<Vec<u8>>);

/// A stream that is encrypted before the driver gets it, where it is, and what the password is bound to.
pub struct Sealed<S>(S, Option<Vec<u8>>);

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for Seal {
    type Stream = Sealed<S>;
    type Error = io::Error;
    type Future = future::Ready<io::Result<Sealed<S>>>;

    fn connect(self, stream: S) -> Self::Future {
        future::ready(Ok(Sealed(stream, self.0)))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Sealed<S> {
    fn channel_binding(&self) -> ChannelBinding {
        match &self.1 {
            Some(hash) => ChannelBinding::tls_server_end_point(hash.clone()),
            None => ChannelBinding::none(),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Sealed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Sealed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
