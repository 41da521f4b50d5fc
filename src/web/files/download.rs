//! Downloads: the list, and each file whole or in part.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::stream;
use serde_json::json;

use super::folders::{FileError, Folders};
use super::range::{Range, requested_range};
use crate::files::{Download, Downloads};
use crate::protocol::role::Permission;
use crate::quota::Place;
use crate::web::guard::{Authenticated, AuthenticatedClient};
use crate::web::host::SharedHost;
use crate::web::sending::Sending;

/// The bytes of a file that are read at once.
const READ: usize = 256 * 1024;

/// `GET /api/downloads`: the files that can be downloaded.
pub(in crate::web) async fn list(
    State(host): State<SharedHost>,
    State(folders): State<Folders>,
    Extension(caller): Authenticated,
) -> Result<Response, Response> {
    let downloads = downloads(&host, folders, &caller)?;
    let listed = tokio::task::spawn_blocking(move || downloads.list()).await;
    let Ok(Ok(files)) = listed else {
        let message = "The folder cannot be read at the moment.\n";
        return Err((StatusCode::SERVICE_UNAVAILABLE, message).into_response());
    };
    let files: Vec<_> = files
        .into_iter()
        .map(|file| json!({ "name": file.name, "size": file.size, "modified": file.modified }))
        .collect();
    Ok(Json(json!({ "files": files })).into_response())
}

/// `GET /api/downloads/{name}`: a file, or the range of it that the request wants.
pub(in crate::web) async fn download(
    State(host): State<SharedHost>,
    State(folders): State<Folders>,
    State(sending): State<Sending>,
    Extension(caller): Authenticated,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let downloads = downloads(&host, folders, &caller)?;
    let place = sending.take(&caller.holder()).ok_or(FileError::Busy)?;
    let wanted = name.clone();
    let found = tokio::task::spawn_blocking(move || downloads.get(&wanted)).await;
    let Some(Download { file, size, version }) = found.ok().flatten() else {
        return Err((StatusCode::NOT_FOUND, "There is no such file.\n").into_response());
    };
    let etag = format!("\"{version:x}-{size:x}\"");
    let (status, begin, end) = match requested_range(&headers, size, &etag) {
        Range::Whole => (StatusCode::OK, 0, size),
        Range::Part { begin, end } => (StatusCode::PARTIAL_CONTENT, begin, end),
        Range::Unsatisfiable => {
            let range = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return Err((StatusCode::RANGE_NOT_SATISFIABLE, range).into_response());
        }
    };
    tracing::info!(remote = %caller.remote, role = caller.grant.role.name(), ?name, begin, end, "file download started");
    let mut response = (status, Body::from_stream(read(file, begin, end, place))).into_response();
    let mut fields = vec![
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, (end - begin).to_string()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, etag),
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

/// Streams the bytes of a file from `begin` to before `end`. Has the place until the end.
fn read(
    file: File,
    begin: u64,
    end: u64,
    place: Place,
) -> impl futures_util::Stream<Item = io::Result<Bytes>> {
    let file = Arc::new((file, place));
    stream::unfold(begin, move |position| {
        let file = Arc::clone(&file);
        async move {
            let length = usize::try_from(end - position).unwrap_or(READ).min(READ);
            if length == 0 {
                return None;
            }
            let reading = tokio::task::spawn_blocking(move || {
                let mut bytes = vec![0; length];
                file.0.read_exact_at(&mut bytes, position)?;
                Ok(Bytes::from(bytes))
            });
            // A file that was truncated meanwhile breaks the connection: the client must not take it for complete.
            let read = reading.await.unwrap_or_else(|error| Err(io::Error::other(error)));
            Some((read, position + length as u64))
        }
    })
}

/// The folder, if the caller may download.
fn downloads(
    host: &SharedHost,
    folders: Folders,
    caller: &AuthenticatedClient,
) -> Result<Arc<Downloads>, FileError> {
    let downloads = folders.downloads.ok_or(FileError::NotFound)?;
    match caller.has(host, Permission::Download) {
        true => Ok(downloads),
        false => Err(FileError::NotAllowed),
    }
}

/// Encodes a file name for a header (RFC 8187, section 3.2).
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
