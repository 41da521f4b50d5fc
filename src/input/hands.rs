//! What the input thread does with each event: the policy between the viewers and the backend.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::backend::{Axis, Backend, BackendError};
use super::book::{Book, Control, Hold, ViewerId};
use super::queue::{Batch, Message};
use crate::protocol::input::{InputEvent, Key, Point};

/// The backend, the book and what is left over of fractional movements.
pub(super) struct Hands {
    backend: Box<dyn Backend>,
    book: Book,
    fractions: BTreeMap<ViewerId, Fractions>,
    desktop: Desktop,
    overflow_logged: Option<Instant>,
}

impl Hands {
    pub(super) fn new(backend: Box<dyn Backend>) -> Hands {
        Hands {
            backend,
            book: Book::default(),
            fractions: BTreeMap::new(),
            desktop: Desktop::Working,
            overflow_logged: None,
        }
    }

    /// Does all of `batch`, unless `stopping` says so in between.
    pub(super) fn perform(&mut self, batch: Batch, stopping: impl Fn() -> bool) {
        let Batch { messages, overflowed } = batch;
        for message in coalesce(messages) {
            if stopping() {
                return;
            }
            match message {
                Message::Event(viewer, event) => self.event(viewer, event),
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
        let held = self.book.release_all();
        self.release(held);
        let closed = self.backend.flush().and_then(|()| self.backend.close());
        self.note(closed);
    }

    fn event(&mut self, viewer: ViewerId, event: InputEvent) {
        let done = match event {
            InputEvent::Motion { position } => self.backend.move_to(position),
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
                Control::Button(button),
                Hold::Button(button),
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
            InputEvent::ReleaseAll => {
                let held = self.book.release_viewer(viewer);
                self.release(held);
                return;
            }
        };
        self.note(done);
    }

    fn button(
        &mut self,
        viewer: ViewerId,
        control: Control,
        hold: Hold,
        pressed: bool,
        position: Option<Point>,
    ) -> Result<(), BackendError> {
        // The up must not be lost because the pointer could not be moved.
        let moved = position.map_or(Ok(()), |position| self.backend.move_to(position));
        let hold = if pressed {
            self.book.down(viewer, control, Some(hold))
        } else {
            self.book.up(viewer, &control)
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
        let Some(control) = Control::of_key(key) else {
            return Ok(());
        };
        let hold = if !pressed {
            self.book.up(viewer, &control)
        } else if self.book.holds(viewer, &control) || self.book.is_full(viewer) {
            None
        } else {
            let keycode = self.backend.resolve(key)?;
            self.book.down(viewer, control, keycode.map(Hold::Key))
        };
        hold.map_or(Ok(()), |hold| press(&mut *self.backend, hold, pressed))
    }

    fn gone(&mut self, viewer: ViewerId) {
        self.fractions.remove(&viewer);
        let held = self.book.release_viewer(viewer);
        self.release(held);
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
        let held = self.book.release_all();
        self.release(held);
    }

    fn release(&mut self, held: Vec<Hold>) {
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

fn press(backend: &mut dyn Backend, hold: Hold, pressed: bool) -> Result<(), BackendError> {
    match hold {
        Hold::Key(keycode) => backend.key(keycode, pressed),
        Hold::Button(button) => backend.button(button, pressed),
    }
}

/// Merges consecutive motions: the newest position wins, relative motions of one viewer add up. Numbers that are not
/// finite are left out.
fn coalesce(messages: Vec<Message>) -> Vec<Message> {
    let mut merged: Vec<Message> = Vec::with_capacity(messages.len());
    for message in messages.into_iter().filter_map(finite) {
        match (merged.last_mut(), &message) {
            (
                Some(last @ Message::Event(_, InputEvent::Motion { .. })),
                Message::Event(_, InputEvent::Motion { .. }),
            ) => *last = message,
            (
                Some(Message::Event(earlier, InputEvent::RelativeMotion { dx, dy })),
                Message::Event(
                    viewer,
                    InputEvent::RelativeMotion {
                        dx: more_x,
                        dy: more_y,
                    },
                ),
            ) if earlier == viewer => {
                *dx += more_x;
                *dy += more_y;
            }
            _ => merged.push(message),
        }
    }
    merged
}

/// The message without numbers that are not finite: whole if it is about nothing else, without its position if it is
/// a button or a wheel.
fn finite(mut message: Message) -> Option<Message> {
    let is_finite = |point: &Point| point.x.is_finite() && point.y.is_finite();
    let Message::Event(_, event) = &mut message else {
        return Some(message);
    };
    let keep = match event {
        InputEvent::Motion { position } => is_finite(position),
        InputEvent::RelativeMotion { dx, dy } => dx.is_finite() && dy.is_finite(),
        InputEvent::Button { position, .. } => {
            *position = position.filter(is_finite);
            true
        }
        InputEvent::Wheel {
            delta_x,
            delta_y,
            position,
        } => {
            *position = position.filter(is_finite);
            delta_x.is_finite() && delta_y.is_finite()
        }
        InputEvent::Key { .. } | InputEvent::ReleaseAll => true,
    };
    keep.then_some(message)
}

/// What is left over of one viewer's movements.
#[derive(Default)]
struct Fractions {
    motion: Fraction,
    wheel: Fraction,
}

#[derive(Default)]
struct Fraction {
    x: f64,
    y: f64,
}

impl Fraction {
    /// Adds a movement and takes the whole part, at most `limit` either way. What exceeds it is gone.
    fn add(&mut self, dx: f64, dy: f64, limit: f64) -> (i32, i32) {
        (
            take_whole(&mut self.x, dx, limit),
            take_whole(&mut self.y, dy, limit),
        )
    }
}

fn take_whole(rest: &mut f64, delta: f64, limit: f64) -> i32 {
    let sum = *rest + delta;
    let whole = sum.trunc();
    *rest = sum - whole;
    if !rest.is_finite() {
        *rest = 0.0;
    }
    whole.clamp(-limit, limit) as i32
}

/// What a browser on Linux reports for one notch of the wheel.
const NOTCH: f64 = 120.0;
/// Notches per event and axis.
const MOST_CLICKS: f64 = 10.0;
/// Pixels per relative motion: what a coordinate of X11 can say.
const FARTHEST: f64 = 32_767.0;
const OVERFLOW_LOG_INTERVAL: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::input::Button;

    fn event(viewer: u64, event: InputEvent) -> Message {
        Message::Event(ViewerId(viewer), event)
    }

    fn motion(x: f64) -> InputEvent {
        InputEvent::Motion {
            position: Point { x, y: 0.0 },
        }
    }

    fn events(messages: Vec<Message>) -> Vec<InputEvent> {
        let event = |message| match message {
            Message::Event(_, event) => Some(event),
            _ => None,
        };
        coalesce(messages).into_iter().filter_map(event).collect()
    }

    #[test]
    fn the_newest_of_consecutive_motions_wins() {
        assert_eq!(
            events(vec![event(1, motion(1.0)), event(2, motion(2.0))]),
            [motion(2.0)]
        );
    }

    #[test]
    fn motions_around_a_button_stay_apart() {
        let left = InputEvent::Button {
            button: Button::Left,
            pressed: true,
            position: None,
        };
        let all = [motion(1.0), left, motion(2.0)];
        assert_eq!(events(all.iter().cloned().map(|e| event(1, e)).collect()), all);
    }

    #[test]
    fn relative_motions_of_one_viewer_add_up() {
        let by = |dx| InputEvent::RelativeMotion { dx, dy: 1.0 };
        assert_eq!(
            events(vec![event(1, by(1.5)), event(1, by(2.0)), event(2, by(4.0))]),
            [InputEvent::RelativeMotion { dx: 3.5, dy: 2.0 }, by(4.0)]
        );
    }

    #[test]
    fn numbers_that_are_not_finite_are_ignored() {
        let nowhere = Some(Point { x: f64::NAN, y: 0.0 });
        let button = |position| InputEvent::Button {
            button: Button::Left,
            pressed: false,
            position,
        };
        assert_eq!(
            events(vec![
                event(1, motion(f64::NAN)),
                event(
                    1,
                    InputEvent::Wheel {
                        delta_x: 0.0,
                        delta_y: f64::INFINITY,
                        position: None
                    }
                ),
                event(1, button(nowhere)),
            ]),
            [button(None)]
        );
    }

    #[test]
    fn fractions_accumulate_and_excess_is_dropped() {
        let mut rest = 0.0;
        let clicks: Vec<i32> = (0..5).map(|_| take_whole(&mut rest, 0.5, 10.0)).collect();
        assert_eq!(clicks, [0, 1, 0, 1, 0]);
        rest = 0.0;
        assert_eq!(take_whole(&mut rest, -0.75, 10.0), 0);
        assert_eq!(take_whole(&mut rest, -0.75, 10.0), -1);
        assert_eq!(take_whole(&mut rest, 1e300, 10.0), 10);
        assert!(rest.abs() < 1.0);
        assert_eq!(take_whole(&mut rest, -1e9, 10.0), -10);
    }
}
