//! What the host survives: its viewers, the network, the desktop and the system fail, and it goes on.

mod display;
