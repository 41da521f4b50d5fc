//! The encoder pool: the capture that viewers share, and an encoder for each codec and rendition in use. Each viewer
//! holds a [`Subscription`](super::subscription::Subscription).
//!
//! All of it lives on the main loop. Starts take time and run one after another; moving viewers is immediate.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::{Rc, Weak};
use std::time::Duration;

use crate::media::encoder::output::Delivery;
use crate::media::encoder::running::RunningEncoder;
use crate::media::encoder::trial::{Failed, Ranking};
use crate::media::pipeline::codec::Codec;
use crate::media::pipeline::plan::Plan;
use crate::media::runtime::peer_id::PeerId;
use crate::media::source::lifecycle::CaptureEvents;
use crate::media::source::video::{Capture, Settings};

use super::OnLost;
use super::shared_sound::SharedSound;

/// Time that the capture keeps running after the last viewer: a page that is reloaded finds it running.
const WARM: Duration = Duration::from_secs(10);

/// The pool of shared encoders of a host.
pub(crate) struct EncoderPool {
    pub(super) captures: CaptureEvents,
    pub(super) this: Weak<Self>,
    /// Held while a capture or an encoder is being started.
    pub(super) turn: futures_util::lock::Mutex<()>,
    pub(super) state: RefCell<State>,
    pub(super) sound: Rc<SharedSound>,
}

/// The state of the pool. Never borrowed across an await.
pub(super) struct State {
    pub(super) plan: Rc<Plan>,
    pub(super) settings: Settings,
    pub(super) capture: Option<Rc<Capture>>,
    pub(super) encoders: Vec<Rc<RunningEncoder>>,
    pub(super) subscribers: BTreeMap<PeerId, Subscriber>,
    pub(super) trials: Trials,
    pub(super) next_encoder: u64,
    /// True if something has changed since the viewers were last assigned.
    pub(super) is_unarranged: bool,
}

/// The results of trials so far.
#[derive(Default)]
pub(super) struct Trials {
    /// Encoders that did not work, or have failed. They are tried again when no other is left.
    pub(super) failed: Failed,
    /// The encoders of each codec that was needed so far.
    pub(super) rankings: HashMap<Codec, Ranking>,
}

impl State {
    /// Returns true if this is the running capture and not a lost one.
    pub(super) fn runs(&self, capture: &Rc<Capture>) -> bool {
        self.capture
            .as_ref()
            .is_some_and(|running| Rc::ptr_eq(running, capture))
    }
}

/// The pool's side of a subscription.
pub(super) struct Subscriber {
    pub(super) codec: Codec,
    pub(super) encoder: Rc<RunningEncoder>,
    /// `None` until it is connected.
    pub(super) delivery: Option<Delivery>,
    pub(super) on_lost: OnLost,
    pub(super) kbps: u32,
    pub(super) can_send_input: bool,
    pub(super) allows_half_size: bool,
    /// True if it has an encoder of its own.
    pub(super) is_private: bool,
    pub(super) is_paused: bool,
}

impl EncoderPool {
    /// Creates the pool; nothing runs yet. `captures` is notified of lost and stopped captures.
    pub(crate) fn new(plan: Rc<Plan>, captures: CaptureEvents) -> Rc<Self> {
        Rc::new_cyclic(|this| Self {
            captures,
            this: Weak::clone(this),
            turn: futures_util::lock::Mutex::new(()),
            state: RefCell::new(State {
                plan,
                settings: Settings::default(),
                capture: None,
                encoders: Vec::new(),
                subscribers: BTreeMap::new(),
                trials: Trials::default(),
                next_encoder: 1,
                is_unarranged: false,
            }),
            sound: SharedSound::new(),
        })
    }

    /// Returns the current plan.
    pub(crate) fn plan(&self) -> Rc<Plan> {
        Rc::clone(&self.state.borrow().plan)
    }

