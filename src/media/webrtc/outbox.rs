//! Messages on their way to a data channel.

use std::collections::VecDeque;

use gst_webrtc::{WebRTCDataChannel, WebRTCDataChannelState};

/// The most bytes that may wait in the data channel.
const MAX_BUFFERED: u64 = 16 * 1024;
/// The most messages that may wait for room there. The oldest are dropped: they are worth the least.
const CAPACITY: usize = 16;

/// Messages that the data channel has no room for yet.
#[derive(Default)]
pub(super) struct Outbox(VecDeque<String>);

impl Outbox {
    /// Adds a message behind the others.
    pub(super) fn push(&mut self, message: String) {
        if self.0.len() == CAPACITY {
            self.0.pop_front();
        }
        self.0.push_back(message);
    }

    /// Sends what waits as far as `channel` has room. What waits for one that is not open is dropped.
    pub(super) fn flush(&mut self, channel: &WebRTCDataChannel) {
        if channel.ready_state() != WebRTCDataChannelState::Open {
            return self.0.clear();
        }
        while let Some(message) = self.0.front() {
            // More than this unacknowledged, and a viewer that stops would keep the pipeline from ever stopping.
            // A single long one may go alone.
            let waiting = channel.buffered_amount();
            if waiting > 0 && waiting + message.len() as u64 > MAX_BUFFERED {
                return;
            }
            let _ = channel.send_string_full(Some(message));
            self.0.pop_front();
        }
    }
}
