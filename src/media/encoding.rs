//! One running encoder: frames of the shared capture in, a stream for any number of viewers out.
//!
//! The last frame is encoded again when a key frame is wanted while nothing moves, and twice after the screen has
//! come to rest: the bits that motion has not left are spent on the picture that stays.

use std::cell::Cell;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gst::prelude::*;
use gst_utils::streamproducer::{ConsumerSettings, ConsumptionLink, ProducerSettings, StreamProducer};

use super::assembly::set;
use super::capture::Capture;
use super::ladder::Rung;
use super::parse;
use super::plan::{ENCODED, Encoder, FRAMES, SIZE, encoding_text};
use super::seam::{Mailbox, Post, mailbox, off_loop};
use super::teardown::Running;

/// How long an encoder may take until its first frame is out.
const START: Duration = Duration::from_secs(4);
/// The least time between two key frames: a viewer that asks without end costs the others little.
const KEY_FRAME_FLOOR: Duration = Duration::from_millis(250);
/// For how long the next frame of a moving picture is waited for, when it is to be a key frame.
const NEXT_FRAME: Duration = Duration::from_millis(40);
/// After how long without a change the picture is at rest.
const REST: Duration = Duration::from_millis(100);
/// How often a picture at rest is encoded again.
const REFINEMENTS: u32 = 2;
/// An encoder that takes frames and gives none for this long has stalled.
const STALL: Duration = Duration::from_millis(500);
/// Marks a frame that is encoded again (`GST_BUFFER_OFFSET`).
const REPEATED: u64 = u64::MAX - 1;
/// Marks our own requests for a key frame (the `count` of a `GstForceKeyUnit`), which others' cannot reach: RTCP has
/// eight bits for it (RFC 5104 section 4.3.1).
const OURS: u32 = 1 << 16;
/// Notices that wait for the task.
const NOTICES: usize = 64;

/// What the streaming threads tell the task.
#[derive(Debug)]
pub(super) enum Notice {
    /// A viewer has lost the picture, or is new.
    KeyFrameWanted,
    /// The first frame is out.
    FirstFrame,
    /// A frame has come after a rest.
    Moving,
    /// The encoder has failed.
    Lost(String),
}

/// What its owner is told.
pub(super) type OnLost = Box<dyn FnOnce(u64, String)>;

/// A running encoder. Dropping it stops it, on a thread of its own.
pub(super) struct Encoding {
    /// Unique among all of this process.
    pub(super) id: u64,
    pub(super) encoder: Encoder,
    pub(super) rung: Rung,
    feed: ConsumptionLink,
    pipeline: Running,
    frames: gst_app::AppSrc,
    stream: StreamProducer,
    caps: gst::Caps,
    counters: Arc<Counters>,
    post: Post<Notice>,
    capture: Rc<Capture>,
    kbps: Cell<u32>,
    _watch: gst::bus::BusWatchGuard,
}

/// Counted on the streaming threads.
#[derive(Debug, Default)]
struct Counters {
    /// Frames of the capture that went in.
    taken: AtomicU64,
    /// Frames that came out.
    encoded: AtomicU64,
    /// The task sleeps and wants to know of the next frame.
    is_resting: AtomicBool,
    /// The least time between two frames, in nanoseconds.
    interval_ns: AtomicU64,
}

