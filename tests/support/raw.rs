//! A raw WebSocket: arbitrary bytes of the test, and the frames that the host sends.

use std::io;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::soon;

pub const TEXT: u8 = 0x1;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xa;
/// The FIN bit, combined with the opcode of the last frame of a message.
pub const FIN: u8 = 0x80;

/// A socket that answers no pings, and reads only on request.
pub struct RawSocket {
    stream: TcpStream,
}

/// A frame of the host, which is never fragmented.
#[derive(Debug, PartialEq, Eq)]
pub struct RawFrame {
    pub kind: u8,
    pub payload: Vec<u8>,
}

impl RawFrame {
    pub fn json(&self) -> Value {
        assert_eq!(self.kind, TEXT, "{self:?}");
        serde_json::from_slice(&self.payload).unwrap()
    }

    /// Returns the code of a close frame, 1005 if it has none.
    pub fn close_code(&self) -> u16 {
        assert_eq!(self.kind, CLOSE, "{self:?}");
        let code = self.payload.first_chunk();
        code.map_or(1005, |code| u16::from_be_bytes(*code))
    }
}

impl RawSocket {
    /// Connects and waits for the welcome.
    pub async fn join(address: SocketAddr) -> Self {
        let mut socket = Self::connect(address).await;
        let welcome = socket.frame_besides_pings().await.unwrap();
        assert_eq!(welcome.json()["type"], "welcome");
        socket
    }

    /// Opens a native signaling socket.
    async fn connect(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET /ws HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon("the response arrives", stream.read_u8()).await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", head.escape_ascii());
        Self { stream }
    }

    /// Sends these bytes; fails if the host has closed the connection.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        soon("bytes are sent", self.stream.write_all(bytes)).await
    }

    /// Returns the next frame; `None` when the connection has ended, even within a frame.
    pub async fn frame(&mut self) -> Option<RawFrame> {
        soon("a frame arrives or the connection ends", self.read_frame())
            .await
            .ok()
    }

    /// Returns the next frame that is not a ping.
    pub async fn frame_besides_pings(&mut self) -> Option<RawFrame> {
        loop {
            match self.frame().await {
                Some(frame) if frame.kind == PING => {}
                frame => return frame,
            }
        }
    }

    async fn read_frame(&mut self) -> io::Result<RawFrame> {
        let first = self.stream.read_u8().await?;
        assert_eq!(first & 0xf0, FIN, "an unfragmented frame without extensions");
        let length = match self.stream.read_u8().await? {
            126 => u64::from(self.stream.read_u16().await?),
            127 => self.stream.read_u64().await?,
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload).await?;
        Ok(RawFrame {
            kind: first & 0xf,
            payload,
        })
    }
}

/// Encodes a masked frame, as a client sends it. `first` is its first byte.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![first];
    match payload.len() {
        length @ ..126 => frame.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(
        payload
            .iter()
            .zip(MASK.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    frame
}
