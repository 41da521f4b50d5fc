//! The limit on a client's messages: a bucket of tokens, one for each message.

/// A bucket of tokens, filled evenly up to its size.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// In thousandths of a token.
    level: u64,
    size: u64,
    /// Thousandths per millisecond: tokens per second.
    rate: u64,
    filled_at_ms: u64,
}

impl Bucket {
    /// A full bucket: `burst` at once, and then `per_second`.
    pub(crate) fn new(burst: u32, per_second: u32, now_ms: u64) -> Self {
        let size = u64::from(burst.max(1)) * TOKEN;
        Self {
            level: size,
            size,
            rate: u64::from(per_second.max(1)),
            filled_at_ms: now_ms,
        }
    }

    /// Takes a token. Returns false if there is none.
    pub(crate) fn take(&mut self, now_ms: u64) -> bool {
        let elapsed = now_ms.saturating_sub(self.filled_at_ms);
        self.filled_at_ms = self.filled_at_ms.max(now_ms);
        self.level = self
            .level
            .saturating_add(elapsed.saturating_mul(self.rate))
            .min(self.size);
        let taken = self.level.checked_sub(TOKEN);
        self.level = taken.unwrap_or(self.level);
        taken.is_some()
    }

    /// The time at which there is a token, at the latest, in milliseconds since the epoch.
    pub(super) fn ready_at_ms(&self) -> u64 {
        let missing = TOKEN.saturating_sub(self.level);
        self.filled_at_ms.saturating_add(missing.div_ceil(self.rate))
    }
}

const TOKEN: u64 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_at_once_and_then_as_many_as_the_rate_allows() {
        let mut bucket = Bucket::new(3, 2, 1_000);
        assert_eq!((0..5).filter(|_| bucket.take(1_000)).count(), 3);
        assert_eq!(bucket.ready_at_ms(), 1_500);
        assert!(!bucket.take(1_499));
        assert!(bucket.take(1_500));
        assert!(!bucket.take(1_500));
        assert_eq!((0..9).filter(|_| bucket.take(1_000_000)).count(), 3);
    }

    #[test]
    fn a_clock_that_goes_back_does_no_harm() {
        let mut bucket = Bucket::new(1, 1, 1_000);
        assert!(bucket.take(500));
        assert!(!bucket.take(0));
        assert!(bucket.take(2_000));
    }
}
