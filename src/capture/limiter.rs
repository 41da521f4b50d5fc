//! The rate of frames, and which changes wait for it. Pure.

use std::time::{Duration, Instant};

/// The rate limiter. It is not a grid: a change after a pause never waits, and changes that come a little unevenly, at
/// about the rate, do not either. There are two limits:
///
/// For moments there may be twice as many frames as the rate says: a token bucket that holds two.
///
/// In motion that lasts, the rate is taken for that of the displays. One frame more, as of a click in a video, comes at
/// once, but then one is left out. A display that is given two frames in one of its periods shows the second in the
/// next, and so each after that later than it could, until a period comes without a frame. A program that draws faster
/// gets the rate. Where frames are further apart than the periods of any display there is only the bucket, for one as
/// many as the rate says.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    /// The time at which both tokens are there again.
    full_at: Option<Instant>,
    /// The time at which displays have shown what was taken.
    shown_at: Option<Instant>,
    moving_since: Option<Instant>,
    last: Option<Instant>,
    /// The time at which there was one frame too many, or would have been.
    crowded_at: Option<Instant>,
    /// The time at which a display was late.
    late_at: Option<Instant>,
    leaves_out: bool,
}

/// The fate of a change: now, later, or with the next one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The change becomes a frame at once.
    Now,
    /// The change becomes a frame after this time.
    In(Duration),
    /// The change is left out, and comes with the next one.
    LeftOut {
        /// Changes within this time are left out, too.
        with: Duration,
        /// After this time there is no next change: this one becomes a frame.
        longest: Duration,
    },
}

impl Limiter {
    /// Decides about a change that is there `now`, with one frame for each `interval`.
    pub(super) fn turn(&mut self, now: Instant, interval: Duration) -> Turn {
        let token = token(interval);
        let empty = self.missing(now, token).saturating_sub(token * (CAPACITY - 1));
        if !empty.is_zero() {
            return Turn::In(empty);
        }
        let unshown = self.unshown(now, interval);
        let slack = interval / 5;
        self.leaves_out &= unshown > slack;
        let moves = self
            .moving_since
            .is_some_and(|since| now - since >= interval * LASTING);
        if !moves || interval > DISPLAY || unshown <= slack {
            return Turn::Now;
        }
        if !self.leaves_out && !self.is_crowded(now, unshown, interval) {
            return Turn::Now;
        }
        self.crowded_at = Some(now);
        Turn::LeftOut {
            with: unshown - slack,
            longest: interval * 4 / 3,
        }
    }

    /// Counts a frame. Without a token, the next turn is the later.
    pub(super) fn take(&mut self, now: Instant, interval: Duration) {
        let token = token(interval);
        self.full_at = Some(now + self.missing(now, token) + token);
        if self.last.is_none_or(|last| now - last > interval * LASTING) {
            self.moving_since = Some(now);
        }
        let unshown = self.unshown(now, interval).min(interval);
        if unshown > interval / 2 {
            self.leaves_out = true;
            self.crowded_at = Some(now);
        }
        self.last = Some(now);
        self.shown_at = Some(now + unshown + interval);
    }

    /// Lets the next change through at once, and those after it at the rate of `interval`, however slow it was before.
    pub(super) fn hurry(&mut self, now: Instant, interval: Duration) {
        let token = token(interval);
        let full_at = now + token * (CAPACITY - 1);
        self.full_at = self.full_at.map(|at| at.min(full_at));
    }

    /// Leaves out one frame, if there is motion, for a display that is late. Not more than one a second, however many
    /// displays are late.
    pub(super) fn leave_out(&mut self, now: Instant, interval: Duration) {
        if self.late_at.is_none_or(|at| now - at >= PATIENCE) {
            self.late_at = Some(now);
            self.leaves_out = true;
            self.shown_at = self.last.map(|last| last + 2 * interval);
        }
    }

    /// True if one frame more would be too many: it is early, and there was another lately.
    fn is_crowded(&self, now: Instant, unshown: Duration, interval: Duration) -> bool {
        unshown > interval / 2 && self.crowded_at.is_some_and(|at| now - at < interval * LASTING)
    }

    /// The time for which displays have frames. Bounded, so that a higher rate helps at once.
    fn unshown(&self, now: Instant, interval: Duration) -> Duration {
        self.shown_at
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
            .min(2 * interval)
    }

    /// The time until both tokens are there. Bounded for the same reason.
    fn missing(&self, now: Instant, token: Duration) -> Duration {
        self.full_at
            .map_or(Duration::ZERO, |full_at| full_at.saturating_duration_since(now))
            .min(token * CAPACITY)
    }
}

/// The time in which a token comes.
fn token(interval: Duration) -> Duration {
    if interval > DISPLAY {
        interval
    } else {
        interval / 2
    }
}

