//! A WebSocket with limits: on sizes, and on every wait. It asks the other side for signs of life.

mod wire;

use std::time::Duration;

use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

pub(crate) use wire::{Frame, SendError};
use wire::{Outgoing, Received, Wire};

/// The largest frame, in bytes. A larger one closes the socket with code 1009.
pub(super) const MAX_FRAME: usize = 1024 * 1024;
/// The bytes that may wait to be written to a client that does not read.
const MAX_UNSENT: usize = 2 * 1024 * 1024;
/// The interval of pings.
const PING: Duration = Duration::from_secs(2);
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
        Self { wire, pings }
    }

    /// Receives the next frame; `None` when the connection is closed, or was closed because of a violation of the
    /// protocol. Cancel safe: no frame is lost when the future is dropped.
    pub(crate) async fn receive(&mut self) -> Option<Frame> {
        loop {
            let received = tokio::select! {
            received = self.wire.receive() => received,
            _ = self.pings.tick() => {
                self.send_within(Outgoing::Ping, WRITE).await.ok()?;
                continue;
            }
            };
            match received {
                Received::Frame(frame) => return Some(frame),
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
