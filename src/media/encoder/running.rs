//! One running encoder: frames of the shared capture in, a stream for any number of viewers out.
//!
//! The last frame is encoded again when a key frame is wanted while nothing moves, and twice after the screen has
//! come to rest: the bits that motion has not left are spent on the picture that stays.

use std::cell::Cell;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use gst::prelude::*;
use gst_utils::streamproducer::{ConsumerSettings, ConsumptionLink, ProducerSettings, StreamProducer};

use super::probes::{Counters, Notice, OWN_KEY_UNIT, REPEAT_MARK, prepare_frames, watch_output};
use super::supervisor::{Actions, Counts, STALL, Supervisor};
use crate::media::latency::FrameTimestamps;
use crate::media::pipeline::parse;
use crate::media::pipeline::plan::{ENCODED, EncoderSpec, FRAMES, encoding_text};
use crate::media::rate::renditions::Rendition;
use crate::media::runtime::mailbox::{Mailbox, MailboxSender, mailbox, run_blocking};
use crate::media::source::video::Capture;
use crate::media::webrtc::build::set;
use crate::media::webrtc::teardown::RunningPipeline;

/// How long an encoder may take until its first frame is out.
const START: Duration = Duration::from_secs(4);
/// The share of the usual frames that come at rest: more of the rate for each would be too much for a picture that moves
/// again.
const AT_REST: f64 = 0.25;
/// Notices that wait for the task.
const NOTICES: usize = 64;

/// What its owner is told.
pub(crate) type OnLost = Box<dyn FnOnce(u64, String)>;

/// A running encoder. Dropping it stops it, on a thread of its own.
pub(crate) struct RunningEncoder {
    /// Unique among all of this process.
    pub(crate) id: u64,
    pub(crate) encoder: EncoderSpec,
    pub(crate) rendition: Rendition,
    feed: ConsumptionLink,
    pipeline: RunningPipeline,
    frames: gst_app::AppSrc,
    stream: StreamProducer,
    caps: gst::Caps,
    counters: Arc<Counters>,
    timeline: FrameTimestamps,
    post: MailboxSender<Notice>,
    capture: Rc<Capture>,
    kbps: Cell<u32>,
    /// How many frames come for each that the encoder reckons with.
    pace: Cell<f64>,
    is_at_rest: Cell<bool>,
    _watch: gst::bus::BusWatchGuard,
}

