//! The one way of a viewer's input to the desktop, whether it comes by a data channel or by the signaling socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

use crate::host::control::session_limits::SessionClock;
use crate::host::control::suspend::SuspendDetector;
use crate::input::{Hold, ViewerInput};
use crate::protocol::input::InputEvent;
use crate::protocol::rights::Rights;
use crate::protocol::role::{Permission, Policy, Role};

/// Lets through what the viewer has the permission for, keeps its idle clock, and drops what waited while the machine
/// was suspended. Each source of input has its own gate: what is pressed through one is released with it.
pub(super) struct InputGate {
    permissions: Permissions,
    clock: SessionClock,
    suspend: SuspendDetector,
    input: ViewerInput,
}

/// The viewer lacks the permission for what it wanted to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Forbidden;

impl InputGate {
    pub(super) fn new(
        permissions: Permissions,
        clock: SessionClock,
        suspend: SuspendDetector,
        input: ViewerInput,
    ) -> Self {
        Self {
            permissions,
            clock,
            suspend,
            input,
        }
    }

    /// A gate with the same rules for another source of the viewer's input.
    pub(super) fn beside(&self, input: ViewerInput) -> Self {
        Self::new(
            self.permissions.clone(),
            self.clock.clone(),
            self.suspend.clone(),
            input,
        )
    }

    /// Sends `event`, which came at `now_ms`, to the desktop. What waited while the machine was suspended is dropped.
    ///
    /// # Errors
    /// If the viewer lacks the permission.
    pub(super) fn pass(&self, event: InputEvent, now_ms: u64) -> Result<(), Forbidden> {
        // A viewer that tries to act while another has the control is not idle.
        self.clock.note(&event, now_ms);
        self.check(event.permission())?;
        if self.suspend.lets_through(&event, now_ms) {
            self.input.send(event);
        }
        Ok(())
    }

    /// The viewer's permissions, for what takes its time.
    pub(super) fn permissions(&self) -> Permissions {
        self.permissions.clone()
    }

    /// Checks a permission for what is not input.
    ///
    /// # Errors
    /// If it is needed and the viewer lacks it.
    pub(super) fn check(&self, needed: Option<Permission>) -> Result<(), Forbidden> {
        match needed.is_none_or(|needed| self.permissions.allows(needed)) {
            true => Ok(()),
            false => Err(Forbidden),
        }
    }

    /// True for the first refusal at any of the viewer's gates since its control changed: the viewer is told of that
    /// one.
    pub(super) fn is_first_refusal(&self) -> bool {
        !self.permissions.is_refused.swap(true, Ordering::Relaxed)
    }

    /// Gives the control to the viewer, or takes it away, for all its gates. Returns true if that is a change.
    pub(super) fn set_control(&self, has_control: bool) -> bool {
        self.permissions.set_control(has_control)
    }

    /// Lets what comes from now on wait for something.
    pub(super) fn hold(&self) -> Hold {
        self.input.hold()
    }

    /// Releases all that is pressed through this gate, and drops what waits.
    pub(super) fn release_all(&self) {
        self.input.cut();
    }
}

/// A viewer's permissions at this moment, for its task and the threads that read its channels.
#[derive(Clone)]
pub(super) struct Permissions {
    role: Role,
    policy: Policy,
    has_control: Arc<AtomicBool>,
    /// The viewer was refused something since its control changed.
    is_refused: Arc<AtomicBool>,
    /// Cancelled when the viewer has to leave: from then on it may do nothing, however long its leave takes.
    leave: CancellationToken,
}

impl Permissions {
    pub(super) fn new(rights: Rights, leave: CancellationToken) -> Self {
        let Rights {
            role,
            policy,
            has_control,
        } = rights;
        Self {
            role,
            policy,
            has_control: Arc::new(AtomicBool::new(has_control)),
            is_refused: Arc::default(),
            leave,
        }
    }

    fn set_control(&self, has_control: bool) -> bool {
        let is_change = self.has_control.swap(has_control, Ordering::Relaxed) != has_control;
        if is_change {
            self.is_refused.store(false, Ordering::Relaxed);
        }
        is_change
    }

    /// True if the viewer has this permission now.
    pub(super) fn allows(&self, permission: Permission) -> bool {
        let rights = Rights {
            role: self.role,
            policy: self.policy,
            has_control: self.has_control.load(Ordering::Relaxed),
        };
        rights.allows(permission) && !self.leave.is_cancelled()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::host::control::session_limits::SessionLimits;
    use crate::input::{Injector, RecordBackend};

    const MOVE: InputEvent = InputEvent::RelativeMotion { dx: 1.0, dy: 0.0 };

    /// A gate of a viewer of this role that has come at `now_ms`.
    pub(in crate::host::viewer) fn gate(role: Role, injector: &Injector, now_ms: u64) -> InputGate {
        gate_until(role, injector, now_ms, CancellationToken::new())
    }

    fn gate_until(role: Role, injector: &Injector, now_ms: u64, leave: CancellationToken) -> InputGate {
        let rights = Rights {
            role,
            policy: Policy::default(),
            has_control: true,
        };
        InputGate::new(
            Permissions::new(rights, leave),
            SessionClock::begin(now_ms),
            SuspendDetector::new(now_ms),
            injector.handle().viewer(),
        )
    }

    #[test]
    fn a_viewer_that_has_to_leave_can_do_nothing_more_but_let_go() {
        let (backend, recording) = RecordBackend::new();
        let injector = Injector::start(Box::new(backend)).unwrap();
        let leave = CancellationToken::new();
        let gate = gate_until(Role::Admin, &injector, 1_000, leave.clone());
        assert_eq!(gate.check(Some(Permission::ClipboardRead)), Ok(()));
        leave.cancel();
        assert_eq!(gate.pass(MOVE, 1_000), Err(Forbidden));
        assert_eq!(gate.check(Some(Permission::ClipboardRead)), Err(Forbidden));
        assert_eq!(gate.pass(InputEvent::ReleaseAll, 1_000), Ok(()));
        assert_eq!(recording.events(), []);
    }

    #[test]
    fn a_viewer_that_tries_without_the_control_is_refused_and_not_idle() {
        let (backend, recording) = RecordBackend::new();
        let injector = Injector::start(Box::new(backend)).unwrap();
        let gate = gate(Role::Control, &injector, 1_000);
        assert!(gate.set_control(false) && !gate.set_control(false));
        let limits = SessionLimits {
            idle: Some(Duration::from_secs(2)),
            longest: None,
        };
        assert_eq!(gate.pass(MOVE, 2_500), Err(Forbidden));
        assert_eq!(limits.end(&gate.clock, Role::Control, 3_000), None);
        assert_eq!(gate.pass(InputEvent::ReleaseAll, 2_600), Ok(()));
        assert_eq!(gate.check(Some(Permission::ClipboardRead)), Ok(()));
        assert_eq!(recording.events(), []);
    }
}
