//! Something that is done between two events of a viewer, such as setting the clipboard before the key that pastes.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::oneshot;

use super::pressed::ViewerId;
use super::queue::{Message, Producer};

/// The number of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HoldId(u64);

/// Lets the later events of a viewer wait until it is dropped, 10 s at most.
pub struct Hold {
    viewer: ViewerId,
    id: HoldId,
    turn: Option<oneshot::Receiver<()>>,
    has_failed: bool,
    producer: Producer,
}

impl Hold {
    /// A hold of the events that `viewer` sends by `producer` from now on.
    pub(super) fn new(viewer: ViewerId, producer: &Producer) -> Hold {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = HoldId(NEXT.fetch_add(1, Ordering::Relaxed));
        let (begin, turn) = oneshot::channel();
        producer.send(Message::Hold(viewer, Turn { id, begin }));
        Hold {
            viewer,
            id,
            turn: Some(turn),
            has_failed: false,
            producer: producer.clone(),
        }
    }

    /// Waits until the earlier events have been done.
    pub async fn turn(&mut self) {
        if let Some(turn) = self.turn.take() {
            // Without the input thread there is nothing to wait for.
            let _ = turn.await;
        }
    }

    /// Takes note that what the next key was for has failed: its press is dropped.
    pub fn fail(&mut self) {
        self.has_failed = true;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.producer.send(Message::Resume {
            viewer: self.viewer,
            id: self.id,
            has_failed: self.has_failed,
        });
    }
}

/// The other end of a [`Hold`].
pub(super) struct Turn {
    id: HoldId,
    begin: oneshot::Sender<()>,
}

impl Turn {
    pub(super) fn id(&self) -> HoldId {
        self.id
    }

    /// Lets the holder begin.
    pub(super) fn begin(self) {
        let _ = self.begin.send(());
    }
}
