//! Input into the desktop, for the viewers: pointer, wheel and keyboard.
//!
//! An [`Injector`] owns one [`Backend`] and the thread that calls it. Each viewer gets a [`ViewerInput`], which takes
//! events from any thread without waiting and releases all that the viewer holds when it is dropped.
//!
//! Policy is on this side of the backend: which viewer holds which keys, coalescing of motion, overflow, the order of
//! release. The keys that are typed never reach a log.

mod backend;
mod coalesce;
mod dispatcher;
mod dom_code;
mod fractions;
mod grab;
mod held_timeout;
mod hold;
mod injector;
mod keysym_names;
mod keysym_of_char;
mod lag;
mod paste_stroke;
mod pressed;
mod queue;
mod record;
mod untyped;
mod waiting;
mod x11;

pub use backend::{Axis, Backend, BackendError, Discard, Keycode, Ready};
pub use grab::PointerGrab;
pub use hold::Hold;
pub use injector::{Injector, InputHandle, ViewerInput};
pub use record::{RecordBackend, Recorded, Recording};
pub use untyped::Untyped;
pub use waiting::{Fetch, Source};
pub use x11::backend::X11Backend;
