//! The state machine itself.

use crate::protocol::candidate::IceCandidate;
use crate::protocol::client::{ClientMessage, Hello, OfferConstraints};
use crate::protocol::envelope::{Envelope, Rejection};
use crate::protocol::error::ErrorCode;
use crate::protocol::server::{ServerMessage, Stamp};

use super::SessionConfig;

/// How many of the client's candidates may wait for its answer.
const MAX_WAITING_CANDIDATES: usize = 64;

/// What happened to a viewer.
#[derive(Debug)]
pub enum Event<'a> {
    /// A text frame came from the client.
    Text(&'a str),
    /// A binary frame came from the client.
    Binary,
    /// The peer has made its offer.
    Offered {
        /// The session description.
        sdp: String,
    },
    /// The peer has found one of its candidates, or all of them.
    LocalCandidate(IceCandidate),
    /// The peer has applied the client's answer.
    AnswerApplied,
    /// The peer could not apply the client's answer.
    AnswerRefused {
        /// A sentence for the client's author.
        reason: String,
    },
    /// The peer could not be made, or has failed. It is gone.
    PeerFailed {
        /// A sentence for a person.
        reason: String,
    },
}

/// What the owner has to do.
#[derive(Debug, PartialEq)]
pub enum Action {
    /// Send this text frame to the client.
    Send(String),
    /// Close the peer if there is one, and make a new one that offers.
    OpenPeer(PeerRequest),
    /// Apply the client's answer; tell the outcome by [`Event::AnswerApplied`] or [`Event::AnswerRefused`].
    ApplyAnswer {
        /// The session description.
        sdp: String,
    },
    /// Give the client's candidate to the peer.
    AddCandidate(IceCandidate),
}

/// What kind of peer a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerRequest {
    /// The codecs that the client can decode, by their names in SDP. Empty: any.
    pub codecs: Vec<String>,
    /// Whether to make the data channel for input.
    pub data_channel: bool,
}

/// One viewer's side of the conversation.
#[derive(Debug)]
pub struct Session {
    client_id: String,
    config: SessionConfig,
    negotiation: Negotiation,
    hello: Hello,
    messages_received: u64,
    messages_sent: u64,
}

#[derive(Debug)]
enum Negotiation {
    /// No peer.
    Idle,
    /// The peer is being built and will offer.
    Offering { request_id: Option<String> },
    /// The client has our offer and owes an answer. Its candidates wait.
    Offered { waiting: Vec<IceCandidate> },
    /// webrtcbin is applying the answer. Candidates still wait.
    Answering {
        request_id: Option<String>,
        waiting: Vec<IceCandidate>,
    },
    /// The answer is applied: candidates go straight to the peer.
    Stable,
}

impl Session {
    /// Starts the conversation with the client `client_id` that connected to `app_name`, at `now_ms` since the
    /// epoch. The frame to send first is returned with it.
    pub fn start(client_id: String, app_name: &str, config: SessionConfig, now_ms: u64) -> (Self, Action) {
        let mut session = Self {
            client_id,
            config,
            negotiation: Negotiation::Idle,
            hello: Hello::default(),
            messages_received: 0,
            messages_sent: 0,
        };
        let welcome = ServerMessage::Welcome {
            app_name: app_name.to_owned(),
            heartbeat_interval_ms: session.config.heartbeat_interval_ms,
            max_message_size: session.config.max_message_size,
        };
        let welcome = session.send(&welcome, None, now_ms);
        (session, welcome)
    }

    /// Takes in what happened at `now_ms` since the epoch and says what to do, in order.
    pub fn handle(&mut self, event: Event<'_>, now_ms: u64) -> Vec<Action> {
        match event {
            Event::Text(frame) => {
                self.messages_received += 1;
                self.text(frame, now_ms)
                    .unwrap_or_else(|rejection| vec![self.reject(rejection, now_ms)])
            }
            Event::Binary => {
                self.messages_received += 1;
                let rejection = Rejection {
                    id: None,
                    code: ErrorCode::InvalidMessage,
                    message: "Only text messages are supported".to_owned(),
                };
                vec![self.reject(rejection, now_ms)]
            }
            Event::Offered { sdp } => self.offered(sdp, now_ms),
            Event::LocalCandidate(candidate) => match self.negotiation {
                Negotiation::Idle | Negotiation::Offering { .. } => Vec::new(),
                _ => vec![self.send(&ServerMessage::Candidate(candidate), None, now_ms)],
            },
            Event::AnswerApplied => self.answer_applied(now_ms),
            Event::AnswerRefused { reason } => self.answer_refused(reason, now_ms),
            Event::PeerFailed { reason } => self.peer_failed(reason, now_ms),
        }
    }

    fn text(&mut self, frame: &str, now_ms: u64) -> Result<Vec<Action>, Rejection> {
        if frame.len() > self.config.max_message_size {
            return Err(Rejection {
                id: None,
                code: ErrorCode::MessageTooLarge,
                message: format!(
                    "The message is longer than {} bytes",
                    self.config.max_message_size
                ),
            });
        }
        let envelope = Envelope::parse(frame)?;
        Ok(match ClientMessage::from_envelope(&envelope)? {
            ClientMessage::Hello(hello) => {
                self.hello = hello;
                Vec::new()
            }
            ClientMessage::Ping { timestamp, sequence } => {
                let pong = ServerMessage::Pong {
                    timestamp,
                    sequence,
                    message_count: self.messages_received,
                };
                vec![self.send(&pong, envelope.id, now_ms)]
            }
            ClientMessage::RequestOffer(constraints) => vec![self.request_offer(constraints, envelope.id)],
            ClientMessage::Answer { sdp } => self.answer(sdp, &envelope, now_ms)?,
            ClientMessage::Candidate(candidate) => self.remote_candidate(candidate, &envelope)?,
        })
    }

