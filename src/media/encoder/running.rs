//! One running encoder: frames of the shared capture in, access units for any number of viewers out.
//!
//! ```text
//! capture → appsrc → probes (in) → encoder → probes (out) → appsink → Output → consumers
//!                       │ notices                │
//!                       └──→ supervisor's task ←─┘ ──→ key frame, repetition, bitrate
//! ```
//!
//! The last frame is encoded again when a key frame is wanted while the screen is still, and several times after motion
//! has stopped: bits that motion no longer needs refine the still image.

use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use gst::prelude::*;
use gst_utils::streamproducer::{ConsumerSettings, ConsumptionLink};

use super::bitrate::Bitrate;
use super::output::{Delivery, Output};
use super::probes::{Counters, Notice, REPEAT_MARK, prepare_frames, watch_output};
use super::restart::Restarter;
use super::supervisor::{Actions, Counts, STALL, Supervisor};
use crate::media::latency::FrameTimestamps;
use crate::media::pipeline::encoder_spec::EncoderSpec;
use crate::media::pipeline::parse;
use crate::media::pipeline::plan::{ENCODED, FRAMES, encoding_text};
use crate::media::pipeline::restarts::Restarts;
use crate::media::rate::renditions::Rendition;
use crate::media::runtime::mailbox::{Mailbox, MailboxSender, mailbox};
use crate::media::runtime::running_pipeline::RunningPipeline;
use crate::media::source::video::Capture;

/// Timeout for the first encoded frame.
const START: Duration = Duration::from_secs(4);
/// Capacity of the queue of notices to the supervisor's task.
const NOTICES: usize = 64;

/// Callback for the loss of an encoder, with its number and the reason.
pub(crate) type OnLost = Box<dyn FnOnce(u64, String)>;

/// The encoder to start and its settings.
pub(crate) struct EncoderSettings {
    /// Number, unique among all encoders of this process.
    pub(crate) id: u64,
    pub(crate) spec: EncoderSpec,
    pub(crate) rendition: Rendition,
    /// Initial bitrate, in kbit/s.
    pub(crate) kbps: u32,
    /// Frame rate for the encoder's caps where the capture has none of its own.
    pub(crate) fps: u32,
}

/// A running encoder. Dropping it stops it, on a thread of its own.
pub(crate) struct RunningEncoder {
    pub(crate) id: u64,
    pub(crate) spec: EncoderSpec,
    pub(crate) rendition: Rendition,
    capture: Rc<Capture>,
    feed: ConsumptionLink,
    pipeline: RunningPipeline,
    frames: gst_app::AppSrc,
    output: Output,
    counters: Arc<Counters>,
    timestamps: FrameTimestamps,
    notices: MailboxSender<Notice>,
    bitrate: Bitrate,
    /// Present if there are changes that the encoder makes only when it is started again.
    restarter: Option<Restarter>,
    /// The bitrate of the next start, in kbit/s.
    next_kbps: Arc<AtomicU32>,
}

impl RunningEncoder {
    /// Starts an encoder for the frames of `capture` and waits for its first frame. `lost` is called if it fails later.
    ///
    /// # Errors
    /// The reason if it does not start.
    pub(crate) async fn start(
        settings: EncoderSettings,
        capture: Rc<Capture>,
        lost: OnLost,
    ) -> Result<Rc<Self>, String> {
        let (notices, mut inbox) = mailbox(NOTICES);
        let mut encoder = Self::build(settings, capture, notices)?;
        encoder.pipeline.play("encoder-start", START).await?;
        let failed = encoder.notices.clone();
        encoder.pipeline.watch_bus(move |reason| {
            failed.send(Notice::Lost(reason));
        })?;
        // On a still screen the next capture may be far away: encode the latest frame.
        encoder.capture.repeat_into(&encoder.frames, REPEAT_MARK);
        match glib::future_with_timeout(START, first_frame(&mut inbox)).await {
            Ok(outcome) => outcome?,
            Err(_) => return Err(format!("no encoded frame within {} s", START.as_secs())),
        }
        let encoder = Rc::new(encoder);
        glib::MainContext::default().spawn_local(supervise(Rc::downgrade(&encoder), inbox, lost));
        Ok(encoder)
    }

