//! Signing in and out, for browsers.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;

use super::guard::{self, OwnedCredentials};
use super::state::AppState;
use crate::access::{Admission, Grant, Secret};
use crate::clock::now_ms;

/// The longest body of a login, in bytes.
pub(super) const MAX_BODY: usize = 4096;

/// How long signing in may take: nobody is known yet who could be trusted with a connection that says nothing.
const LIMIT: Duration = Duration::from_secs(15);

/// Gives up a request that takes too long.
pub(super) async fn in_time(request: Request, next: Next) -> Response {
    match timeout(LIMIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

/// What the page sends.
#[derive(Deserialize)]
pub(super) struct Login {
    secret: String,
}

/// Exchanges a token or a password for a session. Nothing else that the request presents counts.
pub(super) async fn login(
    State(site): State<AppState>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(login): Json<Login>,
) -> Response {
    let credentials = OwnedCredentials {
        secret: Some(Secret::from(login.secret)),
        session: None,
        user: None,
        ..OwnedCredentials::of(&site, remote, &headers)
    };
    let grant = match guard::admit(&site, credentials).await {
        Admission::Granted(grant) => grant,
        refusal => return guard::refused(&refusal).into_response(),
    };
    let told = Json(told(&site, &grant));
    match site.host.access().open_session(grant, now_ms()) {
        Ok(id) => ([(header::SET_COOKIE, site.cookie.set(&id, &headers))], told).into_response(),
        Err(error) => {
            tracing::error!(%error, "no session can be opened");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Tells the page whether it has a session, and what it may do; and how to sign in, if it has none.
pub(super) async fn session(
    State(site): State<AppState>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    match guard::admit(&site, OwnedCredentials::of(&site, remote, &headers)).await {
        Admission::Granted(grant) => Json(told(&site, &grant)).into_response(),
        refusal @ Admission::Wait(_) => guard::refused(&refusal).into_response(),
        _ => {
            let mode = site.host.access().mode();
            (StatusCode::UNAUTHORIZED, Json(json!({ "mode": mode }))).into_response()
        }
    }
}

/// Ends the session.
pub(super) async fn logout(State(site): State<AppState>, headers: HeaderMap) -> Response {
    if let Some(id) = site.cookie.find(&headers) {
        site.host.access().close_session(&id);
    }
    (
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, site.cookie.clear(&headers))],
    )
        .into_response()
}

fn told(site: &AppState, grant: &Grant) -> serde_json::Value {
    json!({
        "mode": site.host.access().mode(),
        "role": grant.role.name(),
        "permissions": grant.role.capabilities(site.host.policy()),
    })
}
