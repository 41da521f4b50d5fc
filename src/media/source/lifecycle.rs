//! The end of captures: notices of a lost capture, and of the latest one having stopped.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use crate::media::runtime::mailbox::{Mailbox, MailboxSender, mailbox};

/// Timeout for the last capture to stop.
const STOP_CAPTURE: Duration = Duration::from_secs(2);

/// Callback for the loss of a capture, with its number and the reason. Called from any thread.
type OnLost = Arc<dyn Fn(u64, String) + Send + Sync>;

/// Numbers the captures of a host and tracks when the latest has stopped.
pub(crate) struct CaptureEvents {
    on_lost: OnLost,
    latest: RefCell<Latest>,
}

/// The latest capture.
#[derive(Default)]
struct Latest {
    /// Its number, counted from 1; 0 before the first.
    generation: u64,
    /// Closed when it has stopped.
    stopped: Option<Mailbox<()>>,
}

impl CaptureEvents {
    /// Creates the state before the first capture.
    pub(crate) fn new(on_lost: impl Fn(u64, String) + Send + Sync + 'static) -> Self {
        Self {
            on_lost: Arc::new(on_lost),
            latest: RefCell::default(),
        }
    }

    /// Returns the reporter for the next capture.
    pub(crate) fn next(&self) -> CaptureReporter {
        let (stop_notice, stopped) = mailbox(1);
        let mut latest = self.latest.borrow_mut();
        *latest = Latest {
            generation: latest.generation + 1,
            stopped: Some(stopped),
        };
        CaptureReporter {
            generation: latest.generation,
            on_lost: Arc::clone(&self.on_lost),
            stop_notice,
        }
    }

    /// Waits until the latest capture has stopped.
    pub(crate) async fn stopped(&self) {
        let stopped = self.latest.borrow_mut().stopped.take();
        if let Some(mut stopped) = stopped {
            let _ = glib::future_with_timeout(STOP_CAPTURE, stopped.next()).await;
        }
    }
}

/// The number of a capture and its callbacks.
pub(crate) struct CaptureReporter {
    /// The number of this capture.
    pub(crate) generation: u64,
    /// Called when this capture is lost.
    pub(crate) on_lost: OnLost,
    /// Dropped when this capture has stopped.
    pub(crate) stop_notice: MailboxSender<()>,
}
