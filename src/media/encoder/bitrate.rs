//! The bitrate that an encoder is given, so that what comes out is what the links carry.
//!
//! Encoders give each frame the same share of a second, however many frames there are.

use std::cell::Cell;

use crate::media::pipeline::description::Target;

/// The share of the usual frames that come at rest: more of the rate for each would be too much for a picture that moves
/// again.
const AT_REST: f64 = 0.25;

/// The rate of one encoder.
pub(crate) struct Bitrate {
    /// The property that takes it; none where the description names none.
    target: Option<Target>,
    kbps: Cell<u32>,
    /// The ratio of the real frame rate to the one that the encoder was told.
    pace: Cell<f64>,
    is_at_rest: Cell<bool>,
}

impl Bitrate {
    /// An encoder that begins with `kbps` kbit/s. Nothing is applied yet.
    pub(crate) fn new(target: Option<Target>, kbps: u32) -> Self {
        Self {
            target,
            kbps: Cell::new(kbps),
            pace: Cell::new(1.0),
            is_at_rest: Cell::new(false),
        }
    }

    /// The rate that is wanted, in kbit/s.
    pub(crate) fn kbps(&self) -> u32 {
        self.kbps.get()
    }

    /// Wants `kbps` kbit/s from now on. Changes that nobody would see are left out.
    pub(crate) fn set_kbps(&self, kbps: u32, pipeline: &gst::Pipeline) {
        let before = self.kbps.get();
        if kbps.abs_diff(before) * 33 > before {
            self.kbps.set(kbps);
            self.apply(pipeline);
        }
    }

    /// Takes the real frame rate, beside the one that the encoder was told.
    pub(crate) fn set_fps(&self, fps: f64, told_fps: u32, pipeline: &gst::Pipeline) {
        let pace = (fps / f64::from(told_fps.max(1))).clamp(0.5, 2.0);
        if (pace / self.pace.get()).ln().abs() > 0.1 {
            self.pace.set(pace);
            self.apply(pipeline);
        }
    }

    /// At rest there are few frames, and each may take what the link carries until the next.
    pub(crate) fn set_at_rest(&self, is_at_rest: bool, pipeline: &gst::Pipeline) {
        self.is_at_rest.set(is_at_rest);
        self.apply(pipeline);
    }

    /// Sets the property.
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
