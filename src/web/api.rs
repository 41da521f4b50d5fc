//! The JSON routes.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use super::guard::{self, Authenticated};
use super::routes::Shared;
use crate::protocol::role::Permission;
use crate::protocol::selkies::turn_json;

/// The description of all routes.
const OPENAPI: &str = include_str!("openapi.json");

pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

/// The ICE servers, as Selkies clients ask for them.
pub(super) async fn turn(State(host): State<Shared>) -> Response {
    Json(turn_json(&host.ice_servers())).into_response()
}

pub(super) async fn status(State(host): State<Shared>) -> Response {
    Json(host.status()).into_response()
}

/// Tells who is there and where from: for administrators.
pub(super) async fn clients(State(host): State<Shared>, Extension(visitor): Authenticated) -> Response {
    match visitor.grant.role.allows(Permission::Manage) {
        true => Json(host.clients()).into_response(),
        false => guard::forbidden(),
    }
}

pub(super) async fn disconnect(
    State(host): State<Shared>,
    Extension(visitor): Authenticated,
    Path(id): Path<String>,
) -> Response {
    if !visitor.grant.role.allows(Permission::Manage) {
        return guard::forbidden();
    }
    match host.disconnect(id).await {
        0 => (
            StatusCode::NOT_FOUND,
            Json(serde_json::json!({ "code": "CLIENT_NOT_FOUND", "disconnected": 0 })),
        )
            .into_response(),
        count => Json(serde_json::json!({ "disconnected": count })).into_response(),
    }
}
