//! The pauses between tries to reach what is lost.

use std::time::Duration;

/// The pauses between tries: each is twice the one before, up to the longest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    first: Duration,
    most: Duration,
    /// The largest deviation from a pause, as a share of it.
    jitter: f64,
}

impl Backoff {
    /// Pauses that double from `first` to `most`.
    pub(crate) const fn doubling(first: Duration, most: Duration) -> Self {
        Self {
            first,
            most,
            jitter: 0.0,
        }
    }

    /// The same pauses, each longer or shorter by up to this share of it, so that many programs do not come back at
    /// once.
    pub(crate) const fn with_jitter(self, jitter: f64) -> Self {
        Self { jitter, ..self }
    }

    /// The pauses, from the first.
    pub(crate) fn pauses(self) -> Pauses {
        Pauses {
            backoff: self,
            next: self.first,
        }
    }

    fn jittered(self, pause: Duration) -> Duration {
        if self.jitter == 0.0 {
            return pause;
        }
        // Without randomness the pause is the plain one.
        let share = getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX));
        pause.mul_f64(1.0 - self.jitter + 2.0 * self.jitter * share)
    }
}

/// The pauses of a [`Backoff`], which never end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pauses {
    backoff: Backoff,
    next: Duration,
}

impl Pauses {
    /// The pause after one more failed try.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.backoff.most);
        self.backoff.jittered(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_double_up_to_the_longest() {
        let mut pauses = Backoff::doubling(Duration::from_millis(250), Duration::from_secs(5)).pauses();
        let pauses: Vec<_> = (0..7).map(|_| pauses.next().as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 5000, 5000]);
    }

    #[test]
    fn the_jitter_stays_within_its_share() {
        let pause = Duration::from_secs(10);
        for _ in 0..1000 {
            let wait = Backoff::doubling(pause, pause).with_jitter(0.2).pauses().next();
            assert!(
                (Duration::from_secs(8)..=Duration::from_secs(12)).contains(&wait),
                "{wait:?}"
            );
        }
    }
}
