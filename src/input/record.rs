//! A backend that records every call, for tests.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::backend::{Axis, Backend, BackendError, Keycode};
use super::{dom_code, keysym_of_char};
use crate::protocol::input::{Button, Key, Point};
use crate::sync::lock;

/// One call of a backend.
#[derive(Debug, Clone, PartialEq)]
pub enum Recorded {
    /// The pointer was moved to this position.
    MoveTo(Point),
    /// The pointer was moved by this many pixels.
    MoveBy(i32, i32),
    /// A button went down (`true`) or up.
    Button(Button, bool),
    /// The wheel was turned by this many notches.
    Scroll(Axis, i32),
    /// A key went down (`true`) or up.
    Key(Keycode, bool),
    /// CapsLock and NumLock were to be on or off.
    Locks(Option<bool>, Option<bool>),
    /// The backend was closed.
    Closed,
    /// A call came while the recording was set to [`fail`](Recording::fail).
    Failed,
}

/// Records every call. Its desktop repeats keys that are no modifiers. A key resolves to the XKB keycode of its `code`;
/// one without a known code, or a keysym, to its character plus 0x1000000; a keysym that types none to its number.
pub struct RecordBackend {
    shared: Arc<Shared>,
}

impl RecordBackend {
    /// A backend, and the recording that it writes.
    pub fn new() -> (RecordBackend, Recording) {
        let shared = Arc::new(Shared::default());
        (
            RecordBackend {
                shared: shared.clone(),
            },
            Recording { shared },
        )
    }

    fn append(&self, event: Recorded) -> Result<(), BackendError> {
        let mut log = self.shared.lock();
        let failing = log.failing;
        log.events.push(if failing { Recorded::Failed } else { event });
        self.shared.changed.notify_all();
        match failing {
            true => Err(BackendError::new(
                "the recording is set to fail",
                "let the recording succeed",
            )),
            false => Ok(()),
        }
    }
}

/// The calls that were recorded so far; grows while the backend works.
#[derive(Clone)]
pub struct Recording {
    shared: Arc<Shared>,
}

impl Recording {
    /// All calls that were recorded so far.
    pub fn events(&self) -> Vec<Recorded> {
        self.shared.lock().events.clone()
    }

    /// Waits until `condition` holds for the recorded calls.
    ///
    /// # Errors
    /// The recorded calls, if the condition does not hold within `limit`.
    pub fn wait_until(
        &self,
        limit: Duration,
        condition: impl Fn(&[Recorded]) -> bool,
    ) -> Result<Vec<Recorded>, Vec<Recorded>> {
        let deadline = Instant::now() + limit;
        let mut log = self.shared.lock();
        while !condition(&log.events) {
            let Some(rest) = deadline.checked_duration_since(Instant::now()) else {
                return Err(log.events.clone());
            };
            log = self
                .shared
                .changed
                .wait_timeout(log, rest)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        Ok(log.events.clone())
    }

    /// Stops the backend at its next call, until the returned value is dropped.
    pub fn pause(&self) -> impl Sized + '_ {
        self.shared.lock()
    }

    /// Lets every call fail from now on, or succeed again.
    pub fn fail(&self, failing: bool) {
        self.shared.lock().failing = failing;
    }
}

impl Backend for RecordBackend {
    fn move_to(&mut self, position: Point) -> Result<(), BackendError> {
        self.append(Recorded::MoveTo(position))
    }

    fn move_by(&mut self, dx: i32, dy: i32) -> Result<(), BackendError> {
        self.append(Recorded::MoveBy(dx, dy))
    }

    fn button(&mut self, button: Button, pressed: bool) -> Result<(), BackendError> {
        self.append(Recorded::Button(button, pressed))
    }

    fn scroll(&mut self, axis: Axis, clicks: i32) -> Result<(), BackendError> {
        self.append(Recorded::Scroll(axis, clicks))
    }

    fn resolve(&mut self, key: &Key, _plain: Option<char>) -> Result<Option<Keycode>, BackendError> {
        let (keycode, text) = match key {
            Key::Dom { key, code } => (dom_code::keycode(code).map(u32::from), key.chars().next()),
            Key::Keysym(_) | Key::KeysymName(_) => {
                let keysym = keysym_of_char::asked_for(key);
                match keysym.and_then(keysym_of_char::text) {
                    Some(text) => (None, Some(text)),
                    None => (keysym, None),
                }
            }
        };
        Ok(keycode
            .or_else(|| text.map(|text| 0x0100_0000 + u32::from(text)))
            .map(Keycode))
    }

    fn set_locks(&mut self, caps: Option<bool>, num: Option<bool>) -> Result<(), BackendError> {
        self.append(Recorded::Locks(caps, num))
    }

    fn repeat_delay(&mut self, keycode: Keycode) -> Result<Option<Duration>, BackendError> {
        Ok(Some(REPEAT_DELAY).filter(|_| !MODIFIERS.contains(&keycode.0)))
    }

    fn key(&mut self, keycode: Keycode, pressed: bool) -> Result<(), BackendError> {
        self.append(Recorded::Key(keycode, pressed))
    }

    fn flush(&mut self) -> Result<(), BackendError> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), BackendError> {
        self.append(Recorded::Closed)
    }
}

/// The time after which the desktop of a recording says to repeat a key.
const REPEAT_DELAY: Duration = Duration::from_millis(500);
/// Shift, Control, Alt, AltGr and Super, as XKB keycodes.
const MODIFIERS: [u32; 8] = [37, 50, 62, 64, 105, 108, 133, 134];

#[derive(Default)]
struct Shared {
    log: Mutex<Log>,
    changed: Condvar,
}

#[derive(Default)]
struct Log {
    events: Vec<Recorded>,
    failing: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Log> {
        lock(&self.log)
    }
}