    fn request_offer(&mut self, constraints: OfferConstraints, request_id: Option<String>) -> Action {
        self.negotiation = Negotiation::Offering { request_id };
        let codecs = if constraints.codec_preferences.is_empty() {
            self.hello.video_codecs.clone()
        } else {
            constraints.codec_preferences
        };
        Action::OpenPeer(PeerRequest {
            codecs,
            data_channel: constraints.data_channel,
        })
    }

    fn offered(&mut self, sdp: String, now_ms: u64) -> Vec<Action> {
        let Negotiation::Offering { request_id } = &mut self.negotiation else {
            return Vec::new();
        };
        let request_id = request_id.take();
        self.negotiation = Negotiation::Offered { waiting: Vec::new() };
        vec![self.send(&ServerMessage::Offer { sdp }, request_id, now_ms)]
    }

    fn answer(&mut self, sdp: String, envelope: &Envelope, now_ms: u64) -> Result<Vec<Action>, Rejection> {
        match &mut self.negotiation {
            Negotiation::Offered { waiting } => {
                let waiting = std::mem::take(waiting);
                self.negotiation = Negotiation::Answering {
                    request_id: envelope.id.clone(),
                    waiting,
                };
                Ok(vec![Action::ApplyAnswer { sdp }])
            }
            // Some clients deliver each offer twice to themselves and answer twice: the second changes nothing.
            Negotiation::Answering { .. } | Negotiation::Stable => Ok(vec![self.send(
                &ServerMessage::AnswerAck,
                envelope.id.clone(),
                now_ms,
            )]),
            Negotiation::Idle | Negotiation::Offering { .. } => Err(envelope.reject(
                ErrorCode::PeerConnectionFailed,
                "There is no offer that this could answer",
            )),
        }
    }

    fn answer_applied(&mut self, now_ms: u64) -> Vec<Action> {
        let Negotiation::Answering { request_id, waiting } = &mut self.negotiation else {
            return Vec::new();
        };
        let (request_id, waiting) = (request_id.take(), std::mem::take(waiting));
        self.negotiation = Negotiation::Stable;
        let mut actions = vec![self.send(&ServerMessage::AnswerAck, request_id, now_ms)];
        actions.extend(waiting.into_iter().map(Action::AddCandidate));
        actions
    }

    fn answer_refused(&mut self, reason: String, now_ms: u64) -> Vec<Action> {
        let Negotiation::Answering { request_id, waiting } = &mut self.negotiation else {
            return Vec::new();
        };
        let (request_id, waiting) = (request_id.take(), std::mem::take(waiting));
        self.negotiation = Negotiation::Offered { waiting };
        vec![self.reject(
            Rejection {
                id: request_id,
                code: ErrorCode::SdpProcessingFailed,
                message: reason,
            },
            now_ms,
        )]
    }

    fn remote_candidate(
        &mut self,
        candidate: IceCandidate,
        envelope: &Envelope,
    ) -> Result<Vec<Action>, Rejection> {
        match &mut self.negotiation {
            Negotiation::Stable => Ok(vec![Action::AddCandidate(candidate)]),
            Negotiation::Offered { waiting } | Negotiation::Answering { waiting, .. } => {
                if waiting.len() == MAX_WAITING_CANDIDATES {
                    return Err(envelope.reject(
                        ErrorCode::InvalidMessageData,
                        format!("More than {MAX_WAITING_CANDIDATES} candidates before the answer"),
                    ));
                }
                waiting.push(candidate);
                Ok(Vec::new())
            }
            // A late candidate for a peer that has just been replaced.
            Negotiation::Offering { .. } => Ok(Vec::new()),
            Negotiation::Idle => Err(envelope.reject(
                ErrorCode::PeerConnectionFailed,
                "There is no peer for this candidate",
            )),
        }
    }

    fn peer_failed(&mut self, reason: String, now_ms: u64) -> Vec<Action> {
        let request_id = match std::mem::replace(&mut self.negotiation, Negotiation::Idle) {
            Negotiation::Idle => return Vec::new(),
            Negotiation::Offering { request_id } | Negotiation::Answering { request_id, .. } => request_id,
            Negotiation::Offered { .. } | Negotiation::Stable => None,
        };
        let rejection = Rejection {
            id: request_id,
            code: ErrorCode::PeerConnectionFailed,
            message: reason,
        };
        vec![self.reject(rejection, now_ms)]
    }

    fn reject(&mut self, rejection: Rejection, now_ms: u64) -> Action {
        let Rejection { id, code, message } = rejection;
        self.send(
            &ServerMessage::Error {
                code,
                message,
                recoverable: true,
            },
            id,
            now_ms,
        )
    }

    fn send(&mut self, message: &ServerMessage, request_id: Option<String>, now_ms: u64) -> Action {
        self.messages_sent += 1;
        let is_response = request_id.is_some();
        let id = request_id.unwrap_or_else(|| format!("msg_{now_ms:013}_{:03}", self.messages_sent));
        Action::Send(message.encode(Stamp {
            id: &id,
            is_response,
            timestamp_ms: now_ms,
            client_id: &self.client_id,
        }))
    }
}

#[cfg(test)]
mod tests;
