//! The changes of the host and of the other viewers that a viewer's task follows.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::desktop::ClipboardReading;
use crate::host::context::HostContext;
use crate::host::desktop::handle::DesktopUpdate;
use crate::host::desktop::remote_cursors::RemoteCursor;
use crate::host::desktop::views::Views;
use crate::protocol::channel::HostMessage;
use crate::protocol::lease::LeaseState;
use crate::protocol::people::Person;

/// The pause between two messages about the load of the machine, on an open data channel.
const BEAT: Duration = Duration::from_secs(1);

/// The receiving ends.
pub(super) struct Feeds {
    lease: watch::Receiver<LeaseState>,
    people: watch::Receiver<Arc<[Person]>>,
    grab: watch::Receiver<bool>,
    untyped: watch::Receiver<u64>,
    views: watch::Receiver<Option<Views>>,
    resumes: watch::Receiver<u64>,
    copied: watch::Receiver<ClipboardReading>,
    updates: broadcast::Receiver<DesktopUpdate>,
    remote_cursor: RemoteCursor,
    beats: Interval,
}

/// The host was suspended, and runs again.
pub(super) struct Resumed;

/// One change.
pub(super) enum Update {
    Desktop(DesktopUpdate),
    /// A program on the desktop has copied this. `None`: what was copied is gone.
    Copied(ClipboardReading),
    /// `None`: there is no display.
    Views(Option<Views>),
    Control(LeaseState),
    People(Arc<[Person]>),
    /// An application has grabbed the pointer, or released it.
    Grab(bool),
    RemoteCursors(HostMessage),
    /// A character was not typed, for want of a key.
    Untyped,
    /// A second is over.
    Beat,
}

impl Feeds {
    /// The feeds of the viewer `client_id`.
    pub(super) fn new(context: &HostContext, client_id: &str) -> Self {
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut lease = context.control.lease.updates();
        // A viewer that comes while another has the control, or the local user acts, is told.
        if *lease.borrow() != LeaseState::default() {
            lease.mark_changed();
        }
        let registry = &context.people.registry;
        let cursors = &context.desktop.remote_cursors;
        Self {
            lease,
            people: registry.people(),
            grab: context.desktop.input.pointer_grab().changes(),
            untyped: context.desktop.input.untyped().changes(),
            views: context.desktop.handle.views(),
            resumes: context.control.suspend.resumes(),
            copied: context.desktop.handle.copied(),
            updates: context.desktop.handle.updates(),
            remote_cursor: cursors.remote_cursor(client_id, registry.people()),
            beats,
        }
    }

    /// The viewer's cursor, and its view of the others.
    pub(super) fn remote_cursor(&mut self) -> &mut RemoteCursor {
        &mut self.remote_cursor
    }

    /// Gives the state of the control again, though it has not changed.
    pub(super) fn repeat_control(&mut self) {
        self.lease.mark_changed();
    }

    /// The next change. Beats come only with peers. Nothing is lost if this is dropped.
    ///
    /// # Errors
    /// If the host was suspended: its viewers have to come again.
    pub(super) async fn next(&mut self, has_peers: bool) -> Result<Update, Resumed> {
        let update = tokio::select! {
            update = next_update(&mut self.updates) => Update::Desktop(update),
            Ok(()) = self.copied.changed() => Update::Copied(self.copied.borrow_and_update().clone()),
            Ok(()) = self.views.changed() => Update::Views(self.views.borrow_and_update().clone()),
            Ok(()) = self.lease.changed() => Update::Control(self.lease.borrow_and_update().clone()),
            Ok(()) = self.people.changed() => Update::People(Arc::clone(&self.people.borrow_and_update())),
            Ok(()) = self.grab.changed() => Update::Grab(*self.grab.borrow_and_update()),
            Ok(()) = self.untyped.changed() => Update::Untyped,
            Ok(()) = self.resumes.changed() => return Err(Resumed),
            message = self.remote_cursor.next() => Update::RemoteCursors(message),
            _ = self.beats.tick(), if has_peers => Update::Beat,
        };
        Ok(update)
    }
}

/// The next update; the later ones make up for those that were missed.
async fn next_update(updates: &mut broadcast::Receiver<DesktopUpdate>) -> DesktopUpdate {
    loop {
        match updates.recv().await {
            Ok(update) => return update,
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}
