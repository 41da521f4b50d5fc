//! The numbers of a peer, translated from the media side to the protocol.

use std::time::Duration;

use crate::media::PeerStats;
use crate::protocol::channel::FrameTimes;
use crate::protocol::stats::{StageTimes, WebrtcStats};

pub(super) fn webrtc_stats(peer: &PeerStats) -> WebrtcStats {
    WebrtcStats {
        bytes_sent: peer.bytes_sent,
        bytes_received: peer.bytes_received,
        packets_sent: peer.packets_sent,
        packets_received: peer.packets_received,
        packets_lost: peer.packets_lost,
        jitter_s: peer.jitter_s,
        rtt_s: peer.round_trip_s,
        bandwidth_bps: peer.available_kbps.map(|kbps| u64::from(kbps) * 1000),
        stages: stage_times(&peer.frames).map(Box::new),
    }
}

/// The times of one frame, as the data channel carries them.
pub(super) fn frame_times(frame: &crate::media::FrameTimes) -> FrameTimes {
    let us = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    FrameTimes {
        rtp_timestamp: frame.rtp_timestamp,
        sent: frame.sent_us,
        capture: us(frame.capture),
        convert: us(frame.convert),
        encode: us(frame.encode),
        packetize: us(frame.packetize),
    }
}

/// The medians of the frames, if there are any.
fn stage_times(frames: &[crate::media::FrameTimes]) -> Option<StageTimes> {
    let median = |stage: fn(&crate::media::FrameTimes) -> Duration| {
        let mut times: Vec<_> = frames.iter().map(stage).collect();
        times.sort_unstable();
        let median = times.get(times.len() / 2)?;
        Some(u32::try_from(median.as_micros()).unwrap_or(u32::MAX))
    };
    Some(StageTimes {
        capture_us: median(|frame| frame.capture)?,
        convert_us: median(|frame| frame.convert)?,
        encode_us: median(|frame| frame.encode)?,
        packetize_us: median(|frame| frame.packetize)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stages_of_many_frames_are_their_medians() {
        let frame = |ms: u64| crate::media::FrameTimes {
            rtp_timestamp: 0,
            sent_us: 0,
            capture: Duration::from_millis(ms),
            convert: Duration::ZERO,
            encode: Duration::from_millis(10 * ms),
            packetize: Duration::from_millis(1),
        };
        assert_eq!(stage_times(&[]), None);
        let stages = stage_times(&[frame(3), frame(900), frame(1)]).unwrap();
        assert_eq!((stages.capture_us, stages.encode_us), (3_000, 30_000));
    }
}
