//! Roles, the permissions that they give, and the policy of a host.

/// The role of a client, which its way in gave it. From the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees and hears.
    View,
    /// Acts on the desktop, too.
    Control,
    /// Sees who else is connected and disconnects them, too.
    Admin,
}

/// One thing that a role may allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// To move the pointer, press its buttons and turn its wheel.
    Pointer,
    /// To press keys.
    Keyboard,
    /// To read what was copied on the desktop.
    ClipboardRead,
    /// To put something into the desktop's clipboard.
    ClipboardWrite,
    /// To send files.
    Upload,
    /// To fetch files.
    Download,
    /// To change the desktop's size.
    Resize,
    /// To change the stream for all viewers: its rate, and the part of the desktop that is shown.
    Settings,
    /// To list the clients and disconnect them.
    Manage,
}

/// The directions in which the clipboard goes, whatever the role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClipboardPolicy {
    /// Both ways.
    #[default]
    Both,
    /// Viewers give the desktop something to paste.
    ToHost,
    /// Viewers get what is copied on the desktop.
    ToViewer,
    /// Neither way.
    Off,
}

/// The permissions that a host gives at all, whatever the role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// The directions in which the clipboard goes.
    pub clipboard: ClipboardPolicy,
    /// True if there is a folder to send files to.
    pub uploads: bool,
    /// True if there is a folder to fetch files from.
    pub downloads: bool,
}

impl Policy {
    /// True if it leaves this to the role.
    pub fn allows(self, permission: Permission) -> bool {
        match permission {
            Permission::ClipboardRead => {
                matches!(self.clipboard, ClipboardPolicy::Both | ClipboardPolicy::ToViewer)
            }
            Permission::ClipboardWrite => {
                matches!(self.clipboard, ClipboardPolicy::Both | ClipboardPolicy::ToHost)
            }
            Permission::Upload => self.uploads,
            Permission::Download => self.downloads,
            _ => true,
        }
    }
}

impl ClipboardPolicy {
    /// The names of all policies.
    pub const NAMES: [&str; 4] = ["both", "to-host", "to-viewer", "off"];

    /// The policy of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "both" => Some(Self::Both),
            "to-host" => Some(Self::ToHost),
            "to-viewer" => Some(Self::ToViewer),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

impl Role {
    /// All roles, from the least to the most.
    pub const ALL: [Self; 3] = [Self::View, Self::Control, Self::Admin];

    /// The role of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Control => "control",
            Self::Admin => "admin",
        }
    }

    /// True if the role has this permission.
    pub fn allows(self, permission: Permission) -> bool {
        self >= permission.least_role()
    }

    /// The permissions of the role on a host of this policy, by their names on the wire.
    pub fn permissions(self, policy: Policy) -> Vec<&'static str> {
        let allowed = Permission::ALL
            .into_iter()
            .filter(|permission| self.allows(*permission) && policy.allows(*permission));
        allowed.map(Permission::name).collect()
    }
}

impl Permission {
    const ALL: [Self; 9] = [
        Self::Pointer,
        Self::Keyboard,
        Self::ClipboardRead,
        Self::ClipboardWrite,
        Self::Upload,
        Self::Download,
        Self::Resize,
        Self::Settings,
        Self::Manage,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Pointer => "pointer",
            Self::Keyboard => "keyboard",
            Self::ClipboardRead => "clipboard-read",
            Self::ClipboardWrite => "clipboard-write",
            Self::Upload => "upload",
            Self::Download => "download",
            Self::Resize => "resize",
            Self::Settings => "settings",
            Self::Manage => "manage",
        }
    }

    fn least_role(self) -> Role {
        match self {
            Self::Manage => Role::Admin,
            _ => Role::Control,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_the_lesser_ones_may_and_more() {
        assert_eq!(Role::View.permissions(Policy::default()), [""; 0]);
        let control = Role::Control.permissions(Policy::default());
        assert!(
            control.contains(&"keyboard") && !control.contains(&"manage"),
            "{control:?}"
        );
        let all = Policy {
            uploads: true,
            downloads: true,
            ..Policy::default()
        };
        assert_eq!(Role::Admin.permissions(all).len(), Permission::ALL.len());
        assert_eq!(
            Role::Admin.permissions(Policy::default()).len(),
            Permission::ALL.len() - 2
        );
    }

    #[test]
    fn the_clipboard_goes_the_ways_that_the_policy_names() {
        for (name, read, write) in [
            ("both", true, true),
            ("to-host", false, true),
            ("to-viewer", true, false),
            ("off", false, false),
        ] {
            let policy = Policy {
                clipboard: ClipboardPolicy::named(name).unwrap(),
                ..Policy::default()
            };
            let told = Role::Control.permissions(policy);
            assert_eq!(told.contains(&"clipboard-read"), read, "{name}");
            assert_eq!(told.contains(&"clipboard-write"), write, "{name}");
            assert!(policy.allows(Permission::Pointer) && told.contains(&"pointer"));
        }
        assert!(
            ClipboardPolicy::NAMES
                .iter()
                .all(|name| ClipboardPolicy::named(name).is_some())
        );
        assert_eq!(ClipboardPolicy::named("Both"), None);
    }

    #[test]
    fn roles_are_known_by_their_names_alone() {
        for role in Role::ALL {
            assert_eq!(Role::named(role.name()), Some(role));
        }
        for name in ["", "Admin", "root", "view "] {
            assert_eq!(Role::named(name), None, "{name}");
        }
    }
}
