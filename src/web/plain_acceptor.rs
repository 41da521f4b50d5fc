//! The acceptor of connections without TLS.

use std::future::Future;
use std::io;
use std::pin::Pin;

use axum_server::accept::Accept;
use tokio::net::TcpStream;

use super::connection_limit::ConnectionLimit;
use super::http1::Http1;
use super::linger::Lingering;
use super::relay::RelayPort;

/// Accepts plain HTTP connections, as many as the limit allows, and hands those of TURN to the relay.
#[derive(Debug, Clone)]
pub(super) struct PlainAcceptor {
    pub(super) limit: ConnectionLimit,
    pub(super) relay: RelayPort,
}

impl<S: Send + 'static> Accept<TcpStream, S> for PlainAcceptor {
    type Stream = Http1<Lingering>;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, S)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let Self { limit, relay } = self.clone();
        Box::pin(async move {
            let stream = Lingering::new(stream, &limit)?;
            let stream = relay.take(stream).await?;
            Ok((Http1::new(stream), service))
        })
    }
}
