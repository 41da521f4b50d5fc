//! The control: every viewer with the permission has it, until one takes it for itself.

use std::sync::Arc;

use tokio::sync::watch;

use crate::protocol::lease::{LeaseRequest, LeaseState};
use crate::protocol::role::{Permission, Role};

/// The holder of the control. Cheap to clone.
#[derive(Clone)]
pub(in crate::host) struct ControlLease(Arc<watch::Sender<LeaseState>>);

/// A client's claim on the control. Dropping it gives the control back.
pub(in crate::host) struct ControlClaim {
    lease: ControlLease,
    id: String,
}

impl ControlLease {
    pub(in crate::host) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(LeaseState::default())))
    }

    /// The state now, and each change from now on.
    pub(in crate::host) fn updates(&self) -> watch::Receiver<LeaseState> {
        self.0.subscribe()
    }

    /// True if the client of this id may act, as far as its role allows.
    pub(in crate::host) fn lets_act(&self, id: &str) -> bool {
        self.0.borrow().lets_act(id)
    }

    /// The claim of the client of this id, which does not have the control yet.
    pub(in crate::host) fn claim(&self, id: &str) -> ControlClaim {
        ControlClaim {
            lease: self.clone(),
            id: id.to_owned(),
        }
    }

    /// Says whether the local user acts, who goes before all clients.
    pub(in crate::host) fn set_local(&self, is_local: bool) {
        self.change(|state| state.is_local = is_local);
    }

    /// Changes the state. Returns false if nothing has changed.
    fn change(&self, change: impl FnOnce(&mut LeaseState)) -> bool {
        self.0.send_if_modified(|state| {
            let before = state.clone();
            change(state);
            *state != before
        })
    }
}

impl ControlClaim {
    /// The id of the client.
    pub(in crate::host) fn id(&self) -> &str {
        &self.id
    }

    /// Does what the client asks for, if it may. `may_act` tells whether another client of that id is connected and has
    /// the permission. Returns false if nothing has changed.
    pub(in crate::host) fn ask(
        &self,
        role: Role,
        request: &LeaseRequest,
        may_act: impl Fn(&str) -> bool,
    ) -> bool {
        if !role.allows(Permission::Pointer) {
            return false;
        }
        self.lease
            .change(|state| self.decide(state, role, request, may_act))
    }

    fn decide(
        &self,
        state: &mut LeaseState,
        role: Role,
        request: &LeaseRequest,
        may_act: impl Fn(&str) -> bool,
    ) {
        let is_mine = state.holder.as_ref() == Some(&self.id);
        let holder = match request {
            // An administrator takes it from any holder.
            LeaseRequest::Take if state.is_free_for(&self.id) || role.allows(Permission::Manage) => {
                Some(self.id.clone())
            }
            LeaseRequest::Take => {
                state.requested_by = Some(self.id.clone());
                return;
            }
            LeaseRequest::Release if is_mine => None,
            LeaseRequest::HandOver { client_id } if is_mine && may_act(client_id) => Some(client_id.clone()),
            LeaseRequest::Release | LeaseRequest::HandOver { .. } => return,
        };
        *state = LeaseState {
            holder,
            requested_by: None,
            ..*state
        };
    }
}

impl Drop for ControlClaim {
    fn drop(&mut self) {
        self.lease.change(|state| {
            if state.holder.as_ref() == Some(&self.id) {
                (state.holder, state.requested_by) = (None, None);
            } else if state.requested_by.as_ref() == Some(&self.id) {
                state.requested_by = None;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_user_goes_before_the_holder_and_takes_nothing_from_it() {
        let lease = ControlLease::new();
        let ann = lease.claim("ann");
        lease.change(|state| ann.decide(state, Role::Admin, &LeaseRequest::Take, |_| true));
        let may_act = || lease.updates().borrow().lets_act("ann");
        assert!(may_act());
        lease.set_local(true);
        lease.change(|state| ann.decide(state, Role::Admin, &LeaseRequest::Take, |_| true));
        assert!(!may_act());
        lease.set_local(false);
        assert!(may_act() && !lease.updates().borrow().lets_act("bob"));
    }

    fn state(lease: &ControlLease) -> (Option<String>, Option<String>) {
        let state = lease.updates().borrow().clone();
        (state.holder, state.requested_by)
    }

    #[test]
    fn the_control_is_taken_asked_for_handed_over_taken_back_and_left() {
        let lease = ControlLease::new();
        let (ann, bob, eve) = (lease.claim("ann"), lease.claim("bob"), lease.claim("eve"));
        let some = |name: &str| Some(name.to_owned());
        let ask = |claim: &ControlClaim, role, request: LeaseRequest| {
            lease.change(|state| claim.decide(state, role, &request, |id| id != "guest"));
            state(&lease)
        };
        let to = |name: &str| LeaseRequest::HandOver {
            client_id: name.to_owned(),
        };
        use LeaseRequest::{Release, Take};
        assert_eq!(ask(&ann, Role::Control, Take), (some("ann"), None));
        assert_eq!(ask(&bob, Role::Control, Take), (some("ann"), some("bob")));
        for request in [Release, to("bob")] {
            assert_eq!(
                ask(&bob, Role::Control, request),
                (some("ann"), some("bob")),
                "it is not his"
            );
        }
        assert_eq!(
            ask(&ann, Role::Control, to("guest")),
            (some("ann"), some("bob")),
            "may only look"
        );
        assert_eq!(ask(&ann, Role::Control, to("bob")), (some("bob"), None));
        assert_eq!(ask(&eve, Role::Admin, Take), (some("eve"), None));
        assert_eq!(ask(&ann, Role::Control, Take), (some("eve"), some("ann")));
        drop(ann);
        assert_eq!(state(&lease), (some("eve"), None));
        drop(eve);
        assert_eq!(state(&lease), (None, None));
        assert_eq!(ask(&bob, Role::Control, Take), (some("bob"), None));
        assert_eq!(ask(&bob, Role::Control, Release), (None, None));
    }
}
