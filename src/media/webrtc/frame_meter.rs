//! Frame rate and latency statistics of one viewer.

use std::time::Instant;

use super::stats::PeerStats;
use crate::media::encoder::running::RunningEncoder;
use crate::media::latency::SendTimes;

/// Measures the frames of one viewer between two requests for statistics.
pub(super) struct FrameMeter {
    /// Times at which its frames were sent.
    pub(super) send_times: SendTimes,
    /// Number of encoded frames at the last request.
    encoded: u64,
    asked: Instant,
}

impl FrameMeter {
    /// Creates a meter that starts at the current count of `encoder`.
    pub(super) fn new(encoder: Option<&RunningEncoder>) -> Self {
        Self {
            send_times: SendTimes::default(),
            encoded: encoder.map_or(0, RunningEncoder::encoded),
            asked: Instant::now(),
        }
    }

    /// Adds the measurements since the last request to `stats`.
    pub(super) fn measure(&mut self, encoder: &RunningEncoder, stats: &mut PeerStats) {
        let (before, since) = (self.encoded, self.asked);
        (self.encoded, self.asked) = (encoder.encoded(), Instant::now());
        let seconds = (self.asked - since).as_secs_f64();
        // The counters of different encoders cannot be compared.
        if let Some(frames) = self.encoded.checked_sub(before).filter(|_| seconds >= 0.2) {
            stats.encoded_fps = Some(frames as f64 / seconds);
        }
        let name = &encoder.spec.description.name;
        stats.encoder = Some(name.clone()).filter(|name| !name.is_empty());
        stats.frames = self.send_times.frames(encoder.timestamps());
    }
}
