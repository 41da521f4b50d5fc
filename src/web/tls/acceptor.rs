//! The acceptor of HTTPS connections.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::certificate::Tls;
use crate::web::connection_limit::ConnectionLimit;
use crate::web::http1::Http1;
use crate::web::linger::Lingering;
use crate::web::relay::RelayPort;

/// The time that the TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The first byte of a TLS client: the content type "handshake" (RFC 8446, section 5.1).
const CLIENT_HELLO: u8 = 0x16;
/// The answer to a client that does not speak TLS.
const PLAIN: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n\
     This port speaks HTTPS: write https:// before the address.\n";

/// Accepts TLS connections, and answers one of plain HTTP with an error.
#[derive(Debug, Clone)]
pub(in crate::web) struct HttpsAcceptor {
    tls: Arc<Tls>,
    limit: ConnectionLimit,
    relay: RelayPort,
}

impl HttpsAcceptor {
    /// Creates an acceptor with the certificate of `tls`, which takes as many connections as `limit` allows, and hands
    /// those of TURN to `relay`.
    pub(in crate::web) fn new(tls: Tls, limit: ConnectionLimit, relay: RelayPort) -> Self {
        let tls = Arc::new(tls);
        Self { tls, limit, relay }
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for HttpsAcceptor {
    type Stream = Http1<TlsStream<Lingering>>;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, S)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let Self { tls, limit, relay } = self.clone();
        Box::pin(async move {
            let stream = Lingering::new(stream, &limit)?;
            let stream = relay.take(stream).await?;
            let stream = timeout(HANDSHAKE, handshake(&tls, stream)).await??;
            let stream = relay.take_tls(stream).await?;
            Ok((Http1::new(stream), service))
        })
    }
}

async fn handshake(tls: &Tls, mut stream: Lingering) -> io::Result<TlsStream<Lingering>> {
    let mut first = [0];
    let is_plain = stream.peek(&mut first).await? == 1 && first != [CLIENT_HELLO];
    if is_plain {
        stream.write_all(PLAIN.as_bytes()).await?;
        return Err(io::ErrorKind::InvalidData.into());
    }
    TlsAcceptor::from(tls.config()).accept(stream).await
}
