//! A viewer measures how long it takes from the input until its picture is seen: a mark on the desktop changes when
//! it says so. One viewer at a time, and not for long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::handle::DesktopHandle;

/// How long a measurement may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Whether somebody measures. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Measuring(Arc<AtomicBool>);

/// A viewer's measurement. Dropping it takes the mark away.
pub(crate) struct Measurement {
    measuring: Measuring,
    desktop: DesktopHandle,
    end: Instant,
}

impl Measuring {
    /// Begins one, unless another viewer measures.
    pub(crate) fn begin(&self, desktop: &DesktopHandle) -> Option<Measurement> {
        let is_free = !self.0.swap(true, Ordering::SeqCst);
        is_free.then(|| Measurement {
            measuring: self.clone(),
            desktop: desktop.clone(),
            end: Instant::now() + LIMIT,
        })
    }
}

impl Measurement {
    /// Shows the mark, white or black. False: there is no display for it.
    pub(crate) fn show(&self, is_lit: bool) -> bool {
        self.desktop.show_mark(Some(is_lit))
    }

    /// Whether it has taken as long as it may.
    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }
}

impl Drop for Measurement {
    fn drop(&mut self) {
        self.desktop.show_mark(None);
        self.measuring.0.store(false, Ordering::SeqCst);
    }
}
