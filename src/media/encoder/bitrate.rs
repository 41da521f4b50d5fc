//! The encoder's bitrate setting, scaled so that the output matches what the links carry.
//!
//! Encoders budget each frame as a share of their nominal frame rate, whatever the real one is.

use std::cell::Cell;

use crate::media::pipeline::description::Target;

/// Assumed share of the nominal frame rate on a still screen: with a smaller one, the frames would be too large when
/// motion resumes.
const AT_REST: f64 = 0.25;

/// The bitrate of one encoder.
pub(crate) struct Bitrate {
    /// Property that sets the bitrate; `None` if the description names none.
    target: Option<Target>,
    kbps: Cell<u32>,
    /// Ratio of the real frame rate to the encoder's nominal one.
    pace: Cell<f64>,
    is_at_rest: Cell<bool>,
}

impl Bitrate {
    /// Creates the setting with `kbps` kbit/s. Nothing is applied yet.
    pub(crate) fn new(target: Option<Target>, kbps: u32) -> Self {
        Self {
            target,
            kbps: Cell::new(kbps),
            pace: Cell::new(1.0),
            is_at_rest: Cell::new(false),
        }
    }

    /// Returns the target bitrate, in kbit/s.
    pub(crate) fn kbps(&self) -> u32 {
        self.kbps.get()
    }

    /// Sets the target bitrate, in kbit/s. Changes of less than three percent are ignored.
    pub(crate) fn set_kbps(&self, kbps: u32, pipeline: &gst::Pipeline) {
        let before = self.kbps.get();
        if kbps.abs_diff(before) * 33 > before {
            self.kbps.set(kbps);
            self.apply(pipeline);
        }
    }

    /// Takes the measured frame rate and the encoder's nominal one.
    pub(crate) fn set_fps(&self, fps: f64, told_fps: u32, pipeline: &gst::Pipeline) {
        let pace = (fps / f64::from(told_fps.max(1))).clamp(0.5, 2.0);
        if (pace / self.pace.get()).ln().abs() > 0.1 {
            self.pace.set(pace);
            self.apply(pipeline);
        }
    }

    /// Adapts to a still screen or to motion: on a still screen frames are few, and each may be larger.
    pub(crate) fn set_at_rest(&self, is_at_rest: bool, pipeline: &gst::Pipeline) {
        self.is_at_rest.set(is_at_rest);
        self.apply(pipeline);
    }

    /// Sets the encoder's property.
    pub(crate) fn apply(&self, pipeline: &gst::Pipeline) {
        let pace = if self.is_at_rest.get() {
            AT_REST
        } else {
            self.pace.get()
        };
        if let Some(target) = &self.target {
            target.apply(pipeline, (f64::from(self.kbps.get()) / pace) as u32);
        }
    }
}
