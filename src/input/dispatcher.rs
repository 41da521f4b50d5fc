//! The policy between the viewers and the backend, applied to each event by the input thread.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::backend::{Axis, Backend, BackendError, Ready};
use super::coalesce::coalesce;
use super::fractions::Fractions;
use super::grab::{Displacements, PointerGrab};
use super::held_timeout::HeldTimeout;
use super::paste_stroke::{is_modifier, pastes};
use super::pressed::{HeldId, Pressed, PressedKeys, ViewerId};
use super::queue::{Batch, Message};
use super::waiting::{Admission, Entry, Source, Waiting};
use crate::protocol::input::{Button, Held, InputEvent, Key, Layout, Point, TypedText};

/// The backend, the keys that are pressed, the remainders of fractional movements, and the viewers' layouts.
pub(super) struct Dispatcher {
    backend: Box<dyn Backend>,
    pressed_keys: PressedKeys,
    held_timeout: HeldTimeout,
    waiting: Waiting,
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
            waiting: Waiting::default(),
            fractions: BTreeMap::new(),
            layouts: BTreeMap::new(),
            desktop: Desktop::Working,
            overflow_logged: None,
            grab,
            displacements: Displacements::default(),
        }
    }

    /// The time at which a viewer will have been silent, or its input have waited, for too long.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.held_timeout.deadline(), self.waiting.deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// Applies `batch`, until `stopping` is true.
    pub(super) fn apply(&mut self, batch: Batch, stopping: impl Fn() -> bool) {
        let Batch { messages, overflowed } = batch;
        match self.backend.ready() {
            Ok(Ready::AsBefore) => {}
            Ok(Ready::Anew) => {
                tracing::info!("input reaches the desktop again");
                self.pressed_keys.release_all();
                self.held_timeout = HeldTimeout::default();
                self.waiting.clear();
            }
            // The events of the batch fail one by one.
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
                Message::Event(viewer, event) => self.admit(viewer, event, &stopping),
                Message::Gone(viewer) => self.gone(viewer),
                Message::Cut(viewer) => self.cut(viewer),
                Message::Hold(viewer, turn) => self.waiting.hold(viewer, turn, Instant::now()),
                Message::Resume {
                    viewer,
                    id,
                    has_failed,
                } => self.waiting.resume(viewer, id, has_failed, Instant::now()),
                Message::Fetch(fetch) => self.waiting.fetch(fetch, Instant::now()),
                Message::Wake => {}
            }
            self.end_waits(&stopping);
        }
        self.end_waits(&stopping);
        if overflowed {
            self.overflow();
        }
        self.flush();
    }

    /// Releases everything and lets the backend tidy up.
    pub(super) fn close(&mut self) {
        let released = self.pressed_keys.release_all();
        self.release(released);
        let closed = self.backend.flush().and_then(|()| self.backend.close());
        self.note(closed);
    }

    /// Does what an event asks for, unless it has to wait.
    fn admit(&mut self, viewer: ViewerId, event: InputEvent, stopping: &impl Fn() -> bool) {
        self.held_timeout.hear(viewer, Instant::now());
        // The desktop would repeat a key whose release waits.
        let is_of_held = |key: &Key| {
            HeldId::of_key(key).is_some_and(|id| !is_modifier(&id) && self.pressed_keys.holds(viewer, &id))
        };
        match &event {
            InputEvent::Key { key, pressed: false } if is_of_held(key) => self.event(viewer, event, stopping),
            _ => match self.waiting.admit(viewer, event) {
                Admission::Now(event) => self.event(viewer, event, stopping),
                Admission::Waits => {}
                Admission::Overflow => self.let_go(viewer),
            },
        }
    }

    /// Does what has waited long enough.
    fn end_waits(&mut self, stopping: &impl Fn() -> bool) {
        while let Some((viewer, entry)) = self.waiting.next(Instant::now()) {
            match entry {
                Entry::Event(event) => self.event(viewer, event, stopping),
                Entry::Hold(turn) => self.waiting.begin_turn(viewer, turn, Instant::now()),
            }
            if stopping() {
                return;
            }
        }
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
                let (x, y) = fractions
                    .wheel
                    .turn(delta_x / NOTCH, delta_y / NOTCH, MOST_CLICKS);
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
        id: HeldId,
        target: Pressed,
        pressed: bool,
        position: Option<Point>,
    ) -> Result<(), BackendError> {
        // The up must not be lost because the pointer could not be moved.
        let moved = position.map_or(Ok(()), |position| self.backend.move_to(position));
        let target = if pressed {
            self.waiting.pressed(viewer, None, Instant::now());
            self.pressed_keys.down(viewer, id, Some(target))
        } else {
            // Some programs paste at the press, and are done by now; the others paste at the release.
            if id == HeldId::Button(Button::Middle) {
                self.waiting
                    .pressed(viewer, Some(Source::Primary), Instant::now());
            }
            self.pressed_keys.up(viewer, &id)
        };
        let done = target.map_or(Ok(()), |target| press(&mut *self.backend, target, pressed));
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
        let Some(id) = HeldId::of_key(key) else {
            return Ok(());
        };
        let target = if !pressed {
            self.pressed_keys.up(viewer, &id)
        } else if self.pressed_keys.holds(viewer, &id) || self.pressed_keys.is_full(viewer) {
            None
        } else {
            let plain = match key {
                Key::Dom { code, .. } => self
                    .layouts
                    .get(&viewer)
                    .and_then(|layout| layout.character(code)),
                _ => None,
            };
            let is_paste = pastes(key, |id| self.pressed_keys.holds(viewer, id));
            let is_paste = is_paste.then_some(Source::Clipboard);
            self.waiting.pressed(viewer, is_paste, Instant::now());
            let keycode = self.backend.resolve(key, plain)?;
            self.pressed_keys.down(viewer, id, keycode.map(Pressed::Key))
        };
        target.map_or(Ok(()), |target| press(&mut *self.backend, target, pressed))
    }

    /// Presses and releases the keys of a text, which no viewer holds. Many characters take their time.
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

    /// Releases the keys of viewers that are silent. To be called while no message waits.
    fn release_silent(&mut self) {
        let now = Instant::now();
        self.waiting
            .viewers()
            .for_each(|viewer| self.held_timeout.hear(viewer, now));
        for viewer in self.held_timeout.take_silent(now) {
            tracing::debug!("a viewer was silent while it held keys or buttons: they are released");
            self.let_go(viewer);
        }
    }

    /// Releases the keys that `viewer` does not hold any more, whatever was lost on the way.
    fn compare(&mut self, viewer: ViewerId, held: &Held) {
        if held.is_empty() {
            self.held_timeout.end(viewer);
        } else {
            self.held_timeout.begin(viewer, Instant::now());
        }
        let released = self.pressed_keys.keep(viewer, |id| id.is_in(held));
        self.release(released);
    }

    fn let_go(&mut self, viewer: ViewerId) {
        self.held_timeout.end(viewer);
        let released = self.pressed_keys.release_viewer(viewer);
        self.release(released);
    }

    fn gone(&mut self, viewer: ViewerId) {
        self.fractions.remove(&viewer);
        self.layouts.remove(&viewer);
        self.cut(viewer);
    }

    fn cut(&mut self, viewer: ViewerId) {
        self.waiting.forget(viewer);
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
        self.waiting.clear();
        let released = self.pressed_keys.release_all();
        self.release(released);
    }

    fn release(&mut self, released: Vec<Pressed>) {
        for key in released {
            let done = press(&mut *self.backend, key, false);
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

/// The success of the last batches.
#[derive(Clone, Copy)]
enum Desktop {
    /// The last batch succeeded.
    Working,
    /// The last batch failed.
    Failing,
    /// This batch fails.
    FailedNow,
}

fn press(backend: &mut dyn Backend, target: Pressed, pressed: bool) -> Result<(), BackendError> {
    match target {
        Pressed::Key(keycode) => backend.key(keycode, pressed),
        Pressed::Button(button) => backend.button(button, pressed),
    }
}

/// The delta that a browser on Linux reports for one notch of the wheel.
const NOTCH: f64 = 120.0;
/// The most notches per event and axis.
const MOST_CLICKS: f64 = 10.0;
/// The most pixels per relative motion: the range of a coordinate of X11.
const FARTHEST: f64 = 32_767.0;
const OVERFLOW_LOG_INTERVAL: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
