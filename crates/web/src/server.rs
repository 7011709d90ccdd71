//! The HTTP server.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};

use tidegate_config::ListenAddress;

use crate::edge::Edge;
use crate::{health, mcp};

/// A server that cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct BindError {
    /// Where.
    pub address: String,
    /// Why.
    #[source]
    pub source: std::io::Error,
}

/// A server that listens.
pub struct Server {
    /// Runs until it is stopped.
    pub running: actix_web::dev::Server,
    /// Stops it.
    pub handle: ServerHandle,
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
}

/// Takes the address, so that its port is known before anything is built that names it.
///
/// # Errors
/// The address is taken or not ours.
pub fn bind(address: &ListenAddress) -> Result<TcpListener, BindError> {
    let host = address.host.trim_matches(['[', ']']);
    TcpListener::bind((host, address.port)).map_err(|source| BindError {
        address: address.to_string(),
        source,
    })
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
    let data = web::Data::from(edge);
    let server = HttpServer::new(move || App::new().app_data(data.clone()).configure(routes))
        .workers(workers)
        .max_connections(settings.max_connections.div_ceil(workers))
        .client_request_timeout(settings.header_timeout)
        .client_disconnect_timeout(Duration::from_secs(1))
        .keep_alive(settings.keep_alive)
        // A client that closes its side is gone: a modern request is cancelled by it.
        .h1_allow_half_closed(false)
        .disable_signals()
        .shutdown_timeout(settings.shutdown_grace.as_secs());
    let bound = server.listen(listener).map_err(|source| BindError {
        address: settings.listen.to_string(),
        source,
    })?;
    let addresses = bound.addrs();
    let running = bound.run();
    Ok(Server {
        handle: running.handle(),
        running,
        addresses,
    })
}

fn routes(app: &mut web::ServiceConfig) {
    for path in ["/mcp", "/w/{workspace}/mcp"] {
        app.service(
            web::resource(path)
                .route(web::post().to(mcp::post::post))
                .route(web::get().to(mcp::get::get))
                .route(web::delete().to(mcp::delete::delete))
                .route(web::method(actix_web::http::Method::OPTIONS).to(mcp::options))
                .default_service(web::to(mcp::not_allowed)),
        );
    }
    app.route("/healthz", web::get().to(health::alive))
        .route("/readyz", web::get().to(health::ready))
        .route("/metrics", web::get().to(health::metrics));
}
