//! The pad probes before and behind an encoder: they filter its input, and count its output.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use gst::prelude::*;

use crate::media::pipeline::plan::SIZE;
use crate::media::rate::renditions::Rendition;
use crate::media::runtime::mailbox::MailboxSender;
use crate::media::source::padding::SMALLEST;

/// Marks a repeated frame (`GST_BUFFER_OFFSET`).
pub(crate) const REPEAT_MARK: u64 = u64::MAX - 1;

/// A notice from the streaming threads to the supervisor's task.
#[derive(Debug)]
pub(crate) enum Notice {
    /// A viewer has lost the video, or is new.
    KeyFrameWanted,
    /// The encoder has put out its first frame.
    FirstFrame,
    /// A frame has arrived after the screen was still.
    Moving,
    /// A frame arrived too early and was dropped, after `taken` frames that went in. If it was the last one, the
    /// viewers have not seen the current screen.
    LeftOut { taken: u64 },
    /// The encoder has failed.
    Lost(String),
}

/// Counters that the streaming threads update, and settings that they read.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Frames that arrived from the capture.
    pub(crate) arrived: AtomicU64,
    /// Frames of those that went into the encoder.
    pub(crate) taken: AtomicU64,
    /// Frames that the encoder put out.
    pub(crate) encoded: AtomicU64,
    /// Their total size, in bytes.
    pub(crate) bytes: AtomicU64,
    /// True if the supervisor wants a notice of the next frame.
    pub(crate) reports_motion: AtomicBool,
    /// Minimum time between two frames, in nanoseconds.
    pub(crate) interval_ns: AtomicU64,
    /// Frame rate for the encoder's caps where the capture has none of its own.
    pub(crate) nominal_fps: AtomicU32,
    /// Frame rate in the encoder's caps, by which it divides its bits.
    pub(crate) told_fps: AtomicU32,
}

/// Adds the input probes: increasing timestamps, a limited rate, a nominal frame rate, and the size of the rendition.
pub(crate) fn prepare_frames(
    pad: &gst::Pad,
    pipeline: &gst::Pipeline,
    rendition: Rendition,
    counters: &Arc<Counters>,
    notices: &MailboxSender<Notice>,
) {
    let take = Mutex::new(FrameFilter {
        counters: Arc::clone(counters),
        notices: notices.clone(),
        last: None,
    });
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let (Some(gst::PadProbeData::Buffer(buffer)), Ok(mut filter)) = (&mut info.data, take.lock()) else {
            return gst::PadProbeReturn::Ok;
        };
        if filter.takes(buffer) {
            gst::PadProbeReturn::Ok
        } else {
            gst::PadProbeReturn::Handled
        }
    });
    let size = pipeline
        .by_name(SIZE)
        .filter(|_| rendition == Rendition::HalfSize);
    let size = size.map(|size| size.downgrade());
    let counters = Arc::clone(counters);
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        let Some(gst::PadProbeData::Event(event)) = &mut info.data else {
            return gst::PadProbeReturn::Ok;
        };
        if let gst::EventView::Caps(caps) = event.view() {
            let mut caps = caps.caps_owned();
            if let (Some(size), Ok(info)) = (
                size.as_ref().and_then(glib::WeakRef::upgrade),
                gst_video::VideoInfo::from_caps(&caps),
            ) {
                size.set_property("caps", half(&info));
            }
            let nominal_fps = name_rate(&mut caps, counters.nominal_fps.load(Ordering::Relaxed).max(1));
            counters.told_fps.store(nominal_fps, Ordering::Relaxed);
            *event = gst::event::Caps::new(&caps);
        }
        gst::PadProbeReturn::Ok
    });
}

struct FrameFilter {
    counters: Arc<Counters>,
    notices: MailboxSender<Notice>,
    /// Time of the last frame that went in.
    last: Option<gst::ClockTime>,
}

impl FrameFilter {
    fn takes(&mut self, buffer: &mut gst::Buffer) -> bool {
        // A repeated frame has the time of its repetition, so a frame that was captured before may come after it.
        let at = buffer.pts().unwrap_or_default();
        let at = match self.last {
            Some(last) => at.max(last + gst::ClockTime::MSECOND),
            None => at,
        };
        if buffer.offset() != REPEAT_MARK {
            self.counters.arrived.fetch_add(1, Ordering::Relaxed);
            if self.counters.reports_motion.swap(false, Ordering::AcqRel) {
                self.notices.send(Notice::Moving);
            }
            let interval = gst::ClockTime::from_nseconds(self.counters.interval_ns.load(Ordering::Relaxed));
            if self.last.is_some_and(|last| at < last + interval) {
                let taken = self.counters.taken.load(Ordering::Relaxed);
                self.notices.send(Notice::LeftOut { taken });
                return false;
            }
            self.counters.taken.fetch_add(1, Ordering::Relaxed);
        }
        if buffer.pts() != Some(at) {
            buffer.make_mut().set_pts(at);
        }
        self.last = Some(at);
        true
    }
}

