//! Coming back to an X server that has gone, for as long as somebody wants to know of it.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::connect::connect;
use super::error::ServicesError;
use super::event::DesktopEvent;
use super::thread::{Events, Request, Watcher, is_unsupported};
use crate::retry::Retry;

/// Which X server, and how to prove ourselves to it.
pub(super) struct Server {
    display: String,
    cookie: Option<Vec<u8>>,
}

impl Server {
    pub(super) fn new(display: &str, cookie: Option<&[u8]>) -> Server {
        Server {
            display: display.to_owned(),
            cookie: cookie.map(<[u8]>::to_vec),
        }
    }

    /// Connects to it and lets it tell what is to be watched.
    pub(super) fn watch(&self) -> Result<Watcher, ServicesError> {
        let (connection, screen) = connect(&self.display, self.cookie.as_deref())?;
        Watcher::new(connection, screen).map_err(|error| match is_unsupported(&error) {
            true => ServicesError::Missing("XFIXES"),
            false => ServicesError::Connect {
                display: self.display.clone(),
                reason: error.to_string(),
            },
        })
    }
}

/// Lets `watcher` work, and the next one when its server has gone, until nobody holds the other end of `requests`.
pub(super) fn work(
    server: &Server,
    mut watcher: Watcher,
    requests: &Receiver<Request>,
    wake: &UnixStream,
    events: &Events,
) {
    while let Err(error) = watcher.run(requests, wake, events) {
        tracing::debug!(%error, "the connection to the X server ended");
        events(DesktopEvent::Lost);
        let Some(next) = wait(server, requests, wake) else {
            return;
        };
        watcher = next;
        events(DesktopEvent::Returned);
        watcher.tell_size(events);
    }
}

/// Waits for the server. Requests meanwhile are dropped, which tells those who ask that it is lost.
fn wait(server: &Server, requests: &Receiver<Request>, wake: &UnixStream) -> Option<Watcher> {
    let mut retry = Retry::new(Instant::now());
    loop {
        loop {
            match requests.try_recv() {
                Ok(request) => drop(request),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return None,
            }
        }
        let pause = retry.wait(Instant::now());
        if !pause.is_zero() {
            sleep(wake, pause);
            continue;
        }
        match server.watch() {
            Ok(watcher) => return Some(watcher),
            Err(error) => tracing::debug!(%error, "the X server is not back yet"),
        }
        retry.failed(Instant::now());
    }
}

/// Waits for so long, or until there is a byte on `wake`.
fn sleep(mut wake: &UnixStream, limit: Duration) {
    let limit = Timespec::try_from(limit).ok();
    // An interruption is as good as a byte: everything is looked at again.
    let _ = poll(&mut [PollFd::new(wake, PollFlags::IN)], limit.as_ref());
    let _ = wake.read(&mut [0; 64]);
}
