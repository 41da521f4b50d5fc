//! How many frames a second there may be: a token bucket.

use std::time::{Duration, Instant};

/// Holds two tokens and is refilled evenly, one for each `interval`. Not a grid: a change after a pause never waits,
/// and changes that come a little unevenly, at about the rate, do not either.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    /// When both tokens are there again.
    full_at: Option<Instant>,
}

impl Limiter {
    /// How long until there is a token; zero: it is there.
    pub(super) fn wait(&self, now: Instant, interval: Duration) -> Duration {
        self.missing(now, interval)
            .saturating_sub(interval * (CAPACITY - 1))
    }

    /// Takes a token. Without one, the next wait is the longer.
    pub(super) fn take(&mut self, now: Instant, interval: Duration) {
        self.full_at = Some(now + self.missing(now, interval) + interval);
    }

    /// The time until both are there. Bounded, so that a higher rate helps at once.
    fn missing(&self, now: Instant, interval: Duration) -> Duration {
        self.full_at
            .map_or(Duration::ZERO, |full_at| full_at.saturating_duration_since(now))
            .min(interval * CAPACITY)
    }
}

/// How many frames may come at once.
const CAPACITY: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(10);

    fn after(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    #[test]
    fn two_go_at_once_and_then_as_many_as_the_rate_allows() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        for _ in 0..2 {
            assert_eq!(limiter.wait(start, INTERVAL), Duration::ZERO);
            limiter.take(start, INTERVAL);
        }
        assert_eq!(limiter.wait(start, INTERVAL), INTERVAL);
        assert_eq!(limiter.wait(after(start, 4), INTERVAL), Duration::from_millis(6));
        assert_eq!(limiter.wait(after(start, 10), INTERVAL), Duration::ZERO);
        limiter.take(after(start, 10), INTERVAL);
        assert_eq!(limiter.wait(after(start, 10), INTERVAL), INTERVAL);
    }

    #[test]
    fn a_change_after_a_pause_never_waits() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        for at in [0, 0, 20, 20, 1000, 1001, 1020] {
            assert_eq!(limiter.wait(after(start, at), INTERVAL), Duration::ZERO, "{at}");
            limiter.take(after(start, at), INTERVAL);
        }
    }

    #[test]
    fn a_fast_drawer_gets_the_rate() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let taken = (0..1000).filter(|&at| {
            let ready = limiter.wait(after(start, at), INTERVAL).is_zero();
            if ready {
                limiter.take(after(start, at), INTERVAL);
            }
            ready
        });
        assert_eq!(taken.count(), 101);
    }

    #[test]
    fn a_higher_rate_helps_at_once() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let slow = Duration::from_secs(1);
        limiter.take(start, slow);
        limiter.take(start, slow);
        assert_eq!(limiter.wait(start, slow), slow);
        assert_eq!(limiter.wait(start, INTERVAL), INTERVAL);
    }
}
