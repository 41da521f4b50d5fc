//! Connections that end so that the last words are read.

use std::future::{Ready, ready};
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

/// How long a connection that was dropped is still read.
const LINGER: Duration = Duration::from_secs(1);
/// How much is read then, in bytes.
const MAX_DRAINED: u64 = 8 * 1024 * 1024;

/// Makes each accepted connection a [`Lingering`] one, if there are not too many.
#[derive(Debug, Clone)]
pub(super) struct LingerAcceptor(pub(super) ConnectionLimit);

impl<S> Accept<TcpStream, S> for LingerAcceptor {
    type Stream = Lingering;
    type Service = S;
    type Future = Ready<io::Result<(Lingering, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        ready(Lingering::new(stream, &self.0).map(|stream| (stream, service)))
    }
}

/// A connection that, when it is dropped, says that nothing more comes, and throws away for a moment what the other
/// side still sends. A connection that is closed with something unread is reset, and then the other side may lose
/// what was said to it last: why it is shown out.
#[derive(Debug)]
pub(super) struct Lingering(Option<(TcpStream, Slot)>);

impl Lingering {
    /// # Errors
    /// If there are too many from its address, or it has ended already.
    pub(super) fn new(stream: TcpStream, crowd: &ConnectionLimit) -> io::Result<Self> {
        let place = crowd.enter(stream.peer_addr()?.ip())?;
        Ok(Self(Some((stream, place))))
    }

    /// What comes next, without taking it.
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
        // Without a runtime the host has ended, and nobody can wait any longer.
        if let (Some((stream, place)), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(async move {
                drain(stream).await;
                drop(place);
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
