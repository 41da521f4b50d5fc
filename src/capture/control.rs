//! Settings and requests of other threads, which wake the streaming thread.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::Errno;

use crate::sync::lock;

use super::region::Part;

/// Flags, and the event file that wakes the streaming thread to look at them.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) show_pointer: AtomicBool,
    /// Frames per second, in motion that lasts.
    pub(super) max_framerate: AtomicU32,
    /// True if the element is flushing: waiting ends at once.
    pub(super) flushing: AtomicBool,
    /// True if a frame is to be made, changed or not.
    pub(super) repeat: AtomicBool,
    /// True if one frame is to be left out.
    pub(super) leave_out: AtomicBool,
    part: Mutex<Option<Part>>,
    /// True if the streaming thread has not taken `part` yet.
    is_part_new: AtomicBool,
    wake: OnceLock<OwnedFd>,
}

impl Default for Control {
    fn default() -> Self {
        Self {
            show_pointer: AtomicBool::new(true),
            max_framerate: AtomicU32::new(60),
            flushing: AtomicBool::new(false),
            repeat: AtomicBool::new(false),
            leave_out: AtomicBool::new(false),
            part: Mutex::default(),
            is_part_new: AtomicBool::new(false),
            wake: OnceLock::new(),
        }
    }
}

impl Control {
    /// Creates the event file. To be called before the streaming thread waits.
    pub(super) fn open(&self) -> rustix::io::Result<()> {
        if self.wake.get().is_none() {
            let _ = self
                .wake
                .set(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        }
        Ok(())
    }

    /// Wakes the streaming thread.
    pub(super) fn wake(&self) {
        if let Some(wake) = self.wake.get() {
            let _ = rustix::io::write(wake, &1_u64.to_ne_bytes());
        }
    }

    /// Lets the streaming thread show this part alone; `None`: all of the region.
    pub(super) fn set_part(&self, part: Option<Part>) {
        *lock(&self.part) = part;
        self.renew_part();
        self.wake();
    }

    /// The part that was set last.
    pub(super) fn part(&self) -> Option<Part> {
        *lock(&self.part)
    }

    /// Lets the streaming thread take the part again, for another screen.
    pub(super) fn renew_part(&self) {
        self.is_part_new.store(true, Ordering::SeqCst);
    }

    /// True if there is a part to be taken.
    pub(super) fn is_part_new(&self) -> bool {
        self.is_part_new.load(Ordering::SeqCst)
    }

    /// Takes the part that is to be shown from now on, if it is new.
    pub(super) fn take_part(&self) -> Option<Option<Part>> {
        let is_new = self.is_part_new.swap(false, Ordering::SeqCst);
        is_new.then(|| self.part())
    }

    /// The time between two frames in motion that lasts.
    pub(super) fn interval(&self) -> Duration {
        Duration::from_secs(1) / self.max_framerate.load(Ordering::Relaxed).max(1)
    }

    /// Waits until [`wake`](Self::wake) was called, there is something to read from `other`, or `limit` is over.
    pub(super) fn sleep(&self, other: Option<BorrowedFd>, limit: Option<Duration>) -> rustix::io::Result<()> {
        let wake = self.wake.get().ok_or(Errno::BADF)?;
        let mut fds = vec![PollFd::new(wake, PollFlags::IN)];
        fds.extend(other.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        match poll(&mut fds, limit.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
        // Empty if it was something else.
        let _ = rustix::io::read(wake, &mut [0; 8]);
        Ok(())
    }
}
