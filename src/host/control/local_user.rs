//! The person at the desktop goes before the viewers, and can cut everybody off.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use crate::chord::Chord;
use crate::desktop::{Desktop, LocalUserEvent, LocalUserWatch};
use crate::host::HostContext;

/// What the person at the desktop can do against the viewers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LocalRights {
    /// While that person acts, and for so long after it, nobody else does.
    pub priority: Option<Duration>,
    /// This cuts everybody off.
    pub panic_key: Option<Chord>,
}

/// News of the watch that wait to be looked at; they are few, and repeated.
const NEWS: usize = 16;
/// After which time it is tried again to watch a display that was lost.
const RETRY: Duration = Duration::from_secs(2);

/// Watches the display until the host ends.
pub(crate) async fn watch(context: HostContext, desktop: Arc<dyn Desktop>, rights: LocalRights) {
    if rights == LocalRights::default() {
        return;
    }
    let shutdown = context.shutdown.clone();
    let watching = async {
        loop {
            if let Some(events) = start(&*desktop, rights) {
                follow(&context, rights, events).await;
            }
            sleep(RETRY).await;
        }
    };
    shutdown.run_until_cancelled(watching).await;
}

/// The events of a new watch, which lasts as long as they are wanted.
fn start(
    desktop: &dyn Desktop,
    rights: LocalRights,
) -> Option<(Box<dyn Send>, mpsc::Receiver<LocalUserEvent>)> {
    let (sender, events) = mpsc::channel(NEWS);
    let forward = move |event| {
        let _ = sender.try_send(event);
    };
    let watch = LocalUserWatch {
        activity: rights.priority.is_some(),
        chord: rights.panic_key,
    };
    match desktop.watch_local_user(watch, Box::new(forward)) {
        Ok(watch) => Some((watch, events)),
        Err(error) => {
            tracing::error!(%error, "local priority is off: the desktop cannot be watched");
            None
        }
    }
}

async fn follow(
    context: &HostContext,
    rights: LocalRights,
    (_watch, mut events): (Box<dyn Send>, mpsc::Receiver<LocalUserEvent>),
) {
    let mut until = None;
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = wait(until) => {
                until = None;
                context.lease.set_local(false);
                continue;
            }
        };
        match event {
            Some(LocalUserEvent::Active) => {
                until = rights.priority.map(|rest| Instant::now() + rest);
                context.lease.set_local(until.is_some());
            }
            Some(LocalUserEvent::Pressed) => {
                tracing::warn!("the combination of keys was pressed that cuts everybody off");
                context.cut_off.notify_one();
            }
            Some(LocalUserEvent::Lost) | None => break,
        }
    }
    context.lease.set_local(false);
}

async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}
