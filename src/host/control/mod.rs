//! Control and time: the lease, consent, the local user, limits, expiry and suspension.

pub(super) mod consent;
pub(super) mod expiry;
pub(super) mod lease;
pub(super) mod local_user;
pub(super) mod session_limits;
pub(super) mod suspend;
