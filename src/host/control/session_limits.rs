//! The time limits of a viewer's session.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::protocol::input::InputEvent;
use crate::protocol::role::{Permission, Role};

/// The limits for viewers and players. `None`: no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionLimits {
    /// A viewer with the permission to act is disconnected after this long without input.
    pub idle: Option<Duration>,
    /// Every viewer is disconnected after this long.
    pub longest: Option<Duration>,
}

/// The times of one viewer or player that the limits are held against. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::host) struct SessionClock {
    since_ms: u64,
    acted_ms: Arc<AtomicU64>,
}

impl SessionClock {
    /// The clock of a viewer that comes at `now_ms`.
    pub(in crate::host) fn begin(now_ms: u64) -> Self {
        Self {
            since_ms: now_ms,
            acted_ms: Arc::new(AtomicU64::new(now_ms)),
        }
    }

    /// Takes note of the viewer's input. A release and the like do not count: pages send them by themselves.
    pub(in crate::host) fn note(&self, event: &InputEvent, now_ms: u64) {
        if event.is_action() {
            self.acted_ms.store(now_ms, Ordering::Relaxed);
        }
    }
}

impl SessionLimits {
    /// The reason for which a viewer of this role has to leave now, if there is one.
    pub(in crate::host) fn end(&self, clock: &SessionClock, role: Role, now_ms: u64) -> Option<&'static str> {
        let is_over = |limit: Option<Duration>, since_ms: u64| {
            limit.is_some_and(|limit| Duration::from_millis(now_ms.saturating_sub(since_ms)) >= limit)
        };
        if is_over(self.longest, clock.since_ms) {
            return Some("Session time limit reached");
        }
        let is_idle =
            role.allows(Permission::Pointer) && is_over(self.idle, clock.acted_ms.load(Ordering::Relaxed));
        is_idle.then_some("Idle timeout")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_viewer_has_to_leave_and_every_viewer_after_the_longest_time() {
        let limits = SessionLimits {
            idle: Some(Duration::from_secs(10)),
            longest: Some(Duration::from_secs(60)),
        };
        let clock = SessionClock::begin(5_000);
        assert_eq!(limits.end(&clock, Role::Control, 14_999), None);
        assert!(limits.end(&clock, Role::Control, 15_000).is_some());
        assert_eq!(limits.end(&clock, Role::View, 15_000), None, "it cannot act");
        clock.note(&InputEvent::ReleaseAll, 14_000);
        clock.note(&InputEvent::Layout(Default::default()), 14_000);
        assert!(limits.end(&clock, Role::Admin, 15_000).is_some());
        clock.note(&InputEvent::RelativeMotion { dx: 1.0, dy: 0.0 }, 64_000);
        assert_eq!(limits.end(&clock, Role::Control, 64_999), None);
        for role in Role::ALL {
            assert!(limits.end(&clock, role, 65_000).is_some());
            assert_eq!(SessionLimits::default().end(&clock, role, u64::MAX), None);
        }
    }
}
