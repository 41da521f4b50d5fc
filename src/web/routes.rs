//! Every path that is answered.
//!
//! `openapi.json` beside this file describes them for the authors of clients; a test compares the two.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};

use super::host::Host;
use super::{api, assets, origin, upgrade, whep};

/// What handlers share.
pub(super) type Shared = Arc<dyn Host>;

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

pub(super) fn router(host: Shared) -> Router {
    let player = any(whep::player).layer(middleware::from_fn_with_state(
        Arc::clone(&host),
        whep::check_origin,
    ));
    let endpoint = any(whep::endpoint).layer(middleware::from_fn_with_state(
        Arc::clone(&host),
        whep::check_origin,
    ));
    Router::new()
        .route("/health", get(async || "OK\n"))
        .route("/openapi.json", get(api::openapi))
        .route("/turn", get(api::turn))
        .route("/api/signaling/status", get(api::status))
        .route("/api/signaling/clients", get(api::clients))
        .route("/api/signaling/clients/{id}/disconnect", post(api::disconnect))
        .route("/whep", endpoint.clone())
        .route("/whep/{app}", endpoint)
        .route("/whep/{app}/{id}", player)
        .route("/ws", any(upgrade::admit))
        .route("/ws/", any(upgrade::admit))
        .route("/ws/{app}", any(upgrade::admit))
        .route("/api/signaling", any(upgrade::admit))
        .route("/api/signaling/{app}", any(upgrade::admit))
        .route("/gstwebrtc", any(upgrade::admit))
        .route("/{app}/signalling", any(upgrade::admit))
        .route("/{app}/signalling/", any(upgrade::admit))
        .route("/{folder}/{app}/signalling", any(upgrade::admit))
        .route("/{folder}/{app}/signalling/", any(upgrade::admit))
        .route("/{folder}/turn", get(api::turn))
        .fallback(get(assets::serve))
        .layer(middleware::from_fn_with_state(Arc::clone(&host), check_host))
        .layer(middleware::from_fn(add_headers))
        .with_state(host)
}

async fn check_host(State(host): State<Shared>, request: Request, next: Next) -> Response {
    if origin::is_for_us(request.headers(), host.names()) {
        return next.run(request).await;
    }
    let message =
        "This host is not known by that name. Use its address, or start it with --allow-host NAME.\n";
    (StatusCode::MISDIRECTED_REQUEST, message).into_response()
}

async fn add_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
