//! The peers of a viewer: what they say, and when one is given up.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::Poll;

use tokio::task::JoinHandle;

use super::channel;
use super::peer::Peer;
use super::task::Viewer;
use crate::media::PeerEvent;
use crate::protocol::candidate::IceCandidate;
use crate::session::{Action, Event, PeerKey};

impl Viewer {
    pub(super) fn peer_event(&mut self, key: PeerKey, event: Option<PeerEvent>) -> Vec<Action> {
        let event = match event {
            Some(PeerEvent::Offer(sdp)) => Event::Offered { key, sdp },
            Some(PeerEvent::Answer(sdp)) => Event::Answered { key, sdp },
            Some(PeerEvent::Candidate {
                candidate,
                sdp_m_line_index,
            }) => Event::LocalCandidate {
                key,
                candidate: IceCandidate {
                    candidate,
                    sdp_m_line_index,
                    sdp_mid: None,
                },
            },
            Some(PeerEvent::AnswerApplied) => Event::AnswerApplied { key },
            Some(PeerEvent::AnswerRefused(reason)) => Event::AnswerRefused { key, reason },
            Some(PeerEvent::Connected) => {
                tracing::info!("the stream is connected");
                self.registration
                    .as_ref()
                    .inspect(|place| place.update(|info| info.state = "streaming"));
                Event::PeerConnected { key }
            }
            Some(PeerEvent::ChannelOpen) => {
                if let Some(peer) = self.peers.get_mut(&key) {
                    peer.set_open();
                    channel::greet(
                        &self.context,
                        peer,
                        (self.session.dialect(), self.session.role()),
                        self.settings.follows_window,
                    );
                    self.remote_cursor.begin();
                    self.told_views = None;
                }
                return Vec::new();
            }
            Some(PeerEvent::Failed(reason)) => {
                self.close_peer(key);
                Event::PeerFailed { key, reason }
            }
            None => {
                self.close_peer(key);
                Event::PeerFailed {
                    key,
                    reason: "The stream has ended".to_owned(),
                }
            }
        };
        self.handle(event)
    }

    pub(super) fn close_peer(&mut self, key: PeerKey) -> Option<JoinHandle<()>> {
        let peer = self.peers.remove(&key)?;
        self.settings.end_measurement();
        self.remote_cursor.forget();
        self.registration
            .as_ref()
            .inspect(|place| place.update(|info| info.state = "connected"));
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

    pub(super) fn give_up(&mut self, key: PeerKey, reason: &str) -> Vec<Action> {
        if self.close_peer(key).is_none() {
            return Vec::new();
        }
        tracing::warn!(reason, "the peer is closed");
        let reason = reason.to_owned();
        self.handle(Event::PeerFailed { key, reason })
    }
}

/// What any of the peers says next.
pub(super) async fn next_event(peers: &mut BTreeMap<PeerKey, Peer>) -> (PeerKey, Option<PeerEvent>) {
    poll_fn(|cx| {
        for (key, peer) in peers.iter_mut() {
            if let Poll::Ready(event) = peer.poll_event(cx) {
                return Poll::Ready((*key, event));
            }
        }
        Poll::Pending
    })
    .await
}
