//! Coming back to an X server that has gone, for as long as there is a handle of the thread.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::clipboard::ClipboardOptions;
use super::error::ServicesError;
use super::thread::{Request, Watcher, is_unsupported};
use crate::desktop::backend::EventSink;
use crate::desktop::event::DesktopEvent;
use crate::x11::{Attempt, DisplayAddress, Reconnect};

/// A display and what is watched of it.
pub(super) struct Target {
    pub(super) address: DisplayAddress,
    pub(super) clipboard: ClipboardOptions,
}

impl Target {
    /// Connects to the X server and subscribes to what is watched.
    ///
    /// # Errors
    /// If there is no such display, or it refuses us or lacks XFIXES.
    pub(super) fn watch(&self) -> Result<Watcher, ServicesError> {
        let address = &self.address;
        let connected = address.connect();
        let (connection, screen) =
            connected.map_err(|error| ServicesError::connect(address, error.reason()))?;
        Watcher::new(connection, screen, self.clipboard).map_err(|error| match is_unsupported(&error) {
            true => ServicesError::Missing("XFIXES"),
            false => ServicesError::connect(address, error),
        })
    }
}

/// Runs `watcher`, and the next one when its server has gone, until the other end of `requests` is dropped.
pub(super) fn work(
    target: &Target,
    mut watcher: Watcher,
    requests: &Receiver<Request>,
    wake: &UnixStream,
    events: &EventSink<DesktopEvent>,
) {
    while let Err(error) = watcher.run(requests, wake, events) {
        tracing::debug!(%error, "the connection to the X server ended");
        events(DesktopEvent::Lost);
        let Some(next) = wait(target, requests, wake) else {
            return;
        };
        watcher = next;
        events(DesktopEvent::Returned);
        watcher.send_size(events);
    }
}

/// Waits for the server. Requests meanwhile are dropped, which callers take as `Lost`.
fn wait(target: &Target, requests: &Receiver<Request>, wake: &UnixStream) -> Option<Watcher> {
    let mut reconnect = Reconnect::new();
    loop {
        loop {
            match requests.try_recv() {
                Ok(request) => drop(request),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return None,
            }
        }
        match reconnect.attempt(|| target.watch()) {
            Attempt::Connected(watcher) => return Some(watcher),
            Attempt::Early(rest) => sleep(wake, rest),
            Attempt::Failed(error) => tracing::debug!(%error, "the X server is not back yet"),
        }
    }
}

/// Waits for `limit`, or until there is a byte on `wake`.
fn sleep(mut wake: &UnixStream, limit: Duration) {
    let limit = Timespec::try_from(limit).ok();
    // An interruption is as good as a byte: everything is looked at again.
    let _ = poll(&mut [PollFd::new(wake, PollFlags::IN)], limit.as_ref());
    let _ = wake.read(&mut [0; 64]);
}
