//! What the input thread does with each event: the policy between the viewers and the backend.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::backend::{Axis, Backend, BackendError, Ready};
use super::coalesce::coalesce;
use super::fractions::Fractions;
use super::grab::{Displacements, PointerGrab};
use super::held_timeout::HeldTimeout;
use super::pressed::{HeldId, Pressed, PressedKeys, ViewerId};
use super::queue::{Batch, Message};
use crate::protocol::input::{Held, InputEvent, Key, Layout, Point, TypedText};

/// The backend, the book, what is left over of fractional movements, and the viewers' layouts.
pub(super) struct Dispatcher {
    backend: Box<dyn Backend>,
    pressed_keys: PressedKeys,
    held_timeout: HeldTimeout,
    fractions: BTreeMap<ViewerId, Fractions>,
    layouts: BTreeMap<ViewerId, Layout>,
    desktop: Desktop,
    overflow_logged: Option<Instant>,
    grab: PointerGrab,
    displacements: Displacements,
}

impl Dispatcher {
    pub(super) fn new(backend: Box<dyn Backend>, grab: PointerGrab) -> Dispatcher {
        Dispatcher {
            backend,
            pressed_keys: PressedKeys::default(),
            held_timeout: HeldTimeout::default(),
            fractions: BTreeMap::new(),
            layouts: BTreeMap::new(),
            desktop: Desktop::Working,
            overflow_logged: None,
            grab,
            displacements: Displacements::default(),
        }
    }

