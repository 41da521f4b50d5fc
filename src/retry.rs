//! When to try again to reach an X server that has gone.

use std::time::{Duration, Instant};

/// The pause after the first try that fails.
const SHORTEST: Duration = Duration::from_millis(250);
/// The longest; each is twice the one before.
const LONGEST: Duration = Duration::from_secs(5);

/// The tries after a loss. The first is due at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retry {
    due: Instant,
    pause: Duration,
}

impl Retry {
    /// Something was lost at `now`.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            due: now,
            pause: SHORTEST,
        }
    }

    /// How long until the next try; zero when it is due.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        self.due.saturating_duration_since(now)
    }

    /// A try has failed at `now`.
    pub(crate) fn failed(&mut self, now: Instant) {
        self.due = now + self.pause;
        self.pause = (self.pause * 2).min(LONGEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_try_is_due_at_once_and_the_pauses_double_up_to_the_longest() {
        let now = Instant::now();
        let mut retry = Retry::new(now);
        assert!(retry.wait(now).is_zero());
        let mut pause = || {
            retry.failed(now);
            retry.wait(now).as_millis()
        };
        let pauses: Vec<_> = (0..7).map(|_| pause()).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 5000, 5000]);
        assert!(retry.wait(now + LONGEST).is_zero());
    }
}
