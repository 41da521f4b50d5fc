//! The errors of the state folder.

use std::fmt;

use super::secret::SecretError;

/// An error of the folder or of a file in it, as a sentence with a remedy.
#[derive(Debug)]
pub struct StateError {
    sentence: String,
    is_unwritable: bool,
}

impl StateError {
    pub(super) fn new(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            is_unwritable: false,
        }
    }

    pub(super) fn unwritable(sentence: String) -> Self {
        Self {
            sentence,
            is_unwritable: true,
        }
    }

    /// True if nothing can be written: the file system is full or read-only, or there is no folder.
    pub(crate) fn is_unwritable(&self) -> bool {
        self.is_unwritable
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for StateError {}

impl From<SecretError> for StateError {
    fn from(error: SecretError) -> Self {
        Self::new(error.to_string())
    }
}
