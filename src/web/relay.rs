//! The connections of TURN clients among those that the web server accepts.

use std::io;
use std::time::Duration;

use tokio::io::AsyncBufReadExt;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::linger::Lingering;
use crate::relay::{Relay, is_turn, serve};

/// The time in which the first byte has to come.
const FIRST_BYTE: Duration = Duration::from_secs(10);
/// Bytes for a TURN client that the kernel holds. More would only make its pictures late.
const SEND_BUFFER: usize = 32 * 1024;

/// Where connections of TURN clients go to.
#[derive(Debug, Clone)]
pub(super) struct RelayPort(pub(super) Option<Relay>);

impl RelayPort {
    /// Returns `stream` unless a TURN client has opened it: the relay serves that one.
    ///
    /// # Errors
    /// If the relay serves it, it breaks, or nothing comes in time.
    pub(super) async fn take(&self, stream: Lingering) -> io::Result<Lingering> {
        let Some(relay) = &self.0 else {
            return Ok(stream);
        };
        let mut first = [0];
        let length = timeout(FIRST_BYTE, stream.peek(&mut first)).await??;
        if length == 0 || !is_turn(first[0]) {
            return Ok(stream);
        }
        stream.limit_send_buffer(SEND_BUFFER)?;
        let (local, remote) = stream.addresses()?;
        tokio::spawn(serve(relay.clone(), stream, local, remote));
        Err(served_elsewhere())
    }

    /// The same for a connection with TLS.
    pub(super) async fn take_tls(
        &self,
        mut stream: TlsStream<Lingering>,
    ) -> io::Result<TlsStream<Lingering>> {
        let Some(relay) = &self.0 else {
            return Ok(stream);
        };
        let first = timeout(FIRST_BYTE, stream.fill_buf()).await??.first().copied();
        if !first.is_some_and(is_turn) {
            return Ok(stream);
        }
        let (lingering, _) = stream.get_ref();
        lingering.limit_send_buffer(SEND_BUFFER)?;
        let (local, remote) = lingering.addresses()?;
        tokio::spawn(serve(relay.clone(), stream, local, remote));
        Err(served_elsewhere())
    }
}

/// The end of an accepted connection for the web server.
fn served_elsewhere() -> io::Error {
    io::Error::other("the relay serves this connection")
}
