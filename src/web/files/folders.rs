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
    /// Too many downloads are under way.
    Busy,
}

impl From<FileError> for Response {
    fn from(error: FileError) -> Self {
        let status = match error {
            FileError::NotAllowed => StatusCode::FORBIDDEN,
            FileError::NotFound => StatusCode::NOT_FOUND,
            FileError::Busy => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, format!("{}\n", error.sentence())).into_response()
    }
}

impl FileError {
    /// The reason, for the viewer.
    fn sentence(self) -> &'static str {
        match self {
            Self::NotAllowed => "Your role may not exchange files.",
            Self::NotFound => "This host knows of no such file.",
            Self::Busy => "The host sends too many files already.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_translation_of_each_sentence() {
        let translations = include_str!("../client/ui/strings.js");
        for error in [FileError::NotAllowed, FileError::NotFound, FileError::Busy] {
            assert!(
                translations.contains(&format!("'{}'", error.sentence())),
                "{error:?}"
            );
        }
    }
}
