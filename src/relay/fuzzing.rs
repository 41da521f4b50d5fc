//! The parsers of this layer, for [`crate::fuzzing`].

use std::net::SocketAddr;

use super::connection::{Connection, PATIENCE};
use super::grant::Relay;

/// The connection of a TURN client that sends `data` in three parts.
pub(crate) fn relay(data: &[u8]) {
    let address = |port| SocketAddr::from(([192, 0, 2, 1], port));
    let mut connection = Connection::new(Relay::default(), address(80), address(5000), PATIENCE);
    for part in data.chunks(1 + data.len() / 3) {
        if connection.take(part).is_err() {
            return;
        }
        connection.poll();
    }
}
