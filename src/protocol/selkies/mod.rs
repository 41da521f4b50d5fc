//! Selkies as of its WebRTC clients (gst-web 1.6), and the simple signaling of the gst-examples that it grew from.
//!
//! On the socket: words in text frames, and JSON without a `type`. On the data channel: comma separated text.

mod csv;
mod pointer;
mod signaling;
mod turn;

pub(crate) use csv::decode;
pub(super) use csv::even_size;
pub(crate) use pointer::PointerState;
pub(crate) use signaling::{SelkiesText, looks_like};
pub(crate) use turn::turn_json;
