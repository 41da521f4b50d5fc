//! The shared media: the capture, the sound, and an encoder for each codec and rendition in use.

mod arrange;
mod failover;
pub(super) mod pool;
pub(super) mod shared_sound;
pub(super) mod subscription;
