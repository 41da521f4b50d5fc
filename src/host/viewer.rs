//! One viewer: its socket, its session, its peer and what it holds.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tracing::Instrument;

use super::Shared;
use crate::input::ViewerInput;
use crate::media::{PeerEvent, PeerHandle, PeerOptions};
use crate::protocol::candidate::IceCandidate;
use crate::protocol::channel::{ChannelMessage, Decoder};
use crate::protocol::dialect::Dialect;
use crate::protocol::input::InputEvent;
use crate::session::{Action, Event, PeerKey, PeerRequest, Session};
use crate::web::{CloseCode, Frame, NewViewer, ViewerSocket};

/// Serves one viewer until it leaves or the host ends. What it holds is released then.
pub(super) async fn serve(shared: Shared, new_viewer: NewViewer) {
    let NewViewer { socket, app, remote } = new_viewer;
    let now_ms = now_ms();
    let client_id = format!("client_{now_ms:013}_{:04}", shared.next_number() % 1_000_000);
    let span = tracing::info_span!("viewer", id = %client_id);
    async move {
        tracing::info!(%remote, app = app.as_str(), "a viewer connects");
        let (session, welcome) = Session::start(
            client_id,
            app.as_str(),
            Dialect::Native,
            shared.session.clone(),
            now_ms,
        );
        let mut viewer = Viewer {
            shared,
            socket,
            session,
            peer: None,
        };
        let ended = match viewer.perform_all(welcome).await {
            Ok(()) => viewer.converse().await,
            Err(gone) => gone,
        };
        tracing::info!(reason = ended.0, "the viewer has left");
        viewer.close_peer();
    }
    .instrument(span)
    .await;
}

struct Viewer {
    shared: Shared,
    socket: ViewerSocket,
    session: Session,
    peer: Option<Peer>,
}

/// A viewer's peer, and what the viewer holds through it.
struct Peer {
    handle: PeerHandle,
    input: Arc<ViewerInput>,
}

/// Why a viewer's task ends.
struct Ended(&'static str);

impl Viewer {
    async fn converse(&mut self) -> Ended {
        loop {
            let event = tokio::select! {
                () = self.shared.shutdown.cancelled() => {
                    self.socket.close(CloseCode::GoingAway, "The host is going down").await;
                    return Ended("the host is going down");
                }
                event = peer_event(&mut self.peer) => self.peer_event(event),
                frame = self.socket.receive() => match frame {
                    None => return Ended("the socket is closed"),
                    Some(Frame::Text(text)) => self.session.handle(Event::Text(&text), now_ms()),
                    Some(Frame::Binary) => self.session.handle(Event::Binary, now_ms()),
                },
            };
            if let Err(ended) = self.perform_all(event).await {
                return ended;
            }
        }
    }

    fn peer_event(&mut self, event: Option<PeerEvent>) -> Vec<Action> {
        let event = match event {
            Some(PeerEvent::Offer(sdp)) => Event::Offered {
                key: PeerKey::ONLY,
                sdp,
            },
            Some(PeerEvent::Candidate {
                candidate,
                sdp_m_line_index,
            }) => Event::LocalCandidate {
                key: PeerKey::ONLY,
                candidate: IceCandidate {
                    candidate,
                    sdp_m_line_index,
                    sdp_mid: None,
                },
            },
            Some(PeerEvent::AnswerApplied) => Event::AnswerApplied { key: PeerKey::ONLY },
            Some(PeerEvent::AnswerRefused(reason)) => Event::AnswerRefused {
                key: PeerKey::ONLY,
                reason,
            },
            Some(PeerEvent::Connected) => {
                tracing::info!("the stream is connected");
                return Vec::new();
            }
            Some(PeerEvent::Failed(reason)) => {
                self.close_peer();
                Event::PeerFailed {
                    key: PeerKey::ONLY,
                    reason,
                }
            }
            None => {
                self.close_peer();
                Event::PeerFailed {
                    key: PeerKey::ONLY,
                    reason: "The stream has ended".to_owned(),
                }
            }
        };
        self.session.handle(event, now_ms())
    }

    async fn perform_all(&mut self, actions: Vec<Action>) -> Result<(), Ended> {
        for action in actions {
            self.perform(action).await?;
        }
        Ok(())
    }

    async fn perform(&mut self, action: Action) -> Result<(), Ended> {
        match action {
            Action::Send(text) => self
                .socket
                .send(text)
                .await
                .map_err(|_| Ended("it does not read")),
            Action::OpenPeer { request, .. } => {
                self.close_peer();
                self.peer = Some(self.open_peer(request).await);
                Ok(())
            }
            Action::ApplyAnswer { sdp, .. } => {
                self.with_peer(|peer| peer.apply_answer(sdp).is_ok());
                Ok(())
            }
            Action::AddCandidate { candidate, .. } => {
                let IceCandidate {
                    candidate,
                    sdp_m_line_index,
                    ..
                } = candidate;
                self.with_peer(|peer| peer.add_candidate(candidate, sdp_m_line_index).is_ok());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn open_peer(&mut self, request: PeerRequest) -> Peer {
        let input = Arc::new(self.shared.input.viewer());
        let sink = Arc::clone(&input);
        let options = PeerOptions {
            codecs: request.codecs,
            messages: request.channel.map(|_| {
                let decoder = std::sync::Mutex::new(Decoder::default());
                let sink: crate::media::MessageSink =
                    Arc::new(move |message| take_input(&sink, &decoder, message));
                sink
            }),
        };
        let handle = self
            .shared
            .media
            .open_peer(self.shared.next_peer(), options)
            .await;
        Peer { handle, input }
    }

    /// A peer that takes no more commands says so itself, by its last event.
    fn with_peer(&self, give: impl FnOnce(&PeerHandle) -> bool) {
        let taken = self.peer.as_ref().is_some_and(|peer| give(&peer.handle));
        if !taken {
            tracing::debug!("the peer is gone");
        }
    }

    /// Releases what the viewer holds, at once, and lets the peer be taken down behind our back.
    fn close_peer(&mut self) {
        if let Some(Peer { handle, input }) = self.peer.take() {
            input.send(InputEvent::ReleaseAll);
            self.shared.tasks.spawn(handle.closed());
        }
    }
}

async fn peer_event(peer: &mut Option<Peer>) -> Option<PeerEvent> {
    match peer {
        Some(peer) => peer.handle.event().await,
        None => std::future::pending().await,
    }
}

/// On webrtcbin's thread: decode and hand over.
fn take_input(input: &ViewerInput, decoder: &std::sync::Mutex<Decoder>, message: &str) {
    let decoded = decoder
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .decode(message);
    match decoded {
        Ok(messages) => {
            for message in messages {
                if let ChannelMessage::Input(event) = message {
                    input.send(event);
                }
            }
        }
        Err(error) => tracing::debug!(%error, "a message on the data channel was not understood"),
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
