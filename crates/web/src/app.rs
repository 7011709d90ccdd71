//! What is served: the routes, and what is done around each request.

use std::sync::Arc;

use actix_http::ConnectionType;
use actix_web::dev::{Service as _, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error, web};

use crate::activity::{Activity, ActivityGuard};
use crate::edge::Edge;
use crate::{health, manager_api, mcp, oauth, pages, routing, well_known};

/// The application of one worker.
pub(crate) fn app(
    edge: web::Data<Edge>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(edge.clone())
        .configure(routes)
        .wrap_fn(move |request, service| {
            let running = request.conn_data::<Arc<Activity>>().map(Activity::begin);
            answered(service.call(request), running, edge.clone())
        })
}

/// The answer, whose connection is closed after it where the node stops.
async fn answered(
    answer: impl Future<Output = Result<ServiceResponse, Error>>,
    running: Option<ActivityGuard>,
    edge: web::Data<Edge>,
) -> Result<ServiceResponse, Error> {
    let mut response = answer.await?;
    drop(running);
    if edge.node.is_draining() {
        // The client's next request goes to a node that stays.
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

fn routes(app: &mut web::ServiceConfig) {
    // Each route is tried in its turn, those with a pattern at the price of a regular expression: what is asked a thousand
    // times a second comes first.
    for path in [routing::CANONICAL_MCP_PATHS, routing::MCP_PATHS].concat() {
        app.service(
            web::resource(path)
                .route(web::post().to(mcp::post::post))
                .route(web::get().to(mcp::get::get))
                .route(web::delete().to(mcp::delete::delete))
                .route(web::method(actix_web::http::Method::OPTIONS).to(mcp::options))
                .default_service(web::to(mcp::not_allowed)),
        );
    }
    oauth::routes(app);
    pages::routes(app);
    well_known::routes(app);
    manager_api::routes(app);
    app.route("/healthz", web::get().to(health::alive))
        .route("/readyz", web::get().to(health::ready))
        .route("/metrics", web::get().to(health::metrics))
        .default_service(web::to(pages::not_found));
}
