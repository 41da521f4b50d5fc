//! The end of a viewer's access: its link or password is no longer valid, or its time is over.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::session_limits::{SessionClock, SessionLimits};
use crate::access::{Access, Grant};
use crate::clock::{now_ms, steady_ms};
use crate::protocol::role::Role;

/// The pause between two sweeps: links end, and other processes revoke them.
const LOOK: Duration = Duration::from_secs(1);

/// The rules by which access ends.
pub(in crate::host) struct Expiry {
    access: Arc<Access>,
    limits: SessionLimits,
}

impl Expiry {
    pub(in crate::host) fn new(access: Arc<Access>, limits: SessionLimits) -> Self {
        Self { access, limits }
    }

    /// The reason for which a viewer or player that came in by `grant` has to leave now, if there is one.
    pub(in crate::host) fn reason(
        &self,
        grant: &Grant,
        role: Role,
        clock: &SessionClock,
    ) -> Option<&'static str> {
        if !self.access.is_valid(grant, now_ms()) {
            return Some("Access has ended");
        }
        self.limits.end(clock, role, steady_ms())
    }
}

/// Calls `sweep` every second, and ends all access when `disconnect_all` is notified. Does not end by itself.
///
/// `sweep` is to disconnect all viewers and players for which there is a reason. With all access, `signaling_end` is
/// cancelled: it is to end what came through a signaling server elsewhere.
pub(in crate::host) async fn watch(
    expiry: Expiry,
    disconnect_all: Arc<Notify>,
    signaling_end: CancellationToken,
    sweep: impl Fn(&Expiry),
) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = disconnect_all.notified() => {
                tracing::warn!("all viewers are disconnected");
                signaling_end.cancel();
                if let Err(error) = expiry.access.end_all() {
                    tracing::error!(%error, "the links that were shared are still valid");
                }
            }
            _ = looks.tick() => {}
        }
        sweep(&expiry);
    }
}
