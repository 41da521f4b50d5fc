//! The JSON routes.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::origin;
use super::routes::Shared;
use crate::protocol::selkies::turn_json;

/// The description of all routes.
const OPENAPI: &str = include_str!("openapi.json");

const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

/// The ICE servers, as Selkies clients ask for them.
pub(super) async fn turn(State(host): State<Shared>) -> Response {
    (NO_STORE, Json(turn_json(host.ice_servers()))).into_response()
}

pub(super) async fn status(State(host): State<Shared>) -> Response {
    (NO_STORE, Json(host.status())).into_response()
}

/// Tells where viewers connect from, which is nobody's business but this machine's.
pub(super) async fn clients(
    State(host): State<Shared>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
) -> Response {
    match is_local(remote) {
        true => (NO_STORE, Json(host.clients())).into_response(),
        false => local_only(),
    }
}

pub(super) async fn disconnect(
    State(host): State<Shared>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !is_local(remote) {
        return local_only();
    }
    if !origin::may_ask(&headers, host.origins()) {
        return (StatusCode::FORBIDDEN, "This page was not served by this host.\n").into_response();
    }
    match host.disconnect(id).await {
        0 => (
            StatusCode::NOT_FOUND,
            Json(serde_json::json!({ "code": "CLIENT_NOT_FOUND", "disconnected": 0 })),
        )
            .into_response(),
        count => (NO_STORE, Json(serde_json::json!({ "disconnected": count }))).into_response(),
    }
}

fn is_local(remote: SocketAddr) -> bool {
    remote.ip().to_canonical().is_loopback()
}

fn local_only() -> Response {
    (
        StatusCode::FORBIDDEN,
        "Only programs on this machine may ask this.\n",
    )
        .into_response()
}
