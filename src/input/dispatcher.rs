//! The policy between the viewers and the backend, applied to each event by the input thread.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::backend::{Axis, Backend, BackendError, Ready};
use super::coalesce::coalesce;
use super::fractions::Fractions;
use super::grab::{Displacements, PointerGrab};
use super::held_timeout::{HeldTimeout, RepeatingKey, Sent, Silent};
use super::hold::Turn;
use super::paste_stroke::{is_modifier, pastes};
use super::pressed::{HeldId, Pressed, PressedKeys, ViewerId};
use super::queue::{Batch, Message};
use super::untyped::Untyped;
use super::waiting::{Admission, Entry, Source, Waiting};
use crate::protocol::input::{Button, Held, InputEvent, Key, Layout, Point, TypedText};

/// The backend, the keys that are pressed, the remainders of fractional movements, and the viewers' layouts.
pub(super) struct Dispatcher {
    backend: Box<dyn Backend>,
    pressed_keys: PressedKeys,
    held_timeout: HeldTimeout,
    waiting: Waiting,
    /// The time at which the present batch was taken.
    now: Instant,
    fractions: BTreeMap<ViewerId, Fractions>,
    layouts: BTreeMap<ViewerId, Layout>,
    desktop: Desktop,
    overflow_logged: Option<Instant>,
    grab: PointerGrab,
    displacements: Displacements,
    untyped: Untyped,
}

impl Dispatcher {
    pub(super) fn new(backend: Box<dyn Backend>, grab: PointerGrab) -> Dispatcher {
        Dispatcher {
            backend,
            pressed_keys: PressedKeys::default(),
            held_timeout: HeldTimeout::default(),
            waiting: Waiting::default(),
            now: Instant::now(),
            fractions: BTreeMap::new(),
            layouts: BTreeMap::new(),
            desktop: Desktop::Working,
            overflow_logged: None,
            grab,
            displacements: Displacements::default(),
            untyped: Untyped::default(),
        }
    }

    /// Returns the same dispatcher, which reports characters without a key to `untyped`.
    pub(super) fn reporting(mut self, untyped: Untyped) -> Dispatcher {
        self.untyped = untyped;
        self
    }

