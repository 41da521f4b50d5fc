//! When a frame may be taken.

use std::time::{Duration, Instant};

/// Not a grid: a change after a pause never waits, and changes that come a little unevenly, at about the rate, do not
/// either. There are two limits:
///
/// For moments there may be twice as many frames as the rate says: a token bucket that holds two.
///
/// In motion that lasts, the rate is what displays show. One frame more, as of a click in a video, comes at once, but
/// then one is left out: a display shows one frame each time and keeps the next for the time after, and would else be
/// a frame late from then on. A program that draws faster gets the rate.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    /// When both tokens are there again.
    full_at: Option<Instant>,
    /// When displays have shown what was taken.
    shown_at: Option<Instant>,
    moving_since: Option<Instant>,
    last: Option<Instant>,
    /// When there was one too many, or would have been.
    crowded_at: Option<Instant>,
    leaves_out: bool,
}

/// Whether a change becomes a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// At once.
    Now,
    /// After this time.
    In(Duration),
    /// It is left out: the next change decides, or nothing has come for this time.
    WithNext(Duration),
}

impl Limiter {
    /// What becomes of a change that is there `now`, with one frame for each `interval`.
    pub(super) fn turn(&mut self, now: Instant, interval: Duration) -> Turn {
        let empty = self
            .missing(now, interval / BURST)
            .saturating_sub(interval / BURST * (CAPACITY - 1));
        if !empty.is_zero() {
            return Turn::In(empty);
        }
        let unshown = self.unshown(now);
        self.leaves_out &= unshown > interval / 5;
        let moves = self
            .moving_since
            .is_some_and(|since| now - since >= interval * LASTING);
        if !moves || unshown <= interval / 5 || !self.leaves_out && !self.is_crowded(now, interval) {
            return Turn::Now;
        }
        self.crowded_at = Some(now);
        Turn::WithNext(unshown + interval / 8)
    }

    /// Takes a frame. Without a token, the next turn is the later.
    pub(super) fn take(&mut self, now: Instant, interval: Duration) {
        self.full_at = Some(now + self.missing(now, interval / BURST) + interval / BURST);
        if self.last.is_none_or(|last| now - last > interval * LASTING) {
            self.moving_since = Some(now);
        }
        let unshown = self.unshown(now).min(interval);
        if unshown > interval / 2 {
            self.leaves_out = true;
            self.crowded_at = Some(now);
        }
        self.last = Some(now);
        self.shown_at = Some(now + unshown + interval);
    }

    /// A display is late: one frame is left out, if there is motion.
    pub(super) fn leave_out(&mut self, interval: Duration) {
        self.leaves_out = true;
        self.shown_at = self.last.map(|last| last + 2 * interval);
    }

    /// Whether one more would be too many: it is early, and there was another lately.
    fn is_crowded(&self, now: Instant, interval: Duration) -> bool {
        let is_early = self.unshown(now) > interval / 2;
        is_early && self.crowded_at.is_some_and(|at| now - at < interval * LASTING)
    }

    /// For how long displays have enough.
    fn unshown(&self, now: Instant) -> Duration {
        self.shown_at
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    }

    /// The time until both tokens are there. Bounded, so that a higher rate helps at once.
    fn missing(&self, now: Instant, interval: Duration) -> Duration {
        self.full_at
            .map_or(Duration::ZERO, |full_at| full_at.saturating_duration_since(now))
            .min(interval * CAPACITY)
    }
}

/// After so many intervals motion lasts, and begins anew if there was none.
const LASTING: u32 = 6;
/// How much faster than the rate frames may come for moments.
const BURST: u32 = 2;
/// How many frames may come at once.
const CAPACITY: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(20);

    fn after(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    /// Which of the changes, in milliseconds, become frames; those that wait do so when it is their turn.
    fn taken(limiter: &mut Limiter, start: Instant, changes: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let is_now = |&at: &u64| {
            let is_now = limiter.turn(after(start, at), INTERVAL) == Turn::Now;
            if is_now {
                limiter.take(after(start, at), INTERVAL);
            }
            is_now
        };
        changes.into_iter().filter(is_now).collect()
    }

    #[test]
    fn two_go_at_once_and_then_as_many_as_the_burst_allows() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        for _ in 0..2 {
            assert_eq!(limiter.turn(start, INTERVAL), Turn::Now);
            limiter.take(start, INTERVAL);
        }
        assert_eq!(limiter.turn(start, INTERVAL), Turn::In(INTERVAL / 2));
        assert_eq!(
            limiter.turn(after(start, 4), INTERVAL),
            Turn::In(Duration::from_millis(6))
        );
        assert_eq!(taken(&mut limiter, start, [10]), [10]);
        assert_eq!(limiter.turn(after(start, 10), INTERVAL), Turn::In(INTERVAL / 2));
    }

    #[test]
    fn a_change_after_a_pause_never_waits() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let changes = [0, 0, 20, 20, 1000, 1001, 1020];
        assert_eq!(taken(&mut limiter, start, changes), changes);
    }

    #[test]
    fn a_fast_drawer_gets_the_rate_evenly() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let frames = taken(&mut limiter, start, 0..2000);
        let lasting: Vec<u64> = frames.into_iter().filter(|&at| at >= 200).collect();
        let gaps: Vec<u64> = lasting.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().all(|gap| (16..=20).contains(gap)), "{gaps:?}");
    }

    #[test]
    fn changes_that_are_a_little_uneven_all_become_frames() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let changes: Vec<u64> = (0..100).map(|n| n * 20 + n * 7 % 4).collect();
        assert_eq!(taken(&mut limiter, start, changes.clone()), changes);
    }

    #[test]
    fn one_frame_more_comes_at_once_and_the_next_is_left_out() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        taken(&mut limiter, start, (0..=400).step_by(20));
        assert_eq!(taken(&mut limiter, start, [407]), [407]);
        let Turn::WithNext(longest) = limiter.turn(after(start, 420), INTERVAL) else {
            panic!("it is not left out");
        };
        assert!(after(start, 420) + longest > after(start, 440));
        assert_eq!(taken(&mut limiter, start, [440, 460, 480]), [440, 460, 480]);
    }

    #[test]
    fn what_is_left_out_comes_if_there_is_no_next() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        taken(&mut limiter, start, (0..=400).step_by(20));
        taken(&mut limiter, start, [407]);
        let Turn::WithNext(longest) = limiter.turn(after(start, 420), INTERVAL) else {
            panic!("it is not left out");
        };
        assert_eq!(limiter.turn(after(start, 420) + longest, INTERVAL), Turn::Now);
    }

    #[test]
    fn a_late_display_is_given_time_once() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        taken(&mut limiter, start, (0..=400).step_by(20));
        limiter.leave_out(INTERVAL);
        assert_eq!(taken(&mut limiter, start, [420, 440, 460, 480]), [440, 460, 480]);
        limiter.leave_out(INTERVAL);
        assert_eq!(
            taken(&mut limiter, start, [1000]),
            [1000],
            "at rest nothing is left out"
        );
    }

    #[test]
    fn a_higher_rate_helps_at_once() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let slow = Duration::from_secs(1);
        limiter.take(start, slow);
        limiter.take(start, slow);
        assert_eq!(limiter.turn(start, slow), Turn::In(slow / 2));
        assert_eq!(limiter.turn(start, INTERVAL), Turn::In(INTERVAL / 2));
    }
}
