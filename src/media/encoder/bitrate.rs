//! The encoder's bitrate setting, scaled so that the output matches what the links carry.
//!
//! Encoders budget each frame as a share of their nominal frame rate, whatever the real one is.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::media::pipeline::description::Target;

/// Assumed share of the nominal frame rate on a still screen: with a smaller one, the frames would be too large when
/// motion resumes.
const AT_REST: f64 = 0.25;
/// Minimum time between two restarts for a lower bitrate: until the first, the frames queue up at a narrow link.
const LOWER: Duration = Duration::from_secs(1);
/// Minimum time between a restart and one for a higher bitrate. Each restart makes a key frame, and the rate of a link
/// rises in steps.
const HIGHER: Duration = Duration::from_secs(8);

/// The bitrate of one encoder.
pub(crate) struct Bitrate {
    /// Property that sets the bitrate; `None` if the description names none.
    target: Option<Target>,
    kbps: Cell<u32>,
    /// Ratio of the real frame rate to the encoder's nominal one.
    pace: Cell<f64>,
    is_at_rest: Cell<bool>,
    /// The bitrate of an encoder that takes another one only when it is started again, and the time of its start.
    in_force: Option<Cell<(u32, Instant)>>,
}

impl Bitrate {
    /// Creates the setting with `kbps` kbit/s. Nothing is applied yet. `needs_restart`: the encoder takes another
    /// bitrate only when it is started again.
    pub(crate) fn new(target: Option<Target>, kbps: u32, needs_restart: bool) -> Self {
        let in_force = (needs_restart && target.is_some()).then(|| Cell::new((kbps, Instant::now())));
        Self {
            target,
            kbps: Cell::new(kbps),
            pace: Cell::new(1.0),
            is_at_rest: Cell::new(false),
            in_force,
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

    /// Returns true if the encoder is to be started again with another bitrate.
    pub(crate) fn is_restart_due(&self, now: Instant) -> bool {
        self.in_force.as_ref().is_some_and(|in_force| {
            let ((before, since), kbps) = (in_force.get(), self.kbps.get());
            let age = now.saturating_duration_since(since);
            (kbps < before / 4 * 3 && age >= LOWER) || (kbps > before / 2 * 3 && age >= HIGHER)
        })
    }

    /// Notes a start `now`, and returns what sets the bitrate while the encoder is stopped.
    pub(crate) fn start(&self, now: Instant) -> u32 {
        let kbps = self.kbps.get();
        if let Some(in_force) = &self.in_force {
            in_force.set((kbps, now));
        }
        kbps
    }

    /// Sets the encoder's property before the start.
    pub(crate) fn apply_at_start(&self, pipeline: &gst::Pipeline) {
        if let Some(target) = &self.target {
            target.apply(pipeline, self.kbps.get());
        }
    }

    /// Sets the encoder's property while it runs, if it takes that.
    fn apply(&self, pipeline: &gst::Pipeline) {
        let pace = if self.is_at_rest.get() {
            AT_REST
        } else {
            self.pace.get()
        };
        if let (Some(target), None) = (&self.target, &self.in_force) {
            target.apply(pipeline, (f64::from(self.kbps.get()) / pace) as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoder_is_started_again_for_large_changes_and_not_often() {
        gst::init().unwrap();
        let description = crate::media::pipeline::description::Description::read(
            "test",
            "test",
            "# kind: encode\n# bitrate: enc.bitrate\nidentity",
        );
        let (target, pipeline) = (description.unwrap().bitrate, gst::Pipeline::new());
        let bitrate = Bitrate::new(target.clone(), 4000, true);
        let start = Instant::now();
        let after = |seconds: u64| start + Duration::from_secs(seconds);
        bitrate.start(start);
        bitrate.set_kbps(3500, &pipeline);
        assert!(!bitrate.is_restart_due(after(60)), "a small change");
        bitrate.set_kbps(1000, &pipeline);
        assert!(!bitrate.is_restart_due(start) && bitrate.is_restart_due(after(2)));
        assert_eq!(bitrate.start(after(2)), 1000);
        bitrate.set_kbps(4000, &pipeline);
        assert!(!bitrate.is_restart_due(after(5)) && bitrate.is_restart_due(after(10)));
        let live = Bitrate::new(target, 4000, false);
        live.set_kbps(1000, &pipeline);
        assert!(!live.is_restart_due(after(60)));
    }
}
