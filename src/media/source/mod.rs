//! The capture that all viewers share.

pub(super) mod lifecycle;
pub(super) mod video;
