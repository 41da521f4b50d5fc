//! WHEP (draft-ietf-wish-whep): players that send their SDP offer over HTTP. They watch, and have no input.
//!
//! Pages with a player usually come from another server, so CORS allows the origins that `--allow-origin` names. It
//! allows no others: any page that is opened on this machine could watch the desktop.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{AppendHeaders, IntoResponse, Response};

use super::app_name::AppName;
use super::authenticator::Authenticator;
use super::guard::{self, Authenticated, AuthenticatedClient, not_allowed};
use super::host::{PlayerError, SharedHost};
use super::origin::Sender;
use super::relay;
use crate::protocol::description::MAX_SDP;
use crate::protocol::whep::{Fragment, MAX_FRAGMENT};

const SDP: &str = "application/sdp";
const TRICKLE: &str = "application/trickle-ice-sdpfrag";

const CORS: [(HeaderName, &str); 6] = [
    (
        header::ACCESS_CONTROL_ALLOW_METHODS,
        "POST, PATCH, DELETE, OPTIONS, HEAD, GET",
    ),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "Content-Type, Authorization, If-Match",
    ),
    (
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        "Location, ETag, Link, Accept-Post",
    ),
    (header::ACCESS_CONTROL_MAX_AGE, "600"),
    (header::VARY, "Origin"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "cross-origin",
    ),
];

/// Allows pages of this host and of the allowed origins, with the headers of CORS.
pub(super) async fn check_origin(
    State(authenticator): State<Arc<Authenticator>>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if authenticator.sender(request.headers()) == Sender::Refused {
        return guard::refused_origin(remote, request.headers());
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = next.run(request).await;
    if let Some(origin) = origin {
        response
            .headers_mut()
            .insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        for (name, value) in CORS {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

/// `OPTIONS` of the endpoint: the type of the body that it takes.
pub(super) async fn endpoint_options() -> Response {
    ([(HeaderName::from_static("accept-post"), SDP)], StatusCode::OK).into_response()
}

/// `OPTIONS` of a player's resource.
pub(super) async fn player_options() -> Response {
    StatusCode::OK.into_response()
}

/// `/whep` and `/whep/{app}`: the endpoint, where a player connects.
pub(super) async fn endpoint(
    State(host): State<SharedHost>,
    State(authenticator): State<Arc<Authenticator>>,
    path: Option<Path<String>>,
    Extension(AuthenticatedClient { grant, client, .. }): Authenticated,
    method: Method,
    headers: HeaderMap,
    body: axum::body::Body,
) -> Response {
    let name = path.map_or_else(|| AppName::default().as_str().to_owned(), |Path(name)| name);
    let Some(app) = AppName::parse(&name) else {
        return (StatusCode::BAD_REQUEST, "This is not the name of an app.\n").into_response();
    };
    match method {
        Method::POST => {}
        Method::HEAD => return ([(header::CONTENT_TYPE, SDP)], StatusCode::OK).into_response(),
        Method::GET => return StatusCode::NO_CONTENT.into_response(),
        _ => return not_allowed("POST, OPTIONS, HEAD, GET"),
    }
    let offer = match text(&headers, body, SDP, MAX_SDP).await {
        Ok(offer) => offer,
        Err(refusal) => return refusal,
    };
    match host.open_player(offer, client, grant).await {
        Ok(player) => {
            tracing::debug!(app = app.as_str(), "a WHEP player connects");
            let location = format!("/whep/{}/{}", app.as_str(), player.id);
            let described = [
                (header::LOCATION, location),
                (header::CONTENT_TYPE, SDP.to_owned()),
            ];
            let relay = player.relay.iter();
            let links = relay.flat_map(|access| relay::links(access, &headers, authenticator.is_tls()));
            let links = AppendHeaders(links.map(|link| (header::LINK, link)));
            (StatusCode::CREATED, described, links, player.answer).into_response()
        }
        Err(PlayerError::Refused(reason)) => (StatusCode::BAD_REQUEST, reason + "\n").into_response(),
        Err(PlayerError::Unwanted) => {
            (StatusCode::FORBIDDEN, "The local user has not agreed.\n").into_response()
        }
        Err(PlayerError::Full) => {
            let retry = [(header::RETRY_AFTER, "10")];
            (
                StatusCode::SERVICE_UNAVAILABLE,
                retry,
                "The host has no room for more viewers.\n",
            )
                .into_response()
        }
    }
}

/// `/whep/{app}/{id}`: the resource of a player, which takes its ICE candidates and closes it.
pub(super) async fn player(
    State(host): State<SharedHost>,
    Path((_, id)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
    body: axum::body::Body,
) -> Response {
    let not_found = || (StatusCode::NOT_FOUND, "There is no such player.\n").into_response();
    match method {
        Method::PATCH => {
            let fragment = match text(&headers, body, TRICKLE, MAX_FRAGMENT).await {
                Ok(fragment) => fragment,
                Err(refusal) => return refusal,
            };
            let fragment = match Fragment::parse(&fragment) {
                Ok(fragment) => fragment,
                Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
            };
            if host.add_player_candidates(&id, fragment) {
                StatusCode::NO_CONTENT.into_response()
            } else {
                not_found()
            }
        }
        Method::DELETE if host.close_player(&id) => StatusCode::OK.into_response(),
        Method::DELETE => not_found(),
        Method::HEAD => ([(header::CONTENT_TYPE, SDP)], StatusCode::OK).into_response(),
        Method::GET => StatusCode::NO_CONTENT.into_response(),
        _ => not_allowed("PATCH, DELETE, OPTIONS, HEAD, GET"),
    }
}

/// Reads the body, if it has this media type and at most `max` bytes.
async fn text(
    headers: &HeaderMap,
    body: axum::body::Body,
    wanted: &str,
    max: usize,
) -> Result<String, Response> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case(wanted) {
        let message = format!("The body must have the media type {wanted}.\n");
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, message).into_response());
    }
    let bytes = axum::body::to_bytes(body, max).await.map_err(|_| {
        (
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The body is longer than {max} bytes.\n"),
        )
            .into_response()
    })?;
    String::from_utf8(bytes.into())
        .map_err(|_| (StatusCode::BAD_REQUEST, "The body is not UTF-8.\n").into_response())
}