    /// Builds the pipeline with its probes and connects it to the capture.
    fn build(
        settings: EncoderSettings,
        capture: Rc<Capture>,
        notices: MailboxSender<Notice>,
    ) -> Result<Self, String> {
        let EncoderSettings {
            id,
            spec,
            rendition,
            kbps,
            fps,
        } = settings;
        let text = encoding_text(&spec, rendition == Rendition::HalfSize);
        let pipeline = parse::parse(&spec.description.origin, &text).map_err(|error| error.to_string())?;
        let pipeline = RunningPipeline::new("encoder-stop", pipeline);
        let frames: gst_app::AppSrc = parse::element(&pipeline, FRAMES)?;
        let target = spec.description.bitrate.clone();
        let is_fixed = target
            .as_ref()
            .is_some_and(|target| target.needs_restart(&pipeline));
        let restarts = Restarts {
            bitrate: spec.description.restarts.bitrate || is_fixed,
            ..spec.description.restarts
        };
        let bitrate = Bitrate::new(target.clone(), kbps, restarts.bitrate);
        bitrate.apply_at_start(&pipeline);
        let next_kbps = Arc::new(AtomicU32::new(kbps));
        let restarter = if restarts != Restarts::default() {
            let next_kbps = Arc::clone(&next_kbps);
            // One that takes a bitrate while it runs has it already, scaled.
            let target = target.filter(|_| restarts.bitrate);
            Some(Restarter::new(&pipeline, move |pipeline| {
                if let Some(target) = &target {
                    target.apply(pipeline, next_kbps.load(Ordering::Relaxed));
                }
            })?)
        } else {
            None
        };
        capture.share_clock(&pipeline);
        let key_wanted = notices.clone();
        let output = Output::new(&parse::element(&pipeline, ENCODED)?, move || {
            key_wanted.send(Notice::KeyFrameWanted);
        })?;
        let counters = Arc::new(Counters::default());
        counters.nominal_fps.store(fps, Ordering::Relaxed);
        let input_pad = frames.static_pad("src").ok_or("the appsrc has no pad")?;
        prepare_frames(&input_pad, &pipeline, rendition, &counters, &notices);
        watch_output(output.pad(), &counters, &notices);
        let timestamps = FrameTimestamps::default();
        timestamps.watch(&pipeline, &input_pad, output.pad());
        let feed = newest_frame(&capture, &frames)?;
        Ok(Self {
            id,
            spec,
            rendition,
            capture,
            feed,
            pipeline,
            frames,
            output,
            counters,
            timestamps,
            notices,
            bitrate,
            restarter,
            next_kbps,
        })
    }

    /// Returns the format of the stream.
    ///
    /// # Errors
    /// If nothing has been encoded yet.
    pub(crate) fn caps(&self) -> Result<gst::Caps, String> {
        self.output.caps()
    }

    /// Returns the capture that feeds it.
    pub(crate) fn capture(&self) -> &Rc<Capture> {
        &self.capture
    }

    /// Returns the times at which its frames passed.
    pub(crate) fn timestamps(&self) -> &FrameTimestamps {
        &self.timestamps
    }

    /// Returns the number of encoded frames.
    pub(crate) fn encoded(&self) -> u64 {
        self.counters.encoded.load(Ordering::Relaxed)
    }

    /// Delivers this stream, starting with the next key frame, which is requested.
    pub(crate) fn deliver(&self, delivery: &mut Delivery) {
        delivery.switch_to(&self.output);
        self.request_key_frame();
    }

    /// Requests a key frame. It is made at once if the last one is at least a quarter of a second old.
    pub(crate) fn request_key_frame(&self) {
        self.notices.send(Notice::KeyFrameWanted);
    }

    /// Returns the bitrate, in kbit/s.
    pub(crate) fn kbps(&self) -> u32 {
        self.bitrate.kbps()
    }

    /// Sets the bitrate, in kbit/s, and the maximum frame rate.
    pub(crate) fn set_rate(&self, kbps: u32, fps: Option<u32>) {
        self.bitrate.set_kbps(kbps, &self.pipeline);
        // Nine tenths: the frames of a source at that rate are not evenly spaced.
        let interval = fps.map_or(0, |fps| 900_000_000 / u64::from(fps.max(1)));
        self.counters.interval_ns.store(interval, Ordering::Relaxed);
    }

    /// Sets the nominal frame rate of the encoder's caps, from the next caps event on.
    pub(crate) fn set_nominal_fps(&self, fps: u32) {
        self.counters.nominal_fps.store(fps, Ordering::Relaxed);
    }

    /// Pauses or resumes encoding: it is paused while no viewer is watching.
    pub(crate) fn set_paused(&self, paused: bool) {
        self.feed.set_discard(paused);
    }

    /// Returns the time between two frames at the frame rate of the stream.
    fn nominal_interval(&self) -> Duration {
        Duration::from_secs(1) / self.counters.told_fps.load(Ordering::Relaxed).max(1)
    }

