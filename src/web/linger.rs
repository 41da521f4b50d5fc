//! Connections that close so that the client can read the last response.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, copy, sink};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::connection_limit::{ConnectionLimit, Slot};
use super::http2;

/// The time for which a dropped connection is still read.
const LINGER: Duration = Duration::from_secs(1);
/// The most that is read then, in bytes.
const MAX_DRAINED: u64 = 8 * 1024 * 1024;

/// The time in which the first bytes of a connection have to arrive.
const FIRST: Duration = Duration::from_secs(10);

/// Accepts plain HTTP connections as [`Lingering`] ones, as many as the limit allows. Answers one of HTTP/2 with an
/// error.
#[derive(Debug, Clone)]
pub(super) struct LingerAcceptor(pub(super) ConnectionLimit);

impl<S: Send + 'static> Accept<TcpStream, S> for LingerAcceptor {
    type Stream = Lingering;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Lingering, S)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let limit = self.0.clone();
        Box::pin(async move {
            let mut stream = Lingering::new(stream, &limit)?;
            let mut first = [0; http2::PREFACE.len()];
            let count = timeout(FIRST, stream.peek(&mut first)).await??;
            if count > 0
                && first
                    .get(..count)
                    .is_some_and(|first| http2::PREFACE.starts_with(first))
            {
                stream.write_all(&http2::refusal()).await?;
                return Err(io::ErrorKind::InvalidData.into());
            }
            Ok((stream, service))
        })
    }
}

/// A connection that, when it is dropped, shuts down its sending side and for a moment reads what the client still
/// sends. Closing a connection with unread data resets it, and the client may then lose the last response: the one
/// that says why it is refused.
#[derive(Debug)]
pub(super) struct Lingering(Option<(TcpStream, Slot)>);

impl Lingering {
    /// Takes over a connection that was accepted.
    ///
    /// # Errors
    /// If the limit is reached, or the connection has ended.
    pub(super) fn new(stream: TcpStream, limit: &ConnectionLimit) -> io::Result<Self> {
        let slot = limit.acquire(stream.peer_addr()?.ip())?;
        Ok(Self(Some((stream, slot))))
    }

    /// Reads the next bytes and leaves them in the socket.
    pub(super) async fn peek(&self, bytes: &mut [u8]) -> io::Result<usize> {
        match &self.0 {
            Some((stream, _)) => stream.peek(bytes).await,
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn stream(self: Pin<&mut Self>) -> io::Result<Pin<&mut TcpStream>> {
        let stream = self.get_mut().0.as_mut();
        stream
            .map(|(stream, _)| Pin::new(stream))
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        // Without a runtime the host has ended, and the connection just closes.
        if let (Some((stream, slot)), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(async move {
                drain(stream).await;
                drop(slot);
            });
        }
    }
}

async fn drain(mut stream: TcpStream) {
    if stream.shutdown().await.is_ok() {
        let mut rest = stream.take(MAX_DRAINED);
        let _ = timeout(LINGER, copy(&mut rest, &mut sink())).await;
    }
}

impl AsyncRead for Lingering {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(cx, buffer)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|(stream, _)| stream.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(cx)
    }
}