impl Encoding {
    /// Starts `encoder` and waits for its first frame. `lost` is called when it fails later.
    ///
    /// # Errors
    /// A sentence that says why it does not work.
    pub(super) async fn start(
        id: u64,
        encoder: &Encoder,
        rung: Rung,
        kbps: u32,
        capture: Rc<Capture>,
        lost: OnLost,
    ) -> Result<Rc<Self>, String> {
        let origin = &encoder.description.origin;
        let pipeline =
            parse::parse(origin, &encoding_text(encoder, rung)).map_err(|error| error.to_string())?;
        let pipeline = Running::new("encoder-stop", pipeline);
        let frames = named::<gst_app::AppSrc>(&pipeline, FRAMES)?;
        let encoded = named::<gst_app::AppSink>(&pipeline, ENCODED)?;
        let stream = StreamProducer::with(&encoded, ProducerSettings { sync: false });
        if let Some(target) = &encoder.description.bitrate {
            set(&pipeline, target, kbps);
        }
        capture.share_clock(&pipeline);
        let counters = Arc::new(Counters::default());
        let (post, mut notices) = mailbox(NOTICES);
        let output = encoded.static_pad("sink").ok_or("the appsink has no pad")?;
        let input = frames.static_pad("src").ok_or("the appsrc has no pad")?;
        prepare_frames(&input, &pipeline, rung, &counters, &post);
        take_requests(&output, &post);
        count_encoded(&output, &counters, &post);
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
        match off_loop("encoder-start", START, move || {
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
        capture.repeat_into(&frames, REPEATED);
        match glib::future_with_timeout(START, first_frame(&mut notices)).await {
            Ok(outcome) => outcome?,
            Err(_) => return Err(format!("no encoded frame within {} s", START.as_secs())),
        }
        let caps = output.current_caps().ok_or("the encoder has no caps")?;
        let encoding = Rc::new(Self {
            id,
            encoder: encoder.clone(),
            rung,
            pipeline,
            frames,
            stream,
            caps,
            counters,
            post,
            capture,
            feed,
            kbps: Cell::new(kbps),
            _watch: watch,
        });
        let task = tend(Rc::downgrade(&encoding), notices, lost);
        glib::MainContext::default().spawn_local(task);
        Ok(encoding)
    }

    /// What comes out.
    pub(super) fn caps(&self) -> &gst::Caps {
        &self.caps
    }

    /// Lets `pipeline` tell the same time as the capture, so that frames keep their timestamps.
    pub(super) fn share_clock(&self, pipeline: &gst::Pipeline) {
        self.capture.share_clock(pipeline);
    }

    /// Where its frames come from.
    pub(super) fn capture(&self) -> &Rc<Capture> {
        &self.capture
    }

    /// How many frames have been encoded.
    pub(super) fn encoded(&self) -> u64 {
        self.counters.encoded.load(Ordering::Relaxed)
    }

    /// Moves a viewer's link here. It gets the stream from the next key frame on, which is asked for.
    pub(super) fn take_over(&self, link: &mut ConsumptionLink) -> Result<(), String> {
        link.change_producer(&self.stream, false)
            .map_err(|error| error.to_string())?;
        self.want_key_frame();
        Ok(())
    }

    /// Asks for a key frame. It comes at once if there was none in the last quarter of a second.
    pub(super) fn want_key_frame(&self) {
        self.post.send(Notice::KeyFrameWanted);
    }

    /// Sets the bitrate, and with it the frame rate. Changes that nobody would see are left out.
    pub(super) fn set_rate(&self, kbps: u32, fps: Option<u32>) {
        let before = self.kbps.get();
        if kbps.abs_diff(before) * 33 > before {
            self.kbps.set(kbps);
            if let Some(target) = &self.encoder.description.bitrate {
                set(&self.pipeline, target, kbps);
            }
        }
        // Nine tenths: the frames of a source with that rate do not come evenly.
        let interval = fps.map_or(0, |fps| 900_000_000 / u64::from(fps.max(1)));
        self.counters.interval_ns.store(interval, Ordering::Relaxed);
    }

    /// Stops encoding while nobody looks, and goes on.
    pub(super) fn set_paused(&self, paused: bool) {
        self.feed.set_discard(paused);
    }

    fn is_paused(&self) -> bool {
        self.feed.discard()
    }

    fn repeat(&self) {
        self.capture.repeat_into(&self.frames, REPEATED);
    }

    fn force_key_frame(&self) {
        let event = gst_video::UpstreamForceKeyUnitEvent::builder()
            .all_headers(true)
            .count(OURS)
            .build();
        if let Some(pad) = self.stream.appsink().static_pad("sink") {
            pad.push_event(event);
        }
    }
}

/// Looks after `encoding` until it is dropped.
async fn tend(encoding: Weak<Encoding>, mut notices: Mailbox<Notice>, lost: OnLost) {
    let mut care = Care::new(Instant::now());
    loop {
        let notice = match care.next_look(Instant::now()) {
            None => notices.next().await,
            Some(wait) => match glib::future_with_timeout(wait, notices.next()).await {
                Ok(notice) => notice,
                Err(_) => Some(Notice::Moving),
            },
        };
        let (Some(encoding), Some(notice)) = (encoding.upgrade(), notice) else {
            return;
        };
        match notice {
            Notice::Lost(reason) => return lost(encoding.id, reason),
            Notice::KeyFrameWanted => care.want_key_frame(Instant::now()),
            Notice::Moving | Notice::FirstFrame => {}
        }
        if care.look(&encoding, Instant::now()) == Health::Stalled {
            let reason = format!("it has delivered nothing for {} ms", STALL.as_millis());
            return lost(encoding.id, reason);
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Health {
    Good,
    Stalled,
}

/// What the task remembers.
#[derive(Debug)]
struct Care {
    motion: Motion,
    /// Of the capture, when it was looked at last.
    taken: u64,
    key_frame: KeyFrame,
    last_key_frame: Option<Instant>,
    /// What had come out, since when, and how many frames had been captured then.
    progress: (u64, Instant, u64),
}

/// Whether the picture changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Motion {
    /// The last change that was seen.
    Moving { last: Instant },
    /// At rest since then, encoded again this often.
    Resting { last: Instant, refined: u32 },
    /// At rest, and as good as it gets.
    Still,
}

/// Whether a key frame is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyFrame {
    NotWanted,
    /// To be made then.
    Due(Instant),
    /// The next frame will be one; if none has come by then, the last is encoded again.
    Expected {
        by: Instant,
        taken: u64,
    },
}

impl Care {
    fn new(now: Instant) -> Self {
        Self {
            motion: Motion::Moving { last: now },
            taken: 0,
            key_frame: KeyFrame::NotWanted,
            last_key_frame: Some(now),
            progress: (0, now, 0),
        }
    }

    fn want_key_frame(&mut self, now: Instant) {
        if self.key_frame == KeyFrame::NotWanted {
            let floor = self.last_key_frame.map(|last| last + KEY_FRAME_FLOOR);
            self.key_frame = KeyFrame::Due(floor.map_or(now, |floor| floor.max(now)));
        }
    }

    /// How long until something is to be done without being asked; `None`: nothing is.
    fn next_look(&self, now: Instant) -> Option<Duration> {
        let motion = match self.motion {
            Motion::Moving { .. } => Some(now + REST),
            Motion::Resting { last, refined } => Some(last + REST * 2 * refined),
            Motion::Still => None,
        };
        let key_frame = match self.key_frame {
            KeyFrame::NotWanted => None,
            KeyFrame::Due(at) | KeyFrame::Expected { by: at, .. } => Some(at),
        };
        let next = [motion, key_frame].into_iter().flatten().min()?;
        Some(next.saturating_duration_since(now))
    }

    fn look(&mut self, encoding: &Encoding, now: Instant) -> Health {
        let counters = &encoding.counters;
        let taken = counters.taken.load(Ordering::Relaxed);
        let has_moved = std::mem::replace(&mut self.taken, taken) != taken;
        self.motion = match self.motion {
            _ if has_moved => Motion::Moving { last: now },
            Motion::Moving { last } if now - last >= REST => {
                encoding.repeat();
                Motion::Resting {
                    last: now,
                    refined: 1,
                }
            }
            Motion::Resting { last, refined } if now - last >= REST * 2 * refined => {
                if refined < REFINEMENTS {
                    encoding.repeat();
                    Motion::Resting {
                        last: now,
                        refined: refined + 1,
                    }
                } else {
                    // A frame that comes in between is seen by the next look.
                    counters.is_resting.store(true, Ordering::Release);
                    Motion::Still
                }
            }
            motion => motion,
        };
        self.key_frame = match self.key_frame {
            KeyFrame::Due(at) if at <= now => {
                self.last_key_frame = Some(now);
                encoding.force_key_frame();
                if matches!(self.motion, Motion::Moving { .. }) {
                    KeyFrame::Expected {
                        by: now + NEXT_FRAME,
                        taken,
                    }
                } else {
                    encoding.repeat();
                    KeyFrame::NotWanted
                }
            }
            KeyFrame::Expected { by, taken: before } if by <= now => {
                if before == taken {
                    encoding.repeat();
                }
                KeyFrame::NotWanted
            }
            key_frame => key_frame,
        };
        self.health(encoding, now)
    }

    /// Ten frames of the capture without one that comes out are not a matter of an encoder's delay.
    fn health(&mut self, encoding: &Encoding, now: Instant) -> Health {
        let (encoded, captured) = (encoding.encoded(), encoding.capture.frames());
        let (before, since, captured_then) = self.progress;
        if encoded != before {
            self.progress = (encoded, now, captured);
        } else if now - since >= STALL && captured - captured_then >= 10 && !encoding.is_paused() {
            return Health::Stalled;
        }
        Health::Good
    }
}

/// Waits until the first frame is out, or the reason why there is none.
async fn first_frame(notices: &mut Mailbox<Notice>) -> Result<(), String> {
    while let Some(notice) = notices.next().await {
        match notice {
            Notice::FirstFrame => return Ok(()),
            Notice::Lost(reason) => return Err(reason),
            Notice::KeyFrameWanted | Notice::Moving => {}
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

/// On the way into the encoder: timestamps that grow, no more frames than are wanted, the size of the rung.
fn prepare_frames(
    pad: &gst::Pad,
    pipeline: &gst::Pipeline,
    rung: Rung,
    counters: &Arc<Counters>,
    post: &Post<Notice>,
) {
    let (counters, post) = (Arc::clone(counters), post.clone());
    let mut last: Option<gst::ClockTime> = None;
    let state = Mutex::new(move |buffer: &mut gst::Buffer| {
        let is_new = buffer.offset() != REPEATED;
        if is_new {
            counters.taken.fetch_add(1, Ordering::Relaxed);
            if counters.is_resting.swap(false, Ordering::AcqRel) {
                post.send(Notice::Moving);
            }
        }
        let at = buffer.pts().unwrap_or_default();
        let interval = gst::ClockTime::from_nseconds(counters.interval_ns.load(Ordering::Relaxed));
        match last {
            Some(last) if is_new && at < last + interval => return false,
            Some(before) if at <= before => {
                let at = before + gst::ClockTime::MSECOND;
                buffer.make_mut().set_pts(at);
                last = Some(at);
            }
            _ => last = Some(at),
        }
        true
    });
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let Some(gst::PadProbeData::Buffer(buffer)) = &mut info.data else {
            return gst::PadProbeReturn::Ok;
        };
        let Ok(mut take) = state.lock() else {
            return gst::PadProbeReturn::Ok;
        };
        if take(buffer) {
            gst::PadProbeReturn::Ok
        } else {
            gst::PadProbeReturn::Drop
        }
    });
    let Some(size) = pipeline.by_name(SIZE).filter(|_| rung == Rung::Small) else {
        return;
    };
    let size = size.downgrade();
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if let (Some(event), Some(size)) = (info.event(), size.upgrade())
            && let gst::EventView::Caps(caps) = event.view()
            && let Ok(info) = gst_video::VideoInfo::from_caps(caps.caps())
        {
            size.set_property("caps", half(&info));
        }
        gst::PadProbeReturn::Ok
    });
}

/// Half the size, in even numbers.
fn half(info: &gst_video::VideoInfo) -> gst::Caps {
    let half = |length: u32| i32::try_from((length / 4 * 2).max(2)).unwrap_or(i32::MAX);
    gst::Caps::builder("video/x-raw")
        .field("width", half(info.width()))
        .field("height", half(info.height()))
        .build()
}

/// Keeps the viewers' requests for key frames from the encoder: the task decides when.
fn take_requests(pad: &gst::Pad, post: &Post<Notice>) {
    let post = post.clone();
    pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
        let Some(request) = info.event().and_then(|event| event.structure()) else {
            return gst::PadProbeReturn::Ok;
        };
        if request.name() != "GstForceKeyUnit" || request.get::<u32>("count") == Ok(OURS) {
            return gst::PadProbeReturn::Ok;
        }
        post.send(Notice::KeyFrameWanted);
        gst::PadProbeReturn::Handled
    });
}

fn count_encoded(pad: &gst::Pad, counters: &Arc<Counters>, post: &Post<Notice>) {
    let (counters, post) = (Arc::clone(counters), post.clone());
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        if counters.encoded.fetch_add(1, Ordering::Relaxed) == 0 {
            post.send(Notice::FirstFrame);
        }
        gst::PadProbeReturn::Ok
    });
}
