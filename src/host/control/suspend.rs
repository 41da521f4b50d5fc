//! Finds out that the host was suspended: stopped, or asleep with the machine. The input that has waited meanwhile is
//! stale. Setting the time of day is no suspension: all times are those of [`steady_ms`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::clock::steady_ms;
use crate::protocol::input::InputEvent;

/// The pause between two beats, each of which notes that the host runs.
const PULSE: Duration = Duration::from_millis(500);
/// A host that missed its beats for longer than this was not merely busy, in milliseconds. Viewers give up a silent
/// host after the same time.
const AWAY_MS: u64 = 6_000;
/// The time after a suspension in which input may have waited, in milliseconds.
const STALE_MS: u64 = 2_000;

/// The time at which the host ran last. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::host) struct SuspendDetector(Arc<Times>);

#[derive(Debug)]
struct Times {
    last_ms: AtomicU64,
    stale_until_ms: AtomicU64,
    resumes: watch::Sender<u64>,
}

impl SuspendDetector {
    pub(in crate::host) fn new(now_ms: u64) -> Self {
        Self(Arc::new(Times {
            last_ms: AtomicU64::new(now_ms),
            stale_until_ms: AtomicU64::new(0),
            resumes: watch::Sender::new(0),
        }))
    }

    /// Beats. Does not end by itself.
    pub(in crate::host) async fn keep(self) {
        let mut pulse = interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pulse.tick().await;
            self.beat(steady_ms());
        }
    }

    /// Changes when the host was suspended. SCTP sends what came meanwhile again, for a time without a bound, so each
    /// viewer has to connect again.
    pub(in crate::host) fn resumes(&self) -> watch::Receiver<u64> {
        self.0.resumes.subscribe()
    }

    /// True if `event`, which comes at `now_ms`, has not waited, or acts on nothing.
    pub(in crate::host) fn lets_through(&self, event: &InputEvent, now_ms: u64) -> bool {
        let is_awake = !self.was_away(now_ms) && now_ms >= self.0.stale_until_ms.load(Ordering::SeqCst);
        is_awake || !event.is_action()
    }

    fn beat(&self, now_ms: u64) {
        if self.was_away(now_ms) {
            tracing::warn!("the host was stopped: what was done meanwhile is not done now");
            self.0.stale_until_ms.store(now_ms + STALE_MS, Ordering::SeqCst);
            self.0.resumes.send_modify(|count| *count += 1);
        }
        self.0.last_ms.store(now_ms, Ordering::SeqCst);
    }

    fn was_away(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.0.last_ms.load(Ordering::SeqCst)) > AWAY_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOVE: InputEvent = InputEvent::RelativeMotion { dx: 1.0, dy: 0.0 };

    #[test]
    fn what_waited_while_the_host_was_stopped_is_not_done_but_for_letting_go() {
        let host = SuspendDetector::new(10_000);
        assert!(host.lets_through(&MOVE, 16_000));
        assert!(!host.lets_through(&MOVE, 16_001), "before anybody has noticed");
        let resumes = host.resumes();
        host.beat(20_000);
        assert!(resumes.has_changed().unwrap());
        assert!(!host.lets_through(&MOVE, 21_999));
        assert!(host.lets_through(&InputEvent::ReleaseAll, 21_999));
        host.beat(21_500);
        assert!(host.lets_through(&MOVE, 22_000));
    }
}
