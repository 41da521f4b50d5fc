//! The end of captures: notices of a lost capture, and of all having stopped.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use crate::media::runtime::mailbox::{Mailbox, MailboxSender, mailbox};

/// Timeout for the captures to stop.
const STOP_CAPTURE: Duration = Duration::from_secs(2);

/// Callback for the loss of a capture, with its number and the reason. Called from any thread.
type OnLost = Arc<dyn Fn(u64, String) + Send + Sync>;

/// Numbers the captures of a host and tracks when all of them have stopped.
pub(crate) struct CaptureEvents {
    on_lost: OnLost,
    /// The number of the latest capture, counted from 1; 0 before the first.
    generation: Cell<u64>,
    /// Held by each capture: its mailbox closes when the last of them has stopped. `None`: there is no further capture.
    running: RefCell<Option<(MailboxSender<()>, Mailbox<()>)>>,
}

impl CaptureEvents {
    /// Creates the state before the first capture.
    pub(crate) fn new(on_lost: impl Fn(u64, String) + Send + Sync + 'static) -> Self {
        Self {
            on_lost: Arc::new(on_lost),
            generation: Cell::new(0),
            running: RefCell::new(Some(mailbox(1))),
        }
    }

    /// Returns the reporter for the next capture.
    pub(crate) fn next(&self) -> CaptureReporter {
        self.generation.set(self.generation.get() + 1);
        CaptureReporter {
            generation: self.generation.get(),
            on_lost: Arc::clone(&self.on_lost),
            stop_notice: self.running.borrow().as_ref().map(|(held, _)| held.clone()),
        }
    }

    /// Waits until all captures have stopped. There is no further one.
    pub(crate) async fn stopped(&self) {
        let Some((held, mut stopped)) = self.running.take() else {
            return;
        };
        drop(held);
        let _ = glib::future_with_timeout(STOP_CAPTURE, stopped.next()).await;
    }
}

/// The number of a capture and its callbacks.
pub(crate) struct CaptureReporter {
    /// The number of this capture.
    pub(crate) generation: u64,
    /// Called when this capture is lost.
    pub(crate) on_lost: OnLost,
    /// Dropped when this capture has stopped.
    pub(crate) stop_notice: Option<MailboxSender<()>>,
}
