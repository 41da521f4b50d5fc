//! The certificate that the host makes for itself, and keeps: a browser that was told to accept it need not ask again.

use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};

use super::tls::TlsError;
use crate::access::StateDir;

/// Certificate and key in one.
const FILE: &str = "tls.pem";
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// How long it is valid, counted from the day before it is made. Browsers refuse what is valid for longer than this.
const VALID_MS: u64 = 397 * DAY_MS;
/// So long before its end a new one is made.
const RENEW_MS: u64 = 30 * DAY_MS;
/// Before the certificate stands when it ends, in milliseconds since the epoch.
const END: &str = "expires-ms: ";

/// How the certificate is made.
#[derive(Debug)]
pub(super) struct SelfSigned {
    state: StateDir,
    names: Vec<String>,
}

impl SelfSigned {
    pub(super) fn new(state: StateDir, names: Vec<String>) -> Self {
        Self { state, names }
    }

    /// Where it is kept.
    pub(super) fn path(&self) -> PathBuf {
        self.state.path(FILE)
    }

    /// Makes it, if there is none or it ends soon. Gives when to ask again.
    pub(super) fn ensure(&self, now_ms: u64) -> Result<u64, TlsError> {
        let kept = self
            .state
            .read(FILE)
            .map_err(|error| TlsError::new(error.to_string()))?;
        let end_ms = kept.as_deref().and_then(end_of);
        if let Some(end_ms) = end_ms.filter(|end_ms| now_ms < end_ms.saturating_sub(RENEW_MS)) {
            return Ok(end_ms - RENEW_MS);
        }
        let end_ms = now_ms - DAY_MS + VALID_MS;
        let pem = self
            .make(now_ms - DAY_MS, end_ms)
            .map_err(|error| TlsError::new(format!("no certificate can be made: {error}")))?;
        let text = format!("{END}{end_ms}\n{pem}");
        self.state
            .replace(FILE, &text)
            .map_err(|error| TlsError::new(error.to_string()))?;
        Ok(end_ms - RENEW_MS)
    }

    fn make(&self, from_ms: u64, end_ms: u64) -> Result<String, rcgen::Error> {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new(self.names.clone())?;
        params.distinguished_name.push(DnType::CommonName, "deskbeam");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let time = |ms| (UNIX_EPOCH + Duration::from_millis(ms)).into();
        params.not_before = time(from_ms);
        params.not_after = time(end_ms);
        let certificate = params.self_signed(&key)?;
        Ok(certificate.pem() + &key.serialize_pem())
    }
}

fn end_of(text: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(END)?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_kept_until_it_ends_soon() {
        let place = tempfile::tempdir().unwrap();
        let state = StateDir::at(place.path().to_owned()).unwrap();
        let own = SelfSigned::new(state.clone(), vec!["localhost".to_owned(), "::1".to_owned()]);
        let now_ms = 1_800_000_000_000;
        let ask_again = own.ensure(now_ms).unwrap();
        let first = state.read(FILE).unwrap().unwrap();
        assert!(first.contains("BEGIN CERTIFICATE") && first.contains("BEGIN PRIVATE KEY"));
        assert_eq!(own.ensure(ask_again - 1).unwrap(), ask_again);
        assert_eq!(state.read(FILE).unwrap().unwrap(), first);
        assert!(own.ensure(ask_again).unwrap() > ask_again);
        assert_ne!(state.read(FILE).unwrap().unwrap(), first);
    }
}
