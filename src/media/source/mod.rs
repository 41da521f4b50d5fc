//! The capture that all viewers share.

pub(super) mod lifecycle;
pub(super) mod padding;
pub(super) mod region;
pub(super) mod video;
