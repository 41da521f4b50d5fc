//! The bounded queue between the viewers and the input thread.
//!
//! Full means: motion and layouts are dropped first and early, so that there is room for keys. A key, a button or a
//! release that finds no room either raises the overflow flag, on which the input thread releases everything that
//! viewers hold: nothing stays pressed because its up was lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Instant;

use super::hold::{HoldId, Turn};
use super::pressed::ViewerId;
use super::waiting::Fetch;
use crate::protocol::input::InputEvent;

/// A message to the input thread.
pub(super) enum Message {
    /// An event of a viewer.
    Event(ViewerId, InputEvent),
    /// The viewer has left.
    Gone(ViewerId),
    /// The viewer may act no more: what waits of its input is dropped, and what it holds is released.
    Cut(ViewerId),
    /// The later events of the viewer wait.
    Hold(ViewerId, Turn),
    /// They wait no more.
    Resume {
        /// The viewer.
        viewer: ViewerId,
        /// The hold that has ended.
        id: HoldId,
        /// True if what it was for was not done.
        has_failed: bool,
    },
    /// What programs do with the content of the clipboard.
    Fetch(Fetch),
    /// No message, only a reason to look at the flags.
    Wake,
}

/// All messages that were queued when the input thread looked.
#[derive(Default)]
pub(super) struct Batch {
    /// The messages, in the order in which they were sent.
    pub(super) messages: Vec<Message>,
    /// True if a message is missing that would have come before the end of this batch.
    pub(super) overflowed: bool,
}

/// The two ends of a new queue.
pub(super) fn queue() -> (Producer, Consumer) {
    let (sender, receiver) = sync_channel(CAPACITY);
    let state = Arc::new(State::default());
    (
        Producer {
            sender,
            state: state.clone(),
        },
        Consumer { receiver, state },
    )
}

/// The end for viewers. Never waits.
#[derive(Clone)]
pub(super) struct Producer {
    sender: SyncSender<Message>,
    state: Arc<State>,
}

impl Producer {
    pub(super) fn send(&self, message: Message) {
        if yields(&message) {
            if self.state.queued.load(Ordering::Relaxed) < MOTION_CAPACITY {
                let _ = self.try_send(message);
            }
        } else if let Err(TrySendError::Full(_)) = self.try_send(message) {
            self.state.overflowed.store(true, Ordering::SeqCst);
            // The thread may have emptied the queue just before the flag went up.
            let _ = self.try_send(Message::Wake);
        }
    }

    /// Lets the input thread end after the message that it is at.
    pub(super) fn stop(&self) {
        self.state.stopping.store(true, Ordering::SeqCst);
        let _ = self.try_send(Message::Wake);
    }

    fn try_send(&self, message: Message) -> Result<(), TrySendError<Message>> {
        self.state.queued.fetch_add(1, Ordering::Relaxed);
        self.sender.try_send(message).inspect_err(|_| {
            self.state.queued.fetch_sub(1, Ordering::Relaxed);
        })
    }
}

/// The end for the input thread.
pub(super) struct Consumer {
    receiver: Receiver<Message>,
    state: Arc<State>,
}

impl Consumer {
    /// Waits for messages and takes all that there are, none if there is none until `deadline`. `None` if all producers
    /// are gone.
    pub(super) fn next(&self, deadline: Option<Instant>) -> Option<Batch> {
        let first = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
            None => self.receiver.recv().ok()?,
            Some(rest) => match self.receiver.recv_timeout(rest) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => return Some(Batch::default()),
                Err(RecvTimeoutError::Disconnected) => return None,
            },
        };
        // Read before the rest is taken: whatever was queued when something found no room is in this batch, since
        // the batch may be as long as the queue.
        let overflowed = self.state.overflowed.swap(false, Ordering::SeqCst);
        let mut messages = vec![first];
        messages.extend(self.receiver.try_iter().take(CAPACITY));
        self.state.queued.fetch_sub(messages.len(), Ordering::Relaxed);
        Some(Batch { messages, overflowed })
    }

    /// True if the thread is to end.
    pub(super) fn is_stopping(&self) -> bool {
        self.state.stopping.load(Ordering::SeqCst)
    }
}

#[derive(Default)]
struct State {
    queued: AtomicUsize,
    overflowed: AtomicBool,
    stopping: AtomicBool,
}

/// True if nothing stays pressed when `message` is lost.
fn yields(message: &Message) -> bool {
    matches!(
        message,
        Message::Event(
            _,
            InputEvent::Motion { .. }
                | InputEvent::RelativeMotion { .. }
                | InputEvent::Wheel { .. }
                | InputEvent::Layout(_)
                | InputEvent::Sent { .. }
        )
    )
}

/// The capacity of the queue, in messages. At 1,000 events per second of a fast mouse, one second.
pub(super) const CAPACITY: usize = 1024;
/// Motion, wheel and layouts find no room beyond this many messages.
pub(super) const MOTION_CAPACITY: usize = CAPACITY * 3 / 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::input::{Button, Layout, Point};

    fn motion() -> Message {
        Message::Event(
            ViewerId(1),
            InputEvent::Motion {
                position: Point { x: 1.0, y: 1.0 },
            },
        )
    }

    fn button() -> Message {
        Message::Event(
            ViewerId(1),
            InputEvent::Button {
                button: Button::Left,
                pressed: true,
                position: None,
            },
        )
    }

    #[test]
    fn motion_leaves_room_for_buttons() {
        let (producer, consumer) = queue();
        (0..5000).for_each(|_| producer.send(motion()));
        (0..CAPACITY - MOTION_CAPACITY).for_each(|_| producer.send(button()));
        let batch = consumer.next(None).unwrap();
        assert_eq!(batch.messages.len(), CAPACITY);
        assert!(!batch.overflowed);
    }

    #[test]
    fn a_button_without_room_raises_the_flag_once() {
        let (producer, consumer) = queue();
        (0..CAPACITY + 1).for_each(|_| producer.send(button()));
        let batch = consumer.next(None).unwrap();
        assert_eq!(batch.messages.len(), CAPACITY);
        assert!(batch.overflowed);
        producer.send(motion());
        assert!(!consumer.next(None).unwrap().overflowed);
    }

    #[test]
    fn layouts_leave_room_for_buttons() {
        let (producer, consumer) = queue();
        let layout = || Message::Event(ViewerId(1), InputEvent::Layout(Layout::default()));
        (0..5000).for_each(|_| producer.send(layout()));
        producer.send(button());
        let batch = consumer.next(None).unwrap();
        assert_eq!(batch.messages.len(), MOTION_CAPACITY + 1);
        assert!(!batch.overflowed);
    }

    #[test]
    fn the_queue_counts_back_to_empty() {
        let (producer, consumer) = queue();
        for _ in 0..3 {
            (0..CAPACITY + 10).for_each(|_| producer.send(button()));
            consumer.next(None).unwrap();
        }
        assert_eq!(producer.state.queued.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_end_of_all_producers_is_seen() {
        let (producer, consumer) = queue();
        drop(producer);
        assert!(consumer.next(None).is_none());
    }
}