    /// When it has to look at the viewers again, even if none says anything.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.held_timeout.deadline()
    }

    /// Does all of `batch`, unless `stopping` says so in between.
    pub(super) fn apply(&mut self, batch: Batch, stopping: impl Fn() -> bool) {
        let Batch { messages, overflowed } = batch;
        match self.backend.ready() {
            Ok(Ready::AsBefore) => {}
            Ok(Ready::Anew) => {
                tracing::info!("input reaches the desktop again");
                self.pressed_keys.release_all();
                self.held_timeout = HeldTimeout::default();
            }
            // What fails now fails one by one.
            Err(error) => self.note(Err(error)),
        }
        if messages.is_empty() {
            self.release_silent();
        }
        for message in coalesce(messages) {
            if stopping() {
                return;
            }
            match message {
                Message::Event(viewer, event) => self.event(viewer, event, &stopping),
                Message::Gone(viewer) => self.gone(viewer),
                Message::Wake => {}
            }
        }
        if overflowed {
            self.overflow();
        }
        self.flush();
    }

    /// Releases everything and lets the backend tidy up.
    pub(super) fn close(&mut self) {
        let held = self.pressed_keys.release_all();
        self.release(held);
        let closed = self.backend.flush().and_then(|()| self.backend.close());
        self.note(closed);
    }

    fn event(&mut self, viewer: ViewerId, event: InputEvent, stopping: &impl Fn() -> bool) {
        self.held_timeout.hear(viewer, Instant::now());
        let done = match event {
            InputEvent::Motion { position } => self.move_to(position),
            InputEvent::RelativeMotion { dx, dy } => {
                let (dx, dy) = self
                    .fractions
                    .entry(viewer)
                    .or_default()
                    .motion
                    .add(dx, dy, FARTHEST);
                if (dx, dy) == (0, 0) {
                    Ok(())
                } else {
                    self.backend.move_by(dx, dy)
                }
            }
            InputEvent::Button {
                button,
                pressed,
                position,
            } => self.button(
                viewer,
                HeldId::Button(button),
                Pressed::Button(button),
                pressed,
                position,
            ),
            InputEvent::Wheel {
                delta_x,
                delta_y,
                position,
            } => {
                let fractions = self.fractions.entry(viewer).or_default();
                let (x, y) = fractions.wheel.add(delta_x / NOTCH, delta_y / NOTCH, MOST_CLICKS);
                self.wheel(x, y, position)
            }
            InputEvent::Key { key, pressed } => self.key(viewer, &key, pressed),
            InputEvent::Locks { caps, num } => self.backend.set_locks(caps, num),
            InputEvent::Layout(layout) => {
                self.layouts.insert(viewer, layout);
                Ok(())
            }
            InputEvent::Text(text) => return self.type_text(&text, stopping),
            InputEvent::Held(held) => return self.compare(viewer, &held),
            InputEvent::ReleaseAll => return self.let_go(viewer),
        };
        self.note(done);
    }

    fn move_to(&mut self, position: Point) -> Result<(), BackendError> {
        if self.grab.is_in_question() {
            let is_displaced = self.backend.is_displaced()?;
            if self.displacements.look(is_displaced, Instant::now()) {
                self.grab.note();
            }
        }
        self.backend.move_to(position)
    }

    fn button(
        &mut self,
        viewer: ViewerId,
        control: HeldId,
        hold: Pressed,
        pressed: bool,
        position: Option<Point>,
    ) -> Result<(), BackendError> {
        // The up must not be lost because the pointer could not be moved.
        let moved = position.map_or(Ok(()), |position| self.backend.move_to(position));
        let hold = if pressed {
            self.pressed_keys.down(viewer, control, Some(hold))
        } else {
            self.pressed_keys.up(viewer, &control)
        };
        let done = hold.map_or(Ok(()), |hold| press(&mut *self.backend, hold, pressed));
        moved.and(done)
    }

    fn wheel(&mut self, x: i32, y: i32, position: Option<Point>) -> Result<(), BackendError> {
        if let Some(position) = position {
            self.backend.move_to(position)?;
        }
        for (axis, clicks) in [(Axis::Horizontal, x), (Axis::Vertical, y)] {
            if clicks != 0 {
                self.backend.scroll(axis, clicks)?;
            }
        }
        Ok(())
    }

    fn key(&mut self, viewer: ViewerId, key: &Key, pressed: bool) -> Result<(), BackendError> {
        let Some(control) = HeldId::of_key(key) else {
            return Ok(());
        };
        let hold = if !pressed {
            self.pressed_keys.up(viewer, &control)
        } else if self.pressed_keys.holds(viewer, &control) || self.pressed_keys.is_full(viewer) {
            None
        } else {
            let plain = match key {
                Key::Dom { code, .. } => self
                    .layouts
                    .get(&viewer)
                    .and_then(|layout| layout.character(code)),
                _ => None,
            };
            let keycode = self.backend.resolve(key, plain)?;
            self.pressed_keys.down(viewer, control, keycode.map(Pressed::Key))
        };
        hold.map_or(Ok(()), |hold| press(&mut *self.backend, hold, pressed))
    }

    /// Presses and releases what no viewer has to let go of. Many characters take their time.
    fn type_text(&mut self, text: &TypedText, stopping: &impl Fn() -> bool) {
        for key in text.keys().take_while(|_| !stopping()) {
            let typed = self.backend.resolve(&key, None).and_then(|keycode| {
                let Some(keycode) = keycode else { return Ok(()) };
                self.backend.key(keycode, true)?;
                self.backend.key(keycode, false)
            });
            self.note(typed);
        }
    }

    /// Nothing waits to be done, so who has not been heard is silent.
    fn release_silent(&mut self) {
        for viewer in self.held_timeout.take_silent(Instant::now()) {
            tracing::debug!("a viewer fell silent while it held something: that is released");
            self.let_go(viewer);
        }
    }

    /// Releases what `viewer` does not hold any more, whatever was lost on the way.
    fn compare(&mut self, viewer: ViewerId, held: &Held) {
        if held.is_empty() {
            self.held_timeout.end(viewer);
        } else {
            self.held_timeout.begin(viewer, Instant::now());
        }
        let released = self.pressed_keys.keep(viewer, |control| control.is_in(held));
        self.release(released);
    }

    fn let_go(&mut self, viewer: ViewerId) {
        self.held_timeout.end(viewer);
        let held = self.pressed_keys.release_viewer(viewer);
        self.release(held);
    }

    fn gone(&mut self, viewer: ViewerId) {
        self.fractions.remove(&viewer);
        self.layouts.remove(&viewer);
        self.let_go(viewer);
    }

    fn overflow(&mut self) {
        if self
            .overflow_logged
            .is_none_or(|logged| logged.elapsed() > OVERFLOW_LOG_INTERVAL)
        {
            self.overflow_logged = Some(Instant::now());
            tracing::warn!("input came faster than the desktop takes it: all keys and buttons were released");
        }
        self.fractions.clear();
        let held = self.pressed_keys.release_all();
        self.release(held);
    }

    fn release(&mut self, held: Vec<Pressed>) {
        for hold in held {
            let done = press(&mut *self.backend, hold, false);
            self.note(done);
        }
    }

    fn flush(&mut self) {
        let flushed = self.backend.flush();
        self.note(flushed);
        self.desktop = match self.desktop {
            Desktop::FailedNow => Desktop::Failing,
            Desktop::Failing | Desktop::Working => Desktop::Working,
        };
    }

    /// Logs the first failure after a batch that succeeded.
    fn note(&mut self, result: Result<(), BackendError>) {
        if let Err(error) = result {
            if matches!(self.desktop, Desktop::Working) {
                tracing::warn!(%error, remedy = error.remedy(), "input does not reach the desktop");
            }
            self.desktop = Desktop::FailedNow;
        }
    }
}

/// Whether the backend takes what it is given.
#[derive(Clone, Copy)]
enum Desktop {
    /// The last batch succeeded.
    Working,
    /// The last batch failed.
    Failing,
    /// So did this one.
    FailedNow,
}

fn press(backend: &mut dyn Backend, hold: Pressed, pressed: bool) -> Result<(), BackendError> {
    match hold {
        Pressed::Key(keycode) => backend.key(keycode, pressed),
        Pressed::Button(button) => backend.button(button, pressed),
    }
}

/// What a browser on Linux reports for one notch of the wheel.
const NOTCH: f64 = 120.0;
/// Notches per event and axis.
const MOST_CLICKS: f64 = 10.0;
/// Pixels per relative motion: what a coordinate of X11 can say.
const FARTHEST: f64 = 32_767.0;
const OVERFLOW_LOG_INTERVAL: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
