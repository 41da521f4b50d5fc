//! The negotiation: offer, answer and candidates.

use std::time::Duration;

use gst::prelude::*;
use gst_webrtc::{WebRTCSDPType, WebRTCSessionDescription};

use super::{Gathering, Peer, Role, notify};
use crate::media::runtime::mailbox::MailboxSender;
use crate::media::webrtc::messages::{Inbox, PeerEvent, Signal};
use crate::media::webrtc::offer::Offer;
use crate::media::webrtc::profile::check_profiles;
use crate::media::webrtc::promise::settled;
use crate::media::webrtc::sdp::{self, Answer};

/// Timeout of ICE gathering for an answer.
const GATHER: Duration = Duration::from_millis(2500);

impl Peer {
    pub(crate) async fn make_offer(&mut self, events: &MailboxSender<PeerEvent>) -> Result<(), String> {
        let text = self.describe("offer").await?;
        check_profiles(&text)?;
        if self.gathering == Gathering::New {
            self.gathering = Gathering::Running;
        }
        self.role = Role::Offerer {
            offer: Some(text.clone()),
        };
        notify(events, PeerEvent::Offer(text))
    }

    pub(crate) async fn make_answer(&mut self, offer: &Offer) -> Result<String, String> {
        self.fingerprint.expect(offer.fingerprint.clone());
        self.counts.candidates += sdp::count_candidates(&offer.sdp);
        let remote = description(WebRTCSDPType::Offer, &offer.sdp)?;
        self.set_description("set-remote-description", &remote).await?;
        let text = self.describe("answer").await?;
        check_profiles(&text)?;
        self.gathering = Gathering::Running;
        Ok(text)
    }

    /// Collects the host's candidates, until gathering is complete or times out.
    pub(crate) async fn gather(&mut self, inbox: &mut Inbox) -> Result<Vec<String>, String> {
        let mut candidates = Vec::new();
        let collect = async {
            loop {
                match inbox.next_signal().await {
                    Some(Signal::LocalCandidate { candidate, .. })
                        if sdp::is_useful_candidate(&candidate) =>
                    {
                        candidates.push(candidate);
                    }
                    Some(Signal::Lost(reason)) => return Err(reason),
                    Some(Signal::GatheringComplete) | None => return Ok(()),
                    Some(_) => {}
                }
            }
        };
        if let Ok(outcome) = glib::future_with_timeout(GATHER, collect).await {
            self.gathering = Gathering::Complete;
            outcome?;
        }
        Ok(candidates)
    }

    pub(crate) async fn apply_answer(
        &mut self,
        text: &str,
        events: &MailboxSender<PeerEvent>,
    ) -> Result<(), String> {
        let Role::Offerer { offer: Some(offer) } = &self.role else {
            return notify(
                events,
                PeerEvent::AnswerRefused("The host has made no offer".to_owned()),
            );
        };
        let checked = Answer::check(text, offer).and_then(|answer| {
            let description = description(WebRTCSDPType::Answer, &answer.sdp)?;
            Ok((answer, description))
        });
        let (answer, description) = match checked {
            Ok(checked) => checked,
            Err(reason) => return notify(events, PeerEvent::AnswerRefused(reason)),
        };
        self.fingerprint.expect(answer.fingerprint);
        self.counts.candidates += sdp::count_candidates(&answer.sdp);
        self.start_rate(sdp::reports_arrivals(text));
        match self.set_description("set-remote-description", &description).await {
            Ok(()) => notify(events, PeerEvent::AnswerApplied),
            Err(reason) => notify(events, PeerEvent::AnswerRefused(reason)),
        }
    }

    /// Passes a viewer's candidate to webrtcbin, unless there are too many. Host names are ignored: webrtcbin 1.22
    /// crashes and leaks resolving them.
    pub(super) fn add_candidate(&mut self, candidate: &str, sdp_m_line_index: u32) {
        let is_plain = sdp::is_plain_candidate(candidate);
        self.counts.candidates += usize::from(is_plain);
        if candidate.is_empty() || is_plain && self.counts.candidates <= sdp::PASSED_CANDIDATES {
            self.pipeline
                .webrtc
                .emit_by_name::<()>("add-ice-candidate", &[&sdp_m_line_index, &candidate]);
        }
    }

    /// Has webrtcbin create an `offer` or `answer`, and sets it as the local description.
    async fn describe(&self, kind: &str) -> Result<String, String> {
        let (promise, reply) = gst::Promise::new_future();
        self.pipeline
            .webrtc
            .emit_by_name::<()>(&format!("create-{kind}"), &[&None::<gst::Structure>, &promise]);
        let reply = settled(reply)
            .await
            .map_err(|error| format!("No {kind}: {error}"))?;
        let description = reply
            .and_then(|reply| reply.get::<WebRTCSessionDescription>(kind).ok())
            .ok_or_else(|| format!("webrtcbin created no {kind}"))?;
        let text = description.sdp().as_text().map_err(|error| error.to_string())?;
        self.set_description("set-local-description", &description)
            .await?;
        Ok(text)
    }

    async fn set_description(
        &self,
        signal: &str,
        description: &WebRTCSessionDescription,
    ) -> Result<(), String> {
        let (promise, reply) = gst::Promise::new_future();
        self.pipeline
            .webrtc
            .emit_by_name::<()>(signal, &[description, &promise]);
        settled(reply)
            .await
            .map(drop)
            .map_err(|error| format!("{signal}: {error}"))
    }
}

fn description(kind: WebRTCSDPType, text: &str) -> Result<WebRTCSessionDescription, String> {
    let sdp = gst_sdp::SDPMessage::parse_buffer(text.as_bytes())
        .map_err(|_| "This is not a session description".to_owned())?;
    Ok(WebRTCSessionDescription::new(kind, sdp))
}
