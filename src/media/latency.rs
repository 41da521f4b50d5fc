//! Latency of a frame by stage, from the change on the screen to its first packet: probes record timestamps, which are
//! joined by the frame's time on the clock that all pipelines share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gst::prelude::*;

use crate::sync::lock;

/// Number of frames that are remembered: a little more than a second.
const REMEMBERED: usize = 90;

/// Latency of one frame by stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameTimes {
    /// RTP timestamp of its packets, by which a receiver identifies the frame.
    pub rtp_timestamp: u32,
    /// Time at which its first packet was sent, in microseconds since the epoch.
    pub sent_us: u64,
    /// Time from the change on the screen until the frame was captured.
    pub capture: Duration,
    /// Time until it was in the encoder's format, including all elements before the encoder.
    pub convert: Duration,
    /// Time until it was encoded.
    pub encode: Duration,
    /// Time until its first packet was sent.
    pub packetize: Duration,
}

/// Timestamps of the frames of one encoder. Shared with the streaming threads.
#[derive(Debug, Clone, Default)]
pub(super) struct FrameTimestamps(Arc<Mutex<VecDeque<Stamps>>>);

#[derive(Debug, Clone, Copy)]
struct Stamps {
    /// Time of the change that the frame shows.
    time: gst::ClockTime,
    taken: gst::ClockTime,
    converted: Option<gst::ClockTime>,
    encoded: Option<gst::ClockTime>,
}

impl FrameTimestamps {
    /// Records timestamps of the frames of `pipeline`: at `input`, at the encoding element, and at `output`.
    pub(super) fn watch(&self, pipeline: &gst::Pipeline, input: &gst::Pad, output: &gst::Pad) {
        on_frames(input, pipeline, {
            let stamps = self.clone();
            move |time, now| stamps.begin(time, now)
        });
        // The shipped files name the encoder `enc`; without that name, conversion counts as encoding.
        if let Some(pad) = pipeline
            .by_name("enc")
            .and_then(|encoder| encoder.static_pad("sink"))
        {
            on_frames(&pad, pipeline, {
                let stamps = self.clone();
                move |time, now| stamps.set(time, |stamps| stamps.converted = Some(now))
            });
        }
        on_frames(output, pipeline, {
            let stamps = self.clone();
            move |time, now| stamps.set(time, |stamps| stamps.encoded = Some(now))
        });
    }

    fn begin(&self, time: gst::ClockTime, now: gst::ClockTime) {
        let mut stamps = lock(&self.0);
        if stamps.len() == REMEMBERED {
            stamps.pop_front();
        }
        stamps.push_back(Stamps {
            time,
            taken: now,
            converted: None,
            encoded: None,
        });
    }

    fn set(&self, time: gst::ClockTime, change: impl FnOnce(&mut Stamps)) {
        let mut stamps = lock(&self.0);
        if let Some(stamps) = stamps.iter_mut().rev().find(|stamps| stamps.time == time) {
            change(stamps);
        }
    }

    fn find(&self, time: gst::ClockTime) -> Option<Stamps> {
        let stamps = lock(&self.0);
        stamps.iter().rev().find(|stamps| stamps.time == time).copied()
    }
}

/// Times at which the frames of one viewer were sent. Shared with its streaming thread.
#[derive(Debug, Clone, Default)]
pub(super) struct SendTimes(Arc<Mutex<VecDeque<SendTime>>>);

#[derive(Debug, Clone, Copy)]
struct SendTime {
    time: gst::ClockTime,
    rtp_timestamp: u32,
    sent: gst::ClockTime,
    sent_us: u64,
}

impl SendTimes {
    /// Records the first packet of each frame behind `payloader`.
    pub(super) fn watch(&self, pipeline: &gst::Pipeline, payloader: &gst::Element) {
        let Some(pad) = payloader.static_pad("src") else {
            return;
        };
        let (send_times, pipeline) = (self.clone(), pipeline.downgrade());
        pad.add_probe(
            gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST,
            move |pad, info| {
                let first = match &info.data {
                    Some(gst::PadProbeData::Buffer(buffer)) => Some(buffer.as_ref()),
                    Some(gst::PadProbeData::BufferList(list)) => list.get(0),
                    _ => None,
                };
                let times = first.and_then(|packet| clock_times(&pipeline, pad, packet));
                if let (Some(packet), Some((time, now))) = (first, times) {
                    send_times.note(packet, time, now);
                }
                gst::PadProbeReturn::Ok
            },
        );
    }