/// Displays have shorter periods.
const DISPLAY: Duration = Duration::from_millis(25);
/// The number of intervals after which motion counts as lasting, and after which it begins anew if there was none.
const LASTING: u32 = 6;
/// The number of frames that may come at once.
const CAPACITY: u32 = 2;
/// The least time between two frames that are left out for a display.
const PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(20);

    fn after(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    /// The times at which the changes become frames, all in milliseconds.
    fn taken(limiter: &mut Limiter, start: Instant, changes: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let mut changes = changes.into_iter().peekable();
        let mut frames = Vec::new();
        while let Some(change) = changes.next() {
            let mut now = after(start, change);
            loop {
                let coming = |from: Instant| move |at: &u64| after(start, *at) <= from;
                match limiter.turn(now, INTERVAL) {
                    Turn::Now => break,
                    Turn::In(rest) => now += rest,
                    Turn::LeftOut { with, longest } => {
                        while changes.next_if(coming(now + with)).is_some() {}
                        let next = changes.next_if(coming(now + longest));
                        now = next.map_or(now + longest, |at| after(start, at));
                    }
                }
            }
            limiter.take(now, INTERVAL);
            frames.push((now - start).as_millis() as u64);
            while changes.next_if(|at| after(start, *at) <= now).is_some() {}
        }
        frames
    }

    fn gaps(frames: &[u64]) -> Vec<u64> {
        frames.windows(2).map(|pair| pair[1] - pair[0]).collect()
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
    fn at_a_low_rate_a_change_in_a_hurry_goes_at_once() {
        let (mut limiter, start, second) = (Limiter::default(), Instant::now(), Duration::from_secs(1));
        limiter.take(start, second);
        limiter.take(start, second);
        assert_eq!(limiter.turn(start, second), Turn::In(second));
        let quick = Duration::from_millis(50);
        limiter.hurry(start, quick);
        assert_eq!(limiter.turn(start, quick), Turn::Now);
        limiter.take(start, quick);
        assert_eq!(limiter.turn(start, quick), Turn::In(quick));
    }

    #[test]
    fn a_change_after_a_pause_never_waits() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let changes = [0, 1, 20, 21, 1000, 1001, 1020];
        assert_eq!(taken(&mut limiter, start, changes), changes);
    }

    #[test]
    fn a_fast_drawer_gets_the_rate_evenly() {
        for step in [1, 3, 7] {
            let (mut limiter, start) = (Limiter::default(), Instant::now());
            let frames = taken(&mut limiter, start, (0..2000).step_by(step));
            let lasting: Vec<u64> = frames.into_iter().filter(|at| (200..1900).contains(at)).collect();
            let gaps = gaps(&lasting);
            let span: u64 = gaps.iter().sum();
            assert!(gaps.iter().all(|gap| (13..=27).contains(gap)), "{step}: {gaps:?}");
            assert!(span >= 19 * gaps.len() as u64, "{step}: {gaps:?}");
        }
    }

    #[test]
    fn changes_that_are_a_little_uneven_all_become_frames_at_once() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let changes: Vec<u64> = (0..200).map(|n| n * 20 + n * 7 % 8).collect();
        assert_eq!(taken(&mut limiter, start, changes.clone()), changes);
    }

    #[test]
    fn of_a_little_too_many_some_are_left_out_and_none_is_late() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let changes: Vec<u64> = (0..250).map(|n| n * 19).collect();
        let frames = taken(&mut limiter, start, changes.clone());
        let late = frames.iter().filter(|at| !changes.contains(at)).count();
        assert!(late <= 1, "{frames:?}");
        assert!((230..250).contains(&frames.len()), "{}", frames.len());
    }

    #[test]
    fn one_frame_more_comes_at_once_and_the_next_is_left_out() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        taken(&mut limiter, start, (0..=400).step_by(20));
        let frames = taken(&mut limiter, start, [407, 420, 440, 460, 480]);
        assert_eq!(frames, [407, 440, 460, 480]);
    }

    #[test]
    fn what_is_left_out_comes_if_there_is_no_next() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        taken(&mut limiter, start, (0..=400).step_by(20));
        let frames = taken(&mut limiter, start, [407, 420]);
        assert!(frames[1] > 440 && frames[1] < 450, "{frames:?}");
    }

    #[test]
    fn a_late_display_is_given_time_once_a_second() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        taken(&mut limiter, start, (0..=400).step_by(20));
        limiter.leave_out(after(start, 401), INTERVAL);
        assert_eq!(taken(&mut limiter, start, [420, 440, 460]), [440, 460]);
        limiter.leave_out(after(start, 461), INTERVAL);
        assert_eq!(taken(&mut limiter, start, [480, 500]), [480, 500]);
        limiter.leave_out(after(start, 1500), INTERVAL);
        assert_eq!(
            taken(&mut limiter, start, [2000]),
            [2000],
            "at rest nothing is left out"
        );
    }

    #[test]
    fn a_low_rate_is_a_bucket_alone() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let slow = 5 * INTERVAL;
        let mut waited = Vec::new();
        for n in 0..20 {
            let now = after(start, n * 50);
            match limiter.turn(now, slow) {
                Turn::Now => limiter.take(now, slow),
                Turn::In(rest) => waited.push(rest),
                left_out @ Turn::LeftOut { .. } => panic!("{left_out:?}"),
            }
        }
        assert!(waited.iter().all(|rest| *rest <= slow / 2), "{waited:?}");
        assert!((8..=10).contains(&waited.len()), "{waited:?}");
    }

    #[test]
    fn a_higher_rate_helps_at_once() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let slow = Duration::from_secs(1);
        for second in 0..10 {
            limiter.take(after(start, 1000 * second), slow);
        }
        limiter.take(after(start, 9001), slow);
        limiter.leave_out(after(start, 9002), slow);
        let longest = match limiter.turn(after(start, 9003), INTERVAL) {
            Turn::Now => Duration::ZERO,
            Turn::In(rest) => rest,
            Turn::LeftOut { longest, .. } => longest,
        };
        assert!(longest < 2 * INTERVAL, "{longest:?}");
    }
}
