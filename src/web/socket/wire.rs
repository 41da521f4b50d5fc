//! The two WebSocket libraries behind a socket: that of axum for accepted ones, and tungstenite for opened ones.

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite};

/// A frame from the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A text frame.
    Text(String),
    /// A binary frame. Its contents are dropped: no dialect has any.
    Binary,
    /// A ping or a pong.
    Alive,
}

/// The reason why a frame cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendError {
    /// The connection is closed.
    Gone,
    /// The other side has not read for 10 s.
    Slow,
}

/// A WebSocket of either library.
#[derive(Debug)]
pub(super) enum Wire {
    Inbound(Box<WebSocket>),
    Outbound(Box<WebSocketStream<MaybeTlsStream<TcpStream>>>),
}

/// A message to write, for either library.
pub(super) enum Outgoing {
    Text(String),
    Ping,
    Close(u16, String),
}

/// A message that was read, from either library.
pub(super) enum Received {
    Frame(Frame),
    /// A violation of the protocol: the code and the reason to close with.
    Violation(u16, &'static str),
    Close,
    Gone,
}

impl Wire {
    /// Reads the next message. Cancel safe.
    pub(super) async fn receive(&mut self) -> Received {
        match self {
            Self::Inbound(socket) => match socket.recv().await {
                Some(Ok(Message::Text(text))) => Received::Frame(Frame::Text(text.as_str().to_owned())),
                Some(Ok(Message::Binary(_))) => Received::Frame(Frame::Binary),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => Received::Frame(Frame::Alive),
                Some(Err(error)) => cause(&error).map_or(Received::Gone, violation),
                Some(Ok(Message::Close(_))) => Received::Close,
                None => Received::Gone,
            },
            Self::Outbound(socket) => match socket.next().await {
                Some(Ok(tungstenite::Message::Text(text))) => {
                    Received::Frame(Frame::Text(text.as_str().to_owned()))
                }
                Some(Ok(tungstenite::Message::Binary(_))) => Received::Frame(Frame::Binary),
                Some(Ok(tungstenite::Message::Ping(_) | tungstenite::Message::Pong(_))) => {
                    Received::Frame(Frame::Alive)
                }
                Some(Err(error)) => violation(&error),
                Some(Ok(tungstenite::Message::Close(_))) => Received::Close,
                Some(Ok(tungstenite::Message::Frame(_))) | None => Received::Gone,
            },
        }
    }

    /// Writes a message.
    pub(super) async fn send(&mut self, outgoing: Outgoing) -> Result<(), SendError> {
        let sent = match self {
            Self::Inbound(socket) => {
                let message = match outgoing {
                    Outgoing::Text(text) => Message::Text(text.into()),
                    Outgoing::Ping => Message::Ping(Vec::new().into()),
                    Outgoing::Close(code, reason) => Message::Close(Some(CloseFrame {
                        code,
                        reason: reason.into(),
                    })),
                };
                socket.send(message).await.is_ok()
            }
            Self::Outbound(socket) => {
                let message = match outgoing {
                    Outgoing::Text(text) => tungstenite::Message::text(text),
                    Outgoing::Ping => tungstenite::Message::Ping(Vec::new().into()),
                    Outgoing::Close(code, reason) => {
                        let frame = tungstenite::protocol::CloseFrame {
                            code: code.into(),
                            reason: reason.into(),
                        };
                        tungstenite::Message::Close(Some(frame))
                    }
                };
                socket.send(message).await.is_ok()
            }
        };
        if sent { Ok(()) } else { Err(SendError::Gone) }
    }
}

/// The error of tungstenite that one of axum wraps.
fn cause(error: &axum::Error) -> Option<&tungstenite::Error> {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        source = error.source();
    }
    None
}

/// Assigns the code of RFC 6455 section 7.4.1.
fn violation(error: &tungstenite::Error) -> Received {
    use tungstenite::error::ProtocolError::{
        ReceivedAfterClosing, ResetWithoutClosingHandshake, SendAfterClosing,
    };
    match error {
        tungstenite::Error::Capacity(_) => Received::Violation(1009, "The frame is too large"),
        tungstenite::Error::Utf8(_) => Received::Violation(1007, "The text is not UTF-8"),
        tungstenite::Error::Protocol(
            ReceivedAfterClosing | ResetWithoutClosingHandshake | SendAfterClosing,
        ) => Received::Gone,
        tungstenite::Error::Protocol(_) => Received::Violation(1002, "The frame is not allowed"),
        _ => Received::Gone,
    }
}