    fn note(&self, packet: &gst::BufferRef, time: gst::ClockTime, sent: gst::ClockTime) {
        let mut send_times = lock(&self.0);
        if send_times.back().is_some_and(|last| last.time == time) {
            return;
        }
        // RFC 3550 section 5.1: the timestamp is in bytes 4 to 7.
        let mut timestamp = [0; 4];
        if packet.copy_to_slice(4, &mut timestamp).is_err() {
            return;
        }
        if send_times.len() == REMEMBERED {
            send_times.pop_front();
        }
        send_times.push_back(SendTime {
            time,
            rtp_timestamp: u32::from_be_bytes(timestamp),
            sent,
            sent_us: u64::try_from(glib::real_time()).unwrap_or_default(),
        });
    }

    /// Returns the latest frames that were sent, with the timestamps from their encoder's `timeline`.
    pub(super) fn frames(&self, timeline: &FrameTimestamps) -> Vec<FrameTimes> {
        let send_times = lock(&self.0);
        let join = |send_time: &SendTime| {
            let stamps = timeline.find(send_time.time)?;
            let encoded = stamps.encoded?;
            let converted = stamps.converted.unwrap_or(stamps.taken);
            Some(FrameTimes {
                rtp_timestamp: send_time.rtp_timestamp,
                sent_us: send_time.sent_us,
                capture: between(stamps.time, stamps.taken),
                convert: between(stamps.taken, converted),
                encode: between(converted, encoded),
                packetize: between(encoded, send_time.sent),
            })
        };
        send_times.iter().filter_map(join).collect()
    }
}

fn between(from: gst::ClockTime, to: gst::ClockTime) -> Duration {
    Duration::from_nanos(to.saturating_sub(from).nseconds())
}

/// Returns the time of a frame and the current time, by the clock that all pipelines share. A frame keeps its time
/// along the way: encoders may shift the timestamps, but shift the segment with them.
fn clock_times(
    pipeline: &glib::WeakRef<gst::Pipeline>,
    pad: &gst::Pad,
    buffer: &gst::BufferRef,
) -> Option<(gst::ClockTime, gst::ClockTime)> {
    let pipeline = pipeline.upgrade()?;
    let segment = pad.sticky_event::<gst::event::Segment>(0)?;
    let segment = segment.segment().downcast_ref::<gst::ClockTime>()?;
    let running_time = segment.to_running_time(buffer.pts()?)?;
    Some((
        pipeline.base_time()? + running_time,
        pipeline.current_clock_time()?,
    ))
}

/// Calls `note` with the time of each frame and the current time.
fn on_frames(
    pad: &gst::Pad,
    pipeline: &gst::Pipeline,
    note: impl Fn(gst::ClockTime, gst::ClockTime) + Send + Sync + 'static,
) {
    let pipeline = pipeline.downgrade();
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let times = info
            .buffer()
            .and_then(|buffer| clock_times(&pipeline, pad, buffer));
        if let Some((time, now)) = times {
            note(time, now);
        }
        gst::PadProbeReturn::Ok
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> gst::ClockTime {
        gst::ClockTime::from_mseconds(milliseconds)
    }

    fn packet(rtp_timestamp: u32) -> gst::Buffer {
        let mut bytes = vec![0x80, 96, 0, 1];
        bytes.extend(rtp_timestamp.to_be_bytes());
        gst::Buffer::from_slice(bytes)
    }

    #[test]
    fn the_stages_of_a_frame_are_measured_separately() {
        gst::init().unwrap();
        let (timeline, send_times) = (FrameTimestamps::default(), SendTimes::default());
        timeline.begin(ms(100), ms(102));
        timeline.set(ms(100), |stamps| stamps.converted = Some(ms(103)));
        timeline.set(ms(100), |stamps| stamps.encoded = Some(ms(107)));
        send_times.note(&packet(4711), ms(100), ms(108));
        // The second packet of a frame is not counted as a frame.
        send_times.note(&packet(4711), ms(100), ms(109));
        let frames = send_times.frames(&timeline);
        let time = Duration::from_millis;
        assert_eq!(frames.len(), 1);
        assert_eq!(
            (
                frames[0].rtp_timestamp,
                frames[0].capture,
                frames[0].convert,
                frames[0].encode,
                frames[0].packetize
            ),
            (4711, time(2), time(1), time(4), time(1))
        );
    }

    #[test]
    fn a_frame_of_another_encoder_is_left_out() {
        gst::init().unwrap();
        let send_times = SendTimes::default();
        send_times.note(&packet(1), ms(100), ms(101));
        assert_eq!(send_times.frames(&FrameTimestamps::default()), []);
    }

    #[test]
    fn old_frames_are_forgotten() {
        gst::init().unwrap();
        let timeline = FrameTimestamps::default();
        (0..1000).for_each(|n| timeline.begin(ms(n), ms(n)));
        assert_eq!(timeline.0.lock().unwrap().len(), REMEMBERED);
    }
}
