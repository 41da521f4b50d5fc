//! The desktop that viewers share, besides the video: cursor, clipboard, size, views, remote cursors.

pub(super) mod cursor_overlay;
pub(super) mod events;
pub(super) mod grab;
pub(super) mod handle;
pub(super) mod latency_marker;
pub(super) mod remote_cursors;
pub(super) mod views;
