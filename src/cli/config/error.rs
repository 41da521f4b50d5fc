//! The error of a configuration file.

use std::fmt;
use std::path::{Path, PathBuf};

/// The path of the file and what is wrong with it.
#[derive(Debug)]
pub(in crate::cli) struct ConfigError {
    file: PathBuf,
    reason: String,
}

impl ConfigError {
    pub(super) fn new(file: &Path, reason: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.reason)
    }
}
