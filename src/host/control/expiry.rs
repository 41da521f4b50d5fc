//! The end of a viewer's access: its link or password is no longer valid, or its time is over.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

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

/// Calls `sweep` every second and when a session was closed, and ends all access when `disconnect_all` is notified. Does
/// not end by itself.
///
/// `sweep` is to disconnect all viewers and players for which there is a reason. `end_all` is called when all access ends:
/// it is to end what no grant stands for.
pub(in crate::host) async fn watch(
    expiry: Expiry,
    disconnect_all: Arc<Notify>,
    end_all: impl Fn(),
    sweep: impl Fn(&Expiry),
) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = disconnect_all.notified() => {
                tracing::warn!("all viewers are disconnected");
                end_all();
                if let Err(error) = expiry.access.end_all() {
                    tracing::error!(%error, "the links that were shared are still valid");
                }
            }
            () = expiry.access.session_closed() => {}
            _ = looks.tick() => {}
        }
        sweep(&expiry);
    }
}
