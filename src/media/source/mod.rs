//! The capture that all viewers share.

pub(super) mod lifecycle;
mod padding;
pub(super) mod region;
pub(super) mod video;
