//! Connections that close so that the client can read the last response.

use std::ffi::c_int;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::ioctl::{Getter, Opcode, ioctl};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, copy, sink};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::connection_limit::{ConnectionLimit, Slot};

/// The time for which a dropped connection is still read.
const LINGER: Duration = Duration::from_secs(1);
/// The most that is read then, in bytes.
const MAX_DRAINED: u64 = 8 * 1024 * 1024;
/// The time for which a client may take nothing of what waits to be sent.
const STALL: Duration = Duration::from_secs(20);
/// The pause between two looks at what it has taken.
const LOOK: Duration = Duration::from_secs(1);

/// A connection that, when it is dropped, shuts down its sending side and for a moment reads what the client still
/// sends. Closing a connection with unread data resets it, and the client may then lose the last response: the one
/// that says why it is refused.
///
/// Fails when the client takes nothing for [`STALL`] while something waits to be sent. There is room for more only when a
/// third of the send buffer is free, which takes longer on a slow line behind a proxy or a tunnel: so it counts what is
/// taken.
#[derive(Debug)]
pub(super) struct Lingering {
    connection: Option<(TcpStream, Slot)>,
    /// There while a write waits.
    stalled: Option<Stalled>,
}

/// A write that waits.
#[derive(Debug)]
struct Stalled {
    next_look: Pin<Box<Sleep>>,
    /// The time at which the client was last seen to have taken something.
    since: Instant,
    /// The bytes that it had not taken then.
    unsent: c_int,
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
        let Some((stream, _)) = &self.connection else {
            return written;
        };
        let stalled = self.stalled.get_or_insert_with(|| Stalled::begin(unsent(stream)));
        while stalled.next_look.as_mut().poll(cx).is_ready() {
            if !stalled.goes_on(unsent(stream)) && stalled.since.elapsed() >= STALL {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            stalled.next_look.as_mut().reset(Instant::now() + LOOK);
        }
        Poll::Pending
    }

    /// The address at which it was accepted, and that of the client.
    pub(super) fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        let (stream, _) = self.connection.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        Ok((stream.local_addr()?, stream.peer_addr()?))
    }

    /// Lets the kernel hold at most about `bytes` that the client has not acknowledged.
    pub(super) fn limit_send_buffer(&self, bytes: usize) -> io::Result<()> {
        let (stream, _) = self.connection.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        Ok(rustix::net::sockopt::set_socket_send_buffer_size(stream, bytes)?)
    }

    fn stream(self: Pin<&mut Self>) -> io::Result<Pin<&mut TcpStream>> {
        let stream = self.get_mut().connection.as_mut();
        stream
            .map(|(stream, _)| Pin::new(stream))
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Stalled {
    fn begin(unsent: c_int) -> Self {
        Self {
            next_look: Box::pin(sleep(LOOK)),
            since: Instant::now(),
            unsent,
        }
    }

    /// Takes note of the bytes that are left. True if the client has taken some.
    fn goes_on(&mut self, unsent: c_int) -> bool {
        let goes_on = unsent < self.unsent;
        if goes_on {
            (self.since, self.unsent) = (Instant::now(), unsent);
        }
        goes_on
    }
}

/// The bytes in the send buffer of a connection: the client has not confirmed them. All of them if that is not known.
#[allow(unsafe_code)]
fn unsent(stream: &TcpStream) -> c_int {
    // SAFETY: this request takes nothing and returns an int (tcp(7), SIOCOUTQ, which is the same number).
    let unsent = unsafe { ioctl(stream, Getter::<{ libc::TIOCOUTQ as Opcode }, c_int>::new()) };
    unsent.unwrap_or(c_int::MAX)
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

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn what_a_client_reads_is_progress_before_there_is_room_for_more() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(client, listener.accept());
        let (mut client, (host, _)) = (client.unwrap(), accepted.unwrap());
        let piece = vec![0; 64 * 1024];
        let mut written = 0;
        loop {
            host.writable().await.unwrap();
            match host.try_write(&piece) {
                Ok(count) => written += count,
                Err(error) => break assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
        let mut stalled = Stalled::begin(unsent(&host));
        assert!((1..=written).contains(&usize::try_from(stalled.unsent).unwrap()));
        assert!(!stalled.goes_on(stalled.unsent), "nothing is read");
        client.read_exact(&mut vec![0; written / 2]).await.unwrap();
        let confirmed = async {
            while !stalled.goes_on(unsent(&host)) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(30), confirmed).await.unwrap();
    }
}
