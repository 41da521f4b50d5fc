//! Bounded channels, and the only place where tokio and glib meet.
//!
//! - tokio → glib: handles send commands, which futures on the main loop receive. A hop costs about 14 µs.
//! - GStreamer's threads → glib: callbacks send one value and return.
//! - glib → tokio: each peer's events.

use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

/// Makes a queue of `capacity` values.
pub(crate) fn mailbox<T>(capacity: usize) -> (MailboxSender<T>, Mailbox<T>) {
    let (sender, receiver) = mpsc::channel(capacity);
    (MailboxSender(sender), Mailbox(receiver))
}

/// The fate of a value that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It waits to be received.
    Queued,
    /// It is lost: the queue was full.
    Full,
    /// It is lost: the receiver is gone.
    Closed,
}

/// The sending end of a mailbox.
pub(crate) struct MailboxSender<T>(mpsc::Sender<T>);

impl<T> MailboxSender<T> {
    /// Sends without waiting, from any thread.
    pub(crate) fn send(&self, value: T) -> Delivery {
        match self.0.try_send(value) {
            Ok(()) => Delivery::Queued,
            Err(TrySendError::Full(_)) => Delivery::Full,
            Err(TrySendError::Closed(_)) => Delivery::Closed,
        }
    }

    /// Sends as soon as there is room. The value is lost if the receiver is gone.
    pub(crate) async fn send_when_free(&self, value: T) {
        let _ = self.0.send(value).await;
    }

    /// Makes an end that does not keep the mailbox open.
    pub(crate) fn downgrade(&self) -> WeakMailboxSender<T> {
        WeakMailboxSender(self.0.downgrade())
    }
}

impl<T> Clone for MailboxSender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// A sending end that works while there are others, and does not keep the mailbox open.
pub(crate) struct WeakMailboxSender<T>(mpsc::WeakSender<T>);

impl<T> WeakMailboxSender<T> {
    /// Sends without waiting; see [`MailboxSender::send`].
    pub(crate) fn send(&self, value: T) -> Delivery {
        match self.0.upgrade() {
            Some(sender) => MailboxSender(sender).send(value),
            None => Delivery::Closed,
        }
    }

    /// True while another end can still send.
    pub(crate) fn is_open(&self) -> bool {
        self.0.upgrade().is_some()
    }
}

impl<T> Clone for WeakMailboxSender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// The receiving end of a mailbox.
pub(crate) struct Mailbox<T>(mpsc::Receiver<T>);

impl<T> Mailbox<T> {
    /// Receives the next value; `None` when nobody can send any more.
    pub(crate) async fn next(&mut self) -> Option<T> {
        self.0.recv().await
    }

    /// The same as [`next`](Self::next), to wait for several mailboxes at once.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.0.poll_recv(cx)
    }
}

/// The next value of one of two mailboxes.
pub(crate) enum Either<A, B> {
    /// From the first.
    First(Option<A>),
    /// From the second.
    Second(Option<B>),
}

/// Receives from whichever of the two has something, without preference.
pub(crate) async fn next_of<A, B>(first: &mut Mailbox<A>, second: &mut Mailbox<B>) -> Either<A, B> {
    tokio::select! {
        value = first.next() => Either::First(value),
        value = second.next() => Either::Second(value),
    }
}

/// Makes the two ends of one answer.
pub(crate) fn reply<T>() -> (Reply<T>, PendingReply<T>) {
    let (sender, receiver) = oneshot::channel();
    (Reply(sender), PendingReply(receiver))
}

/// The end that answers a question.
pub(crate) struct Reply<T>(oneshot::Sender<T>);

impl<T> Reply<T> {
    /// Answers. The asker may have gone.
    pub(crate) fn send(self, value: T) {
        let _ = self.0.send(value);
    }
}

/// The end that waits for the answer.
pub(crate) struct PendingReply<T>(oneshot::Receiver<T>);

impl<T> PendingReply<T> {
    /// Waits for the answer; `None` if there will be none.
    pub(crate) async fn received(self) -> Option<T> {
        self.0.await.ok()
    }

    /// Waits at most `limit`. To be called on tokio's threads.
    pub(crate) async fn within(self, limit: Duration) -> Option<T> {
        tokio::time::timeout(limit, self.received()).await.ok()?
    }
}

/// Shows the kind alone: values need not be printable.
macro_rules! debug_by_name {
    ($($name:ident),*) => {$(
        impl<T> std::fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

debug_by_name!(MailboxSender, Mailbox, Reply, PendingReply, WeakMailboxSender);
