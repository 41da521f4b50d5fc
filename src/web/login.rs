//! Signing in and out, for browsers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;

use super::authenticator::Authenticator;
use super::credentials::OwnedCredentials;
use super::guard;
use super::host::SharedHost;
use crate::access::{Admission, Grant, Secret};
use crate::clock::now_ms;

/// The longest body of a login, in bytes.
pub(super) const MAX_BODY: usize = 4096;

/// The time that a request may take. A client that has not signed in must not hold a connection open for longer.
const LIMIT: Duration = Duration::from_secs(15);

/// Answers 408 when a request takes longer than [`LIMIT`].
pub(super) async fn limit_time(request: Request, next: Next) -> Response {
    match timeout(LIMIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

/// The body of a login.
#[derive(Deserialize)]
pub(super) struct Login {
    secret: String,
}

/// Exchanges a token or a password for a session. Other credentials in the request are ignored.
pub(super) async fn login(
    State(authenticator): State<Arc<Authenticator>>,
    State(host): State<SharedHost>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(login): Json<Login>,
) -> Response {
    let credentials = OwnedCredentials {
        secret: Some(Secret::from(login.secret)),
        session: None,
        user: None,
        ..authenticator.credentials(remote, &headers)
    };
    let grant = match authenticator.admit(credentials).await {
        Admission::Granted(grant) => grant,
        refusal => return guard::refused(&refusal).into_response(),
    };
    let body = Json(session_body(&host, &grant));
    match authenticator.access().open_session(grant, now_ms()) {
        Ok(id) => {
            let cookie = authenticator.cookie().set(&id, &headers);
            ([(header::SET_COOKIE, cookie)], body).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "cannot open a session");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Reports the role and the permissions of the client, or, if it is not signed in, how to sign in.
pub(super) async fn session(
    State(authenticator): State<Arc<Authenticator>>,
    State(host): State<SharedHost>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let credentials = authenticator.credentials(remote, &headers);
    match authenticator.admit(credentials).await {
        Admission::Granted(grant) => Json(session_body(&host, &grant)).into_response(),
        refusal @ Admission::RetryAfter(_) => guard::refused(&refusal).into_response(),
        _ => {
            let mode = authenticator.access().mode();
            (StatusCode::UNAUTHORIZED, Json(json!({ "mode": mode }))).into_response()
        }
    }
}

/// Ends the session.
pub(super) async fn logout(State(authenticator): State<Arc<Authenticator>>, headers: HeaderMap) -> Response {
    let cookie = authenticator.cookie();
    if let Some(id) = cookie.find(&headers) {
        authenticator.access().close_session(&id);
    }
    (
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, cookie.clear(&headers))],
    )
        .into_response()
}

fn session_body(host: &SharedHost, grant: &Grant) -> serde_json::Value {
    json!({
        "mode": host.access().mode(),
        "role": grant.role.name(),
        "permissions": grant.role.permissions(host.policy()),
        "host_id": host.access().host_id().map(ToString::to_string),
    })
}