impl RunningEncoder {
    /// Starts `encoder` and waits for its first frame. `lost` is called when it fails later.
    ///
    /// # Errors
    /// A sentence that says why it does not work.
    pub(crate) async fn start(
        id: u64,
        encoder: &EncoderSpec,
        rendition: Rendition,
        (kbps, fps): (u32, u32),
        capture: Rc<Capture>,
        lost: OnLost,
    ) -> Result<Rc<Self>, String> {
        let origin = &encoder.description.origin;
        let pipeline =
            parse::parse(origin, &encoding_text(encoder, rendition)).map_err(|error| error.to_string())?;
        let pipeline = RunningPipeline::new("encoder-stop", pipeline);
        let frames = named::<gst_app::AppSrc>(&pipeline, FRAMES)?;
        let encoded = named::<gst_app::AppSink>(&pipeline, ENCODED)?;
        let stream = StreamProducer::with(&encoded, ProducerSettings { sync: false });
        if let Some(target) = &encoder.description.bitrate {
            set(&pipeline, target, kbps);
        }
        capture.share_clock(&pipeline);
        let counters = Arc::new(Counters::default());
        counters.nominal_fps.store(fps, Ordering::Relaxed);
        let (post, mut notices) = mailbox(NOTICES);
        let output = encoded.static_pad("sink").ok_or("the appsink has no pad")?;
        let input = frames.static_pad("src").ok_or("the appsrc has no pad")?;
        prepare_frames(&input, &pipeline, rendition, &counters, &post);
        watch_output(&output, &counters, &post);
        let timeline = FrameTimestamps::default();
        timeline.watch(&pipeline, &input, &output);
        let lost_post = post.clone();
        let watch = pipeline
            .bus()
            .ok_or("the pipeline has no bus")?
            .add_watch(move |_, message| {
                match message.view() {
                    gst::MessageView::Error(error) => lost_post.send(Notice::Lost(error.error().to_string())),
                    gst::MessageView::Eos(_) => lost_post.send(Notice::Lost("it has ended".to_owned())),
                    _ => return glib::ControlFlow::Continue,
                };
                glib::ControlFlow::Break
            });
        let watch = watch.map_err(|error| error.to_string())?;
        let feed = feed(&capture, &frames)?;
        let starting = gst::Pipeline::clone(&pipeline);
        match run_blocking("encoder-start", START, move || {
            starting.set_state(gst::State::Playing)
        })
        .await
        {
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                return Err(first_frame(&mut notices).await.err().unwrap_or(error.to_string()));
            }
            None => return Err(format!("it has not started within {} s", START.as_secs())),
        }
        // The first may lie some time back, if nothing moves.
        capture.repeat_into(&frames, REPEAT_MARK);
        match glib::future_with_timeout(START, first_frame(&mut notices)).await {
            Ok(outcome) => outcome?,
            Err(_) => return Err(format!("no encoded frame within {} s", START.as_secs())),
        }
        let caps = output.current_caps().ok_or("the encoder has no caps")?;
        let encoding = Rc::new(Self {
            id,
            encoder: encoder.clone(),
            rendition,
            pipeline,
            frames,
            stream,
            caps,
            counters,
            timeline,
            post,
            capture,
            feed,
            kbps: Cell::new(kbps),
            pace: Cell::new(1.0),
            is_at_rest: Cell::new(false),
            _watch: watch,
        });
        let task = supervise(Rc::downgrade(&encoding), notices, lost);
        glib::MainContext::default().spawn_local(task);
        Ok(encoding)
    }

    /// What comes out.
    pub(crate) fn caps(&self) -> &gst::Caps {
        &self.caps
    }

    /// Lets `pipeline` tell the same time as the capture, so that frames keep their timestamps.
    pub(crate) fn share_clock(&self, pipeline: &gst::Pipeline) {
        self.capture.share_clock(pipeline);
    }

    /// Where its frames come from.
    pub(crate) fn capture(&self) -> &Rc<Capture> {
        &self.capture
    }

    /// When its frames passed.
    pub(crate) fn timeline(&self) -> &FrameTimestamps {
        &self.timeline
    }

    /// How many frames have been encoded.
    pub(crate) fn encoded(&self) -> u64 {
        self.counters.encoded.load(Ordering::Relaxed)
    }

    /// Moves a viewer's link here. It gets the stream from the next key frame on, which is asked for.
    pub(crate) fn take_over(&self, link: &mut ConsumptionLink) -> Result<(), String> {
        // What it has got so far is no reference for what comes from here.
        link.set_wait_for_keyframe(true);
        let changed = link.change_producer(&self.stream, false);
        // An encoder that skips a frame of the capture has not lost its thread.
        link.set_wait_for_keyframe(false);
        changed.map_err(|error| error.to_string())?;
        self.want_key_frame();
        Ok(())
    }

    /// Asks for a key frame. It comes at once if there was none in the last quarter of a second.
    pub(crate) fn want_key_frame(&self) {
        self.post.send(Notice::KeyFrameWanted);
    }

    /// The bitrate, in kbit/s.
    pub(crate) fn kbps(&self) -> u32 {
        self.kbps.get()
    }

    /// Sets the bitrate, and with it the most frames per second. Changes that nobody would see are left out.
    pub(crate) fn set_rate(&self, kbps: u32, fps: Option<u32>) {
        let before = self.kbps.get();
        if kbps.abs_diff(before) * 33 > before {
            self.kbps.set(kbps);
            self.apply_rate();
        }
        // Nine tenths: the frames of a source with that rate do not come evenly.
        let interval = fps.map_or(0, |fps| 900_000_000 / u64::from(fps.max(1)));
        self.counters.interval_ns.store(interval, Ordering::Relaxed);
    }

    /// The least time between two frames.
    fn interval(&self) -> Duration {
        Duration::from_nanos(self.counters.interval_ns.load(Ordering::Relaxed))
    }

    /// Sets what the encoder is told of the frame rate when the format changes next.
    pub(crate) fn set_nominal_fps(&self, fps: u32) {
        self.counters.nominal_fps.store(fps, Ordering::Relaxed);
    }

    /// Encoders give each frame the same share of a second, however many there are. At rest there are few, and each may
    /// take what the line carries until the next.
    fn apply_rate(&self) {
        let pace = if self.is_at_rest.get() {
            AT_REST
        } else {
            self.pace.get()
        };
        let kbps = (f64::from(self.kbps.get()) / pace) as u32;
        if let Some(target) = &self.encoder.description.bitrate {
            set(&self.pipeline, target, kbps);
        }
    }

    /// Takes the frame rate as it is. A source with a rate of its own keeps to it.
    fn set_fps(&self, fps: f64) {
        let nominal = f64::from(self.counters.told_fps.load(Ordering::Relaxed).max(1));
        let pace = (fps / nominal).clamp(0.5, 2.0);
        if (pace / self.pace.get()).ln().abs() > 0.1 {
            self.pace.set(pace);
            self.apply_rate();
        }
    }

    /// Stops encoding while nobody looks, and goes on.
    pub(crate) fn set_paused(&self, paused: bool) {
        self.feed.set_discard(paused);
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
            self.is_at_rest.set(is_at_rest);
            self.apply_rate();
            if is_at_rest {
                self.counters.is_resting.store(true, Ordering::Release);
                // A frame that has come in between has told nobody.
                self.post.send(Notice::Moving);
            }
        }
        if actions.force_key_frame {
            self.force_key_frame();
        }
        if actions.repeat {
            self.capture.repeat_into(&self.frames, REPEAT_MARK);
        }
        if let Some(fps) = actions.fps {
            self.set_fps(fps);
        }
    }

    fn force_key_frame(&self) {
        let event = gst_video::UpstreamForceKeyUnitEvent::builder()
            .all_headers(true)
            .count(OWN_KEY_UNIT)
            .build();
        if let Some(pad) = self.stream.appsink().static_pad("sink") {
            pad.push_event(event);
        }
    }
}

