//! Owns the page for machines: `/metrics` (Prometheus, counts only) and `/health`. Must never tell a room's number or who
//! calls, nor make the control loop wait: it asks through the same bounded queue as the commands, few guests at a time,
//! each for a few seconds.

mod guest;
mod health;
mod metrics;

use super::control_socket::{Ask, Reply, Request, TIMEOUT};
use super::store::Store;
use crate::bridge::status::Status;
use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use guest::Door;
use health::Probe;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// What the pages need.
struct House {
    asks: mpsc::Sender<Ask>,
    probe: Probe,
}

/// A bound address whose pages are not served yet.
pub struct HttpServer {
    listener: TcpListener,
}

impl HttpServer {
    /// Takes the address.
    pub async fn bind(listen: SocketAddr) -> anyhow::Result<HttpServer> {
        let listener = TcpListener::bind(listen).await.with_context(|| {
            format!("figures cannot be served on {listen}: is another program there? Choose another http.listen or --http")
        })?;
        if !listen.ip().is_loopback() {
            tracing::warn!(%listen, "figures are served beyond this machine: keep the address inside your own network");
        }
        Ok(HttpServer { listener })
    }

    /// Serves until it is dropped.
    pub async fn serve(self, asks: mpsc::Sender<Ask>, store: Store) {
        let house = House {
            asks,
            probe: Probe::new(store),
        };
        let pages = Router::new()
            .route("/metrics", get(metrics_page))
            .route("/health", get(health_page))
            .with_state(Arc::new(house));
        if let Err(error) = axum::serve(Door::new(self.listener), pages).await {
            tracing::error!(%error, "figures are no longer served");
        }
    }
}

async fn metrics_page(State(house): State<Arc<House>>) -> Response {
    match house.status().await {
        Ok(status) => page(StatusCode::OK, metrics::CONTENT_TYPE, metrics::text(&status)),
        Err(why) => words(StatusCode::SERVICE_UNAVAILABLE, why),
    }
}

async fn health_page(State(house): State<Arc<House>>) -> Response {
    let (status, store) = tokio::join!(house.status(), house.probe.look());
    match health::judged(&status, store) {
        Ok(good) => words(StatusCode::OK, good),
        Err(faults) => words(StatusCode::SERVICE_UNAVAILABLE, &faults.join("\n")),
    }
}

fn words(code: StatusCode, text: &str) -> Response {
    page(code, "text/plain; charset=utf-8", format!("{text}\n"))
}

/// One answer a connection: no guest stays.
fn page(code: StatusCode, content_type: &'static str, text: String) -> Response {
    let fields = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-store"),
        (CONNECTION, "close"),
    ];
    (code, fields, text).into_response()
}

impl House {
    async fn status(&self) -> Result<Status, &'static str> {
        let (reply, answered) = oneshot::channel();
        let request = Request::Status;
        self.asks
            .try_send(Ask { request, reply })
            .map_err(|_| "the bridge has too many requests, or is stopping")?;
        match timeout(TIMEOUT, answered).await {
            Ok(Ok(Reply::Status(status))) => Ok(*status),
            Ok(_) => Err("the bridge is stopping"),
            Err(_) => Err("the bridge does not answer in time"),
        }
    }
}
