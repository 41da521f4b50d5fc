//! The appsrc through which a peer's webrtcbin consumes a shared stream.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gst::prelude::*;

use super::messages::{Signal, SignalSender};
use crate::media::encoder::output::{AccessUnit, Consumer};

/// Queue limit of an appsrc: encoded frames that have waited longer are stale, and the oldest are dropped.
const STALE: gst::ClockTime = gst::ClockTime::from_mseconds(500);

/// Pushes access units into an appsrc, with timestamps of its pipeline.
pub(super) struct AppSrcConsumer(gst_app::AppSrc);

/// The viewer's requests for key frames (RTCP PLI and FIR). One waits at a time, however many arrive.
#[derive(Clone, Default)]
pub(super) struct KeyFrameRequests(Arc<AtomicBool>);

impl AppSrcConsumer {
    /// Prepares `appsrc` for units with these caps, so that the offer need not wait for the first unit.
    pub(super) fn new(appsrc: gst_app::AppSrc, caps: &gst::Caps) -> Self {
        appsrc.set_format(gst::Format::Time);
        appsrc.set_is_live(true);
        appsrc.set_leaky_type(gst_app::AppLeakyType::Downstream);
        appsrc.set_automatic_eos(false);
        appsrc.set_max_buffers(0);
        appsrc.set_max_bytes(0);
        appsrc.set_max_time(STALE);
        appsrc.set_caps(Some(caps));
        Self(appsrc)
    }

    /// Sends [`Signal::KeyFrameRequest`] when the viewer requests a key frame and no request waits.
    pub(super) fn watch_key_frame_requests(&self, requests: KeyFrameRequests, signals: SignalSender) {
        let Some(pad) = self.0.static_pad("src") else {
            return;
        };
        pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
            let is_request = info
                .event()
                .is_some_and(|event| gst_video::ForceKeyUnitEvent::is(event));
            if is_request && !requests.0.swap(true, Ordering::AcqRel) {
                signals.send(Signal::KeyFrameRequest);
            }
            gst::PadProbeReturn::Ok
        });
    }
}

impl KeyFrameRequests {
    /// Takes the request that waits. The next one is signalled again.
    pub(super) fn take(&self) {
        self.0.store(false, Ordering::Release);
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
}
