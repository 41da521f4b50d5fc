//! A WebSocket with limits: on sizes, on silence, and on every wait.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite};

/// The largest frame, in bytes. A larger one closes the socket with code 1009.
pub(super) const MAX_FRAME: usize = 1024 * 1024;
/// The bytes that may wait to be written to a client that does not read.
const MAX_UNSENT: usize = 2 * 1024 * 1024;
/// The interval of pings.
const PING: Duration = Duration::from_secs(2);
/// The time without any frame after which the other side counts as gone.
const SILENCE: Duration = Duration::from_secs(6);
/// The time in which a frame has to be written.
const WRITE: Duration = Duration::from_secs(10);
/// The time in which a close frame has to be written.
const CLOSE: Duration = Duration::from_secs(1);
/// The time that the other side has to answer a close frame.
const LINGER: Duration = Duration::from_millis(500);

/// A WebSocket to a viewer, or to a signaling server that the host connected to. Dropping it closes the connection
/// without a close frame.
#[derive(Debug)]
pub(crate) struct SignalingSocket {
    wire: Wire,
    pings: tokio::time::Interval,
    last_seen: Instant,
}

#[derive(Debug)]
enum Wire {
    Inbound(Box<WebSocket>),
    Outbound(Box<WebSocketStream<MaybeTlsStream<TcpStream>>>),
}

/// A frame from the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A text frame.
    Text(String),
    /// A binary frame. Its contents are dropped: no dialect has any.
    Binary,
    /// A ping or a pong.
    Alive,
    /// No frame: the other side has been silent for 6 s.
    Silent,
}

/// The reason why a frame cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendError {
    /// The connection is closed.
    Gone,
    /// The other side has not read for 10 s.
    Slow,
}

/// Sets the limits of an upgrade.
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

    /// Receives the next frame; `None` when the connection is closed, or was closed because of a violation of the
    /// protocol. Cancel safe: no frame is lost when the future is dropped.
    pub(crate) async fn receive(&mut self) -> Option<Frame> {
        loop {
            let received = tokio::select! {
            received = self.wire.receive() => received,
            _ = self.pings.tick() => {
                if self.last_seen.elapsed() > SILENCE {
                    tracing::debug!("nothing received for {} s", SILENCE.as_secs());
                    return Some(Frame::Silent);
                }
                self.send_within(Outgoing::Ping, WRITE).await.ok()?;
                continue;
            }
            };
            match received {
                Received::Frame(frame) => {
                    self.last_seen = Instant::now();
                    return Some(frame);
                }
                Received::Violation(code, reason) => {
                    self.close(code, reason).await;
                    return None;
                }
                Received::Close => {
                    // The library answers the close frame while it is asked for the next one.
                    let _ = timeout(CLOSE, self.wire.receive()).await;
                    return None;
                }
                Received::Gone => return None,
            }
        }
    }

    /// Sends a text frame.
    ///
    /// # Errors
    /// If the connection is closed, or the other side has not read for 10 s.
    pub(crate) async fn send(&mut self, text: String) -> Result<(), SendError> {
        self.send_within(Outgoing::Text(text), WRITE).await
    }

    /// Sends a close frame, with a code of RFC 6455 section 7.4. The connection closes when this is dropped.
    ///
    /// Frames that still arrive are read and dropped for a moment: closing a connection with unread data resets it, and
    /// the close frame may be lost.
    pub(crate) async fn close(&mut self, code: u16, reason: &str) {
        let frame = Outgoing::Close(code, reason.to_owned());
        if self.send_within(frame, CLOSE).await.is_ok() {
            let closed = async { while !matches!(self.wire.receive().await, Received::Gone) {} };
            let _ = timeout(LINGER, closed).await;
        }
    }

    async fn send_within(&mut self, outgoing: Outgoing, limit: Duration) -> Result<(), SendError> {
        timeout(limit, self.wire.send(outgoing))
            .await
            .unwrap_or(Err(SendError::Slow))
    }
}

/// A message to write, for either library.
enum Outgoing {
    Text(String),
    Ping,
    Close(u16, String),
}

/// A message that was read, from either library.
enum Received {
    Frame(Frame),
    /// A violation of the protocol: the code and the reason to close with.
    Violation(u16, &'static str),
    Close,
    Gone,
}

impl Wire {
    async fn receive(&mut self) -> Received {
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
