//! Uploads, a chunk per request.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;

use super::folders::{FileError, Folders};
use crate::files::{Chunk, Received, UploadError, Uploads};
use crate::protocol::role::Permission;
use crate::web::guard::{Authenticated, AuthenticatedClient};
use crate::web::host::SharedHost;

/// The largest chunk, in bytes.
const MAX_CHUNK: usize = 4 * 1024 * 1024;
/// The header with the bytes of the file that were received, as in draft-ietf-httpbis-resumable-upload.
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// The query of a chunk.
#[derive(Deserialize)]
pub(in crate::web) struct ChunkQuery {
    name: String,
    size: u64,
    offset: u64,
}

/// `HEAD /api/uploads/{id}`: the bytes of the file that were received.
pub(in crate::web) async fn offset(
    State(host): State<SharedHost>,
    State(folders): State<Folders>,
    Extension(caller): Authenticated,
    Path(key): Path<String>,
) -> Result<Response, Response> {
    let uploads = uploads(&host, folders, &caller, &key)?;
    match uploads.offset(&key) {
        Some(offset) => Ok((StatusCode::OK, [(OFFSET, offset.to_string())]).into_response()),
        None => Err(FileError::NotFound.into()),
    }
}

/// `PUT /api/uploads/{id}`: the next chunk of the file.
pub(in crate::web) async fn upload(
    State(host): State<SharedHost>,
    State(folders): State<Folders>,
    Extension(caller): Authenticated,
    Path(key): Path<String>,
    query: Result<Query<ChunkQuery>, QueryRejection>,
    body: Body,
) -> Result<Response, Response> {
    let uploads = uploads(&host, folders, &caller, &key)?;
    let Ok(Query(ChunkQuery { name, size, offset })) = query else {
        return Err((StatusCode::BAD_REQUEST, "name, size and offset are required.\n").into_response());
    };
    let bytes = axum::body::to_bytes(body, MAX_CHUNK).await.map_err(|_| {
        let message = "This chunk is larger than 4 MiB, or did not arrive completely.\n";
        (StatusCode::PAYLOAD_TOO_LARGE, message).into_response()
    })?;
    let holder = caller.holder();
    let writing = tokio::task::spawn_blocking(move || {
        let chunk = Chunk {
            name: &name,
            size,
            offset,
            bytes: &bytes,
        };
        uploads.take(&key, &chunk, &holder)
    });
    match writing.await {
        Ok(Ok(Received::Part(offset))) => {
            Ok((StatusCode::NO_CONTENT, [(OFFSET, offset.to_string())]).into_response())
        }
        Ok(Ok(Received::Whole(name))) => {
            tracing::info!(remote = %caller.remote, role = caller.grant.role.name(), ?name, size, "file uploaded");
            Ok((StatusCode::CREATED, Json(json!({ "name": name }))).into_response())
        }
        Ok(Err(error)) => Err(refused(&error)),
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
    }
}

/// `DELETE /api/uploads/{id}`: cancels the upload.
pub(in crate::web) async fn cancel(
    State(host): State<SharedHost>,
    State(folders): State<Folders>,
    Extension(caller): Authenticated,
    Path(key): Path<String>,
) -> Result<Response, Response> {
    match uploads(&host, folders, &caller, &key)?.cancel(&key) {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(FileError::NotFound.into()),
    }
}

/// The folder, if the caller may upload and `key` can be the id of an upload.
fn uploads(
    host: &SharedHost,
    folders: Folders,
    caller: &AuthenticatedClient,
    key: &str,
) -> Result<Arc<Uploads>, FileError> {
    let uploads = folders.uploads.filter(|_| Uploads::is_key(key));
    let uploads = uploads.ok_or(FileError::NotFound)?;
    match caller.has(host, Permission::Upload) {
        true => Ok(uploads),
        false => Err(FileError::NotAllowed),
    }
}

fn refused(error: &UploadError) -> Response {
    let message = format!("{error}\n");
    match error {
        UploadError::Offset(offset) => {
            (StatusCode::CONFLICT, [(OFFSET, offset.to_string())], message).into_response()
        }
        UploadError::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, message).into_response(),
        UploadError::Mismatch => (StatusCode::BAD_REQUEST, message).into_response(),
        UploadError::Busy => (StatusCode::SERVICE_UNAVAILABLE, message).into_response(),
        UploadError::Full => (StatusCode::INSUFFICIENT_STORAGE, message).into_response(),
        UploadError::Failed(cause) => {
            tracing::warn!(%cause, "cannot write an uploaded file");
            (StatusCode::INSUFFICIENT_STORAGE, message).into_response()
        }
    }
}
