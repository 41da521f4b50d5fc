//! The certificate of the host, which is read again when its files change.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};

use super::error::TlsError;
use super::self_signed::SelfSigned;
use crate::access::{Stamp, StateDir};
use crate::clock::now_ms;
use crate::sync::lock;

/// The certificate of the host. Each connection uses the newest version of its files.
#[derive(Debug)]
pub struct Tls {
    files: Files,
    self_signed: Option<SelfSigned>,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// The stamps of both files: `None` for a file that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamps {
    certificate: Option<Stamp>,
    key: Option<Stamp>,
}

struct Current {
    stamps: Stamps,
    loaded: Loaded,
    /// The time to renew a self-signed certificate, in milliseconds since the epoch.
    renew_at_ms: u64,
}

#[derive(Clone)]
struct Loaded {
    config: Arc<ServerConfig>,
    fingerprint: String,
}

impl Tls {
    /// Uses the certificate chain and the key in these PEM files.
    ///
    /// # Errors
    /// If they cannot be read, or the key is not that of the certificate.
    pub fn from_files(certificate: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        Self::open(Files { certificate, key }, None, u64::MAX)
    }

    /// Uses the self-signed certificate in `state`, which is created for `names` (host names and IP addresses) unless
    /// there is a valid one.
    ///
    /// # Errors
    /// If it cannot be created, read or written.
    pub fn self_signed(state: StateDir, names: Vec<String>) -> Result<Self, TlsError> {
        let self_signed = SelfSigned::new(state, names);
        let renew_at_ms = self_signed.ensure(now_ms())?;
        let files = Files {
            certificate: self_signed.path(),
            key: self_signed.path(),
        };
        Self::open(files, Some(self_signed), renew_at_ms)
    }

    fn open(files: Files, self_signed: Option<SelfSigned>, renew_at_ms: u64) -> Result<Self, TlsError> {
        let current = Current {
            stamps: files.stamps(),
            loaded: files.load()?,
            renew_at_ms,
        };
        Ok(Self {
            files,
            self_signed,
            current: Mutex::new(current),
        })
    }

    /// The SHA-256 of the certificate, in the form that browsers show: pairs of hexadecimal digits between colons.
    pub fn fingerprint(&self) -> String {
        self.current().fingerprint
    }

    /// True if the host signed the certificate itself, which browsers do not trust.
    pub(in crate::web) fn is_self_signed(&self) -> bool {
        self.self_signed.is_some()
    }

    /// The configuration for the next connection.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        self.current().config
    }

    /// Renews and reloads what is due. New files that cannot be used leave the certificate as it is.
    fn current(&self) -> Loaded {
        let mut current = lock(&self.current);
        if let Some(own) = self
            .self_signed
            .as_ref()
            .filter(|_| now_ms() >= current.renew_at_ms)
        {
            match own.ensure(now_ms()) {
                Ok(renew_at_ms) => current.renew_at_ms = renew_at_ms,
                Err(error) => tracing::error!(%error, "cannot renew the certificate"),
            }
        }
        let stamps = self.files.stamps();
        if stamps != current.stamps {
            current.stamps = stamps;
            match self.files.load() {
                Ok(loaded) => {
                    tracing::info!(fingerprint = loaded.fingerprint, "certificate reloaded");
                    current.loaded = loaded;
                }
                Err(error) => tracing::error!(%error, "cannot load the new certificate; keeping the old one"),
            }
        }
        current.loaded.clone()
    }
}

impl Files {
    fn stamps(&self) -> Stamps {
        Stamps {
            certificate: Stamp::of(&self.certificate),
            key: Stamp::of(&self.key),
        }
    }

    fn load(&self) -> Result<Loaded, TlsError> {
        let wrong =
            |path: &Path, what: &dyn fmt::Display| TlsError::new(format!("{}: {what}", path.display()));
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| wrong(&self.certificate, &error))?;
        let Some(first) = chain.first() else {
            return Err(wrong(&self.certificate, &"the file contains no certificate"));
        };
        let fingerprint = fingerprint(first);
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| wrong(&self.key, &error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map(|builder| builder.with_no_client_auth())
            .and_then(|builder| builder.with_single_cert(chain, key))
            .map_err(|error| {
                wrong(
                    &self.certificate,
                    &format!("cannot be used with this key: {error}"),
                )
            })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Loaded {
            config: Arc::new(config),
            fingerprint,
        })
    }
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let bytes = Sha256::digest(certificate);
    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.loaded.fingerprint)
    }
}
