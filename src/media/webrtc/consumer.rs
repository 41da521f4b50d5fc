//! The appsrc through which a peer's webrtcbin consumes a shared stream.

use gst::prelude::*;
use gst_utils::StreamProducer;
use gst_utils::streamproducer::ConsumerSettings;

use super::messages::{Signal, SignalSender};
use crate::media::encoder::output::{AccessUnit, Consumer};

/// Queue limit of an appsrc: encoded frames that have waited longer are stale, and the oldest are dropped.
const STALE: gst::ClockTime = gst::ClockTime::from_mseconds(500);

/// Pushes access units into an appsrc, with timestamps of its pipeline.
pub(super) struct AppSrcConsumer(gst_app::AppSrc);

impl AppSrcConsumer {
    /// Prepares `appsrc` for units with these caps, so that the offer need not wait for the first unit.
    pub(super) fn new(appsrc: gst_app::AppSrc, caps: &gst::Caps) -> Self {
        let settings = ConsumerSettings {
            max_time: STALE,
            ..ConsumerSettings::default()
        };
        StreamProducer::configure_consumer_with(&appsrc, settings);
        appsrc.set_handle_segment_change(false);
        appsrc.set_caps(Some(caps));
        Self(appsrc)
    }

    /// Sends a signal for each key frame request of the viewer.
    pub(super) fn watch_key_frame_requests(&self, signals: SignalSender) {
        if let Some(pad) = self.0.static_pad("src") {
            pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
                if info
                    .event()
                    .is_some_and(|event| gst_video::ForceKeyUnitEvent::is(event))
                {
                    signals.send(Signal::KeyFrameRequest);
                }
                gst::PadProbeReturn::Ok
            });
        }
    }
}

impl Consumer for AppSrcConsumer {
    fn consume(&self, unit: &AccessUnit) {
        // The bytes are shared, the timestamps are not.
        let mut buffer = unit.buffer.copy();
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(unit.time.saturating_sub(self.0.base_time().unwrap_or_default()));
            buffer.set_dts(gst::ClockTime::NONE);
        }
        let sample = gst::Sample::builder().buffer(&buffer).caps(&unit.caps).build();
        // The pipeline may be stopping.
        let _ = self.0.push_sample(&sample);
    }

    fn set_latency(&self, latency: gst::ClockTime) {
        self.0.set_latency(latency, gst::ClockTime::NONE);
    }
}
