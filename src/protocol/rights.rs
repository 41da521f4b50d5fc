//! The one rule on what a viewer may do at a moment.

use super::role::{Permission, Policy, Role};

/// The grounds for a viewer's permissions: its role, the policy of the host, and the control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rights {
    /// The viewer's role.
    pub role: Role,
    /// The policy of the host, which holds whatever the role.
    pub policy: Policy,
    /// True unless another viewer, or the local user, has the control.
    pub has_control: bool,
}

impl Rights {
    /// True if the viewer may do this now. Reading the clipboard takes no control.
    pub(crate) fn allows(self, permission: Permission) -> bool {
        let needs_control = permission != Permission::ClipboardRead;
        self.role.allows(permission) && self.policy.allows(permission) && (self.has_control || !needs_control)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_policy_and_control_have_to_allow_it() {
        let rights = Rights {
            role: Role::Control,
            policy: Policy::default(),
            has_control: true,
        };
        assert!(rights.allows(Permission::Keyboard));
        assert!(!rights.allows(Permission::Upload), "the policy does not");
        assert!(!rights.allows(Permission::Manage), "the role does not");
        let waiting = Rights {
            has_control: false,
            ..rights
        };
        assert!(!waiting.allows(Permission::Keyboard) && !waiting.allows(Permission::ClipboardWrite));
        assert!(waiting.allows(Permission::ClipboardRead));
    }
}