    /// The time at which a viewer will have been silent, or its input have waited, for too long.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let silent = self.held_timeout.deadline(|viewer| self.waiting.waits(viewer));
        let deadlines = [silent, self.waiting.deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// Applies `batch`, which was taken `now`, until `stopping` is true.
    pub(super) fn apply(&mut self, batch: Batch, now: Instant, stopping: impl Fn() -> bool) {
        self.now = now;
        let Batch { messages, overflowed } = batch;
        match self.backend.ready() {
            Ok(Ready::AsBefore) => {}
            Ok(Ready::Anew) => {
                tracing::info!("input reaches the desktop again");
                self.pressed_keys.release_all();
                self.held_timeout.end_all();
                self.waiting.clear();
            }
            // The events of the batch fail one by one.
            Err(error) => self.note(Err(error)),
        }
        for message in coalesce(messages) {
            if stopping() {
                return;
            }
            match message {
                Message::Event(viewer, event) => self.admit(viewer, event, &stopping),
                Message::Gone(viewer) => self.gone(viewer),
                Message::Cut(viewer) => self.cut(viewer),
                Message::Hold(viewer, turn) => self.hold(viewer, turn),
                Message::Resume {
                    viewer,
                    id,
                    has_failed,
                } => self.waiting.resume(viewer, id, has_failed, self.now),
                Message::Fetch(fetch) => self.waiting.fetch(fetch, self.now),
                Message::Wake => {}
            }
            self.end_waits(&stopping);
        }
        self.end_waits(&stopping);
        if overflowed {
            self.overflow();
        }
        // Whatever had come when the batch was taken is heard by now.
        self.release_silent();
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
        if let InputEvent::Sent { ms } = event
            && self.waiting.waits(viewer)
        {
            self.held_timeout.sent(viewer, ms, self.now);
            self.held_timeout.take_sent(viewer);
        }
        self.held_timeout.hear(viewer, self.now);
        match self.waiting.admit(viewer, event) {
            Admission::Now(event) => self.event(viewer, event, stopping),
            Admission::Waits => self.release_early(viewer),
            Admission::Overflow => self.let_go(viewer),
        }
    }

    fn hold(&mut self, viewer: ViewerId, turn: Turn) {
        if !self.waiting.hold(viewer, turn, self.now) {
            self.let_go(viewer);
        }
    }

    /// Does what has waited long enough.
    fn end_waits(&mut self, stopping: &impl Fn() -> bool) {
        while let Some((viewer, entry)) = self.waiting.next(self.now) {
            match entry {
                // The message has waited here, not on its way.
                Entry::Event(InputEvent::Sent { ms }) => self.held_timeout.sent_before(viewer, ms),
                Entry::Event(event) => self.event(viewer, event, stopping),
                Entry::Hold(turn) => self.waiting.begin_turn(viewer, turn, self.now),
            }
            // The rest may have to wait for the next paste.
            self.release_early(viewer);
            if stopping() {
                return;
            }
        }
    }

    /// Releases the keys whose release waits: the desktop would repeat them. Modifiers stay down for the keys that wait.
    fn release_early(&mut self, viewer: ViewerId) {
        let is_repeated = |id: &HeldId| matches!(id, HeldId::Key(_)) && !is_modifier(id);
        let held = self.pressed_keys.held(viewer).filter(|id| is_repeated(id));
        for id in self
            .waiting
            .take_releases(viewer, held.cloned().collect(), self.now)
        {
            let done = self.release_id(viewer, &id);
            self.note(done);
        }
    }

    fn event(&mut self, viewer: ViewerId, event: InputEvent, stopping: &impl Fn() -> bool) {
        self.held_timeout.hear(viewer, self.now);
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
            } => self.button(viewer, button, pressed, position),
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
            InputEvent::Key { key, pressed: true } => {
                let sent = self.held_timeout.take_sent(viewer);
                self.press_key(viewer, &key, sent)
            }
            InputEvent::Key { key, pressed: false } => self.release_key(viewer, &key),
            InputEvent::Locks { caps, num } => self.backend.set_locks(caps, num),
            InputEvent::Layout(layout) => {
                self.layouts.insert(viewer, layout);
                Ok(())
            }
            InputEvent::Text(text) => return self.type_text(&text, stopping),
            InputEvent::Held(held) => return self.compare(viewer, &held),
            InputEvent::Sent { ms } => return self.held_timeout.sent(viewer, ms, self.now),
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
        button: Button,
        pressed: bool,
        position: Option<Point>,
    ) -> Result<(), BackendError> {
        let id = HeldId::Button(button);
        match self.held_timeout.take_sent(viewer) {
            Some(sent) if pressed => self.held_timeout.press(viewer, id.clone(), sent, None),
            _ => self.held_timeout.release(viewer, &id),
        }
        // The up must not be lost because the pointer could not be moved.
        let moved = position.map_or(Ok(()), |position| self.backend.move_to(position));
        let target = if pressed {
            self.waiting.pressed(viewer, None, self.now);
            let target = Some(Pressed::Button(button));
            self.pressed_keys.down(viewer, id, target)
        } else {
            // Some programs paste at the press, and are done by now; the others paste at the release.
            if id == HeldId::Button(Button::Middle) && self.waiting.has_just_pressed(viewer, self.now) {
                self.waiting.pressed(viewer, Some(Source::Primary), self.now);
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

    fn release_key(&mut self, viewer: ViewerId, key: &Key) -> Result<(), BackendError> {
        HeldId::of_key(key).map_or(Ok(()), |id| self.release_id(viewer, &id))
    }

    fn release_id(&mut self, viewer: ViewerId, id: &HeldId) -> Result<(), BackendError> {
        self.held_timeout.release(viewer, id);
        let target = self.pressed_keys.up(viewer, id);
        target.map_or(Ok(()), |target| press(&mut *self.backend, target, false))
    }

    /// Presses the key for `key`. The viewer repeats that it holds it if its message says when it was `sent`.
    fn press_key(&mut self, viewer: ViewerId, key: &Key, sent: Option<Sent>) -> Result<(), BackendError> {
        let Some(id) = HeldId::of_key(key) else {
            return Ok(());
        };
        if self.pressed_keys.holds(viewer, &id) || self.pressed_keys.is_full(viewer) {
            return Ok(());
        }
        let plain = match key {
            Key::Dom { code, .. } => self
                .layouts
                .get(&viewer)
                .and_then(|layout| layout.character(code)),
            _ => None,
        };
        let is_paste = pastes(key, |id| self.pressed_keys.holds(viewer, id));
        let is_paste = is_paste.then_some(Source::Clipboard);
        self.waiting.pressed(viewer, is_paste, self.now);
        let keycode = self.backend.resolve(key, plain)?;
        let target = self
            .pressed_keys
            .down(viewer, id.clone(), keycode.map(Pressed::Key));
        let done = target.map_or(Ok(()), |target| press(&mut *self.backend, target, true));
        if let Some((sent, keycode)) = sent.zip(keycode) {
            let delay = self.backend.repeat_delay(keycode)?;
            let key = key.clone();
            let repeating = delay.map(|delay| RepeatingKey { key, delay });
            self.held_timeout.press(viewer, id, sent, repeating);
        }
        done
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

    /// Releases what silent viewers hold.
    fn release_silent(&mut self) {
        let silent = self
            .held_timeout
            .take_silent(self.now, |viewer| self.waiting.waits(viewer));
        for silent in silent {
            tracing::debug!("a viewer was silent while it held keys or buttons: they are released");
            let released = match silent {
                Silent::All(viewer) => self.pressed_keys.release_viewer(viewer),
                Silent::One(viewer, id) => self.pressed_keys.up(viewer, &id).into_iter().collect(),
            };
            self.release(released);
        }
    }

    /// Releases the keys that `viewer` does not hold any more, whatever was lost on the way, and presses those again
    /// that it still holds after a silence.
    fn compare(&mut self, viewer: ViewerId, held: &Held) {
        let sent = self.held_timeout.take_sent(viewer);
        let released = self.pressed_keys.keep(viewer, |id| id.is_in(held));
        self.release(released);
        for key in self.held_timeout.report(viewer, held, sent, self.now) {
            let pressed = self.press_key(viewer, &key, sent);
            self.note(pressed);
        }
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
        self.held_timeout.forget(viewer);
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
        self.held_timeout.end_all();
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
            if error.is_no_free_key() {
                tracing::debug!(%error, remedy = error.remedy(), "a character is not typed");
                return self.untyped.note();
            }
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
