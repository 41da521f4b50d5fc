//! A WebSocket with its limits: sizes, a heartbeat, and no wait without a bound.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// A frame longer than this closes the socket with code 1009, in bytes.
const MAX_FRAME: usize = 1024 * 1024;
/// What may wait to be written to a client that does not read, in bytes.
const MAX_UNSENT: usize = 2 * 1024 * 1024;
/// How often the other side is asked whether it is there.
const PING: Duration = Duration::from_secs(5);
/// Without any frame for this long, it is not.
const SILENCE: Duration = Duration::from_secs(15);
/// How long one frame may take to be written.
const WRITE: Duration = Duration::from_secs(10);
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// One viewer's WebSocket. Dropping it closes the connection without a word.
#[derive(Debug)]
pub struct ViewerSocket {
    socket: WebSocket,
    pings: tokio::time::Interval,
    last_seen: Instant,
}

/// What a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A text frame.
    Text(String),
    /// A binary frame, whose contents nobody wants.
    Binary,
}

/// Why the host closes a socket (RFC 6455 section 7.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    /// 1001: the host is going down.
    GoingAway,
    /// 1009: a frame was too big.
    TooBig,
}

impl CloseCode {
    fn number(self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::TooBig => 1009,
        }
    }
}

/// The other side has gone, or does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// Sets the limits before the upgrade.
pub(super) fn limit(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME)
        .max_write_buffer_size(MAX_UNSENT)
}

impl ViewerSocket {
    pub(super) fn new(socket: WebSocket) -> Self {
        let mut pings = interval(PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            socket,
            pings,
            last_seen: Instant::now(),
        }
    }

    /// The next frame; `None` when the other side has gone, has been silent for 15 s, or broke the protocol. May be
    /// dropped and called again without losing a frame.
    pub async fn receive(&mut self) -> Option<Frame> {
        loop {
            let message = tokio::select! {
                message = self.socket.recv() => message,
                _ = self.pings.tick() => {
                    if self.last_seen.elapsed() > SILENCE {
                        tracing::debug!("the client has been silent for {} s", SILENCE.as_secs());
                        return None;
                    }
                    self.write(Message::Ping(Vec::new().into()), WRITE).await.ok()?;
                    continue;
                }
            };
            self.last_seen = Instant::now();
            match message? {
                Ok(Message::Text(text)) => return Some(Frame::Text(text.as_str().to_owned())),
                Ok(Message::Binary(_)) => return Some(Frame::Binary),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(Message::Close(_)) => return None,
                Err(error) => {
                    tracing::debug!(%error, "the socket broke");
                    if error.to_string().contains("too long") {
                        self.close(CloseCode::TooBig, "The frame is too big").await;
                    }
                    return None;
                }
            }
        }
    }

    /// Sends a text frame.
    ///
    /// # Errors
    /// If the other side has gone, or has not read for 10 s.
    pub async fn send(&mut self, text: String) -> Result<(), Gone> {
        self.write(Message::Text(text.into()), WRITE).await
    }

    /// Says goodbye. The connection closes when this is dropped.
    pub async fn close(&mut self, code: CloseCode, reason: &str) {
        let frame = CloseFrame {
            code: code.number(),
            reason: reason.to_owned().into(),
        };
        let _ = self.write(Message::Close(Some(frame)), FAREWELL).await;
    }

    async fn write(&mut self, message: Message, bound: Duration) -> Result<(), Gone> {
        match timeout(bound, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }
}
