//! The messages on a peer's data channel, in any dialect: one decoder for those of the client, one encoder for those
//! of the host.

mod decoder;
mod host;
mod label;
pub(super) mod message;
mod native;
mod permission;
mod pointers;
mod sequence;

pub(crate) use decoder::Decoder;
pub(crate) use host::{Cursor, FrameTimes, HostMessage, SystemAction};
pub(crate) use label::{ChannelLabel, MOTION};
pub(crate) use message::{ChannelMessage, Gamepad};
pub(crate) use pointers::{Fraction, PersonPointer};
