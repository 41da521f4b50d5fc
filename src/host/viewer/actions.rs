//! Does what a session wants done.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::timeout;

use super::farewell::turn_away;
use super::peer::Peer;
use super::task::{Ended, Measured, Viewer};
use crate::clock::steady_ms;
use crate::host::stats::webrtc_stats;
use crate::protocol::candidate::IceCandidate;
use crate::protocol::role::Permission;
use crate::protocol::stats::{Stats, StatsGroup, SystemStats};
use crate::session::{Action, Event, PeerEvent, PeerFailure, PeerKey, PeerRequest, StatsRequest};
use crate::web::SendError;

/// The time that a peer has to make room for the next.
const REPLACE: Duration = Duration::from_secs(2);
/// The time that a viewer that does not read has for the last messages.
const FAREWELL: Duration = Duration::from_secs(1);

impl Viewer {
    /// Does `actions`, in order.
    ///
    /// # Errors
    /// If the viewer has left or has to.
    pub(super) async fn apply(&mut self, actions: Vec<Action>) -> Result<(), Ended> {
        let mut actions = VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Send(text) => self.send(text).await?,
                Action::OpenPeer { key, request } => actions.extend(self.open_peer(key, request).await),
                Action::ClosePeer { key } => drop(self.close_peer(key)),
                Action::ApplyAnswer { key, sdp } => {
                    // A peer that takes no more commands says so by its last event.
                    let sdp = self.relay.without_relay(&sdp);
                    self.peers.get(&key).map(|peer| peer.media().apply_answer(sdp));
                }
                Action::AddCandidate { key, candidate } => {
                    let IceCandidate {
                        candidate,
                        sdp_m_line_index,
                        ..
                    } = candidate;
                    if self.relay.leads_to_relay(&candidate) {
                        continue;
                    }
                    self.peers
                        .get(&key)
                        .map(|peer| peer.media().add_candidate(candidate, sdp_m_line_index));
                }
                Action::CollectStats { request } => self.collect(request),
                Action::ControlRequest(request) => {
                    let registry = &self.context.people.registry;
                    let may_act = |id: &str| registry.allows(id, Permission::Pointer);
                    if !self.claim.ask(self.session.role(), &request, may_act) {
                        // The viewer is told the state, though it has not changed.
                        self.feeds.repeat_control();
                    }
                }
                Action::Name(name) => {
                    self.registration
                        .as_ref()
                        .inspect(|registration| registration.set_name(name));
                }
                Action::Input(event) => {
                    // The session has told the client.
                    let _ = self.gate.pass(event, steady_ms());
                }
                Action::Note(note) => tracing::info!(note, "the signaling server says"),
                Action::Close { code, reason } => {
                    self.socket.close(code, &reason).await;
                    return Err(Ended(reason.into()));
                }
            }
        }
        Ok(())
    }

    /// Opens a peer in place of the one with this key. Returns what follows if there is no place for it.
    async fn open_peer(&mut self, key: PeerKey, mut request: PeerRequest) -> Vec<Action> {
        request.remote_offer = request.remote_offer.map(|sdp| self.relay.without_relay(&sdp));
        if let Some(closing) = self.close_peer(key) {
            // A viewer that asks again and again gets one pipeline at a time.
            let _ = timeout(REPLACE, closing).await;
        }
        // A viewer's own place covers one peer.
        let is_covered = self.registration.is_some() && self.peers.is_empty();
        let place = (!is_covered).then(|| self.context.people.place(&self.holder));
        if let Some(None) = place {
            let failure = PeerFailure::other("The host has no room for more viewers");
            return self.handle(Event::Peer(key, PeerEvent::Failed(failure)));
        }
        let peer = Peer::open(
            &self.context,
            key,
            request,
            self.gate.beside(self.context.desktop.input.viewer()),
            self.requests.sender.clone(),
            place.flatten(),
        )
        .await;
        self.sent_views = None;
        self.peers.insert(key, peer);
        Vec::new()
    }

    async fn send(&mut self, text: String) -> Result<(), Ended> {
        match self.socket.send(text).await {
            Ok(()) => Ok(()),
            Err(SendError::Gone) => Err(Ended("the socket is closed".into())),
            Err(SendError::Slow) => {
                let farewell = self.handle(Event::SendQueueFull);
                let _ = timeout(FAREWELL, turn_away(&mut self.socket, farewell)).await;
                Err(Ended("it does not read".into()))
            }
        }
    }

    /// Measures in a task of its own: webrtcbin may take its time.
    fn collect(&self, request: StatsRequest) {
        let peer_stats = self.peers.values().next().map(|peer| peer.media().stats());
        let (desktop, sender) = (self.context.desktop.handle.clone(), self.measured.sender.clone());
        self.context.tasks.spawn(async move {
            let peer = match peer_stats {
                Some(stats) => Some(stats.await),
                None => None,
            };
            let mut stats = Stats::default();
            for group in &request.groups {
                match group {
                    StatsGroup::Webrtc => {
                        stats.webrtc = Some(peer.as_ref().map(webrtc_stats).unwrap_or_default())
                    }
                    StatsGroup::System => {
                        let fps = peer.as_ref().and_then(|peer| peer.encoded_fps);
                        stats.system = Some(SystemStats {
                            fps,
                            ..desktop.load()
                        });
                    }
                }
            }
            let _ = sender.send(Measured { request, stats }).await;
        });
    }
}
