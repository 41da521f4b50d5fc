//! The local user goes before the viewers, and can disconnect all of them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, sleep_until};

use super::lease::ControlLease;
use crate::chord::Chord;
use crate::desktop::{Desktop, LocalUserEvent, LocalUserWatch};

/// The rights of the local user over the viewers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LocalRights {
    /// No viewer acts while the local user does, and for this long after it.
    pub priority: Option<Duration>,
    /// The keys that disconnect all viewers.
    pub panic_key: Option<Chord>,
}

/// The events of the watch that wait to be taken; they are few, and repeated.
const EVENTS: usize = 16;
/// The pause before a display that was lost is watched again.
const PAUSE: Duration = Duration::from_secs(2);

/// Watches the display for the local user, who takes the control from the viewers in `lease` and may notify
/// `disconnect_all`. Ends at once if the local user has no rights, and else never.
pub(in crate::host) async fn watch(
    desktop: Arc<dyn Desktop>,
    rights: LocalRights,
    lease: ControlLease,
    disconnect_all: Arc<Notify>,
) {
    if rights == LocalRights::default() {
        return;
    }
    loop {
        if let Some((_watch, events)) = start(&*desktop, rights) {
            follow(events, rights.priority, &lease, &disconnect_all).await;
        }
        sleep(PAUSE).await;
    }
}

/// Starts a watch, which lasts as long as it is kept, and gives its events.
fn start(
    desktop: &dyn Desktop,
    rights: LocalRights,
) -> Option<(Box<dyn Send>, mpsc::Receiver<LocalUserEvent>)> {
    let (sender, events) = mpsc::channel(EVENTS);
    let send = move |event| {
        let _ = sender.try_send(event);
    };
    let watch = LocalUserWatch {
        activity: rights.priority.is_some(),
        chord: rights.panic_key,
    };
    match desktop.watch_local_user(watch, Box::new(send)) {
        Ok(watch) => Some((watch, events)),
        Err(error) => {
            tracing::error!(%error, "local priority and the panic key are off: the desktop cannot be watched");
            None
        }
    }
}

async fn follow(
    mut events: mpsc::Receiver<LocalUserEvent>,
    priority: Option<Duration>,
    lease: &ControlLease,
    disconnect_all: &Notify,
) {
    let mut until = None;
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = wait(until) => {
                until = None;
                lease.set_local(false);
                continue;
            }
        };
        match event {
            Some(LocalUserEvent::Active) => {
                until = priority.map(|rest| Instant::now() + rest);
                lease.set_local(until.is_some());
            }
            Some(LocalUserEvent::Pressed) => {
                tracing::warn!("the panic key was pressed");
                disconnect_all.notify_one();
            }
            Some(LocalUserEvent::Lost) | None => break,
        }
    }
    lease.set_local(false);
}

async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}
