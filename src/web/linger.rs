//! Connections that close so that the client can read the last response.

use std::future::{Future, Ready, ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, copy, sink};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep, timeout};

use super::connection_limit::{ConnectionLimit, Slot};
use super::http1::Http1;

/// The time for which a dropped connection is still read.
const LINGER: Duration = Duration::from_secs(1);
/// The most that is read then, in bytes.
const MAX_DRAINED: u64 = 8 * 1024 * 1024;
/// The time for which a client may read nothing of what waits to be sent.
const STALL: Duration = Duration::from_secs(20);

/// Accepts plain HTTP connections as [`Lingering`] ones, as many as the limit allows.
#[derive(Debug, Clone)]
pub(super) struct LingerAcceptor(pub(super) ConnectionLimit);

impl<S> Accept<TcpStream, S> for LingerAcceptor {
    type Stream = Http1<Lingering>;
    type Service = S;
    type Future = Ready<io::Result<(Self::Stream, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        ready(Lingering::new(stream, &self.0).map(|stream| (Http1::new(stream), service)))
    }
}

/// A connection that, when it is dropped, shuts down its sending side and for a moment reads what the client still
/// sends. Closing a connection with unread data resets it, and the client may then lose the last response: the one
/// that says why it is refused.
///
/// Fails when the client reads nothing for [`STALL`] while something waits to be sent.
#[derive(Debug)]
pub(super) struct Lingering {
    connection: Option<(TcpStream, Slot)>,
    /// Runs while a write waits.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Lingering {
    /// Takes over a connection that was accepted.
    ///
    /// # Errors
    /// If the limit is reached, or the connection has ended.
    pub(super) fn new(stream: TcpStream, limit: &ConnectionLimit) -> io::Result<Self> {
        let slot = limit.acquire(stream.peer_addr()?.ip())?;
        Ok(Self {
            connection: Some((stream, slot)),
            stalled: None,
        })
    }

    /// Reads the next bytes and leaves them in the socket.
    pub(super) async fn peek(&self, bytes: &mut [u8]) -> io::Result<usize> {
        match &self.connection {
            Some((stream, _)) => stream.peek(bytes).await,
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Passes on the outcome of a write, and fails when writes have waited for too long.
    fn in_time<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(STALL)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }

    fn stream(self: Pin<&mut Self>) -> io::Result<Pin<&mut TcpStream>> {
        let stream = self.get_mut().connection.as_mut();
        stream
            .map(|(stream, _)| Pin::new(stream))
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        // Without a runtime the host has ended, and the connection just closes.
        if let (Some((stream, slot)), Ok(runtime)) = (self.connection.take(), Handle::try_current()) {
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
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.as_mut().stream()?.poll_write(cx, bytes);
        self.in_time(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.as_mut().stream()?.poll_write_vectored(cx, slices);
        self.in_time(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection
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
