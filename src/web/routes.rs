//! The table of routes.
//!
//! `openapi.json` in this folder describes them for the authors of clients; a test compares the two.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, head, post};

use super::host::SharedHost;
use super::state::AppState;
use super::{api, assets, bodies, clipboard, files, guard, login, origin, upgrade, whep};

/// Builds the router. `headers` are added to every response that does not set them itself.
pub(super) fn router(state: AppState, headers: HeaderMap) -> Router {
    let authenticated = || middleware::from_fn_with_state(state.clone(), guard::authenticate);
    let same_origin = || middleware::from_fn_with_state(state.clone(), guard::check_origin);
    // Outermost, so that a page of another origin can read why it is refused.
    let cross_origin = || middleware::from_fn_with_state(state.clone(), whep::check_origin);
    let limited = || middleware::from_fn_with_state(state.clone(), bodies::limit);
    // Browsers send a preflight without credentials, and its answer only says which methods and headers are allowed.
    let endpoint = any(whep::endpoint)
        .layer(limited())
        .layer(authenticated())
        .options(whep::endpoint_options)
        .layer(cross_origin());
    let resource = any(whep::player)
        .layer(limited())
        .layer(authenticated())
        .options(whep::player_options)
        .layer(cross_origin());
    let whep = Router::new()
        .route("/whep", endpoint.clone())
        .route("/whep/{app}", endpoint)
        .route("/whep/{app}/{id}", resource);
    let login = Router::new()
        .route("/api/login", post(login::login))
        .route("/api/logout", post(login::logout))
        .route("/api/session", get(login::session))
        .layer(DefaultBodyLimit::max(login::MAX_BODY))
        .layer(middleware::from_fn(login::limit_time))
        .route_layer(middleware::from_fn_with_state(state.clone(), login::check_own))
        .route_layer(same_origin());
    let uploads = head(files::offset).put(files::upload).delete(files::cancel);
    let guarded = Router::new()
        .route("/turn", get(api::turn))
        .route("/api/signaling/status", get(api::status))
        .route("/api/signaling/clients", get(api::clients))
        .route("/api/signaling/clients/{id}/disconnect", post(api::disconnect))
        .route("/api/clipboard", get(clipboard::read).put(clipboard::write))
        .route("/api/uploads/{id}", uploads)
        .route("/api/downloads", get(files::list))
        .route("/api/downloads/{name}", get(files::download))
        .route("/ws", any(upgrade::upgrade))
        .route("/ws/", any(upgrade::upgrade))
        .route("/ws/{app}", any(upgrade::upgrade))
        .route("/api/signaling", any(upgrade::upgrade))
        .route("/api/signaling/{app}", any(upgrade::upgrade))
        .route("/gstwebrtc", any(upgrade::upgrade))
        .route("/{app}/signalling", any(upgrade::upgrade))
        .route("/{app}/signalling/", any(upgrade::upgrade))
        .route("/{folder}/{app}/signalling", any(upgrade::upgrade))
        .route("/{folder}/{app}/signalling/", any(upgrade::upgrade))
        .route("/{folder}/turn", get(api::turn))
        .route_layer(limited())
        .route_layer(authenticated())
        .route_layer(same_origin());
    // Routes without authentication reveal nothing about the desktop.
    Router::new()
        .route("/health", get(async || "OK\n"))
        .route("/openapi.json", get(api::openapi))
        .merge(login)
        .merge(guarded)
        .merge(whep)
        .fallback(get(assets::serve))
        .layer(middleware::from_fn_with_state(state.clone(), check_host))
        .layer(middleware::from_fn_with_state(Arc::new(headers), add_headers))
        .with_state(state)
}

/// Answers 400 without exactly one `Host` header (RFC 9112, section 3.2), and 421 when it does not name this host.
async fn check_host(State(host): State<SharedHost>, request: Request, next: Next) -> Response {
    if request.headers().get_all(header::HOST).iter().count() != 1 {
        return (
            StatusCode::BAD_REQUEST,
            "A request has to have one Host header.\n",
        )
            .into_response();
    }
    if origin::names_this_host(request.headers(), host.names()) {
        return next.run(request).await;
    }
    let message = "This host does not know this name. Use its address, or start it with --allow-host NAME.\n";
    (StatusCode::MISDIRECTED_REQUEST, message).into_response()
}

async fn add_headers(State(headers): State<Arc<HeaderMap>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in headers.iter() {
        response.headers_mut().entry(name).or_insert(value.clone());
    }
    response
}
