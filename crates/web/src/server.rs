//! The HTTP server.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use std::future::ready;

use actix_http::error::DispatchError;
use actix_http::{Extensions, HttpService};
use actix_server::ServerHandle;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use actix_web::web;

use crate::app::app;
use crate::backlog::Backlog;
use crate::connection::Connection;
use crate::connections::Connections;
use crate::edge::Edge;

/// A server that cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct BindError {
    /// The address that could not be bound.
    pub address: String,
    /// What went wrong below.
    #[source]
    pub source: std::io::Error,
}

/// A server that listens.
pub struct Server {
    /// Runs until it is stopped.
    pub running: actix_server::Server,
    /// Stops it.
    pub handle: ServerHandle,
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    /// Its connections.
    pub connections: Connections,
    /// Those that it has not accepted yet.
    pub backlog: Backlog,
}

/// Serves on a listener.
///
/// # Errors
/// The listener cannot be used.
pub fn start(edge: Arc<Edge>, listener: TcpListener) -> Result<Server, BindError> {
    let settings = edge.settings.clone();
    let workers = settings.workers.map_or_else(
        || std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        std::num::NonZero::get,
    );
    let edge = web::Data::from(edge);
    let failed = |source| BindError {
        address: settings.listen.to_string(),
        source,
    };
    let backlog = Backlog::of(&listener).map_err(failed)?;
    let addresses = vec![listener.local_addr().map_err(failed)?];
    let (head, idle) = (
        settings.header_timeout,
        settings.keep_alive + settings.header_timeout,
    );
    let keep_alive = settings.keep_alive;
    let connections = Connections::default();
    let of_factory = connections.clone();
    let factory = move || {
        let connections = of_factory.clone();
        let idle_ends = connections.clone();
        let http = HttpService::build()
            // `Connection` gives heads their time, the first as well.
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(Duration::from_secs(1))
            .keep_alive(keep_alive)
            // A client that closes its side is gone: a modern request is cancelled by it.
            .h1_allow_half_closed(false)
            .graceful_shutdown_signal(move || idle_ends.until_idle_close())
            .on_connect_ext(|connection: &Connection, data: &mut Extensions| {
                data.insert(connection.activity());
            })
            .h1(map_config(app(edge.clone()).into_factory(), |()| {
                AppConfig::default()
            }));
        fn_service(move |io: TcpStream| {
            let peer = io.peer_addr().ok();
            let connection = Connection::new(io, connections.open(), head, idle);
            ready(Ok::<_, DispatchError>((connection, peer)))
        })
        .and_then(http)
    };
    let running = actix_server::Server::build()
        .workers(workers)
        .max_concurrent_connections(settings.max_connections.div_ceil(workers))
        .disable_signals()
        .shutdown_timeout(settings.shutdown_grace.as_secs())
        .listen("mcp", listener, factory)
        .map_err(failed)?
        .run();
    Ok(Server {
        handle: running.handle(),
        running,
        addresses,
        connections,
        backlog,
    })
}
