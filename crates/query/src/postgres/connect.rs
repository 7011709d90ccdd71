//! Connections to the servers that a URI names, one after the other as libpq does it.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future;
use socket2::{SockRef, TcpKeepalive};
use tidegate_database_uri::{Host, PostgresUri, SessionKind, Target, TlsMode};
use tidegate_types::ExposeSecret;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout_at};
use tokio_postgres::config::{self, SslMode, SslNegotiation};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_postgres::{Client, Config, SimpleQueryMessage};

use super::tls::Tls;
use super::wire::{Bounded, RowLimit};
use crate::error::shorten;
use crate::{ConnectFailure, QueryError};

/// `SSLRequest` (PostgreSQL manual §55.7).
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Opens connections to one database.
pub(super) struct Connector {
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
pub(super) struct Route {
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
pub(super) struct Connected {
    pub(super) client: Client,
    pub(super) connection: Connection,
    pub(super) rows: RowLimit,
    pub(super) route: Route,
}

/// What drives a connection; it must be polled for anything to happen.
pub(super) type Connection = tokio_postgres::Connection<Stream, Sealed>;
type Stream = Bounded<Socket>;

/// Why a connection was not made.
struct Failure {
    cause: ConnectFailure,
    reason: String,
}

impl From<Failure> for QueryError {
    fn from(Failure { cause, reason }: Failure) -> Self {
        Self::Unavailable {
            cause,
            reason: shorten(&reason),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encryption {
    Never,
    /// Only if the server offers it.
    IfOffered,
    Always,
}

impl Connector {
    /// `limit` is how long a connection may take to be made, all servers together. Reads files.
    pub(super) fn new(uri: PostgresUri, limit: Duration) -> Result<Self, QueryError> {
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

    /// Connects to the first server that will do.
    ///
    /// # Errors
    /// `Unavailable`, with what the last server said, or the first that knows us and refuses.
    pub(super) async fn connect(&self) -> Result<Connected, QueryError> {
        let deadline = Instant::now() + self.limit;
        let kinds: &[SessionKind] = match self.uri.session {
            SessionKind::PreferStandby => &[SessionKind::Standby, SessionKind::Any],
            ref kind => std::slice::from_ref(kind),
        };
        let mut last = Failure {
            cause: ConnectFailure::Other,
            reason: "it names no server".to_owned(),
        };
        for kind in kinds {
            let targets = self.targets();
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
                    let until = self.until(deadline, others + count - number);
                    match self.connect_to(target, address, *kind, until).await {
                        Ok(connected) => return Ok(connected),
                        // It knows us, and the others would say the same.
                        Err(failure) if failure.is_final() => return Err(failure.into()),
                        Err(failure) => last = failure,
                    }
                }
            }
        }
        Err(last.into())
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

    async fn addresses(&self, target: &Target, deadline: Instant) -> Result<Vec<Address>, Failure> {
        if let Some(address) = target.address {
            return Ok(vec![Address::Tcp((address, target.port).into())]);
        }
        match &target.host {
            Host::Socket(folder) => Ok(vec![Address::Unix(socket_path(folder, target.port))]),
            Host::Name(name) => {
                let found = tokio::net::lookup_host((name.as_str(), target.port));
                match timeout_at(deadline, found).await {
                    Err(_) => Err(Failure::timed_out()),
                    Ok(Err(err)) => Err(Failure {
                        cause: ConnectFailure::UnknownHost,
                        reason: format!("{name}: {err}"),
                    }),
                    Ok(Ok(found)) => Ok(found.map(Address::Tcp).collect()),
                }
            }
        }
    }

    async fn connect_to(
        &self,
        target: &Target,
        address: Address,
        kind: SessionKind,
        until: Instant,
    ) -> Result<Connected, Failure> {
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
        let mut last = Failure::timed_out();
        for encryption in attempts {
            let attempt = self.attempt(&mut route, *encryption, kind);
            match timeout_at(until, attempt).await {
                Err(_) => return Err(Failure::timed_out()),
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

    async fn attempt(
        &self,
        route: &mut Route,
        encryption: Encryption,
        kind: SessionKind,
    ) -> Result<Connected, Failure> {
        // Until it is known to be plain, what goes wrong goes wrong with TLS.
        route.is_encrypted = encryption != Encryption::Never;
        let (socket, binding) = self.open(route, encryption).await?;
        route.is_encrypted = matches!(socket, Socket::Tls(_));
        let rows = RowLimit::new();
        let stream = Bounded::new(socket, rows.clone());
        let mut config = self.config.clone();
        seal_config(&mut config, route.is_encrypted);
        let connected = config.connect_raw(stream, Seal(binding)).await;
        let (client, mut connection) = connected.map_err(|err| Failure::of(&err))?;
        check_kind(kind, &client, &mut connection).await?;
        Ok(Connected {
            client,
            connection,
            rows,
            route: route.clone(),
        })
    }

    /// A stream to a server, encrypted as it is wanted, and what a password is bound to.
    async fn open(
        &self,
        route: &Route,
        encryption: Encryption,
    ) -> Result<(Socket, Option<Vec<u8>>), Failure> {
        let mut stream = match &route.address {
            Address::Unix(path) => {
                let stream = UnixStream::connect(path).await;
                let stream = stream.map_err(|err| Failure::io(&err))?;
                return Ok((Socket::Unix(stream), None));
            }
            Address::Tcp(address) => {
                let stream = TcpStream::connect(address).await;
                stream.map_err(|err| Failure::io(&err))?
            }
        };
        self.tune(&stream).map_err(|err| Failure::io(&err))?;
        let tls = match &self.tls {
            Some(tls) if encryption != Encryption::Never => tls,
            _ => return Ok((Socket::Tcp(stream), None)),
        };
        if !self.uri.tls.is_direct {
            let answer = ask_for_tls(&mut stream).await;
            match answer.map_err(|err| Failure::io(&err))? {
                b'S' => {}
                b'N' if encryption == Encryption::IfOffered => {
                    return Ok((Socket::Tcp(stream), None));
                }
                _ => return Err(Failure::tls("the server does not offer TLS")),
            }
        }
        let (stream, binding) = tls
            .connect(stream, &route.host)
            .await
            .map_err(|err| Failure::tls(err.to_string()))?;
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

    /// Asks the server of a connection to stop what runs on it.
    pub(super) async fn cancel(
        &self,
        token: &tokio_postgres::CancelToken,
        route: &Route,
    ) -> Result<(), QueryError> {
        let encryption = if route.is_encrypted {
            Encryption::Always
        } else {
            Encryption::Never
        };
        let (socket, binding) = self.open(route, encryption).await?;
        let sent = token.cancel_query_raw(socket, Seal(binding)).await;
        sent.map_err(|err| Failure::of(&err).into())
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
async fn check_kind(
    kind: SessionKind,
    client: &Client,
    connection: &mut Connection,
) -> Result<(), Failure> {
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
    let messages = answer.await.map_err(|err| Failure::of(&err))?;
    let is_wanted = messages.iter().any(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0) == Some(expected),
        _ => false,
    });
    if is_wanted {
        return Ok(());
    }
    Err(Failure {
        cause: ConnectFailure::WrongServer,
        reason: format!("{sql} is not {expected}"),
    })
}

impl Failure {
    fn timed_out() -> Self {
        Self {
            cause: ConnectFailure::TimedOut,
            reason: "the server did not answer in time".to_owned(),
        }
    }

    fn tls(reason: impl Into<String>) -> Self {
        Self {
            cause: ConnectFailure::Tls,
            reason: reason.into(),
        }
    }

    fn io(err: &io::Error) -> Self {
        Self {
            cause: match err.kind() {
                io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => {
                    ConnectFailure::Refused
                }
                io::ErrorKind::TimedOut
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable => ConnectFailure::TimedOut,
                _ => ConnectFailure::Other,
            },
            reason: err.to_string(),
        }
    }

    fn of(err: &tokio_postgres::Error) -> Self {
        let Some(db) = err.as_db_error() else {
            if let Some(io) = err.source().and_then(|err| err.downcast_ref::<io::Error>()) {
                return Self::io(io);
            }
            let reason = words(err);
            return Self {
                // The driver says so before it asks the server.
                cause: if reason.contains("password missing") {
                    ConnectFailure::Credentials
                } else {
                    ConnectFailure::Other
                },
                reason,
            };
        };
        let code = db.code();
        let cause = if [
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            SqlState::INVALID_PASSWORD,
            SqlState::INSUFFICIENT_PRIVILEGE,
        ]
        .contains(code)
        {
            ConnectFailure::Credentials
        } else if *code == SqlState::INVALID_CATALOG_NAME {
            ConnectFailure::UnknownDatabase
        } else if *code == SqlState::TOO_MANY_CONNECTIONS {
            ConnectFailure::TooManyConnections
        } else if *code == SqlState::CANNOT_CONNECT_NOW {
            ConnectFailure::NotReady
        } else {
            ConnectFailure::Other
        };
        Self {
            cause,
            reason: db.message().to_owned(),
        }
    }

    /// Whether another server would say the same.
    fn is_final(&self) -> bool {
        matches!(
            self.cause,
            ConnectFailure::Credentials | ConnectFailure::UnknownDatabase
        )
    }
}

/// The driver's words: those of the server where it spoke, of the cause where there is one.
pub(super) fn words(err: &tokio_postgres::Error) -> String {
    let text = match (err.as_db_error(), err.source()) {
        (Some(db), _) => db.message().to_owned(),
        (None, Some(source)) => source.to_string(),
        (None, None) => err.to_string(),
    };
    shorten(&text)
}

/// A way to a server.
pub(super) enum Socket {
    Tcp(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
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

/// Such a stream.
pub(super) struct Sealed<S = Stream>(S, Option<Vec<u8>>);

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
