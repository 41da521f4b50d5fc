//! Detection of applications that have taken the pointer, as games do: they hide it, and put it back wherever it is
//! moved. Such an application wants to know how far the pointer moves, and a position means nothing to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// The state of the pointer, shared by the input thread and the tasks that follow the cursor. Cheap to clone.
#[derive(Clone, Default)]
pub struct PointerGrab(Arc<State>);

#[derive(Default)]
struct State {
    is_hidden: AtomicBool,
    is_grabbed: watch::Sender<bool>,
}

impl PointerGrab {
    /// Sets whether the cursor is hidden. The pointer of a visible one is not taken.
    pub fn set_hidden(&self, is_hidden: bool) {
        self.0.is_hidden.store(is_hidden, Ordering::SeqCst);
        if !is_hidden {
            self.set(false);
        }
    }

    /// True while an application has taken the pointer, and all changes of that.
    pub fn changes(&self) -> watch::Receiver<bool> {
        self.0.is_grabbed.subscribe()
    }

    /// True if the application that hides the cursor may have taken the pointer: its position is to be looked at.
    pub(super) fn is_in_question(&self) -> bool {
        self.0.is_hidden.load(Ordering::SeqCst) && !*self.0.is_grabbed.borrow()
    }

    /// Records that the pointer was put back.
    pub(super) fn note(&self) {
        self.set(true);
    }

    fn set(&self, is_grabbed: bool) {
        self.0.is_grabbed.send_if_modified(|before| {
            let now = is_grabbed && self.0.is_hidden.load(Ordering::SeqCst);
            std::mem::replace(before, now) != now
        });
    }
}

/// The last times at which the pointer was not where it had been left. Pure.
#[derive(Default)]
pub(super) struct Displacements {
    last: Option<Instant>,
}

impl Displacements {
    /// Records whether the pointer was displaced before a move. Returns `true` if it was twice in a row.
    pub(super) fn look(&mut self, is_displaced: bool, now: Instant) -> bool {
        let before = std::mem::replace(&mut self.last, is_displaced.then_some(now));
        is_displaced && before.is_some_and(|before| now.saturating_duration_since(before) <= WITHIN)
    }
}

const WITHIN: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_taken_when_it_is_put_back_twice_in_a_row() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut displacements = Displacements::default();
        for (is_displaced, ms, is_taken) in [
            (true, 0, false),
            (false, 10, false),
            (true, 20, false),
            (true, 521, false),
            (true, 1021, true),
        ] {
            assert_eq!(displacements.look(is_displaced, at(ms)), is_taken, "{ms}");
        }
    }

    #[test]
    fn only_a_hidden_pointer_is_taken() {
        let grab = PointerGrab::default();
        let changes = grab.changes();
        grab.note();
        assert!(!*changes.borrow() && !grab.is_in_question());
        grab.set_hidden(true);
        assert!(grab.is_in_question());
        grab.note();
        assert!(*changes.borrow() && !grab.is_in_question());
        grab.set_hidden(false);
        assert!(!*changes.borrow());
    }
}
