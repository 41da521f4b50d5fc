//! The restart of an encoder element in its running pipeline, for changes that it cannot make while it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gst::prelude::*;

/// Starts the encoder element of a pipeline again on request.
pub(crate) struct Restarter {
    is_requested: Arc<AtomicBool>,
}

impl Restarter {
    /// Prepares restarts of the encoder element in `pipeline`. `prepare` runs while it is stopped.
    ///
    /// # Errors
    /// If there is no encoder element, or it has no input.
    pub(crate) fn new(
        pipeline: &gst::Pipeline,
        prepare: impl Fn(&gst::Pipeline) + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let encoder = encoder(pipeline);
        let input = encoder.as_ref().and_then(|encoder| encoder.static_pad("sink"));
        let before = input.as_ref().and_then(gst::Pad::peer);
        let (Some(encoder), Some(input), Some(before)) = (encoder, input, before) else {
            return Err("it has no encoder element that could be started again".to_owned());
        };
        let is_requested = Arc::new(AtomicBool::new(false));
        let (requested, pipeline) = (Arc::clone(&is_requested), pipeline.downgrade());
        let (encoder, input) = (encoder.downgrade(), input.downgrade());
        before.add_probe(gst::PadProbeType::BUFFER, move |pad, _| {
            if requested.swap(false, Ordering::AcqRel)
                && let (Some(pipeline), Some(encoder), Some(input)) =
                    (pipeline.upgrade(), encoder.upgrade(), input.upgrade())
                // A pipeline that is being stopped stops the element itself.
                && pipeline.current_state() >= gst::State::Paused
            {
                let _ = encoder.set_state(gst::State::Ready);
                prepare(&pipeline);
                if encoder.sync_state_with_parent().is_err() {
                    tracing::warn!(encoder = %encoder.name(), "the encoder does not start again");
                }
                // It has forgotten the format.
                pad.sticky_events_foreach(|event| {
                    input.send_event(event.clone());
                    std::ops::ControlFlow::Continue(gst::EventForeachAction::Keep)
                });
            }
            gst::PadProbeReturn::Ok
        });
        Ok(Self { is_requested })
    }

    /// Has the element started again before its next frame, which becomes a key frame.
    pub(crate) fn request(&self) {
        self.is_requested.store(true, Ordering::Release);
    }
}

/// Returns the encoder element of a pipeline.
pub(crate) fn encoder(pipeline: &gst::Pipeline) -> Option<gst::Element> {
    let is_encoder = |element: &gst::Element| {
        let kind = gst::ElementFactoryType::VIDEO_ENCODER;
        element.factory().is_some_and(|factory| factory.has_type(kind))
    };
    pipeline.iterate_recurse().into_iter().flatten().find(is_encoder)
}
