//! Every path that is answered.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};

use super::app_name::AppName;
use super::server::{Accept, NewViewer};
use super::socket::{self, ViewerSocket};
use super::{assets, origin};

/// What every answer carries: the page runs its own scripts only, talks to its own host only, and may be framed
/// by nobody.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src blob:; \
         connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

pub(super) fn router(accept: Accept) -> Router {
    Router::new()
        .route("/ws", any(default_app))
        .route("/ws/", any(default_app))
        .route("/ws/{app}", any(named_app))
        .route("/health", get(async || "OK\n"))
        .fallback(get(assets::serve))
        .layer(middleware::from_fn(add_headers))
        .with_state(accept)
}

async fn add_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn default_app(
    State(accept): State<Accept>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    admit(accept, AppName::default(), remote, &headers, upgrade)
}

async fn named_app(
    State(accept): State<Accept>,
    Path(app): Path<String>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    match AppName::parse(&app) {
        Some(app) => admit(accept, app, remote, &headers, upgrade),
        None => {
            let rule = "An application's name has 1 to 64 letters, digits, '.', '_' and '-', and starts with a letter or digit.\n";
            (StatusCode::BAD_REQUEST, rule).into_response()
        }
    }
}

fn admit(
    accept: Accept,
    app: AppName,
    remote: SocketAddr,
    headers: &HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !origin::is_same_origin(headers) {
        tracing::warn!(%remote, "a page from another origin wanted to connect");
        return (
            StatusCode::FORBIDDEN,
            "This page may not connect: it was not served by this host.\n",
        )
            .into_response();
    }
    socket::limit(upgrade).on_upgrade(move |socket| {
        accept(NewViewer {
            socket: ViewerSocket::new(socket),
            app,
            remote,
        })
    })
}
