//! Selkies as of its WebRTC clients (gst-web 1.6), and the simple signaling of the gst-examples that it grew from.
//!
//! On the socket: words in text frames, and JSON without a `type`. On the data channel: comma separated text.

mod csv;
mod pointer;
mod signaling;
mod turn;

pub use csv::decode;
pub(super) use csv::even_size;
pub use pointer::PointerState;
pub use signaling::{HelloError, SelkiesText, looks_like};
pub use turn::turn_json;