/// Writes a frame rate into the caps and returns it: encoders need one, but a damage-driven source has none. Then it is
/// `fps`.
fn name_rate(caps: &mut gst::Caps, fps: u32) -> u32 {
    let rate = caps
        .structure(0)
        .and_then(|caps| caps.get::<gst::Fraction>("framerate").ok());
    if let Some(rate) = rate.filter(|rate| rate.numer() > 0) {
        return u32::try_from((rate.numer() + rate.denom() / 2) / rate.denom())
            .unwrap_or(fps)
            .max(1);
    }
    if let Some(caps) = caps.make_mut().structure_mut(0) {
        caps.remove_field("max-framerate");
        caps.set(
            "framerate",
            gst::Fraction::new(i32::try_from(fps).unwrap_or(i32::MAX), 1),
        );
    }
    fps
}

/// Returns caps of half the size, rounded to even numbers that encoders take.
fn half(info: &gst_video::VideoInfo) -> gst::Caps {
    let half = |length: u32| i32::try_from((length / 4 * 2).max(SMALLEST)).unwrap_or(i32::MAX);
    gst::Caps::builder("video/x-raw")
        .field("width", half(info.width()))
        .field("height", half(info.height()))
        .build()
}

/// Adds the output probes: they count, and withhold the end of the stream from the viewers, who may move to another.
pub(crate) fn watch_output(pad: &gst::Pad, counters: &Arc<Counters>, notices: &MailboxSender<Notice>) {
    let (counters, first) = (Arc::clone(counters), notices.clone());
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let bytes = info.buffer().map_or(0, |buffer| buffer.size() as u64);
        counters.bytes.fetch_add(bytes, Ordering::Relaxed);
        if counters.encoded.fetch_add(1, Ordering::Relaxed) == 0 {
            first.send(Notice::FirstFrame);
        }
        gst::PadProbeReturn::Ok
    });
    let end = notices.clone();
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if info
            .event()
            .is_some_and(|event| event.type_() == gst::EventType::Eos)
        {
            end.send(Notice::Lost("end of stream".to_owned()));
            return gst::PadProbeReturn::Handled;
        }
        gst::PadProbeReturn::Ok
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::runtime::mailbox::mailbox;

    fn frame(ms: f64, offset: u64) -> gst::Buffer {
        let mut buffer = gst::Buffer::new();
        let frame = buffer.make_mut();
        frame.set_pts(gst::ClockTime::from_nseconds((ms * 1e6) as u64));
        frame.set_offset(offset);
        buffer
    }

    #[test]
    fn a_frame_captured_before_a_repeated_one_goes_in_after_it() {
        gst::init().unwrap();
        let (notices, _received) = mailbox(4);
        let mut filter = FrameFilter {
            counters: Arc::default(),
            notices,
            last: None,
        };
        assert!(filter.takes(&mut frame(10.0, REPEAT_MARK)));
        let mut changed = frame(9.5, 0);
        assert!(filter.takes(&mut changed));
        assert_eq!(changed.pts(), Some(gst::ClockTime::from_mseconds(11)));
    }

    #[test]
    fn half_of_a_small_frame_is_not_too_small_for_encoders() {
        gst::init().unwrap();
        for ((width, height), expected) in [
            ((642, 482), (320, 240)),
            ((20, 200), (16, 100)),
            ((16, 16), (16, 16)),
        ] {
            let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::I420, width, height);
            let caps = half(&info.build().unwrap());
            let side = |name: &str| caps.structure(0).unwrap().get::<i32>(name).unwrap();
            assert_eq!((side("width"), side("height")), expected);
        }
    }

    #[test]
    fn frames_above_the_rate_are_dropped_and_reported() {
        gst::init().unwrap();
        let (notices, mut received) = mailbox(4);
        let counters = Arc::new(Counters::default());
        counters.interval_ns.store(30_000_000, Ordering::Relaxed);
        let mut filter = FrameFilter {
            counters: Arc::clone(&counters),
            notices,
            last: None,
        };
        assert!(filter.takes(&mut frame(0.0, 0)));
        assert!(!filter.takes(&mut frame(20.0, 0)));
        assert!(filter.takes(&mut frame(31.0, 0)));
        assert!(matches!(
            glib::MainContext::new().block_on(received.next()),
            Some(Notice::LeftOut { taken: 1 })
        ));
        let [arrived, taken] =
            [&counters.arrived, &counters.taken].map(|count| count.load(Ordering::Relaxed));
        assert_eq!((arrived, taken), (3, 2));
    }
}
