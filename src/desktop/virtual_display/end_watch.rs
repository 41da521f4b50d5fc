//! The end of a virtual display, for other threads.

use std::process::ExitStatus;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::sync::lock;

/// A watch for the end of a [`VirtualDisplay`](crate::desktop::VirtualDisplay). The first end counts.
#[derive(Clone, Default)]
pub struct EndWatch {
    shared: Arc<(Mutex<Option<Ended>>, Condvar)>,
}

impl EndWatch {
    /// Blocks until the end; for a thread that may wait. Stopping the display ends the waiting too.
    pub fn wait(&self) -> Ended {
        loop {
            if let Some(ended) = self.wait_timeout(Duration::from_secs(3600)) {
                return ended;
            }
        }
    }

    /// Blocks until the end, at most for `limit`.
    pub fn wait_timeout(&self, limit: Duration) -> Option<Ended> {
        let (ended, changed) = &*self.shared;
        let deadline = Instant::now() + limit;
        let mut ended = lock(ended);
        loop {
            let rest = deadline.saturating_duration_since(Instant::now());
            if ended.is_some() || rest.is_zero() {
                return *ended;
            }
            ended = changed
                .wait_timeout(ended, rest)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Sets the end. The first call counts.
    pub(crate) fn set(&self, end: Ended) {
        let (ended, changed) = &*self.shared;
        lock(ended).get_or_insert(end);
        changed.notify_all();
    }
}

/// The end of a [`VirtualDisplay`](crate::desktop::VirtualDisplay).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The program ended by itself, with this status. The display still runs.
    Command(ExitStatus),
    /// The X server ended by itself, with this status.
    Server(ExitStatus),
    /// The display was stopped.
    Stopped,
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn the_first_end_counts() {
        let end = EndWatch::default();
        assert_eq!(end.wait_timeout(Duration::ZERO), None);
        let waiting = end.clone();
        let waiter = thread::spawn(move || waiting.wait());
        end.set(Ended::Stopped);
        end.set(Ended::Server(ExitStatus::default()));
        assert_eq!(waiter.join().unwrap(), Ended::Stopped);
    }
}
