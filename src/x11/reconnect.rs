//! Attempts to reach an X server that has gone.

use std::time::{Duration, Instant};

use crate::retry::{Backoff, Pauses};

/// The pauses after attempts that have failed.
const PAUSES: Backoff = Backoff::doubling(Duration::from_millis(250), Duration::from_secs(5));

/// The attempts after one loss. The first is due at once.
pub(crate) struct Reconnect {
    due: Instant,
    pauses: Pauses,
}

/// The outcome of an attempt.
pub(crate) enum Attempt<T, E> {
    /// None was made: the next one is due after this time.
    Early(Duration),
    /// The X server is not back, for this reason.
    Failed(E),
    /// The X server is back.
    Connected(T),
}

impl Reconnect {
    /// The X server was lost just now.
    pub(crate) fn new() -> Self {
        Self {
            due: Instant::now(),
            pauses: PAUSES.pauses(),
        }
    }

    /// Calls `connect` if an attempt is due.
    pub(crate) fn attempt<T, E>(&mut self, connect: impl FnOnce() -> Result<T, E>) -> Attempt<T, E> {
        let wait = self.due.saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            return Attempt::Early(wait);
        }
        match connect() {
            Ok(connected) => Attempt::Connected(connected),
            Err(error) => {
                self.due = Instant::now() + self.pauses.next();
                Attempt::Failed(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_attempt_is_followed_by_a_pause() {
        let mut reconnect = Reconnect::new();
        assert!(matches!(
            reconnect.attempt(|| Err::<(), _>("no")),
            Attempt::Failed("no")
        ));
        let early = reconnect.attempt(|| -> Result<(), ()> { panic!("it is not due") });
        assert!(matches!(early, Attempt::Early(rest) if !rest.is_zero()));
        assert!(matches!(
            Reconnect::new().attempt(|| Ok::<_, ()>(7)),
            Attempt::Connected(7)
        ));
    }
}
