//! The shared media: the capture, the sound, and an encoder for each codec and rendition in use.

mod arrange;
mod failover;
pub(super) mod pool;
pub(super) mod shared_sound;
pub(super) mod subscription;

/// Callback for the loss of a viewer's stream, with the reason.
type OnLost = Box<dyn Fn(String)>;
