//! A signaling server that somebody else runs: it says what the test tells it to.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

use super::soon;

pub struct Rendezvous {
    listener: TcpListener,
    pub url: String,
}

/// A host that has come.
pub struct Guest {
    socket: WebSocketStream<TcpStream>,
}

impl Rendezvous {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/signaling", listener.local_addr().unwrap());
        Self { listener, url }
    }

    /// The next host that comes.
    pub async fn guest(&self) -> Guest {
        soon("a host comes", async {
            let (stream, _) = self.listener.accept().await.unwrap();
            Guest {
                socket: accept_async(stream).await.unwrap(),
            }
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

    /// The next text of the host. May be dropped and called again.
    pub async fn hear(&mut self) -> String {
        soon("the host speaks", async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => return text.to_string(),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => panic!("expected a text, not {other:?}"),
                }
            }
        })
        .await
    }

    /// The next text, which is JSON.
    pub async fn hear_json(&mut self) -> Value {
        let text = self.hear().await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}
