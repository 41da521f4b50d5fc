//! The settings that a viewer has made for itself.

use crate::desktop::MARK_SIZE;
use crate::host::context::HostContext;
use crate::host::desktop::latency_marker::Measurement;
use crate::protocol::channel::HostMessage;

/// The settings of one viewer.
#[derive(Default)]
pub(super) struct ViewerSettings {
    /// The desktop follows the size of the viewer's window.
    follows_window: bool,
    /// The viewer wants the times of each frame.
    pub(super) frame_times: bool,
    pub(super) has_gamepad: bool,
    /// The running measurement of the time from the viewer's input to the frame that shows it.
    measurement: Option<Measurement>,
}

impl ViewerSettings {
    /// True if the desktop follows the size of the viewer's window.
    pub(super) fn follows_window(&self) -> bool {
        self.follows_window
    }

    /// Says whether the desktop follows the size of the viewer's window from now on.
    pub(super) fn follow_window(&mut self, context: &HostContext, follows: bool) {
        if std::mem::replace(&mut self.follows_window, follows) == follows {
            return;
        }
        let desktop = context.desktop.handle.clone();
        if follows {
            desktop.begin_following();
        } else {
            context.tasks.spawn(async move { desktop.end_following().await });
        }
    }

    /// Shows the mark to measure with. Returns the message to the viewer: one the first time, and one when the mark is
    /// not shown.
    pub(super) fn measure(&mut self, context: &HostContext, is_lit: bool) -> Option<HostMessage> {
        let is_new = self.measurement.is_none();
        if is_new {
            let desktop = &context.desktop;
            self.measurement = desktop.latency_marker.begin(&desktop.handle);
        }
        self.end_late_measurement();
        let is_shown = self.measurement.as_ref().is_some_and(|mark| mark.show(is_lit));
        if !is_shown {
            self.measurement = None;
        }
        (is_new || !is_shown).then(|| HostMessage::Mark(is_shown.then_some(MARK_SIZE)))
    }

    /// Ends a measurement that takes longer than it may.
    pub(super) fn end_late_measurement(&mut self) {
        self.measurement.take_if(|measurement| measurement.is_over());
    }

    /// Ends the measurement, if one runs.
    pub(super) fn end_measurement(&mut self) {
        self.measurement = None;
    }
}
