//! Queue of messages for a data channel.

use std::collections::VecDeque;

use gst_webrtc::{WebRTCDataChannel, WebRTCDataChannelState};

/// Maximum number of bytes in the data channel's buffer.
const MAX_BUFFERED: u64 = 16 * 1024;
/// Maximum number of queued messages. When full, the oldest are dropped: they are the least valuable.
const CAPACITY: usize = 16;

/// Messages that wait for room in the data channel's buffer.
#[derive(Default)]
pub(super) struct Outbox(VecDeque<String>);

impl Outbox {
    /// Queues a message.
    pub(super) fn push(&mut self, message: String) {
        if self.0.len() == CAPACITY {
            self.0.pop_front();
        }
        self.0.push_back(message);
    }

    /// Sends queued messages as far as `channel` has room. While it is not open, they are dropped.
    pub(super) fn flush(&mut self, channel: &WebRTCDataChannel) {
        if channel.ready_state() != WebRTCDataChannelState::Open {
            return self.0.clear();
        }
        while let Some(message) = self.0.front() {
            // With more unacknowledged data, a viewer that stops receiving would block the pipeline's teardown.
            // A single longer message is sent alone.
            let waiting = channel.buffered_amount();
            if waiting > 0 && waiting + message.len() as u64 > MAX_BUFFERED {
                return;
            }
            let _ = channel.send_string_full(Some(message));
            self.0.pop_front();
        }
    }
}
