//! The sound that all listeners share: it starts with the first listener and stops with the last.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use super::OnLost;
use crate::media::encoder::output::{Consumer, Delivery};
use crate::media::encoder::running_sound::RunningSound;
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
        self.switch_to(self.start(text).await?);
        Ok(())
    }

    async fn start(&self, text: &str) -> Result<Rc<RunningSound>, String> {
        let started = RunningSound::start(text).await;
        let (running, loss) = started.map_err(|reason| format!("Cannot capture the sound: {reason}"))?;
        let running = Rc::new(running);
        let (this, watched) = (Weak::clone(&self.this), Rc::downgrade(&running));
        glib::MainContext::default().spawn_local(async move {
            if let (Some(reason), Some(this)) = (loss.reason().await, this.upgrade()) {
                this.restart(&watched, &reason).await;
            }
        });
        Ok(running)
    }

    /// Starts the sound once more after it has failed. If that does not help, all listeners are notified.
    async fn restart(&self, lost: &Weak<RunningSound>, reason: &str) {
        let _turn = self.turn.lock().await;
        let text = {
            let mut state = self.state.borrow_mut();
            let is_lost = |running: &mut Rc<RunningSound>| Rc::downgrade(running).ptr_eq(lost);
            match state.running.take_if(is_lost) {
                Some(running) => running.text.clone(),
                None => return,
            }
        };
        tracing::warn!(%reason, "the sound is lost and is started again");
        match self.start(&text).await {
            Ok(running) => self.switch_to(running),
            Err(error) => {
                let state = self.state.borrow();
                for listener in state.listeners.values() {
                    (listener.on_lost)(format!("The sound is lost: {error}"));
                }
            }
        }
    }

    /// Delivers `running` to all listeners, unless the last has left meanwhile.
    fn switch_to(&self, running: Rc<RunningSound>) {
        let mut state = self.state.borrow_mut();
        if state.listeners.is_empty() {
            return;
        }
        let listeners = state.listeners.values_mut();
        let deliveries = listeners.filter_map(|listener| listener.delivery.as_mut());
        deliveries.for_each(|delivery| running.deliver(delivery));
        state.running = Some(running);
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
