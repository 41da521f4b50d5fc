//! The error of the certificate.

use std::fmt;

/// The reason why the certificate cannot be used, as a sentence.
#[derive(Debug)]
pub struct TlsError(String);

impl TlsError {
    pub(super) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}
