//! The capture that all viewers share: one pipeline that ends in an appsink, whose frames go to the appsrc of each
//! encoder by reference.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gst::prelude::*;
use gst_utils::streamproducer::{ConsumerSettings, ConsumptionLink, ProducerSettings, StreamProducer};

use super::lifecycle::CaptureReporter;
use super::padding::pad_frames;
use super::region::Region;
use crate::capture::LEAVE_OUT;
use crate::media::pipeline::parse;
use crate::media::pipeline::plan::{FRAMES, Plan};
use crate::media::runtime::running_pipeline::RunningPipeline;
use crate::sync::lock;

/// Timeout of a source's start.
const START: Duration = Duration::from_secs(10);

/// The settings of a running capture that viewers may change. `None` keeps the description's value.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Settings {
    /// Frames per second.
    pub(crate) fps: Option<u32>,
    /// True if the pointer is drawn into the frames.
    pub(crate) pointer: Option<bool>,
    /// The captured region of the screen; `None`: the whole screen.
    pub(crate) region: Option<Region>,
}

/// The size of a frame, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// A running capture. Dropping it stops it, on a thread of its own, and then drops its stop notice.
#[derive(Debug)]
pub(crate) struct Capture {
    pipeline: RunningPipeline,
    producer: StreamProducer,
    latest: Arc<Mutex<Latest>>,
    generation: u64,
}

impl Capture {
    /// Starts the pipeline that `text` describes. A later failure is reported to `reporter`.
    ///
    /// # Errors
    /// The reason if it does not start.
    pub(crate) async fn start(text: &str, reporter: CaptureReporter) -> Result<Self, String> {
        let pipeline = parse::parse("the capture", text).map_err(|error| error.to_string())?;
        let sink: gst_app::AppSink = parse::element(&pipeline, FRAMES)?;
        let latest = watch_frames(&sink);
        let producer = StreamProducer::with(&sink, ProducerSettings { sync: false });
        let CaptureReporter {
            generation,
            on_lost,
            stop_notice,
        } = reporter;
        // All pipelines use this clock, so that their timestamps go together.
        pipeline.use_clock(Some(&gst::SystemClock::obtain()));
        let mut pipeline = RunningPipeline::new("capture-stop", pipeline).with_stop_notice(stop_notice);
        pipeline.play("capture-start", START).await?;
        pipeline.watch_bus(move |reason| on_lost(generation, reason))?;
        Ok(Self {
            pipeline,
            producer,
            latest,
            generation,
        })
    }

    /// Sends frames to `consumer` until the link is dropped.
    pub(crate) fn feed(
        &self,
        consumer: &gst_app::AppSrc,
        settings: ConsumerSettings,
    ) -> Result<ConsumptionLink, String> {
        self.producer
            .add_consumer_with(consumer, settings)
            .map_err(|error| error.to_string())
    }

    /// Returns the capture's number.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns the size of the frames; `None` before the first frame.
    pub(crate) fn size(&self) -> Option<Size> {
        let info = gst_video::VideoInfo::from_caps(self.last_frame()?.caps()?).ok()?;
        Some(Size {
            width: info.width(),
            height: info.height(),
        })
    }

    /// Waits for the first frame, within a timeout.
    pub(crate) async fn first_frame(&self) {
        let deadline = Instant::now() + START;
        while self.last_frame().is_none() && Instant::now() < deadline {
            glib::timeout_future(Duration::from_millis(5)).await;
        }
    }

    /// Returns the number of frames captured so far.
    pub(crate) fn frames(&self) -> u64 {
        lock(&self.latest).count
    }

    /// Returns the latest frame; `None` before the first.
    pub(crate) fn last_frame(&self) -> Option<gst::Sample> {
        lock(&self.latest).frame.clone()
    }

    /// Pushes the latest frame to `consumer` again, with the current time, unless a newer one is queued there. `mark`
    /// becomes its buffer offset.
    pub(crate) fn repeat_into(&self, consumer: &gst_app::AppSrc, mark: u64) {
        if consumer.current_level_buffers() > 0 {
            return;
        }
        loop {
            let Latest { count, frame } = lock(&self.latest).clone();
            let Some(sample) = frame.and_then(|frame| self.as_of_now(&frame, mark)) else {
                return;
            };
            // The consumer may be stopping.
            let is_taken = consumer.push_sample(&sample).is_ok();
            // A frame captured meanwhile may be queued before this one, and an old frame must not be the last one.
            if !is_taken || self.frames() == count {
                return;
            }
        }
    }

    /// Returns a copy of the frame with the current time.
    fn as_of_now(&self, sample: &gst::Sample, mark: u64) -> Option<gst::Sample> {
        let (mut frame, caps) = (sample.buffer()?.copy(), sample.caps_owned()?);
        if let Some(frame) = frame.get_mut() {
            frame.set_pts(self.pipeline.current_running_time());
            frame.set_offset(mark);
        }
        let builder = gst::Sample::builder().buffer(&frame).caps(&caps);
        Some(match sample.segment() {
            Some(segment) => builder.segment(segment).build(),
            None => builder.build(),
        })
    }

    /// Makes `pipeline` use the same clock and base time, so that frames keep their timestamps.
    pub(crate) fn share_clock(&self, pipeline: &gst::Pipeline) {
        pipeline.use_clock(self.pipeline.clock().as_ref());
        pipeline.set_start_time(gst::ClockTime::NONE);
        pipeline.set_base_time(self.pipeline.base_time().unwrap_or_default());
    }

    /// Applies the viewers' settings, as far as the plan's description has targets for them.
    pub(crate) fn set(&self, plan: &Plan, settings: Settings) {
        let Plan::Shared { capture, .. } = plan else {
            return;
        };
        if let (Some(target), Some(fps)) = (&capture.fps, settings.fps) {
            target.apply(&self.pipeline, fps);
        }
        if let (Some(target), Some(visible)) = (&capture.pointer, settings.pointer) {
            target.apply(&self.pipeline, visible);
        }
        if let Some(target) = &capture.region {
            let text = settings.region.map(|region| region.to_string());
            target.apply(&self.pipeline, text.unwrap_or_default());
        }
    }

    /// Skips one frame, if the source supports it.
    pub(crate) fn skip_frame(&self) {
        let event = gst::event::CustomUpstream::new(gst::Structure::new_empty(LEAVE_OUT));
        self.pipeline.send_event(event);
    }
}

/// The latest output of a capture.
#[derive(Debug, Clone, Default)]
struct Latest {
    /// Number of frames.
    count: u64,
    /// The latest frame.
    frame: Option<gst::Sample>,
}

/// Records each frame that arrives at the sink, before any consumer has it: the sink's own last sample is set later.
fn watch_frames(sink: &gst_app::AppSink) -> Arc<Mutex<Latest>> {
    sink.set_property("enable-last-sample", false);
    let latest = Arc::<Mutex<Latest>>::default();
    let kept = Arc::clone(&latest);
    if let Some(pad) = sink.static_pad("sink") {
        pad_frames(&pad);
        pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
            if let (Some(buffer), Some(caps)) = (info.buffer(), pad.current_caps()) {
                let frame = gst::Sample::builder().buffer(buffer).caps(&caps);
                let segment = pad.sticky_event::<gst::event::Segment>(0);
                let frame = match &segment {
                    Some(event) => frame.segment(event.segment()).build(),
                    None => frame.build(),
                };
                let mut latest = lock(&kept);
                latest.count += 1;
                latest.frame = Some(frame);
            }
            gst::PadProbeReturn::Ok
        });
    }
    latest
}
