//! Pointer and keyboard events of a viewer, whatever dialect they came in.

mod error;
mod event;
mod held;
mod json;
mod key;
mod layout;
mod pointer;

pub use error::InputError;
pub use event::InputEvent;
pub use held::Held;
pub use json::from_json;
pub use key::{Key, TypedText, printable};
pub use layout::Layout;
pub use pointer::{Button, FrameSize, Point};
