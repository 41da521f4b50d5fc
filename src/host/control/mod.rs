//! Who may act, and for how long: the control lease, consent, local priority, limits and expiry.

pub(super) mod consent;
pub(super) mod expiry;
pub(super) mod lease;
pub(super) mod limits;
pub(super) mod local_user;
pub(super) mod suspend;