/// Looks after `encoding` until it is dropped.
async fn supervise(encoding: Weak<RunningEncoder>, mut notices: Mailbox<Notice>, lost: OnLost) {
    let mut supervisor = Supervisor::new(Instant::now());
    loop {
        // GLib's timeouts are of whole milliseconds, and a look before it is time would be one for nothing.
        let wait =
            Duration::from_millis(supervisor.next_poll(Instant::now()).as_micros().div_ceil(1000) as u64);
        let notice = match glib::future_with_timeout(wait, notices.next()).await {
            Ok(notice) => notice,
            Err(_) => Some(Notice::Moving),
        };
        let (Some(encoding), Some(notice)) = (encoding.upgrade(), notice) else {
            return;
        };
        let now = Instant::now();
        match notice {
            Notice::Lost(reason) => return lost(encoding.id, reason),
            Notice::KeyFrameWanted => supervisor.want_key_frame(encoding.counts().taken, now),
            Notice::LeftOut { taken } => supervisor.left_out(taken, now + encoding.interval()),
            Notice::Moving | Notice::FirstFrame => {}
        }
        if encoding.feed.discard() {
            supervisor.pause(encoding.counts());
        }
        let actions = supervisor.poll(encoding.counts(), now);
        if actions.stalled {
            let reason = format!("it has delivered nothing for more than {} ms", STALL.as_millis());
            return lost(encoding.id, reason);
        }
        encoding.apply(actions);
    }
}

/// Waits until the first frame is out, or the reason why there is none.
async fn first_frame(notices: &mut Mailbox<Notice>) -> Result<(), String> {
    while let Some(notice) = notices.next().await {
        match notice {
            Notice::FirstFrame => return Ok(()),
            Notice::Lost(reason) => return Err(reason),
            Notice::KeyFrameWanted | Notice::Moving | Notice::LeftOut { .. } => {}
        }
    }
    Err("it has ended".to_owned())
}

fn named<T: IsA<gst::Element>>(pipeline: &gst::Pipeline, name: &str) -> Result<T, String> {
    let element = pipeline
        .by_name(name)
        .and_then(|element| element.downcast::<T>().ok());
    element.ok_or_else(|| format!("there is no element called {name:?}"))
}

/// Between capture and encoder: the newest frame, and no other. An encoder that is slow sees fewer frames, not older
/// ones.
fn feed(capture: &Capture, frames: &gst_app::AppSrc) -> Result<ConsumptionLink, String> {
    capture.feed(
        frames,
        ConsumerSettings {
            max_buffer: 1,
            max_time: gst::ClockTime::ZERO,
            ..ConsumerSettings::default()
        },
    )
}
