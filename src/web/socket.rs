//! A WebSocket with its limits: sizes, a heartbeat, and no wait without a bound.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite};

/// A frame longer than this closes the socket with code 1009, in bytes.
pub(super) const MAX_FRAME: usize = 1024 * 1024;
/// What may wait to be written to a client that does not read, in bytes.
const MAX_UNSENT: usize = 2 * 1024 * 1024;
/// How often the other side is asked whether it is there.
const PING: Duration = Duration::from_secs(2);
/// Without any frame for this long, it is not.
const SILENCE: Duration = Duration::from_secs(6);
/// How long one frame may take to be written.
const WRITE: Duration = Duration::from_secs(10);
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long the other side may take to say goodbye, too.
const LINGER: Duration = Duration::from_millis(500);

/// One WebSocket, with a viewer or with a server that the host has called. Dropping it closes the connection without
/// a word.
#[derive(Debug)]
pub struct SignalingSocket {
    wire: Wire,
    pings: tokio::time::Interval,
    last_seen: Instant,
}

#[derive(Debug)]
enum Wire {
    Inbound(Box<WebSocket>),
    Outbound(Box<WebSocketStream<MaybeTlsStream<TcpStream>>>),
}

/// What the other side sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A text frame.
    Text(String),
    /// A binary frame, whose contents nobody wants.
    Binary,
    /// A sign of life that says nothing.
    Alive,
    /// No frame: there has been no sign of life for 6 s.
    Silent,
}

/// Why nothing can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendError {
    /// The other side has gone.
    Gone,
    /// The other side has not read for 10 s.
    Slow,
}

/// Sets the limits before the upgrade.
pub(super) fn limit(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME)
        .max_write_buffer_size(MAX_UNSENT)
}

impl SignalingSocket {
    pub(super) fn inbound(socket: WebSocket) -> Self {
        Self::new(Wire::Inbound(Box::new(socket)))
    }

    pub(super) fn outbound(socket: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self::new(Wire::Outbound(Box::new(socket)))
    }

    fn new(wire: Wire) -> Self {
        let mut pings = interval(PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            wire,
            pings,
            last_seen: Instant::now(),
        }
    }

    /// The next frame; `None` when the other side has gone or broke the protocol. May be
    /// dropped and called again without losing a frame.
    pub async fn receive(&mut self) -> Option<Frame> {
        loop {
            let received = tokio::select! {
            received = self.wire.receive() => received,
            _ = self.pings.tick() => {
                if self.last_seen.elapsed() > SILENCE {
                    tracing::debug!("the other side has been silent for {} s", SILENCE.as_secs());
                    return Some(Frame::Silent);
                }
                self.bounded(Outgoing::Ping, WRITE).await.ok()?;
                continue;
            }
            };
            match received {
                Received::Frame(frame) => {
                    self.last_seen = Instant::now();
                    return Some(frame);
                }
                Received::Fault(code, reason) => {
                    self.close(code, reason).await;
                    return None;
                }
                Received::Goodbye => {
                    // The library returns it when it is asked for the next frame.
                    let _ = timeout(FAREWELL, self.wire.receive()).await;
                    return None;
                }
                Received::Gone => return None,
            }
        }
    }

    /// Sends a text frame.
    ///
    /// # Errors
    /// If the other side has gone, or has not read for 10 s.
    pub async fn send(&mut self, text: String) -> Result<(), SendError> {
        self.bounded(Outgoing::Text(text), WRITE).await
    }

    /// Says goodbye, with a code of RFC 6455 section 7.4. The connection closes when this is dropped.
    ///
    /// What the other side still says is read and thrown away for a moment: a connection that is closed with
    /// something unread is reset, and the goodbye may be lost.
    pub async fn close(&mut self, code: u16, reason: &str) {
        let goodbye = Outgoing::Close(code, reason.to_owned());
        if self.bounded(goodbye, FAREWELL).await.is_ok() {
            let gone = async { while !matches!(self.wire.receive().await, Received::Gone) {} };
            let _ = timeout(LINGER, gone).await;
        }
    }

    async fn bounded(&mut self, outgoing: Outgoing, bound: Duration) -> Result<(), SendError> {
        timeout(bound, self.wire.send(outgoing))
            .await
            .unwrap_or(Err(SendError::Slow))
    }
}

/// What is written, for either library.
enum Outgoing {
    Text(String),
    Ping,
    Close(u16, String),
}

/// What was read, from either library.
enum Received {
    Frame(Frame),
    /// A breach of the protocol: the code and the reason to close with.
    Fault(u16, &'static str),
    Goodbye,
    Gone,
}

impl Wire {
    async fn receive(&mut self) -> Received {
        match self {
            Self::Inbound(socket) => match socket.recv().await {
                Some(Ok(Message::Text(text))) => Received::Frame(Frame::Text(text.as_str().to_owned())),
                Some(Ok(Message::Binary(_))) => Received::Frame(Frame::Binary),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => Received::Frame(Frame::Alive),
                Some(Err(error)) => cause(&error).map_or(Received::Gone, fault),
                Some(Ok(Message::Close(_))) => Received::Goodbye,
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
                Some(Err(error)) => fault(&error),
                Some(Ok(tungstenite::Message::Close(_))) => Received::Goodbye,
                Some(Ok(tungstenite::Message::Frame(_))) | None => Received::Gone,
            },
        }
    }

    async fn send(&mut self, outgoing: Outgoing) -> Result<(), SendError> {
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

/// What axum's error wraps.
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

/// The codes are those of RFC 6455 section 7.4.1.
fn fault(error: &tungstenite::Error) -> Received {
    use tungstenite::error::ProtocolError::{
        ReceivedAfterClosing, ResetWithoutClosingHandshake, SendAfterClosing,
    };
    match error {
        tungstenite::Error::Capacity(_) => Received::Fault(1009, "The frame is too big"),
        tungstenite::Error::Utf8(_) => Received::Fault(1007, "The text is not UTF-8"),
        tungstenite::Error::Protocol(
            ReceivedAfterClosing | ResetWithoutClosingHandshake | SendAfterClosing,
        ) => Received::Gone,
        tungstenite::Error::Protocol(_) => Received::Fault(1002, "The frame is not allowed"),
        _ => Received::Gone,
    }
}
