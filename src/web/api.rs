//! The JSON routes.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::guard::{self, Authenticated};
use super::host::SharedHost;
use crate::protocol::role::Permission;
use crate::protocol::selkies::turn_json;

/// The OpenAPI description of all routes.
const OPENAPI: &str = include_str!("openapi.json");

/// `GET /openapi.json`.
pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

/// `GET /turn`: the ICE servers, in the format of Selkies.
pub(super) async fn turn(State(host): State<SharedHost>) -> Response {
    Json(turn_json(&host.ice_servers())).into_response()
}

/// `GET /api/signaling/status`.
pub(super) async fn status(State(host): State<SharedHost>) -> Response {
    Json(host.status()).into_response()
}

/// `GET /api/signaling/clients`: the clients and their addresses. For administrators.
pub(super) async fn clients(State(host): State<SharedHost>, Extension(caller): Authenticated) -> Response {
    match caller.grant.role.allows(Permission::Manage) {
        true => Json(host.clients()).into_response(),
        false => guard::forbidden(),
    }
}

/// `POST /api/signaling/clients/{id}/disconnect`. For administrators.
pub(super) async fn disconnect(
    State(host): State<SharedHost>,
    Extension(caller): Authenticated,
    Path(id): Path<String>,
) -> Response {
    if !caller.grant.role.allows(Permission::Manage) {
        return guard::forbidden();
    }
    match host.disconnect(id).await {
        0 => (
            StatusCode::NOT_FOUND,
            Json(json!({ "code": "CLIENT_NOT_FOUND", "disconnected": 0 })),
        )
            .into_response(),
        count => Json(json!({ "disconnected": count })).into_response(),
    }
}
