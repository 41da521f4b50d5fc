//! The events in the life of captures: one is lost, the latest has stopped.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use crate::media::runtime::mailbox::{Mailbox, MailboxSender, mailbox};

/// The time that the last capture may take to stop.
const STOP_CAPTURE: Duration = Duration::from_secs(2);

/// Called from any thread with the number of a capture that is lost, and the reason.
type OnLost = Arc<dyn Fn(u64, String) + Send + Sync>;

/// Numbers the captures of a host and knows when the latest has stopped.
pub(crate) struct CaptureEvents {
    on_lost: OnLost,
    latest: RefCell<Latest>,
}

/// The latest capture.
#[derive(Default)]
struct Latest {
    /// Its number: how many captures there have been.
    generation: u64,
    /// Ends when it has stopped.
    stopped: Option<Mailbox<()>>,
}

impl CaptureEvents {
    /// There has been no capture yet.
    pub(crate) fn new(on_lost: impl Fn(u64, String) + Send + Sync + 'static) -> Self {
        Self {
            on_lost: Arc::new(on_lost),
            latest: RefCell::default(),
        }
    }

    /// Gives what the next capture reports with.
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

    /// Ends when the latest capture has stopped.
    pub(crate) async fn stopped(&self) {
        let stopped = self.latest.borrow_mut().stopped.take();
        if let Some(mut stopped) = stopped {
            let _ = glib::future_with_timeout(STOP_CAPTURE, stopped.next()).await;
        }
    }
}

/// One capture's number, and its ways to report.
pub(crate) struct CaptureReporter {
    /// The number of this capture.
    pub(crate) generation: u64,
    /// Takes the loss of this capture.
    pub(crate) on_lost: OnLost,
    /// Dropped when this capture has stopped.
    pub(crate) stop_notice: MailboxSender<()>,
}