    /// Changes the capture's settings for all viewers.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Settings)) {
        let mut state = self.state.borrow_mut();
        change(&mut state.settings);
        for encoder in &state.encoders {
            encoder.set_nominal_fps(state.settings.fps.unwrap_or(state.plan.fps()));
        }
        if let Some(capture) = &state.capture {
            capture.set(&state.plan, state.settings);
        }
    }

    /// Skips one frame of the capture.
    pub(crate) fn skip_frame(&self) {
        if let Some(capture) = &self.state.borrow().capture {
            capture.skip_frame();
        }
    }

    /// Handles the failure of the capture with this number: all subscribers are notified.
    pub(crate) fn capture_lost(&self, generation: u64, reason: &str) {
        let mut state = self.state.borrow_mut();
        if state
            .capture
            .as_ref()
            .is_none_or(|capture| capture.generation() != generation)
        {
            return;
        }
        tracing::warn!(%reason, "the capture is lost");
        state.capture = None;
        for subscriber in state.subscribers.values() {
            (subscriber.on_lost)(format!("The capture is lost: {reason}"));
        }
    }

    /// Starts the capture and tries the preferred encoder, so that the first viewer need not wait.
    pub(crate) async fn warm_up(&self) {
        let _turn = self.turn.lock().await;
        let plan = self.plan();
        let Some(codec) = plan.codecs().next() else { return };
        match self.capture().await {
            Ok(capture) => {
                capture.first_frame().await;
                let _ = self.best(&plan, codec, &capture).await;
            }
            Err(reason) => tracing::warn!(%reason, "cannot start the capture"),
        }
        self.cool_down();
    }

    /// Stops all encoders and the capture, and waits until the capture has stopped.
    pub(crate) async fn close(&self) {
        // An encoder or a capture that is being started must be stopped as well.
        let _turn = self.turn.lock().await;
        {
            let mut state = self.state.borrow_mut();
            state.encoders.clear();
            state.capture = None;
        }
        self.captures.stopped().await;
    }

    /// Switches to another plan; each viewer misses at most one frame. If it does not work, the old plan stays.
    ///
    /// # Errors
    /// A sentence that names the part that does not work.
    pub(crate) async fn reload(&self, plan: Plan) -> Result<(), String> {
        let _turn = self.turn.lock().await;
        let (old_plan, plan) = (self.plan(), Rc::new(plan));
        let is_whole = |plan: &Plan| plan.capture_text().is_none();
        if is_whole(&plan) != is_whole(&old_plan) {
            return Err("cannot switch between a whole pipeline and a shared capture".to_owned());
        }
        let old_capture = self.state.borrow().capture.clone();
        let capture = match &old_capture {
            Some(old) if plan.capture_text() == old_plan.capture_text() => Some(Rc::clone(old)),
            Some(_) => Some(self.start_capture(&plan).await?),
            None => None,
        };
        let old: Vec<_> = self.state.borrow().encoders.clone();
        let trials = std::mem::take(&mut self.state.borrow_mut().trials);
        match self.start_replacements(&plan, capture.as_ref(), &old).await {
            Ok(new) => {
                for (old, new) in old.iter().zip(&new) {
                    let subscribers = self.subscribers_of(old);
                    subscribers.into_iter().for_each(|id| self.move_to(id, new));
                }
                let mut state = self.state.borrow_mut();
                (state.plan, state.capture) = (plan, capture);
                state.encoders = new;
                drop(state);
                self.arrange_soon();
                Ok(())
            }
            Err(reason) => {
                let mut state = self.state.borrow_mut();
                let is_old = |encoder: &Rc<RunningEncoder>| old.iter().any(|old| old.id == encoder.id);
                state.encoders.retain(is_old);
                state.trials = trials;
                Err(reason)
            }
        }
    }

    /// Starts the sound of `plan` and a replacement for each of the `old` encoders.
    async fn start_replacements(
        &self,
        plan: &Plan,
        capture: Option<&Rc<Capture>>,
        old: &[Rc<RunningEncoder>],
    ) -> Result<Vec<Rc<RunningEncoder>>, String> {
        let mut new = Vec::new();
        if let Some(capture) = capture {
            for old in old {
                let (codec, rendition) = (old.spec.codec, old.rendition);
                let started = self.start_encoder(plan, capture, codec, rendition, plan.bitrate_kbps());
                new.push(started.await?);
            }
        }
        if let Some(text) = plan.sound_text() {
            self.sound.reload(&text).await?;
        }
        Ok(new)
    }

    /// Returns the running capture, and starts it if necessary.
    pub(super) async fn capture(&self) -> Result<Rc<Capture>, String> {
        if let Some(capture) = &self.state.borrow().capture {
            return Ok(Rc::clone(capture));
        }
        let capture = self.start_capture(&self.plan()).await?;
        self.state.borrow_mut().capture = Some(Rc::clone(&capture));
        Ok(capture)
    }

    async fn start_capture(&self, plan: &Plan) -> Result<Rc<Capture>, String> {
        let text = plan.capture_text().ok_or("there is no shared capture")?;
        let started = Capture::start(&text, self.captures.next()).await;
        let capture = started.map_err(|reason| format!("Cannot capture the screen: {reason}"))?;
        capture.set(plan, self.state.borrow().settings);
        Ok(Rc::new(capture))
    }

    pub(super) fn fps(&self, plan: &Plan) -> u32 {
        self.state.borrow().settings.fps.unwrap_or(plan.fps())
    }

    pub(super) fn subscribers_of(&self, encoder: &RunningEncoder) -> Vec<PeerId> {
        let state = self.state.borrow();
        let on_it = state
            .subscribers
            .iter()
            .filter(|(_, subscriber)| subscriber.encoder.id == encoder.id);
        on_it.map(|(id, _)| *id).collect()
    }

    /// Stops encoders without subscribers, and later the capture.
    pub(super) fn cool_down(&self) {
        let mut state = self.state.borrow_mut();
        let State {
            encoders,
            subscribers,
            ..
        } = &mut *state;
        encoders.retain(|encoder| {
            subscribers
                .values()
                .any(|subscriber| Rc::ptr_eq(&subscriber.encoder, encoder))
        });
        let Some(capture) = state.capture.as_ref().filter(|_| state.encoders.is_empty()) else {
            return;
        };
        let (this, capture) = (Weak::clone(&self.this), Rc::downgrade(capture));
        let use_count = state.next_encoder;
        glib::MainContext::default().spawn_local(async move {
            glib::timeout_future(WARM).await;
            let (Some(this), Some(_)) = (this.upgrade(), capture.upgrade()) else {
                return;
            };
            let mut state = this.state.borrow_mut();
            if state.encoders.is_empty() && state.next_encoder == use_count {
                state.capture = None;
            }
        });
    }
}