    /// Returns the minimum time between two frames.
    fn interval(&self) -> Duration {
        Duration::from_nanos(self.counters.interval_ns.load(Ordering::Relaxed))
    }

    fn counts(&self) -> Counts {
        Counts {
            captured: self.capture.frames(),
            arrived: self.counters.arrived.load(Ordering::Relaxed),
            taken: self.counters.taken.load(Ordering::Relaxed),
            encoded: self.encoded(),
            bytes: self.counters.bytes.load(Ordering::Relaxed),
        }
    }

    fn apply(&self, actions: Actions) {
        if let Some(is_at_rest) = actions.at_rest {
            self.bitrate.set_at_rest(is_at_rest, &self.pipeline);
            if is_at_rest {
                self.counters.reports_motion.store(true, Ordering::Release);
                // A frame may have arrived before the flag was set.
                self.notices.send(Notice::Moving);
            }
        }
        if actions.force_key_frame {
            self.force_key_frame();
        }
        if self.bitrate.is_restart_due(Instant::now()) {
            self.restart();
        }
        if actions.repeat {
            self.capture.repeat_into(&self.frames, REPEAT_MARK);
        }
        if let Some(fps) = actions.fps {
            // A source with a frame rate of its own keeps to it.
            let nominal_fps = self.counters.told_fps.load(Ordering::Relaxed);
            self.bitrate.set_fps(fps, nominal_fps, &self.pipeline);
        }
    }

    fn force_key_frame(&self) {
        if self.spec.description.restarts.key_frames {
            return self.restart();
        }
        let event = gst_video::UpstreamForceKeyUnitEvent::builder()
            .all_headers(true)
            .build();
        self.output.pad().push_event(event);
    }
}

impl RunningEncoder {
    /// Starts the encoder element again before its next frame, with the present bitrate.
    fn restart(&self) {
        if let Some(restarter) = &self.restarter {
            let kbps = self.bitrate.start(Instant::now());
            self.next_kbps.store(kbps, Ordering::Relaxed);
            restarter.request();
        }
    }
}

/// Supervises `encoder` until it is dropped or fails.
async fn supervise(encoder: Weak<RunningEncoder>, mut notices: Mailbox<Notice>, lost: OnLost) {
    let mut supervisor = Supervisor::new(Instant::now());
    loop {
        // GLib's timeouts have millisecond resolution: rounding down would wake up too early.
        let wait = supervisor.next_poll(Instant::now()).as_micros().div_ceil(1000);
        let wait = Duration::from_millis(wait as u64);
        let notice = match glib::future_with_timeout(wait, notices.next()).await {
            Ok(notice) => notice,
            Err(_) => Some(Notice::Moving),
        };
        let (Some(encoder), Some(notice)) = (encoder.upgrade(), notice) else {
            return;
        };
        let now = Instant::now();
        supervisor.set_interval(encoder.nominal_interval());
        match notice {
            Notice::Lost(reason) => return lost(encoder.id, reason),
            Notice::KeyFrameWanted => supervisor.want_key_frame(encoder.counts().taken, now),
            Notice::LeftOut { taken } => supervisor.left_out(taken, now + encoder.interval()),
            Notice::Moving | Notice::FirstFrame => {}
        }
        if encoder.feed.discard() {
            supervisor.pause(encoder.counts());
        }
        let actions = supervisor.poll(encoder.counts(), now);
        if actions.stalled {
            let reason = format!("no output for more than {} ms", STALL.as_millis());
            return lost(encoder.id, reason);
        }
        encoder.apply(actions);
    }
}

/// Waits for the first encoded frame, or for the reason why there is none.
async fn first_frame(notices: &mut Mailbox<Notice>) -> Result<(), String> {
    while let Some(notice) = notices.next().await {
        match notice {
            Notice::FirstFrame => return Ok(()),
            Notice::Lost(reason) => return Err(reason),
            Notice::KeyFrameWanted | Notice::Moving | Notice::LeftOut { .. } => {}
        }
    }
    Err("end of stream".to_owned())
}

/// Connects capture and encoder by a queue of one, the newest frame. A slow encoder sees fewer frames, not older ones.
fn newest_frame(capture: &Capture, frames: &gst_app::AppSrc) -> Result<ConsumptionLink, String> {
    capture.feed(
        frames,
        ConsumerSettings {
            max_buffer: 1,
            max_time: gst::ClockTime::ZERO,
            ..ConsumerSettings::default()
        },
    )
}
