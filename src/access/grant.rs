//! The result of an admission, kept with a session and checked again while it is used.

use super::secret::Digest;
use super::shares::ShareId;
use crate::protocol::role::Role;

/// The right to be here that a request obtained. [`Access::is_valid`](super::Access::is_valid) says whether it still
/// holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The role, which decides on permissions.
    pub(crate) role: Role,
    /// The credentials that it was obtained by.
    pub(super) method: AuthMethod,
    /// The value of the epoch counter of [`Access`](super::Access) then.
    pub(super) epoch: u64,
    /// The session of the browser, if it was obtained by one: it ends with the session.
    pub(super) session: Option<Digest>,
}

/// The credentials by which a client was admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AuthMethod {
    /// The token, or the password of this generation.
    Owner {
        /// The generation of the password; 0 for the token.
        generation: u64,
    },
    /// A shared link.
    Share(ShareId),
    /// A trusted proxy named the user.
    Proxy,
    /// No authentication is required.
    Open,
}

impl Grant {
    /// True if both were obtained by the same credentials, with the same role, in whatever session.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        (self.role, &self.method, self.epoch) == (other.role, &other.method, other.epoch)
    }

    /// The grant that the token gives.
    #[cfg(test)]
    pub(super) fn owner() -> Self {
        Self {
            role: Role::Admin,
            method: AuthMethod::Owner { generation: 0 },
            epoch: 0,
            session: None,
        }
    }
}
