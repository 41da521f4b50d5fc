//! Showing out those who may no longer be here.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::limits::{Stay, StayLimits};
use crate::access::Grant;
use crate::clock::{now_ms, steady_ms};
use crate::host::Shared;
use crate::protocol::role::Role;

/// How often it is looked at who may still be here: links end, and other processes revoke them.
const LOOK: Duration = Duration::from_secs(1);

/// Shows out viewers and players whose link or password has ended or who have been here for too long, and everybody
/// when that is asked for, until the host ends.
pub(crate) async fn watch(shared: Shared, limits: StayLimits) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shared.shutdown.cancelled() => return,
            () = shared.cut_off.notified() => cut_off(&shared),
            _ = looks.tick() => {}
        }
        let end = |grant: &Grant, role: Role, stay: &Stay| match shared.access.is_valid(grant, now_ms()) {
            true => limits.end(stay, role, steady_ms()),
            false => Some("Access has ended"),
        };
        shared
            .registry
            .show_out(|grant, stay| end(grant, grant.role, stay));
        // Players only look, whoever they came in as.
        shared
            .players
            .close_if(|grant, stay| end(grant, Role::View, stay).is_some());
    }
}

/// Ends what everybody was given. Who comes by a link, or through a server elsewhere, cannot come back.
fn cut_off(shared: &Shared) {
    tracing::warn!("everybody is cut off");
    shared.outbound_end.cancel();
    if let Err(error) = shared.access.end_all() {
        tracing::error!(%error, "the links that were shared are still valid");
    }
}
