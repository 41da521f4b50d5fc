//! The frames of one viewer, counted and timed.

use std::time::Instant;

use super::stats::PeerStats;
use crate::media::encoder::running::RunningEncoder;
use crate::media::latency::SendTimes;

/// Measures the frames of one viewer between two questions.
pub(super) struct FrameMeter {
    /// The times at which its frames were sent.
    pub(super) send_times: SendTimes,
    /// The number of encoded frames at the last question.
    encoded: u64,
    asked: Instant,
}

impl FrameMeter {
    /// Begins at what `encoder` has encoded so far.
    pub(super) fn new(encoder: Option<&RunningEncoder>) -> Self {
        Self {
            send_times: SendTimes::default(),
            encoded: encoder.map_or(0, RunningEncoder::encoded),
            asked: Instant::now(),
        }
    }

    /// Adds to `stats` what was measured since the last question.
    pub(super) fn measure(&mut self, encoder: &RunningEncoder, stats: &mut PeerStats) {
        let (before, since) = (self.encoded, self.asked);
        (self.encoded, self.asked) = (encoder.encoded(), Instant::now());
        let seconds = (self.asked - since).as_secs_f64();
        // After a move to another encoder there is nothing to compare with.
        if let Some(frames) = self.encoded.checked_sub(before).filter(|_| seconds >= 0.2) {
            stats.encoded_fps = Some(frames as f64 / seconds);
        }
        let name = &encoder.spec.description.name;
        stats.encoder = Some(name.clone()).filter(|name| !name.is_empty());
        stats.frames = self.send_times.frames(encoder.timestamps());
    }
}
