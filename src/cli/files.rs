//! From the options about files to the folders.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use super::options::FilesArguments;
use crate::files::{Downloads, Uploads};
use crate::web::Folders;

/// Opens the folders of the options.
///
/// # Errors
/// If one of them does not exist, or cannot be used.
pub(super) fn folders(arguments: &FilesArguments) -> anyhow::Result<Folders> {
    let named = |flag: &str, path: &Path| format!("{flag}: cannot use {}", path.display());
    let uploads = arguments.upload_dir.as_deref().map(|path| {
        Uploads::open(path, arguments.upload_limit << 20).with_context(|| named("--upload-dir", path))
    });
    let downloads = arguments
        .download_dir
        .as_deref()
        .map(|path| Downloads::open(path).with_context(|| named("--download-dir", path)));
    Ok(Folders {
        uploads: uploads.transpose()?.map(Arc::new),
        downloads: downloads.transpose()?.map(Arc::new),
    })
}
