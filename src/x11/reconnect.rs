//! Attempts to reach an X server that has gone.

use std::time::{Duration, Instant};

use crate::retry::Retry;

/// The attempts after one loss. The first is due at once.
pub(crate) struct Reconnect(Retry);

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
        Self(Retry::new(Instant::now()))
    }

    /// Calls `connect` if an attempt is due.
    pub(crate) fn attempt<T, E>(&mut self, connect: impl FnOnce() -> Result<T, E>) -> Attempt<T, E> {
        let wait = self.0.wait(Instant::now());
        if !wait.is_zero() {
            return Attempt::Early(wait);
        }
        match connect() {
            Ok(connected) => Attempt::Connected(connected),
            Err(error) => {
                self.0.failed(Instant::now());
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
