//! The folders for files, and why a request about them is refused.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::files::{Downloads, Uploads};

/// The folders for files. `None` turns the feature off.
#[derive(Debug, Clone, Default)]
pub struct Folders {
    /// The folder for files from viewers.
    pub uploads: Option<Arc<Uploads>>,
    /// The folder with files for viewers.
    pub downloads: Option<Arc<Downloads>>,
}

/// The reason why a request about a file is refused.
#[derive(Debug, Clone, Copy)]
pub(super) enum FileError {
    NotAllowed,
    NotFound,
}

impl From<FileError> for Response {
    fn from(error: FileError) -> Self {
        match error {
            FileError::NotAllowed => {
                (StatusCode::FORBIDDEN, "Your role may not exchange files.\n").into_response()
            }
            FileError::NotFound => {
                (StatusCode::NOT_FOUND, "This host knows of no such file.\n").into_response()
            }
        }
    }
}
