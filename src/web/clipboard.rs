//! The clipboard over HTTP: for texts that are too large for a data channel, and for images.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::guard::Authenticated;
use super::host::{Clip, ClipError, SharedHost};
use super::sending::{self, Sending};
use crate::protocol::role::Permission;

/// The largest content of the clipboard, in bytes.
const MAX_SIZE: usize = 8 * 1024 * 1024;

/// The query of a `PUT`.
#[derive(Deserialize)]
pub(super) struct Sender {
    /// The id of the client that pastes, from its `welcome`.
    client: Option<String>,
}

/// `GET /api/clipboard`: the content of the clipboard of the desktop.
pub(super) async fn read(
    State(host): State<SharedHost>,
    State(sending): State<Sending>,
    Extension(caller): Authenticated,
) -> Response {
    if !caller.has(&host, Permission::ClipboardRead) {
        return forbidden();
    }
    // The reading takes a thread, and each response a copy of the content.
    let Some(place) = sending.take(&caller.holder()) else {
        return refused(&ClipError::Unavailable);
    };
    let (kind, bytes) = match host.read_clipboard().await {
        Ok(None) => return StatusCode::NO_CONTENT.into_response(),
        Ok(Some(Clip::Text(text))) => ("text/plain;charset=utf-8", text.into_bytes()),
        Ok(Some(Clip::Image(kind, bytes))) => (kind, bytes),
        Err(error) => return refused(&error),
    };
    let fields = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_LENGTH, bytes.len().to_string()),
    ];
    (fields, sending::body(bytes, place)).into_response()
}

/// `PUT /api/clipboard`: sets the clipboard of the desktop.
pub(super) async fn write(
    State(host): State<SharedHost>,
    Extension(caller): Authenticated,
    Query(Sender { client }): Query<Sender>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !caller.has(&host, Permission::ClipboardWrite) {
        return forbidden();
    }
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !["text/plain", "image/png"].contains(&media_type) {
        let message = "The clipboard takes text/plain and image/png.\n";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, message).into_response();
    }
    let Ok(bytes) = axum::body::to_bytes(body, MAX_SIZE).await else {
        return refused(&ClipError::TooLarge);
    };
    let clip = match media_type {
        "image/png" => Some(Clip::Image("image/png", bytes.into())),
        _ => String::from_utf8(bytes.into()).ok().map(Clip::Text),
    };
    let Some(clip) = clip else {
        return (StatusCode::BAD_REQUEST, "The text is not UTF-8.\n").into_response();
    };
    match host.write_clipboard(clip, caller.grant, client).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(&error),
    }
}

fn forbidden() -> Response {
    let message = "Your role or the host does not allow this direction of the clipboard.\n";
    (StatusCode::FORBIDDEN, message).into_response()
}

fn refused(error: &ClipError) -> Response {
    let (status, message) = match error {
        ClipError::TooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "The clipboard takes 8 MiB at most.\n",
        ),
        ClipError::NoPicture => (StatusCode::BAD_REQUEST, "The body is not a PNG image.\n"),
        ClipError::NotInControl => (
            StatusCode::CONFLICT,
            "Another viewer or the local user has control.\n",
        ),
        ClipError::Unavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The clipboard of the desktop is not available at the moment.\n",
        ),
    };
    (status, message).into_response()
}
