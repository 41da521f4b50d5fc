//! The clipboard by HTTP: for what is too large for a data channel, and for pictures.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::guard::Authenticated;
use super::host::{Clip, ClipError};
use super::routes::Shared;
use crate::protocol::role::Permission;

/// The most that the clipboard takes, in bytes.
const MAX: usize = 8 * 1024 * 1024;

/// Who asks.
#[derive(Deserialize)]
pub(super) struct Asking {
    /// The id that the host gave to the client.
    client: Option<String>,
}

/// What was copied on the desktop.
pub(super) async fn read(State(host): State<Shared>, Extension(visitor): Authenticated) -> Response {
    if !visitor.may(&host, Permission::ClipboardRead) {
        return forbidden();
    }
    match host.read_clipboard().await {
        Ok(None) => StatusCode::NO_CONTENT.into_response(),
        Ok(Some(Clip::Text(text))) => {
            ([(header::CONTENT_TYPE, "text/plain;charset=utf-8")], text).into_response()
        }
        Ok(Some(Clip::Png(bytes))) => ([(header::CONTENT_TYPE, "image/png")], bytes).into_response(),
        Err(error) => refused(&error),
    }
}

/// Something to paste on the desktop.
pub(super) async fn write(
    State(host): State<Shared>,
    Extension(visitor): Authenticated,
    Query(Asking { client }): Query<Asking>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !visitor.may(&host, Permission::ClipboardWrite) {
        return forbidden();
    }
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !["text/plain", "image/png"].contains(&kind) {
        let message = "The clipboard takes text/plain and image/png.\n";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, message).into_response();
    }
    let Ok(bytes) = axum::body::to_bytes(body, MAX).await else {
        return refused(&ClipError::TooLarge);
    };
    let clip = match kind {
        "image/png" => Some(Clip::Png(bytes.into())),
        _ => String::from_utf8(bytes.into()).ok().map(Clip::Text),
    };
    let Some(clip) = clip else {
        return (StatusCode::BAD_REQUEST, "The text is not UTF-8.\n").into_response();
    };
    match host.write_clipboard(clip, visitor.grant, client).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(&error),
    }
}

fn forbidden() -> Response {
    let message = "Your role, or the host, does not let the clipboard go this way.\n";
    (StatusCode::FORBIDDEN, message).into_response()
}

fn refused(error: &ClipError) -> Response {
    let (status, message) = match error {
        ClipError::TooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "The clipboard takes 8 MiB at most.\n",
        ),
        ClipError::NoPicture => (StatusCode::BAD_REQUEST, "The body is no PNG file.\n"),
        ClipError::NotInControl => (StatusCode::CONFLICT, "Somebody else has the control.\n"),
        ClipError::Unavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The desktop does not hand its clipboard over now.\n",
        ),
    };
    (status, message).into_response()
}
