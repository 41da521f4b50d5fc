//! Every path that is answered.
//!
//! `openapi.json` beside this file describes them for the authors of clients; a test compares the two.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, head, post};

use super::host::Host;
use super::state::AppState;
use super::{api, assets, clipboard, files, guard, login, origin, upgrade, whep};

/// What handlers share.
pub(super) type Shared = Arc<dyn Host>;

pub(super) fn router(site: AppState, headers: HeaderMap) -> Router {
    let inside = || middleware::from_fn_with_state(site.clone(), guard::guard);
    let ours = || middleware::from_fn_with_state(site.clone(), guard::check_origin);
    // Pages of others are told by CORS that they may not come in, so that is outermost.
    let cross_origin = || middleware::from_fn_with_state(site.clone(), whep::check_origin);
    let endpoint = any(whep::endpoint).layer(inside()).layer(cross_origin());
    let player = any(whep::player).layer(inside()).layer(cross_origin());
    let players = Router::new()
        .route("/whep", endpoint.clone())
        .route("/whep/{app}", endpoint)
        .route("/whep/{app}/{id}", player);
    let signing_in = Router::new()
        .route("/api/login", post(login::login))
        .route("/api/logout", post(login::logout))
        .route("/api/session", get(login::session))
        .layer(DefaultBodyLimit::max(login::MAX_BODY))
        .layer(middleware::from_fn(login::in_time))
        .route_layer(ours());
    let uploads = head(files::offset).put(files::send).delete(files::cancel);
    let guarded = Router::new()
        .route("/turn", get(api::turn))
        .route("/api/signaling/status", get(api::status))
        .route("/api/signaling/clients", get(api::clients))
        .route("/api/signaling/clients/{id}/disconnect", post(api::disconnect))
        .route("/api/clipboard", get(clipboard::read).put(clipboard::write))
        .route("/api/uploads/{id}", uploads)
        .route("/api/downloads", get(files::list))
        .route("/api/downloads/{name}", get(files::fetch))
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
        .route_layer(inside())
        .route_layer(ours());
    // What stands here tells nothing of the desktop.
    Router::new()
        .route("/health", get(async || "OK\n"))
        .route("/openapi.json", get(api::openapi))
        .merge(signing_in)
        .merge(guarded)
        .merge(players)
        .fallback(get(assets::serve))
        .layer(middleware::from_fn_with_state(site.clone(), check_host))
        .layer(middleware::from_fn_with_state(Arc::new(headers), add_headers))
        .with_state(site)
}

async fn check_host(State(host): State<Shared>, request: Request, next: Next) -> Response {
    if origin::is_for_us(request.headers(), host.names()) {
        return next.run(request).await;
    }
    let message =
        "This host is not known by that name. Use its address, or start it with --allow-host NAME.\n";
    (StatusCode::MISDIRECTED_REQUEST, message).into_response()
}

async fn add_headers(State(headers): State<Arc<HeaderMap>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in headers.iter() {
        response.headers_mut().entry(name).or_insert(value.clone());
    }
    response
}
