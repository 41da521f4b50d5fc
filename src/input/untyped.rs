//! The characters for which the desktop's keyboard has no key left: whoever types them has to be told.

use std::sync::Arc;

use tokio::sync::watch;

/// The number of characters that could not be typed. Cheap to clone.
#[derive(Clone, Default)]
pub struct Untyped(Arc<watch::Sender<u64>>);

impl Untyped {
    /// All changes of the number.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }

    /// Records a character that could not be typed.
    pub(super) fn note(&self) {
        self.0.send_modify(|count| *count += 1);
    }
}
