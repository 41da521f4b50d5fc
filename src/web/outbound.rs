//! The connection to a remote signaling server, through which viewers reach the host.

use std::fmt;
use std::str::FromStr;
use std::sync::Once;
use std::time::Duration;

use tokio::time::timeout;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::socket::{MAX_FRAME, SignalingSocket};

/// The time that the server has to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The URL of a signaling server, `ws://` or `wss://`. `Display` and `Debug` leave out the user and the query, which
/// may be secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl(Uri);

impl FromStr for ServerUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let uri: Uri = text.parse().map_err(|error| format!("not a URL: {error}"))?;
        match (uri.scheme_str(), uri.host()) {
            (Some("ws" | "wss"), Some(_)) => Ok(Self(uri)),
            _ => Err("expected ws://HOST[:PORT]/PATH or wss://HOST[:PORT]/PATH".to_owned()),
        }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self
            .0
            .authority()
            .map(|authority| authority.host())
            .unwrap_or_default();
        let port = self.0.port().map(|port| format!(":{port}")).unwrap_or_default();
        write!(
            f,
            "{}://{authority}{port}{}",
            self.0.scheme_str().unwrap_or("ws"),
            self.0.path()
        )
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Connects to the server.
///
/// # Errors
/// A sentence for the log, if the server does not answer within 10 s or refuses.
pub(crate) async fn connect(url: &ServerUrl) -> Result<SignalingSocket, String> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // It fails if a provider is installed already, which will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let limits = WebSocketConfig::default()
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME));
    let connecting = tokio_tungstenite::connect_async_with_config(url.0.clone(), Some(limits), true);
    match timeout(TIMEOUT, connecting).await {
        Ok(Ok((socket, _))) => Ok(SignalingSocket::outbound(socket)),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", TIMEOUT.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_websocket_urls_are_taken_and_shown_without_secrets() {
        for text in ["http://x/", "wss:///x", "x", ""] {
            assert!(text.parse::<ServerUrl>().is_err(), "{text}");
        }
        let url: ServerUrl = "wss://user:secret@example.org:8443/signalling?token=secret"
            .parse()
            .unwrap();
        assert_eq!(url.to_string(), "wss://example.org:8443/signalling");
    }
}
