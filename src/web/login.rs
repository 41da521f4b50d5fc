//! Signing in and out, for browsers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;

use super::authenticator::Authenticator;
use super::credentials::{OwnedCredentials, PresentedSecret};
use super::guard;
use super::host::SharedHost;
use super::origin::Sender;
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

/// Refuses pages of other origins, also of those that `--allow-origin` names: a session is for the host's own page.
pub(super) async fn check_own(
    State(authenticator): State<Arc<Authenticator>>,
    request: Request,
    next: Next,
) -> Response {
    match authenticator.sender(request.headers()) {
        Sender::Own => next.run(request).await,
        Sender::Elsewhere | Sender::Refused => {
            let message = "Only the page of this host signs in and out. Other pages send the token itself.\n";
            (StatusCode::FORBIDDEN, message).into_response()
        }
    }
}

/// Exchanges a token or a password for a session. Other credentials in the request are ignored.
pub(super) async fn login(
    State(authenticator): State<Arc<Authenticator>>,
    State(host): State<SharedHost>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(login): Json<Login>,
) -> Response {
    let current = authenticator.cookie().find(&headers);
    let credentials = OwnedCredentials {
        secret: Some(PresentedSecret::Own(Secret::from(login.secret))),
        ..authenticator.credentials(remote, &headers).without_ambient()
    };
    let grant = match authenticator.admit(credentials).await {
        Admission::Granted(grant) => grant,
        refusal => return guard::refused(&refusal).into_response(),
    };
    let body = Json(session_body(&host, &grant));
    match authenticator.access().open_session(grant, &current, now_ms()) {
        Ok(id) => {
            let cookies = authenticator.cookie().set(&id, &headers);
            let cookies = cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie));
            (AppendHeaders(cookies), body).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "cannot open a session");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The query of a page that asks about its session.
#[derive(Deserialize)]
pub(super) struct Page {
    /// The origin of the page.
    origin: Option<String>,
}

/// Reports the role and the permissions of the client, or, if it is not signed in, how to sign in.
///
/// Browsers send no `Origin` here, so a page can say it: if the host would refuse its socket, it learns so at once.
pub(super) async fn session(
    State(authenticator): State<Arc<Authenticator>>,
    State(host): State<SharedHost>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    Query(Page { origin }): Query<Page>,
    headers: HeaderMap,
) -> Response {
    if let Some(origin) = origin.and_then(|origin| HeaderValue::from_str(&origin).ok()) {
        let mut of_page = headers.clone();
        of_page.insert(header::ORIGIN, origin);
        if authenticator.sender(&of_page) == Sender::Refused {
            return guard::refused_origin(remote, &of_page);
        }
    }
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
    authenticator.access().close_sessions(&cookie.find(&headers));
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
