//! Bounded channels, and the only place where tokio and glib meet.
//!
//! - tokio → glib: handles send commands, which futures on the main loop receive. A hop takes about 14 µs.
//! - GStreamer's threads → glib: callbacks send one value and return.
//! - glib → tokio: the events of each peer.

use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

/// Creates a queue of `capacity` values.
pub(crate) fn mailbox<T>(capacity: usize) -> (MailboxSender<T>, Mailbox<T>) {
    let (sender, receiver) = mpsc::channel(capacity);
    (MailboxSender(sender), Mailbox(receiver))
}

/// Outcome of sending a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The value is queued.
    Queued,
    /// The value is dropped: the queue was full.
    Full,
    /// The value is dropped: the receiver is gone.
    Closed,
}

/// The sending end of a mailbox.
pub(crate) struct MailboxSender<T>(mpsc::Sender<T>);

impl<T> MailboxSender<T> {
    /// Sends without blocking, from any thread.
    pub(crate) fn send(&self, value: T) -> Sent {
        match self.0.try_send(value) {
            Ok(()) => Sent::Queued,
            Err(TrySendError::Full(_)) => Sent::Full,
            Err(TrySendError::Closed(_)) => Sent::Closed,
        }
    }

    /// Waits for room and sends. The value is dropped if the receiver is gone.
    pub(crate) async fn send_when_free(&self, value: T) {
        let _ = self.0.send(value).await;
    }

    /// Returns a sender that does not keep the mailbox open.
    pub(crate) fn downgrade(&self) -> WeakMailboxSender<T> {
        WeakMailboxSender(self.0.downgrade())
    }
}

impl<T> Clone for MailboxSender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// A sender that does not keep the mailbox open. It works as long as a strong one exists.
pub(crate) struct WeakMailboxSender<T>(mpsc::WeakSender<T>);

impl<T> WeakMailboxSender<T> {
    /// Sends without blocking; see [`MailboxSender::send`].
    pub(crate) fn send(&self, value: T) -> Sent {
        match self.0.upgrade() {
            Some(sender) => MailboxSender(sender).send(value),
            None => Sent::Closed,
        }
    }

    /// Returns true while a strong sender exists.
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
    /// Receives the next value; `None` once all senders are gone.
    pub(crate) async fn next(&mut self) -> Option<T> {
        self.0.recv().await
    }

    /// Polls for the next value, as [`next`](Self::next) does, to wait for several mailboxes at once.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.0.poll_recv(cx)
    }
}

/// The next value of one of two mailboxes.
pub(crate) enum Either<A, B> {
    /// A value of the first mailbox.
    First(Option<A>),
    /// A value of the second mailbox.
    Second(Option<B>),
}

/// Receives the next value of either mailbox, without preference.
pub(crate) async fn next_of<A, B>(first: &mut Mailbox<A>, second: &mut Mailbox<B>) -> Either<A, B> {
    tokio::select! {
        value = first.next() => Either::First(value),
        value = second.next() => Either::Second(value),
    }
}

/// Creates both ends of a reply.
pub(crate) fn reply<T>() -> (Reply<T>, PendingReply<T>) {
    let (sender, receiver) = oneshot::channel();
    (Reply(sender), PendingReply(receiver))
}

/// The sender of a reply.
pub(crate) struct Reply<T>(oneshot::Sender<T>);

impl<T> Reply<T> {
    /// Sends the reply. The requester may be gone.
    pub(crate) fn send(self, value: T) {
        let _ = self.0.send(value);
    }
}

/// The receiver of a reply.
pub(crate) struct PendingReply<T>(oneshot::Receiver<T>);

impl<T> PendingReply<T> {
    /// Waits for the reply; `None` if none will come.
    pub(crate) async fn received(self) -> Option<T> {
        self.0.await.ok()
    }

    /// Waits at most `limit` for the reply. Must be called on a thread of tokio's.
    pub(crate) async fn within(self, limit: Duration) -> Option<T> {
        tokio::time::timeout(limit, self.received()).await.ok()?
    }
}

/// Prints the type's name alone: values need not implement `Debug`.
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
