//! The mark by which a viewer measures the time from its input to the frame that shows it: it changes its colour when
//! the viewer says so. It serves one viewer at a time, for a few seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::handle::DesktopHandle;

/// The longest measurement.
const LIMIT: Duration = Duration::from_secs(5);

/// The mark, which one viewer may use. Cheap to clone.
#[derive(Clone, Default)]
pub(in crate::host) struct LatencyMarker(Arc<AtomicBool>);

/// A viewer's measurement. Dropping it removes the mark.
pub(in crate::host) struct Measurement {
    marker: LatencyMarker,
    desktop: DesktopHandle,
    end: Instant,
}

impl LatencyMarker {
    /// Begins a measurement, unless another viewer measures.
    pub(in crate::host) fn begin(&self, desktop: &DesktopHandle) -> Option<Measurement> {
        let is_free = !self.0.swap(true, Ordering::SeqCst);
        is_free.then(|| Measurement {
            marker: self.clone(),
            desktop: desktop.clone(),
            end: Instant::now() + LIMIT,
        })
    }
}

impl Measurement {
    /// Shows the mark, white or black. Returns false if there is no display for it.
    pub(in crate::host) fn show(&self, is_lit: bool) -> bool {
        self.desktop.show_mark(Some(is_lit))
    }

    /// True if the measurement has taken as long as it may.
    pub(in crate::host) fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }
}

impl Drop for Measurement {
    fn drop(&mut self) {
        self.desktop.show_mark(None);
        self.marker.0.store(false, Ordering::SeqCst);
    }
}
