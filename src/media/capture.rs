//! The capture that all viewers share: one pipeline that ends in an appsink, whose frames go to each viewer's
//! appsrc by reference.

use std::time::Duration;

use gst::prelude::*;
use gst_utils::StreamProducer;

use super::assembly::set;
use super::parse;
use super::plan::{FRAMES, Plan};
use super::seam::{CaptureSignals, StopNotice, off_loop};

/// How long a source may take to start.
const START: Duration = Duration::from_secs(10);

/// What viewers may change of the capture while it runs. `None`: as the description says.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Settings {
    /// Frames per second.
    pub(super) fps: Option<u32>,
    /// Whether the pointer is drawn into the picture.
    pub(super) pointer: Option<bool>,
}

/// A running capture. Dropping it stops it, on a thread of its own, and then drops its notice.
#[derive(Debug)]
pub(super) struct Capture {
    pipeline: gst::Pipeline,
    producer: StreamProducer,
    watch: Option<gst::bus::BusWatchGuard>,
    stopped: Option<StopNotice>,
}

impl Capture {
    /// Starts the pipeline that `text` describes. The reason is returned if it does not start; a later failure
    /// goes to `signals`.
    pub(super) async fn start(
        text: &str,
        signals: CaptureSignals,
        stopped: StopNotice,
    ) -> Result<Self, String> {
        let pipeline = parse::parse("the capture", text).map_err(|error| error.to_string())?;
        let frames = pipeline
            .by_name(FRAMES)
            .and_then(|element| element.downcast::<gst_app::AppSink>().ok())
            .ok_or("there is no appsink called \"frames\"")?;
        let settings = gst_utils::streamproducer::ProducerSettings { sync: false };
        let producer = StreamProducer::with(&frames, settings);
        let bus = pipeline.bus().ok_or("the pipeline has no bus")?;
        let mut capture = Self {
            pipeline: pipeline.clone(),
            producer,
            watch: None,
            stopped: Some(stopped),
        };
        match off_loop("capture-start", START, move || {
            pipeline.set_state(gst::State::Playing)
        })
        .await
        {
            Some(Ok(_)) => {}
            Some(Err(_)) => {
                return Err(capture
                    .first_error()
                    .unwrap_or_else(|| "the source does not start".to_owned()));
            }
            None => return Err(format!("the source has not started within {} s", START.as_secs())),
        }
        let watch = bus.add_watch(move |_, message| {
            match message.view() {
                gst::MessageView::Error(error) => signals.lost(error.error().to_string()),
                gst::MessageView::Eos(_) => signals.lost("it has ended".to_owned()),
                _ => return glib::ControlFlow::Continue,
            }
            glib::ControlFlow::Break
        });
        capture.watch = Some(watch.map_err(|error| error.to_string())?);
        Ok(capture)
    }

    /// Sends frames to `consumer` until the link is dropped.
    pub(super) fn feed(&self, consumer: &gst_app::AppSrc) -> Result<gst_utils::ConsumptionLink, String> {
        self.producer
            .add_consumer(consumer)
            .map_err(|error| error.to_string())
    }

    /// Lets the source send its picture again whenever `payloader` is asked for a key frame: to a source that waits
    /// for changes there may be none for a long time.
    pub(super) fn repeat_for(&self, payloader: &gst::Element) {
        let frames = self.producer.appsink().static_pad("sink");
        let (Some(asked), Some(frames)) = (payloader.static_pad("sink"), frames) else {
            return;
        };
        let frames = frames.downgrade();
        asked.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
            let is_request = info
                .event()
                .is_some_and(|event| gst_video::ForceKeyUnitEvent::is(event));
            if let (true, Some(frames)) = (is_request, frames.upgrade()) {
                frames.push_event(gst_video::UpstreamForceKeyUnitEvent::builder().build());
            }
            gst::PadProbeReturn::Ok
        });
    }

    /// Lets `pipeline` tell the same time, so that frames keep their timestamps.
    pub(super) fn share_clock(&self, pipeline: &gst::Pipeline) {
        pipeline.use_clock(self.pipeline.clock().as_ref());
        pipeline.set_start_time(gst::ClockTime::NONE);
        pipeline.set_base_time(self.pipeline.base_time().unwrap_or_default());
    }

    /// Takes what viewers have changed, as far as the plan's description says how.
    pub(super) fn set(&self, plan: &Plan, settings: Settings) {
        let Plan::Shared { capture, .. } = plan else {
            return;
        };
        if let (Some(target), Some(fps)) = (&capture.fps, settings.fps) {
            set(&self.pipeline, target, fps);
        }
        if let (Some(target), Some(visible)) = (&capture.pointer, settings.pointer) {
            set(&self.pipeline, target, visible);
        }
    }

    fn first_error(&self) -> Option<String> {
        let message = self.pipeline.bus()?.pop_filtered(&[gst::MessageType::Error])?;
        match message.view() {
            gst::MessageView::Error(error) => Some(error.error().to_string()),
            _ => None,
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.watch = None;
        let (pipeline, notice) = (self.pipeline.clone(), self.stopped.take());
        let stopped = std::thread::Builder::new()
            .name("capture-stop".to_owned())
            .spawn(move || {
                let _ = pipeline.set_state(gst::State::Null);
                drop(notice);
            });
        if let Err(error) = stopped {
            tracing::error!(%error, "cannot stop the capture");
        }
    }
}
