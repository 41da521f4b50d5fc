//! Showing out those who may no longer be here.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::limits::{SessionClock, SessionLimits};
use crate::access::Grant;
use crate::clock::{now_ms, steady_ms};
use crate::host::HostContext;
use crate::protocol::role::Role;

/// How often it is looked at who may still be here: links end, and other processes revoke them.
const LOOK: Duration = Duration::from_secs(1);

/// Shows out viewers and players whose link or password has ended or who have been here for too long, and everybody
/// when that is asked for, until the host ends.
pub(crate) async fn watch(context: HostContext, limits: SessionLimits) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = context.shutdown.cancelled() => return,
            () = context.cut_off.notified() => cut_off(&context),
            _ = looks.tick() => {}
        }
        let end = |grant: &Grant, role: Role, clock: &SessionClock| match context
            .access
            .is_valid(grant, now_ms())
        {
            true => limits.end(clock, role, steady_ms()),
            false => Some("Access has ended"),
        };
        context
            .registry
            .show_out(|grant, clock| end(grant, grant.role, clock));
        // Players only look, whoever they came in as.
        context
            .whep_sessions
            .close_if(|grant, clock| end(grant, Role::View, clock).is_some());
    }
}

/// Ends what everybody was given. Who comes by a link, or through a server elsewhere, cannot come back.
fn cut_off(context: &HostContext) {
    tracing::warn!("everybody is cut off");
    context.outbound_end.cancel();
    if let Err(error) = context.access.end_all() {
        tracing::error!(%error, "the links that were shared are still valid");
    }
}
