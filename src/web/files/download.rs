//! Files by HTTP: parts of what viewers send, and what they fetch.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;

use super::guard::{Authenticated, AuthenticatedClient};
use super::range::{Asked, asked};
use super::state::AppState;
use crate::files::{Chunk, Download, Downloads, Received, UploadError, Uploads};
use crate::protocol::role::Permission;

/// The longest part of a file, in bytes.
const MAX_CHUNK: usize = 4 * 1024 * 1024;
/// How much of a file is read at once.
const READ: usize = 256 * 1024;
/// How much of a file has come.
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// The folders, where there are any.
#[derive(Debug, Clone, Default)]
pub struct Folders {
    /// Takes what viewers send.
    pub uploads: Option<Arc<Uploads>>,
    /// Has what they may fetch.
    pub downloads: Option<Arc<Downloads>>,
}

/// Which part of which file comes.
#[derive(Deserialize)]
pub(super) struct Part {
    name: String,
    size: u64,
    offset: u64,
}

/// How much of a file has come.
pub(super) async fn offset(
    State(site): State<AppState>,
    Extension(visitor): Authenticated,
    Path(key): Path<String>,
) -> Result<Response, Response> {
    let uploads = uploads(&site, &visitor, &key)?;
    match uploads.offset(&key) {
        Some(offset) => Ok((StatusCode::OK, [(OFFSET, offset.to_string())]).into_response()),
        None => Err(Refusal::Unknown.into()),
    }
}

/// The next part of a file.
pub(super) async fn send(
    State(site): State<AppState>,
    Extension(visitor): Authenticated,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    Path(key): Path<String>,
    part: Result<Query<Part>, QueryRejection>,
    body: Body,
) -> Result<Response, Response> {
    let uploads = uploads(&site, &visitor, &key)?;
    let Ok(Query(Part { name, size, offset })) = part else {
        return Err((StatusCode::BAD_REQUEST, "name, size and offset are missing.\n").into_response());
    };
    let bytes = axum::body::to_bytes(body, MAX_CHUNK).await.map_err(|_| {
        let message = "This part is longer than 4 MiB, or did not come whole.\n";
        (StatusCode::PAYLOAD_TOO_LARGE, message).into_response()
    })?;
    let taken = tokio::task::spawn_blocking(move || {
        let chunk = Chunk {
            name: &name,
            size,
            offset,
            bytes: &bytes,
        };
        uploads.take(&key, &chunk)
    });
    match taken.await {
        Ok(Ok(Received::Part(offset))) => {
            Ok((StatusCode::NO_CONTENT, [(OFFSET, offset.to_string())]).into_response())
        }
        Ok(Ok(Received::Whole(name))) => {
            tracing::info!(%remote, role = visitor.grant.role.name(), ?name, size, "a file has come");
            Ok((StatusCode::CREATED, Json(json!({ "name": name }))).into_response())
        }
        Ok(Err(error)) => Err(refused(&error)),
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
    }
}

/// The file is not wanted any more.
pub(super) async fn cancel(
    State(site): State<AppState>,
    Extension(visitor): Authenticated,
    Path(key): Path<String>,
) -> Result<Response, Response> {
    match uploads(&site, &visitor, &key)?.cancel(&key) {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Refusal::Unknown.into()),
    }
}

/// What can be fetched.
pub(super) async fn list(
    State(site): State<AppState>,
    Extension(visitor): Authenticated,
) -> Result<Response, Response> {
    let downloads = downloads(&site, &visitor)?;
    let listed = tokio::task::spawn_blocking(move || downloads.list()).await;
    let Ok(Ok(files)) = listed else {
        return Err((
            StatusCode::SERVICE_UNAVAILABLE,
            "The folder cannot be read now.\n",
        )
            .into_response());
    };
    let files: Vec<_> = files
        .into_iter()
        .map(|file| json!({ "name": file.name, "size": file.size, "modified": file.modified }))
        .collect();
    Ok(Json(json!({ "files": files })).into_response())
}

