//! What viewers share: the capture, and for each codec an encoder for each rendition.

mod arrange;
mod failover;
pub(super) mod pool;
pub(super) mod sound;
pub(super) mod subscription;
