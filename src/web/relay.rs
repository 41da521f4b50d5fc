//! The connections of TURN clients among those that the web server accepts.

use std::io;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use tokio::io::AsyncBufReadExt;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::linger::Lingering;
use crate::protocol::ice_server::RelayAccess;
use crate::relay::{Relay, is_turn, serve};

/// The time in which the first byte has to come.
const FIRST_BYTE: Duration = Duration::from_secs(10);
/// Bytes for a TURN client that the kernel holds. More would only make its pictures late.
const SEND_BUFFER: usize = 32 * 1024;

/// The destination of the connections of TURN clients.
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

/// The values of `Link` (RFC 9725, section 4.6) by which whoever sent a request with `headers` reaches the relay: at the
/// address that it has used. The `Host` was checked before.
pub(super) fn links(access: &RelayAccess, headers: &HeaderMap, is_tls: bool) -> Vec<String> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let Some(authority) = host.and_then(|host| host.parse::<Authority>().ok()) else {
        return Vec::new();
    };
    let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let schemes: &[&str] = if is_tls { &["turn", "turns"] } else { &["turn"] };
    let link = |scheme: &&str| {
        let (host, username, credential) = (authority.host(), &access.username, &access.credential);
        format!(
            "<{scheme}:{host}:{port}?transport=tcp>; rel=\"ice-server\"; username=\"{username}\"; \
             credential=\"{credential}\"; credential-type=\"password\""
        )
    };
    schemes.iter().map(link).collect()
}

/// The end of an accepted connection for the web server.
fn served_elsewhere() -> io::Error {
    io::Error::other("the relay serves this connection")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(host: &str, is_tls: bool) -> Vec<String> {
        let access = RelayAccess {
            username: "u".to_owned(),
            credential: "c".to_owned(),
            only: false,
        };
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        let rest = "; rel=\"ice-server\"; username=\"u\"; credential=\"c\"; credential-type=\"password\"";
        let links = links(&access, &headers, is_tls).into_iter();
        links
            .map(|link| link.strip_suffix(rest).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn the_links_lead_to_the_address_that_was_used() {
        assert_eq!(
            urls("192.0.2.7:8080", false),
            ["<turn:192.0.2.7:8080?transport=tcp>"]
        );
        assert_eq!(
            urls("desk.example", false),
            ["<turn:desk.example:80?transport=tcp>"]
        );
        let both = [
            "<turn:[::1]:443?transport=tcp>",
            "<turns:[::1]:443?transport=tcp>",
        ];
        assert_eq!(urls("[::1]", true), both);
    }
}