/// One of them, or a part of it.
pub(super) async fn fetch(
    State(site): State<AppState>,
    Extension(visitor): Authenticated,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let downloads = downloads(&site, &visitor)?;
    let wanted = name.clone();
    let found = tokio::task::spawn_blocking(move || downloads.get(&wanted)).await;
    let Some(download) = found.ok().flatten() else {
        return Err((StatusCode::NOT_FOUND, "There is no such file.\n").into_response());
    };
    let Download { file, size, version } = download;
    let tag = format!("\"{version:x}-{size:x}\"");
    let (status, begin, end) = match asked(&headers, size, &tag) {
        Asked::Whole => (StatusCode::OK, 0, size),
        Asked::Part(begin, end) => (StatusCode::PARTIAL_CONTENT, begin, end),
        Asked::Nothing => {
            let range = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return Err((StatusCode::RANGE_NOT_SATISFIABLE, range).into_response());
        }
    };
    tracing::info!(%remote, role = visitor.grant.role.name(), ?name, begin, end, "a file is fetched");
    let mut response = (status, Body::from_stream(read(Arc::new(file), begin, end))).into_response();
    let mut fields = vec![
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, (end - begin).to_string()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, tag),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename*=UTF-8''{}", percent_encoded(&name)),
        ),
    ];
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {begin}-{}/{size}", end - 1);
        fields.push((header::CONTENT_RANGE, range));
    }
    for (field, value) in fields {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(field, value);
        }
    }
    Ok(response)
}

fn read(
    file: Arc<std::fs::File>,
    begin: u64,
    end: u64,
) -> impl futures_util::Stream<Item = io::Result<Bytes>> {
    stream::unfold(begin, move |at| {
        let file = Arc::clone(&file);
        async move {
            let length = usize::try_from(end - at).unwrap_or(READ).min(READ);
            if length == 0 {
                return None;
            }
            let reading = tokio::task::spawn_blocking(move || {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, at)?;
                Ok(Bytes::from(bytes))
            });
            // A file that was shortened meanwhile ends the connection: what came is not the whole.
            let read = reading.await.unwrap_or_else(|error| Err(io::Error::other(error)));
            Some((read, at + length as u64))
        }
    })
}

fn uploads(site: &AppState, visitor: &AuthenticatedClient, key: &str) -> Result<Arc<Uploads>, Refusal> {
    let uploads = site.folders.uploads.as_ref().filter(|_| Uploads::is_key(key));
    let uploads = uploads.cloned().ok_or(Refusal::Unknown)?;
    if !visitor.may(&site.host, Permission::Upload) {
        return Err(Refusal::NotAllowed);
    }
    Ok(uploads)
}

fn downloads(site: &AppState, visitor: &AuthenticatedClient) -> Result<Arc<Downloads>, Refusal> {
    let downloads = site.folders.downloads.clone().ok_or(Refusal::Unknown)?;
    if !visitor.may(&site.host, Permission::Download) {
        return Err(Refusal::NotAllowed);
    }
    Ok(downloads)
}

/// Why nothing is done with a file.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    NotAllowed,
    Unknown,
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotAllowed => {
                (StatusCode::FORBIDDEN, "Your role may not exchange files.\n").into_response()
            }
            Refusal::Unknown => (StatusCode::NOT_FOUND, "This host knows of no such file.\n").into_response(),
        }
    }
}

fn refused(error: &UploadError) -> Response {
    let message = format!("{error}\n");
    match error {
        UploadError::Offset(offset) => {
            (StatusCode::CONFLICT, [(OFFSET, offset.to_string())], message).into_response()
        }
        UploadError::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, message).into_response(),
        UploadError::Wrong => (StatusCode::BAD_REQUEST, message).into_response(),
        UploadError::Busy => (StatusCode::SERVICE_UNAVAILABLE, message).into_response(),
        UploadError::Full => (StatusCode::INSUFFICIENT_STORAGE, message).into_response(),
        UploadError::Failed(cause) => {
            tracing::warn!(%cause, "a file cannot be written");
            (StatusCode::INSUFFICIENT_STORAGE, message).into_response()
        }
    }
}

/// As RFC 8187 wants it.
fn percent_encoded(name: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    name.bytes().map(encoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_in_plain_letters() {
        assert_eq!(percent_encoded("a ü\";\r\n.txt"), "a%20%C3%BC%22%3B%0D%0A.txt");
    }
}
