//! The choice of an encoder, at the start and after a failure.

use std::rc::{Rc, Weak};

use super::pool::EncoderPool;
use crate::media::encoder::running::{EncoderSettings, RunningEncoder};
use crate::media::encoder::trial::{Conditions, Ranking};
use crate::media::pipeline::codec::Codec;
use crate::media::pipeline::encoder_spec::EncoderSpec;
use crate::media::pipeline::plan::Plan;
use crate::media::rate::renditions::Rendition;
use crate::media::source::video::Capture;

impl EncoderPool {
    pub(super) fn running_encoder(&self, codec: Codec, rendition: Rendition) -> Option<Rc<RunningEncoder>> {
        let state = self.state.borrow();
        let is_it = |encoder: &&Rc<RunningEncoder>| {
            (encoder.spec.codec, encoder.rendition) == (codec, rendition) && state.runs(encoder.capture())
        };
        state.encoders.iter().find(is_it).map(Rc::clone)
    }

    /// Starts the best encoder that works. The caller must hold the turn.
    pub(super) async fn start_encoder(
        &self,
        plan: &Plan,
        capture: &Rc<Capture>,
        codec: Codec,
        rendition: Rendition,
        kbps: u32,
    ) -> Result<Rc<RunningEncoder>, String> {
        self.retry_failed(plan, codec);
        while let Some(spec) = self.best(plan, codec, capture).await {
            let id = {
                let mut state = self.state.borrow_mut();
                state.next_encoder += 1;
                state.next_encoder
            };
            let this = Weak::clone(&self.this);
            let lost = Box::new(move |id, reason: String| {
                if let Some(pool) = this.upgrade() {
                    pool.encoder_lost(id, &reason);
                }
            });
            let settings = EncoderSettings {
                id,
                spec: spec.clone(),
                rendition,
                kbps,
                fps: self.fps(plan),
            };
            match RunningEncoder::start(settings, Rc::clone(capture), lost).await {
                Ok(encoder) => {
                    tracing::info!(encoder = spec.label(), ?rendition, "encoding");
                    let mut state = self.state.borrow_mut();
                    state.encoders.push(Rc::clone(&encoder));
                    return Ok(encoder);
                }
                Err(reason) => {
                    tracing::warn!(encoder = spec.label(), %reason, "cannot start the encoder");
                    let mut state = self.state.borrow_mut();
                    state.trials.failed.insert(spec.description.origin, reason);
                }
            }
        }
        let state = self.state.borrow();
        let reasons = plan.encoders_of(codec).filter_map(|encoder| {
            let reason = state.trials.failed.get(&encoder.description.origin)?;
            Some(format!("{}: {reason}", encoder.label()))
        });
        Err(format!(
            "No encoder for {codec} works on this host ({})",
            reasons.collect::<Vec<_>>().join("; ")
        ))
    }

    /// Forgets the failures of a codec's encoders if all have failed.
    fn retry_failed(&self, plan: &Plan, codec: Codec) {
        let trials = &mut self.state.borrow_mut().trials;
        let origins = || plan.encoders_of(codec).map(|encoder| &encoder.description.origin);
        if origins().all(|origin| trials.failed.contains_key(origin)) {
            origins().for_each(|origin| drop(trials.failed.remove(origin)));
            trials.rankings.remove(&codec);
        }
    }

    /// Returns the best encoder of a codec that has not failed. Only encoders that have not been tried yet take time.
    /// The caller must hold the turn.
    pub(super) async fn best(&self, plan: &Plan, codec: Codec, capture: &Capture) -> Option<EncoderSpec> {
        let (mut failed, mut ranking) = {
            let trials = &mut self.state.borrow_mut().trials;
            let ranking = trials.rankings.remove(&codec);
            let ranking = ranking.unwrap_or_else(|| Ranking::new(plan.encoders_of(codec).cloned()));
            (trials.failed.clone(), ranking)
        };
        capture.first_frame().await;
        let conditions = Conditions {
            size: capture.size(),
            fps: plan.fps(),
            kbps: plan.bitrate_kbps(),
            program: plan.trial_program().map(ToOwned::to_owned),
        };
        let best = ranking.best(&mut failed, &conditions).await;
        let trials = &mut self.state.borrow_mut().trials;
        // An encoder may have failed meanwhile.
        trials.failed.append(&mut failed);
        trials.rankings.insert(codec, ranking);
        best
    }

    /// Removes a failed encoder and lets the next one take over.
    fn encoder_lost(self: Rc<Self>, id: u64, reason: &str) {
        let lost = {
            let mut state = self.state.borrow_mut();
            let Some(at) = state.encoders.iter().position(|encoder| encoder.id == id) else {
                return;
            };
            let lost = state.encoders.remove(at);
            let origin = lost.spec.description.origin.clone();
            state.trials.failed.insert(origin, reason.to_owned());
            lost
        };
        tracing::warn!(encoder = lost.spec.label(), %reason, "the encoder has failed; the next one takes over");
        glib::MainContext::default().spawn_local(async move { self.replace(lost).await });
    }

    /// Moves the viewers of a failed encoder to its replacement.
    async fn replace(&self, lost: Rc<RunningEncoder>) {
        let _turn = self.turn.lock().await;
        let plan = self.plan();
        let orphans = self.subscribers_of(&lost);
        let capture = lost.capture();
        // The viewers of a lost capture have been notified already.
        if orphans.is_empty() || !self.state.borrow().runs(capture) {
            return self.cool_down();
        }
        match self
            .start_encoder(
                &plan,
                capture,
                lost.spec.codec,
                lost.rendition,
                plan.bitrate_kbps(),
            )
            .await
        {
            Ok(encoder) => {
                orphans.into_iter().for_each(|id| self.move_to(id, &encoder));
                // It has started at the highest rate.
                self.arrange_soon();
            }
            Err(reason) => {
                let state = self.state.borrow();
                for subscriber in orphans.iter().filter_map(|id| state.subscribers.get(id)) {
                    (subscriber.on_lost)(reason.clone());
                }
            }
        }
    }
}
