//! Two clocks: the time of day, which may be set at any moment, and one that only goes on.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// The time of day, in milliseconds since the epoch: for times that others compare with their clocks, and for times that
/// outlive the process.
pub fn now_ms() -> u64 {
    now_us() / 1000
}

/// The time of day, in microseconds since the epoch.
pub fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// The time of day at the first call plus the time since then, in milliseconds since the epoch. It goes on while the
/// machine sleeps, and cannot be set: for durations.
pub fn steady_ms() -> u64 {
    static START: OnceLock<u64> = OnceLock::new();
    let up = up_ms();
    START
        .get_or_init(|| now_ms().saturating_sub(up))
        .saturating_add(up)
}

/// The time since the machine was started, asleep or not, in milliseconds.
fn up_ms() -> u64 {
    let up = clock_gettime(ClockId::Boottime);
    let ms = i128::from(up.tv_sec) * 1000 + i128::from(up.tv_nsec) / 1_000_000;
    u64::try_from(ms).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steady_clock_begins_with_the_time_of_day_and_never_goes_back() {
        let first = steady_ms();
        assert!(first.abs_diff(now_ms()) < 60_000);
        let mut last = first;
        while last == first {
            let next = steady_ms();
            assert!(next >= last);
            last = next;
        }
    }
}
