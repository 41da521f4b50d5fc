//! The sound that all listeners share: it starts with the first listener and stops with the last.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use super::pool::OnLost;
use crate::media::encoder::output::{Consumer, Delivery};
use crate::media::encoder::running_sound::RunningSound;
use crate::media::runtime::mailbox::mailbox;
use crate::media::runtime::peer_id::PeerId;

/// The shared sound of a host.
pub(super) struct SharedSound {
    this: Weak<Self>,
    /// Held while the sound is being started.
    turn: futures_util::lock::Mutex<()>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    running: Option<Rc<RunningSound>>,
    listeners: BTreeMap<PeerId, Listener>,
}

struct Listener {
    delivery: Option<Delivery>,
    on_lost: OnLost,
}

/// A viewer's subscription to the sound. Dropping it unsubscribes.
pub(crate) struct SoundSubscription {
    sound: Rc<SharedSound>,
    id: PeerId,
    caps: gst::Caps,
}

impl SharedSound {
    /// Creates the state without running sound.
    pub(super) fn new() -> Rc<Self> {
        Rc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            turn: futures_util::lock::Mutex::new(()),
            state: RefCell::default(),
        })
    }

    /// Subscribes a viewer to the sound that `text` describes, and starts that if necessary. `on_lost` is called when
    /// it fails later.
    ///
    /// # Errors
    /// A sentence for the viewer.
    pub(super) async fn subscribe(
        &self,
        id: PeerId,
        text: &str,
        on_lost: OnLost,
    ) -> Result<SoundSubscription, String> {
        let _turn = self.turn.lock().await;
        let running = self.state.borrow().running.clone();
        let running = match running {
            Some(running) => running,
            None => self.start(text).await?,
        };
        let sound = self.this.upgrade().ok_or("the host is shutting down")?;
        let caps = running.caps().clone();
        let listener = Listener {
            delivery: None,
            on_lost,
        };
        let mut state = self.state.borrow_mut();
        state.listeners.insert(id, listener);
        state.running = Some(running);
        Ok(SoundSubscription { sound, id, caps })
    }

    /// Switches to the sound that `text` describes, if any is running. If it does not start, the old one stays.
    ///
    /// # Errors
    /// The reason if it does not start.
    pub(super) async fn reload(&self, text: &str) -> Result<(), String> {
        let _turn = self.turn.lock().await;
        let is_other = |running: &Rc<RunningSound>| running.text != text;
        if !self.state.borrow().running.as_ref().is_some_and(is_other) {
            return Ok(());
        }
        let running = self.start(text).await?;
        let mut state = self.state.borrow_mut();
        // The last listener may have left meanwhile.
        if !state.listeners.is_empty() {
            let deliveries = state
                .listeners
                .values_mut()
                .filter_map(|one| one.delivery.as_mut());
            deliveries.for_each(|delivery| running.deliver(delivery));
            state.running = Some(running);
        }
        Ok(())
    }

    async fn start(&self, text: &str) -> Result<Rc<RunningSound>, String> {
        let (failed, mut reasons) = mailbox(1);
        let lost = move |reason| {
            failed.send(reason);
        };
        let running = RunningSound::start(text, lost).await;
        let running = running.map_err(|reason| format!("Cannot capture the sound: {reason}"))?;
        let running = Rc::new(running);
        let (this, watched) = (Weak::clone(&self.this), Rc::downgrade(&running));
        glib::MainContext::default().spawn_local(async move {
            // The sender is dropped with the pipeline.
            if let (Some(reason), Some(this)) = (reasons.next().await, this.upgrade()) {
                this.lost(&watched, &reason);
            }
        });
        Ok(running)
    }

    fn lost(&self, lost: &Weak<RunningSound>, reason: &str) {
        let mut state = self.state.borrow_mut();
        let is_current = |running: &Rc<RunningSound>| Rc::downgrade(running).ptr_eq(lost);
        if state.running.as_ref().is_some_and(is_current) {
            tracing::warn!(%reason, "the sound is lost");
            state.running = None;
            for listener in state.listeners.values() {
                (listener.on_lost)(format!("The sound is lost: {reason}"));
            }
        }
    }
}

impl SoundSubscription {
    /// Returns the format of the packets.
    pub(crate) fn caps(&self) -> &gst::Caps {
        &self.caps
    }

    /// Delivers packets to `consumer`, starting with the next one.
    pub(crate) fn connect(&self, consumer: Arc<dyn Consumer>) {
        let mut state = self.sound.state.borrow_mut();
        let running = state.running.clone();
        if let (Some(running), Some(listener)) = (running, state.listeners.get_mut(&self.id)) {
            let mut delivery = Delivery::new(consumer);
            running.deliver(&mut delivery);
            listener.delivery = Some(delivery);
        }
    }

    /// Ends the delivery.
    pub(crate) fn disconnect(&self) {
        if let Some(listener) = self.sound.state.borrow_mut().listeners.get_mut(&self.id) {
            listener.delivery = None;
        }
    }
}

impl Drop for SoundSubscription {
    fn drop(&mut self) {
        let mut state = self.sound.state.borrow_mut();
        state.listeners.remove(&self.id);
        if state.listeners.is_empty() {
            state.running = None;
        }
    }
}
