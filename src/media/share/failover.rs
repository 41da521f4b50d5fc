//! The choice of an encoder, at the start and after a failure.

use std::rc::{Rc, Weak};

use super::pool::EncoderPool;
use crate::media::encoder::running::{EncoderSettings, RunningEncoder};
use crate::media::encoder::trial;
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
        let mut reasons = Vec::new();
        for spec in self.candidates(plan, codec, capture).await {
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
                    self.state
                        .borrow_mut()
                        .trials
                        .failed
                        .push(spec.description.origin.clone());
                    reasons.push(format!("{}: {reason}", spec.label()));
                }
            }
        }
        Err(format!(
            "No encoder for {codec} works on this host ({})",
            reasons.join("; ")
        ))
    }

    /// Returns the encoders of a codec that have not failed, those that keep up first. If all have failed, returns all.
    pub(super) async fn candidates(&self, plan: &Plan, codec: Codec, capture: &Capture) -> Vec<EncoderSpec> {
        let all: Vec<EncoderSpec> = plan.encoders_of(codec).cloned().collect();
        let has_failed = |encoder: &EncoderSpec| {
            self.state
                .borrow()
                .trials
                .failed
                .contains(&encoder.description.origin)
        };
        let mut candidates: Vec<EncoderSpec> = all
            .iter()
            .filter(|encoder| !has_failed(encoder))
            .cloned()
            .collect();
        if candidates.is_empty() {
            self.state
                .borrow_mut()
                .trials
                .failed
                .retain(|origin| all.iter().all(|encoder| encoder.description.origin != *origin));
            candidates = all;
        }
        let is_proven = |encoder: &EncoderSpec| {
            self.state
                .borrow()
                .trials
                .proven
                .contains(&encoder.description.origin)
        };
        if candidates.len() < 2 || candidates.first().is_some_and(is_proven) {
            return candidates;
        }
        let Some(size) = capture.size() else {
            return candidates;
        };
        let verdict = trial::rank(candidates, size, plan.fps()).await;
        let mut state = self.state.borrow_mut();
        state.trials.failed.extend(verdict.failed);
        state.trials.proven.extend(
            verdict
                .ranked
                .first()
                .map(|encoder| encoder.description.origin.clone()),
        );
        verdict.ranked
    }

    /// Removes a failed encoder and lets the next one take over.
    fn encoder_lost(self: Rc<Self>, id: u64, reason: &str) {
        let lost = {
            let mut state = self.state.borrow_mut();
            let Some(at) = state.encoders.iter().position(|encoder| encoder.id == id) else {
                return;
            };
            let lost = state.encoders.remove(at);
            state.trials.failed.push(lost.spec.description.origin.clone());
            let origin = lost.spec.description.origin.clone();
            state.trials.proven.retain(|proven| *proven != origin);
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
