//! An HTTPS client that trusts a single certificate.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::soon;

/// Returns a configuration that trusts the certificate in this file, and those that it has signed.
pub fn trusting(certificate: &Path) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(certificate).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// Sends `head`, without its final empty line, to the host under this name and returns the response. `head` may have a
/// `host` of its own. Fails if the certificate is not trusted.
pub async fn ask(
    address: SocketAddr,
    name: &'static str,
    client: &Arc<ClientConfig>,
    head: &str,
    body: &str,
) -> std::io::Result<String> {
    let answer = async {
        let stream = TcpStream::connect(address).await?;
        let mut stream = TlsConnector::from(Arc::clone(client))
            .connect(ServerName::try_from(name).unwrap(), stream)
            .await?;
        let length = body.len();
        let host = match head.contains("\r\nhost: ") {
            true => String::new(),
            false => format!("\r\nhost: {name}"),
        };
        let request = format!("{head}{host}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await?;
        // The end may wait inside of TLS until the socket takes it.
        stream.flush().await?;
        let mut answer = Vec::new();
        // The host closes TCP without a close_notify of TLS; the response has a length.
        let _ = stream.read_to_end(&mut answer).await;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    soon("the response arrives", answer).await
}
