//! The self-signed certificate, which is kept: a browser in which it was accepted does not warn again.

use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};

use super::error::TlsError;
use crate::access::StateDir;

/// The file with the certificate and the key.
const FILE: &str = "tls.pem";
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// The validity, counted from the day before the creation. Browsers refuse longer ones.
const VALID_MS: u64 = 397 * DAY_MS;
/// The time before the end at which a new certificate replaces it.
const RENEW_MS: u64 = 30 * DAY_MS;
/// The prefix of the first line of the file: the end of the validity, in milliseconds since the epoch.
const EXPIRES: &str = "expires-ms: ";

/// A certificate that the host signs itself.
#[derive(Debug)]
pub(super) struct SelfSigned {
    state: StateDir,
    /// The host names and IP addresses that it is for.
    names: Vec<String>,
}

impl SelfSigned {
    pub(super) fn new(state: StateDir, names: Vec<String>) -> Self {
        Self { state, names }
    }

    /// The path of the file.
    pub(super) fn path(&self) -> PathBuf {
        self.state.path(FILE)
    }

    /// Creates the certificate, if there is none or it expires soon. Returns when to call this again, in milliseconds
    /// since the epoch.
    pub(super) fn ensure(&self, now_ms: u64) -> Result<u64, TlsError> {
        let kept = self
            .state
            .read(FILE)
            .map_err(|error| TlsError::new(error.to_string()))?;
        let expires_ms = kept.as_deref().and_then(expiry);
        if let Some(expires_ms) = expires_ms.filter(|expires_ms| now_ms < expires_ms.saturating_sub(RENEW_MS))
        {
            return Ok(expires_ms - RENEW_MS);
        }
        let expires_ms = now_ms - DAY_MS + VALID_MS;
        let pem = self
            .generate(now_ms - DAY_MS, expires_ms)
            .map_err(|error| TlsError::new(format!("cannot create a certificate: {error}")))?;
        let text = format!("{EXPIRES}{expires_ms}\n{pem}");
        self.state
            .replace(FILE, &text)
            .map_err(|error| TlsError::new(error.to_string()))?;
        Ok(expires_ms - RENEW_MS)
    }

    fn generate(&self, from_ms: u64, expires_ms: u64) -> Result<String, rcgen::Error> {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new(self.names.clone())?;
        params.distinguished_name.push(DnType::CommonName, "deskbeam");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let time = |ms| (UNIX_EPOCH + Duration::from_millis(ms)).into();
        params.not_before = time(from_ms);
        params.not_after = time(expires_ms);
        let certificate = params.self_signed(&key)?;
        Ok(certificate.pem() + &key.serialize_pem())
    }
}

fn expiry(text: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(EXPIRES)?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_kept_until_it_ends_soon() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::at(folder.path().to_owned()).unwrap();
        let own = SelfSigned::new(state.clone(), vec!["localhost".to_owned(), "::1".to_owned()]);
        let now_ms = 1_800_000_000_000;
        let renew_at_ms = own.ensure(now_ms).unwrap();
        let first = state.read(FILE).unwrap().unwrap();
        assert!(first.contains("BEGIN CERTIFICATE") && first.contains("BEGIN PRIVATE KEY"));
        assert_eq!(own.ensure(renew_at_ms - 1).unwrap(), renew_at_ms);
        assert_eq!(state.read(FILE).unwrap().unwrap(), first);
        assert!(own.ensure(renew_at_ms).unwrap() > renew_at_ms);
        assert_ne!(state.read(FILE).unwrap().unwrap(), first);
    }
}
