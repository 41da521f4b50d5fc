//! What viewers share: the capture, and for each codec an encoder for each rendition of its ladder. Who watches has a
//! [`Subscription`].
//!
//! All of it lives on the main loop. Starting something takes time and is done in turn; moving viewers does not.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::time::Duration;

use crate::media::encoder::output::Delivery;
use crate::media::encoder::running::RunningEncoder;
use crate::media::pipeline::codec::Codec;
use crate::media::pipeline::plan::Plan;
use crate::media::rate::renditions::Rendition;
use crate::media::runtime::peer_id::PeerId;
use crate::media::source::lifecycle::CaptureEvents;
use crate::media::source::video::{Capture, Settings};

use super::sound::{SharedSound, SoundSubscription};
use super::subscription::Subscription;

/// How long the capture runs on after the last viewer: a page that is loaded again finds it running.
const WARM: Duration = Duration::from_secs(10);

/// Takes the reason why a viewer's stream is lost.
pub(crate) type OnLost = Box<dyn Fn(String)>;

/// The shared part of a host's media.
pub(crate) struct EncoderPool {
    pub(super) captures: CaptureEvents,
    pub(super) this: Weak<Self>,
    /// Held while something is started.
    pub(super) turn: futures_util::lock::Mutex<()>,
    pub(super) state: RefCell<State>,
    sound: Rc<SharedSound>,
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
    /// Something has changed since the viewers were last arranged.
    pub(super) is_unarranged: bool,
}

/// The results of trials so far: descriptions of encoders, by their origin.
#[derive(Default)]
pub(super) struct Trials {
    /// Those that did not work. They are tried again when no other is left.
    pub(super) failed: Vec<String>,
    /// Those that have shown that they keep up.
    pub(super) proven: Vec<String>,
}

impl State {
    /// Whether this is the capture that runs, and not one that was lost.
    pub(super) fn runs(&self, capture: &Rc<Capture>) -> bool {
        self.capture
            .as_ref()
            .is_some_and(|running| Rc::ptr_eq(running, capture))
    }
}

/// One who watches.
pub(super) struct Subscriber {
    pub(super) codec: Codec,
    pub(super) encoder: Rc<RunningEncoder>,
    /// None until it is connected.
    pub(super) delivery: Option<Delivery>,
    pub(super) on_lost: OnLost,
    pub(super) kbps: u32,
    pub(super) controls: bool,
    pub(super) allows_half_size: bool,
    /// It has an encoder of its own.
    pub(super) is_private: bool,
    pub(super) is_paused: bool,
}

/// What a viewer brings.
pub(crate) struct NewSubscriber {
    pub(crate) id: PeerId,
    pub(crate) codec: Codec,
    pub(crate) controls: bool,
    /// Whether half the size will do.
    pub(crate) allows_half_size: bool,
    /// Called when its stream is lost for good.
    pub(crate) on_lost: OnLost,
}

impl EncoderPool {
    /// Nothing runs yet. `reports` takes what happens to captures.
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

    /// What is streamed, and how.
    pub(crate) fn plan(&self) -> Rc<Plan> {
        Rc::clone(&self.state.borrow().plan)
    }

    /// Gives a viewer a stream of its codec, whose encoder and capture are started if need be.
    ///
    /// # Errors
    /// A sentence for the viewer.
    pub(crate) async fn subscribe(&self, new: NewSubscriber) -> Result<Subscription, String> {
        let _turn = self.turn.lock().await;
        let plan = self.plan();
        let is_private = plan.has_private_encoders();
        let kbps = plan.bitrate_kbps();
        let present = self
            .running_encoder(new.codec, Rendition::High)
            .filter(|_| !is_private);
        // A rate that nobody has would put the others on a rendition below.
        let begins_at = present.as_ref().map_or(kbps, |encoder| encoder.kbps());
        let encoder = match present {
            Some(encoder) => encoder,
            None => {
                let capture = self.capture().await?;
                let started = self
                    .start_encoder(&plan, &capture, new.codec, Rendition::High, kbps)
                    .await;
                if started.is_err() {
                    self.cool_down();
                }
                started?
            }
        };
        if !self.state.borrow().runs(encoder.capture()) {
            return Err("The capture is lost: it has ended".to_owned());
        }
        let subscriber = Subscriber {
            codec: new.codec,
            encoder,
            delivery: None,
            on_lost: new.on_lost,
            kbps: begins_at,
            controls: new.controls,
            allows_half_size: new.allows_half_size,
            is_private,
            is_paused: false,
        };
        self.state.borrow_mut().subscribers.insert(new.id, subscriber);
        let pool = self.this.upgrade().ok_or("the host is going down")?;
        pool.arrange_soon();
        Ok(Subscription { pool, id: new.id })
    }

    /// Subscribes a viewer to the sound, which is started if need be. `on_lost` is called when it is lost for good.
    ///
    /// # Errors
    /// A sentence for the viewer.
    pub(crate) async fn subscribe_to_sound(
        &self,
        id: PeerId,
        on_lost: OnLost,
    ) -> Result<SoundSubscription, String> {
        let text = self
            .plan()
            .sound_text()
            .ok_or("a whole pipeline has its own sound")?;
        self.sound.subscribe(id, &text, on_lost).await
    }

    /// Changes what viewers may change of the capture, for all of them.
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

    /// One frame is left out.
    pub(crate) fn skip_frame(&self) {
        if let Some(capture) = &self.state.borrow().capture {
            capture.skip_frame();
        }
    }

    /// The capture with this number has failed: all who watch are told.
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

    /// Starts the capture and proves the preferred encoder, so that the first viewer need not wait.
    pub(crate) async fn warm_up(&self) {
        let _turn = self.turn.lock().await;
        let plan = self.plan();
        let Some(codec) = plan.codecs().next() else { return };
        match self.capture().await {
            Ok(capture) => {
                capture.first_frame().await;
                let _ = self.candidates(&plan, codec, &capture).await;
            }
            Err(reason) => tracing::warn!(%reason, "the capture does not start"),
        }
        self.cool_down();
    }

    /// Lets go of everything, and ends when the capture has stopped.
    pub(crate) async fn close(&self) {
        // What is being started is to be stopped as well.
        let _turn = self.turn.lock().await;
        {
            let mut state = self.state.borrow_mut();
            state.encoders.clear();
            state.capture = None;
        }
        self.captures.stopped().await;
    }

    /// Changes to another plan, without a viewer missing more than a frame. If it does not work, the old one stays.
    ///
    /// # Errors
    /// A sentence that says what does not work.
    pub(crate) async fn reload(&self, plan: Plan) -> Result<(), String> {
        let _turn = self.turn.lock().await;
        let (old_plan, plan) = (self.plan(), Rc::new(plan));
        let is_whole = |plan: &Plan| plan.capture_text().is_none();
        if is_whole(&plan) != is_whole(&old_plan) {
            return Err("a whole pipeline and a shared capture cannot be changed into each other".to_owned());
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

    /// Starts what `plan` has for the sound and for each of the `old` encoders.
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

    /// The running capture, started if need be.
    async fn capture(&self) -> Result<Rc<Capture>, String> {
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
        let capture = started.map_err(|reason| format!("The screen cannot be captured: {reason}"))?;
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

    /// Stops encoders that nobody uses, and later the capture.
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
