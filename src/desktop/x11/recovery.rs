//! Coming back to an X server that has gone, for as long as somebody wants to know of it.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::error::ServicesError;
use super::thread::{Events, Request, Watcher, is_unsupported};
use crate::desktop::event::DesktopEvent;
use crate::x11::{Attempt, DisplayAddress, Reconnect};

/// Connects to the X server at `address` and subscribes to what is to be watched.
///
/// # Errors
/// If there is no such display, or it refuses us or lacks XFIXES.
pub(super) fn watch(address: &DisplayAddress) -> Result<Watcher, ServicesError> {
    let connected = address.connect();
    let (connection, screen) = connected.map_err(|error| ServicesError::connect(address, error.reason()))?;
    Watcher::new(connection, screen).map_err(|error| match is_unsupported(&error) {
        true => ServicesError::Missing("XFIXES"),
        false => ServicesError::connect(address, error),
    })
}

/// Lets `watcher` work, and the next one when its server has gone, until nobody holds the other end of `requests`.
pub(super) fn work(
    address: &DisplayAddress,
    mut watcher: Watcher,
    requests: &Receiver<Request>,
    wake: &UnixStream,
    events: &Events,
) {
    while let Err(error) = watcher.run(requests, wake, events) {
        tracing::debug!(%error, "the connection to the X server ended");
        events(DesktopEvent::Lost);
        let Some(next) = wait(address, requests, wake) else {
            return;
        };
        watcher = next;
        events(DesktopEvent::Returned);
        watcher.tell_size(events);
    }
}

/// Waits for the server. Requests meanwhile are dropped, which tells those who ask that it is lost.
fn wait(address: &DisplayAddress, requests: &Receiver<Request>, wake: &UnixStream) -> Option<Watcher> {
    let mut reconnect = Reconnect::new();
    loop {
        loop {
            match requests.try_recv() {
                Ok(request) => drop(request),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return None,
            }
        }
        match reconnect.attempt(|| watch(address)) {
            Attempt::Connected(watcher) => return Some(watcher),
            Attempt::Early(rest) => sleep(wake, rest),
            Attempt::Failed(error) => tracing::debug!(%error, "the X server is not back yet"),
        }
    }
}

/// Waits for so long, or until there is a byte on `wake`.
fn sleep(mut wake: &UnixStream, limit: Duration) {
    let limit = Timespec::try_from(limit).ok();
    // An interruption is as good as a byte: everything is looked at again.
    let _ = poll(&mut [PollFd::new(wake, PollFlags::IN)], limit.as_ref());
    let _ = wake.read(&mut [0; 64]);
}
