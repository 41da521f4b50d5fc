//! The result of an admission, kept with a session and checked again while it is used.

use std::net::IpAddr;

use super::attempts::network;
use super::secret::Digest;
use super::shares::ShareId;
use crate::protocol::role::Role;
use crate::quota::Holder;

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

    /// The holder of the places that a client with this grant at the address `client` takes: a link has a share of its
    /// own, and so has the address of a guest without one.
    pub(crate) fn holder(&self, client: IpAddr) -> Holder {
        match (self.role, &self.method) {
            (Role::Admin, _) => Holder::Admin,
            (_, AuthMethod::Share(id)) => Holder::Guest(id.to_string()),
            _ => Holder::Guest(network(client).to_string()),
        }
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
