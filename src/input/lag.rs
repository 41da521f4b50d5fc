//! The delay of a viewer's messages, by the times that they carry. Pure.

use std::time::{Duration, Instant};

/// The difference between the viewer's clock and ours, as the fastest messages show it. The viewer's clock has a zero
/// and a speed of its own, and the delay of a line changes.
pub(super) struct Lag {
    start: Instant,
    /// Our clock minus the viewer's for a message that does not wait, in milliseconds.
    least_ms: f64,
    heard: Instant,
}

impl Lag {
    /// Nothing is known yet at `now`.
    pub(super) fn new(now: Instant) -> Lag {
        Lag {
            start: now,
            least_ms: f64::INFINITY,
            heard: now,
        }
    }

    /// The time at which a message that comes `now`, and was sent at `sent_ms` by the viewer's clock, would have come
    /// if it had not waited on its way.
    pub(super) fn due(&mut self, sent_ms: f64, now: Instant) -> Instant {
        let ms = |time: Instant, since| time.saturating_duration_since(since).as_secs_f64() * 1000.0;
        let apart_ms = ms(now, self.start) - sent_ms;
        let risen_ms = self.least_ms + ms(now, self.heard) * RISE;
        (self.least_ms, self.heard) = (risen_ms.min(apart_ms).max(apart_ms - LONGEST_MS), now);
        let waited_ms = (apart_ms - self.least_ms).clamp(0.0, LONGEST_MS);
        now.checked_sub(Duration::from_secs_f64(waited_ms / 1000.0))
            .unwrap_or(now)
    }
}

/// The speed at which a line that became slower is taken for its usual state. What comes all at once after a stall
/// takes no time, and stays late.
const RISE: f64 = 0.25;
/// The longest delay that is told apart, in milliseconds.
const LONGEST_MS: f64 = 60_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(messages: &[(u64, f64)]) -> Vec<u128> {
        let start = Instant::now();
        let mut lag = Lag::new(start);
        let wait = |(at_ms, sent_ms): &(u64, f64)| {
            let now = start + Duration::from_millis(*at_ms);
            (now - lag.due(*sent_ms, now)).as_millis()
        };
        messages.iter().map(wait).collect()
    }

    #[test]
    fn what_comes_at_once_after_a_stall_has_waited() {
        let messages = [
            (0, 5000.0),
            (900, 5100.0),
            (900, 5200.0),
            (901, 5800.0),
            (1000, 6000.0),
        ];
        let waits = waits(&messages);
        assert!(waits[1] > 500 && waits[2] > 400, "{waits:?}");
        assert!(waits[3] <= 1 && waits[4] == 0, "{waits:?}");
    }

    #[test]
    fn a_line_that_became_slower_is_usual_after_a_while() {
        let messages: Vec<_> = (0..30_u64)
            .map(|n| (n * 100 + if n > 0 { 300 } else { 0 }, n as f64 * 100.0))
            .collect();
        let waits = waits(&messages);
        assert!(waits[1] > 150, "{waits:?}");
        assert_eq!(waits[29], 0, "{waits:?}");
    }

    #[test]
    fn a_clock_that_was_far_off_once_is_believed_again_after_a_while() {
        let mut messages = vec![(0, -1e12)];
        messages.extend((1..3000_u64).map(|n| (n * 100, 1e12 + n as f64 * 100.0)));
        messages.push((300_000, -1e12));
        messages.extend((3001..6000_u64).map(|n| (n * 100, n as f64 * 100.0)));
        let waits = waits(&messages);
        assert_eq!((waits[2999], waits[5998]), (0, 0));
    }

    #[test]
    fn a_clock_that_is_set_or_lies_does_no_harm() {
        for sent_ms in [0.0, -1e300, 1e300, f64::MAX, f64::MIN] {
            let waits = waits(&[(0, 1000.0), (10, sent_ms), (20, 1020.0)]);
            assert!(waits.iter().all(|wait| *wait <= 60_000), "{waits:?}");
        }
    }
}
