//! What becomes known of captures: that one is lost, and that the latest has stopped.

use std::cell::RefCell;
use std::time::Duration;

use crate::media::runtime::mailbox::{Command, Mailbox, MailboxSender, WeakMailboxSender, mailbox};

/// How long the last capture may take to stop.
const STOP_CAPTURE: Duration = Duration::from_secs(2);

/// Makes what a capture reports with. It belongs to the pool.
pub(crate) struct CaptureEvents {
    commands: WeakMailboxSender<Command>,
    /// How many captures there have been, and the end of the latest.
    latest: RefCell<(u64, Option<Mailbox<()>>)>,
}

impl CaptureEvents {
    /// There has been no capture yet.
    pub(crate) fn new(commands: WeakMailboxSender<Command>) -> Self {
        Self {
            commands,
            latest: RefCell::default(),
        }
    }

    /// For the next capture.
    pub(crate) fn next(&self) -> (CaptureLost, StopNotice) {
        let (held, stopped) = mailbox(1);
        let mut latest = self.latest.borrow_mut();
        *latest = (latest.0 + 1, Some(stopped));
        let signals = CaptureLost {
            commands: self.commands.clone(),
            generation: latest.0,
        };
        (signals, StopNotice { _held: held })
    }

    /// Ends when the latest capture has stopped.
    pub(crate) async fn stopped(&self) {
        let stopped = self.latest.borrow_mut().1.take();
        if let Some(mut stopped) = stopped {
            let _ = glib::future_with_timeout(STOP_CAPTURE, stopped.next()).await;
        }
    }
}

/// For the capture's callbacks: reports that it is lost.
#[derive(Clone)]
pub(crate) struct CaptureLost {
    commands: WeakMailboxSender<Command>,
    /// Which of the captures that there have been.
    generation: u64,
}

impl CaptureLost {
    /// The number of this capture.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The capture has failed or ended.
    pub(crate) fn lost(&self, reason: String) {
        self.commands.send(Command::CaptureLost {
            generation: self.generation,
            reason,
        });
    }
}

/// Held by a capture until it has stopped.
#[derive(Debug)]
pub(crate) struct StopNotice {
    _held: MailboxSender<()>,
}
