//! TLS: the certificate, and connections that speak it.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum_server::accept::Accept;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::certificate::SelfSigned;
use super::connection_limit::ConnectionLimit;
use super::linger::Lingering;
use crate::access::{Stamp, StateDir};
use crate::clock::now_ms;
use crate::sync::lock;

/// How long a client may take to agree on keys.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The first byte of a client that speaks TLS.
const CLIENT_HELLO: u8 = 0x16;
/// What others are told.
const PLAIN: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n\
     This port speaks HTTPS: write https:// before the address.\n";

/// The certificate of the host, read again when its files have changed.
#[derive(Debug)]
pub struct Tls {
    files: Files,
    own: Option<SelfSigned>,
    current: Mutex<Current>,
}

/// Why there is no TLS, as a sentence.
#[derive(Debug)]
pub struct TlsError(String);

#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

type Stamps = (Option<Stamp>, Option<Stamp>);

struct Current {
    stamps: Stamps,
    loaded: Loaded,
    /// When the certificate of our own has to be looked at again.
    ask_again_ms: u64,
}

#[derive(Clone)]
struct Loaded {
    config: Arc<ServerConfig>,
    fingerprint: String,
}

impl Tls {
    /// With the certificate and the key in these PEM files.
    ///
    /// # Errors
    /// If they cannot be read or do not belong together.
    pub fn from_files(certificate: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        Self::open(Files { certificate, key }, None, u64::MAX)
    }

    /// With a certificate for `names` (also addresses) that signs itself. It is made now, unless there is one.
    ///
    /// # Errors
    /// If it cannot be made, read or written.
    pub fn self_signed(state: StateDir, names: Vec<String>) -> Result<Self, TlsError> {
        let own = SelfSigned::new(state, names);
        let ask_again_ms = own.ensure(now_ms())?;
        let files = Files {
            certificate: own.path(),
            key: own.path(),
        };
        Self::open(files, Some(own), ask_again_ms)
    }

    fn open(files: Files, own: Option<SelfSigned>, ask_again_ms: u64) -> Result<Self, TlsError> {
        let stamps = files.stamps();
        let current = Current {
            stamps,
            loaded: files.load()?,
            ask_again_ms,
        };
        Ok(Self {
            files,
            own,
            current: Mutex::new(current),
        })
    }

    /// The SHA-256 of the certificate, as browsers show it.
    pub fn fingerprint(&self) -> String {
        self.current().fingerprint
    }

    /// Whether somebody else has vouched for the certificate.
    pub(super) fn is_certified(&self) -> bool {
        self.own.is_none()
    }

    /// What is used for the next connection. Files that have become useless change nothing.
    fn current(&self) -> Loaded {
        let mut current = lock(&self.current);
        if let Some(own) = self.own.as_ref().filter(|_| now_ms() >= current.ask_again_ms) {
            match own.ensure(now_ms()) {
                Ok(ask_again_ms) => current.ask_again_ms = ask_again_ms,
                Err(error) => tracing::error!(%error, "the certificate cannot be renewed"),
            }
        }
        let stamps = self.files.stamps();
        if stamps != current.stamps {
            current.stamps = stamps;
            match self.files.load() {
                Ok(loaded) => {
                    tracing::info!(fingerprint = loaded.fingerprint, "a new certificate");
                    current.loaded = loaded;
                }
                Err(error) => tracing::error!(%error, "the certificate has changed; the old one stays"),
            }
        }
        current.loaded.clone()
    }
}

impl Files {
    fn stamps(&self) -> Stamps {
        (Stamp::of(&self.certificate), Stamp::of(&self.key))
    }

    fn load(&self) -> Result<Loaded, TlsError> {
        let wrong = |path: &Path, what: &dyn fmt::Display| TlsError(format!("{}: {what}", path.display()));
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| wrong(&self.certificate, &error))?;
        let Some(first) = chain.first() else {
            return Err(wrong(&self.certificate, &"there is no certificate in it"));
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
                    &format!("it cannot be used with the key: {error}"),
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

impl TlsError {
    pub(super) fn new(sentence: String) -> Self {
        Self(sentence)
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}

/// Makes each accepted connection one that speaks TLS, and shows out what does not.
#[derive(Debug, Clone)]
pub(super) struct Secured(pub(super) Arc<Tls>, pub(super) ConnectionLimit);

impl<S: Send + 'static> Accept<TcpStream, S> for Secured {
    type Stream = TlsStream<Lingering>;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, S)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let (tls, crowd) = (Arc::clone(&self.0), self.1.clone());
        Box::pin(async move {
            let stream = Lingering::new(stream, &crowd)?;
            let stream = timeout(HANDSHAKE, agree(&tls, stream)).await??;
            Ok((stream, service))
        })
    }
}

async fn agree(tls: &Tls, mut stream: Lingering) -> io::Result<TlsStream<Lingering>> {
    let mut first = [0];
    let is_plain = stream.peek(&mut first).await? == 1 && first != [CLIENT_HELLO];
    if is_plain {
        stream.write_all(PLAIN.as_bytes()).await?;
        return Err(io::ErrorKind::InvalidData.into());
    }
    TlsAcceptor::from(tls.current().config).accept(stream).await
}
