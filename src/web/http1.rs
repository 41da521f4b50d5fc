//! Connections that carry HTTP/1.1 only.
//!
//! The server behind axum also speaks HTTP/2 to clients that begin with its preface. None of the limits on idle and slow
//! connections hold there, and browsers speak HTTP/2 over TLS only, where the host does not offer it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::http2;

/// The start of the preface of HTTP/2 (RFC 9113, section 3.4). No method of HTTP/1.1 has this name.
const PREFACE: &[u8] = b"PRI ";

/// A connection that fails when the client begins with the preface of HTTP/2.
#[derive(Debug)]
pub(super) struct Http1<S> {
    stream: S,
    /// The bytes of the preface that have come. `None`: the client has begun with something else.
    matched: Option<usize>,
}

impl<S> Http1<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            matched: Some(0),
        }
    }

    /// Takes note of what has come. True if it is the preface.
    fn is_preface(&mut self, bytes: &[u8]) -> bool {
        let Some(matched) = self.matched.filter(|_| !bytes.is_empty()) else {
            return false;
        };
        let left = PREFACE.iter().skip(matched);
        let same = left
            .zip(bytes)
            .take_while(|(wanted, byte)| wanted == byte)
            .count();
        let is_whole = matched + same == PREFACE.len();
        self.matched = (same == bytes.len()).then_some(matched + same);
        is_whole
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Http1<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        std::task::ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        match self.is_preface(read) {
            true => {
                // There is room for it: nothing was sent before.
                let _ = Pin::new(&mut self.stream).poll_write(cx, &http2::refusal());
                let _ = Pin::new(&mut self.stream).poll_flush(cx);
                Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "HTTP/2 is not spoken here",
                )))
            }
            false => Poll::Ready(Ok(())),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Http1<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    async fn is_read(pieces: &[&[u8]]) -> bool {
        let (mut client, host) = duplex(64);
        let mut host = Http1::new(host);
        for piece in pieces {
            client.write_all(piece).await.unwrap();
            let mut bytes = vec![0; piece.len()];
            if host.read_exact(&mut bytes).await.is_err() {
                return false;
            }
            assert_eq!(bytes, *piece);
        }
        true
    }

    #[tokio::test]
    async fn only_the_preface_of_http_2_is_refused_in_one_piece_or_several() {
        assert!(is_read(&[b"GET / HTTP/1.1\r\n"]).await);
        assert!(is_read(&[b"P", b"UT / HTTP/1.1\r\n"]).await);
        assert!(is_read(&[b"PRI", b"NT / HTTP/1.1\r\n"]).await);
        assert!(is_read(&[b"G", b"PRI * HTTP/2.0"]).await);
        assert!(is_read(&[b"GET /PRI ", b"PRI "]).await);
        assert!(!is_read(&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]).await);
        assert!(!is_read(&[b"P", b"R", b"I", b" ", b"*"]).await);
        assert!(!is_read(&[b"PR", b"I * HTTP/2.0"]).await);
    }
}
