//! The peers of a viewer: their events, and when one is given up.

use tokio::task::JoinHandle;

use super::channel;
use super::task::Viewer;
use crate::media::{self, NoCommonCodec};
use crate::protocol::candidate::IceCandidate;
use crate::session::{Action, Event, FailureKind, PeerEvent, PeerFailure, PeerKey};

impl Viewer {
    /// Takes an event of a peer; `None`: the peer is down.
    pub(super) fn peer_event(&mut self, key: PeerKey, event: Option<media::PeerEvent>) -> Vec<Action> {
        let event = match event {
            Some(media::PeerEvent::Offer(sdp)) => PeerEvent::Offered(sdp),
            Some(media::PeerEvent::Answer(sdp)) => PeerEvent::Answered(sdp),
            Some(media::PeerEvent::Candidate {
                candidate,
                sdp_m_line_index,
            }) => {
                self.relay.allow(&candidate);
                PeerEvent::LocalCandidate(IceCandidate {
                    candidate,
                    sdp_m_line_index,
                    sdp_mid: None,
                })
            }
            Some(media::PeerEvent::AnswerApplied) => PeerEvent::AnswerApplied,
            Some(media::PeerEvent::AnswerRefused(reason)) => PeerEvent::AnswerRefused(reason),
            Some(media::PeerEvent::Connected) => {
                tracing::info!("the stream is connected");
                self.registration
                    .as_ref()
                    .inspect(|registration| registration.update(|info| info.state = "streaming"));
                return Vec::new();
            }
            Some(media::PeerEvent::ChannelOpen) => {
                self.channel_open(key);
                return Vec::new();
            }
            Some(media::PeerEvent::Failed(failure)) => {
                self.close_peer(key);
                PeerEvent::Failed(PeerFailure {
                    reason: failure.to_string(),
                    kind: failure_kind(&failure),
                })
            }
            None => {
                self.close_peer(key);
                PeerEvent::Failed(PeerFailure::other("The stream has ended"))
            }
        };
        self.handle(Event::Peer(key, event))
    }

    fn channel_open(&mut self, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        peer.set_open();
        if peer.takes_messages() {
            let messages =
                channel::greeting(&self.context, self.session.role(), self.settings.follows_window());
            let known = messages.iter().filter(|message| self.session.knows(message));
            known.for_each(|message| peer.send(message));
        }
        self.feeds.remote_cursor().begin();
        self.sent_views = None;
    }

    /// Closes a peer, if it is there. The handle ends when the peer is down.
    pub(super) fn close_peer(&mut self, key: PeerKey) -> Option<JoinHandle<()>> {
        let peer = self.peers.remove(&key)?;
        self.settings.end_measurement();
        self.feeds.remote_cursor().forget();
        self.registration
            .as_ref()
            .inspect(|registration| registration.update(|info| info.state = "connected"));
        Some(peer.close(&self.context))
    }

    /// Closes peers whose viewers have answered on the data channel and no longer do.
    pub(super) fn give_up_silent(&mut self) -> Vec<Action> {
        let silent = self.peers.iter().find(|(_, peer)| peer.is_silent());
        match silent.map(|(key, _)| *key) {
            Some(key) => self.give_up(key, "Nothing comes on the data channel any more"),
            None => Vec::new(),
        }
    }

    /// Closes a peer as one that has failed.
    pub(super) fn give_up(&mut self, key: PeerKey, reason: &str) -> Vec<Action> {
        if self.close_peer(key).is_none() {
            return Vec::new();
        }
        tracing::warn!(reason, "the peer is closed");
        self.handle(Event::Peer(key, PeerEvent::Failed(PeerFailure::other(reason))))
    }
}

fn failure_kind(failure: &media::PeerFailure) -> FailureKind {
    match failure {
        media::PeerFailure::NoCommonCodec(NoCommonCodec { offered }) => FailureKind::NoCommonCodec {
            offered: offered.iter().copied().map(str::to_owned).collect(),
        },
        _ => FailureKind::Other,
    }
}
