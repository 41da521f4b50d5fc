//! A remote signaling server under the test's control.

use std::io;
use std::sync::Arc;

use deskbeam::protocol::base64;
use futures_util::{SinkExt, StreamExt};
use rustls::ServerConfig;
use rustls::crypto::ring;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

use super::soon;

pub struct RemoteSignaling {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    pub url: String,
}

/// The connection of a host to the server.
pub struct Guest {
    socket: WebSocketStream<Box<dyn Transport>>,
}

/// TCP, or TLS over TCP.
trait Transport: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Transport for T {}

impl RemoteSignaling {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/signaling", listener.local_addr().unwrap());
        Self {
            listener,
            tls: None,
            url,
        }
    }

    /// Opens a server with TLS, and returns it with its self-signed certificate in PEM.
    pub async fn open_tls() -> (Self, String) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = made.signing_key.serialize_der().try_into().unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let pem = format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            base64::encode(made.cert.der())
        );
        let mut server = Self::open().await;
        server.tls = Some(Arc::new(config).into());
        server.url = server.url.replace("ws://", "wss://");
        (server, pem)
    }

    /// Waits for the next host to connect.
    pub async fn guest(&self) -> Guest {
        self.try_guest().await.unwrap()
    }

    /// Waits for the next host to connect; fails if the TLS handshake does.
    pub async fn try_guest(&self) -> io::Result<Guest> {
        soon("a host connects", async {
            let (stream, _) = self.listener.accept().await?;
            let stream: Box<dyn Transport> = match &self.tls {
                Some(tls) => Box::new(tls.accept(stream).await?),
                None => Box::new(stream),
            };
            Ok(Guest {
                socket: accept_async(stream).await.map_err(io::Error::other)?,
            })
        })
        .await
    }
}

impl Guest {
    pub async fn say(&mut self, text: impl ToString) {
        let message = Message::text(text.to_string());
        soon("the frame is sent", self.socket.send(message))
            .await
            .unwrap();
    }

    /// Returns the next text message of the host. May be cancelled and called again.
    pub async fn hear(&mut self) -> String {
        soon("the host sends a message", async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => return text.to_string(),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => panic!("expected a text message, not {other:?}"),
                }
            }
        })
        .await
    }

    /// Waits until the host has disconnected.
    pub async fn gone(&mut self) {
        soon("the host disconnects", async {
            while let Some(Ok(_)) = self.socket.next().await {}
        })
        .await
    }

    /// Returns the next text message, parsed as JSON.
    pub async fn hear_json(&mut self) -> Value {
        let text = self.hear().await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}
