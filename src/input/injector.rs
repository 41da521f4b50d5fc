//! The input thread, and the handles through which viewers reach it.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::backend::Backend;
use super::dispatcher::Dispatcher;
use super::grab::PointerGrab;
use super::hold::Hold;
use super::pressed::ViewerId;
use super::queue::{Consumer, Message, Producer, queue};
use super::untyped::Untyped;
use super::waiting::Fetch;
use crate::protocol::input::{Button, InputEvent};
use crate::sync::lock;

/// Owns the thread "input", which puts the viewers' events into the desktop.
///
/// Closed by [`stop`](Injector::stop) or by dropping it: all that viewers hold is released, the backend undoes its
/// changes, and the thread is joined within one second. Handles that outlive it do nothing.
pub struct Injector {
    handle: InputHandle,
    thread: Option<JoinHandle<()>>,
    ended: Receiver<()>,
}

impl Injector {
    /// Starts the thread, which owns `backend` from now on.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(backend: Box<dyn Backend>) -> io::Result<Injector> {
        let (producer, consumer) = queue();
        let (ending, ended) = sync_channel(1);
        let grab = PointerGrab::default();
        let watched = grab.clone();
        let untyped = Untyped::default();
        let reported = untyped.clone();
        let thread = thread::Builder::new().name("input".into()).spawn(move || {
            run(Dispatcher::new(backend, watched).reporting(reported), &consumer);
            let _ = ending.send(());
        })?;
        let handle = InputHandle {
            producer,
            next_viewer: Arc::new(AtomicU64::new(1)),
            origin: Origin::default(),
            grab,
            untyped,
        };
        Ok(Injector {
            handle,
            thread: Some(thread),
            ended,
        })
    }

    /// A handle for tasks that accept viewers.
    pub fn handle(&self) -> InputHandle {
        self.handle.clone()
    }

    /// Releases everything and ends the thread. Waits for at most one second.
    pub fn stop(self) {}
}

impl Drop for Injector {
    fn drop(&mut self) {
        self.handle.producer.stop();
        let ended = self.ended.recv_timeout(STOP_LIMIT);
        let Some(thread) = self.thread.take() else { return };
        match ended {
            Ok(()) if thread.join().is_ok() => {}
            Err(RecvTimeoutError::Timeout) => {
                tracing::warn!("the desktop did not take the last key releases within one second");
            }
            Ok(()) | Err(RecvTimeoutError::Disconnected) => tracing::error!("the input thread panicked"),
        }
    }
}

/// Makes a [`ViewerInput`] for each viewer.
#[derive(Clone)]
pub struct InputHandle {
    producer: Producer,
    next_viewer: Arc<AtomicU64>,
    origin: Origin,
    grab: PointerGrab,
    untyped: Untyped,
}

impl InputHandle {
    /// The input of one new viewer, who holds nothing yet.
    pub fn viewer(&self) -> ViewerInput {
        let id = ViewerId(self.next_viewer.fetch_add(1, Ordering::Relaxed));
        ViewerInput {
            id,
            producer: self.producer.clone(),
            origin: self.origin.clone(),
            drag: Mutex::default(),
        }
    }

    /// Sets the position on the desktop of the top left corner of the video, in pixels: (0, 0) at first.
    pub fn set_origin(&self, origin: (u32, u32)) {
        self.origin.set(origin);
    }

    /// Says what programs do with the content of the clipboard: input behind a paste waits for it. Never waits itself.
    pub fn set_fetch(&self, fetch: Fetch) {
        self.producer.send(Message::Fetch(fetch));
    }

    /// The characters that could not be typed.
    pub fn untyped(&self) -> Untyped {
        self.untyped.clone()
    }

    /// The state of the pointer: an application may have taken it.
    pub fn pointer_grab(&self) -> PointerGrab {
        self.grab.clone()
    }
}

/// The origin of the video: both numbers in one, so that no thread sees an old one with a new one.
#[derive(Clone, Default)]
struct Origin(Arc<AtomicU64>);

impl Origin {
    fn set(&self, (x, y): (u32, u32)) {
        self.0.store(u64::from(x) << 32 | u64::from(y), Ordering::Relaxed);
    }

    fn at(&self) -> (u32, u32) {
        let both = self.0.load(Ordering::Relaxed);
        ((both >> 32) as u32, both as u32)
    }
}

/// The input of one viewer. Dropping it releases all keys and buttons that this viewer holds.
pub struct ViewerInput {
    id: ViewerId,
    producer: Producer,
    origin: Origin,
    drag: Mutex<Drag>,
}

/// The origin while a button is down: the one at which it was pressed. A window that is shown alone and dragged would
/// otherwise run away from the pointer that moves it.
#[derive(Default)]
struct Drag {
    down: Vec<Button>,
    origin: (u32, u32),
}

impl Drag {
    /// The origin for `event`, if the part that is shown begins at `now`.
    fn origin_of(&mut self, event: &InputEvent, now: (u32, u32)) -> (u32, u32) {
        if self.down.is_empty() {
            self.origin = now;
        }
        match event {
            InputEvent::Button {
                button,
                pressed: true,
                ..
            } if !self.down.contains(button) => self.down.push(*button),
            InputEvent::Button {
                button,
                pressed: false,
                ..
            } => self.down.retain(|down| down != button),
            InputEvent::ReleaseAll => self.down.clear(),
            InputEvent::Held(held) => self.down.retain(|down| held.buttons.contains(down)),
            _ => {}
        }
        self.origin
    }
}

impl ViewerInput {
    /// Hands over one event. Never waits and may be called from any thread.
    ///
    /// At most 1024 events are queued, for all viewers together. Motion, wheel and layouts are dropped before
    /// that. If a key or a button finds no room, all that viewers hold is released.
    pub fn send(&self, event: InputEvent) {
        let mut drag = lock(&self.drag);
        let origin = drag.origin_of(&event, self.origin.at());
        let event = event.from_origin(origin);
        self.producer.send(Message::Event(self.id, event));
    }

    /// Lets the events that are sent from now on wait for something.
    pub fn hold(&self) -> Hold {
        Hold::new(self.id, &self.producer)
    }

    /// Releases all that this viewer holds, and drops those of its events that wait: it may act no more.
    pub fn cut(&self) {
        *lock(&self.drag) = Drag::default();
        self.producer.send(Message::Cut(self.id));
    }
}

impl Drop for ViewerInput {
    fn drop(&mut self) {
        self.producer.send(Message::Gone(self.id));
    }
}

fn run(mut dispatcher: Dispatcher, consumer: &Consumer) {
    while !consumer.is_stopping() {
        let Some(batch) = consumer.next(dispatcher.deadline()) else {
            break;
        };
        dispatcher.apply(batch, Instant::now(), || consumer.is_stopping());
    }
    dispatcher.close();
}

const STOP_LIMIT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
