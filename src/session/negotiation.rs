//! One offer and one answer, and the candidates around them. The same in every dialect.

use crate::protocol::candidate::IceCandidate;

/// The most candidates of the client that wait for its description.
pub(super) const MAX_WAITING_CANDIDATES: usize = 64;

/// The state of the negotiation with one peer.
#[derive(Debug, Default)]
pub(super) enum Negotiation {
    /// No peer.
    #[default]
    Idle,
    /// The peer is being built and will offer.
    Offering,
    /// The client has the offer and owes an answer. Its candidates wait.
    Offered { waiting: Vec<IceCandidate> },
    /// webrtcbin is applying the answer. Candidates still wait.
    Applying { waiting: Vec<IceCandidate> },
    /// The peer is being built and will answer the client's offer. Candidates wait.
    Answering { waiting: Vec<IceCandidate> },
    /// Both descriptions are applied: candidates go straight to the peer.
    Stable,
}

/// The verdict on a client's answer.
pub(super) enum RemoteAnswer {
    /// Apply it.
    Apply,
    /// There was one already. Some clients deliver each offer twice to themselves.
    Duplicate,
    /// There is no offer that it could answer.
    Unexpected,
}

/// The verdict on a client's candidate.
pub(super) enum RemoteCandidate {
    /// Give it to the peer.
    Add(IceCandidate),
    /// It waits, or is late for a peer that has just been replaced.
    Nothing,
    /// Too many wait already.
    TooMany,
    /// There is no peer.
    Unexpected,
}

impl Negotiation {
    /// The negotiation of a new peer, which answers if the client has offered.
    pub(super) fn open(remote_offer: bool) -> Self {
        if remote_offer {
            Self::Answering { waiting: Vec::new() }
        } else {
            Self::Offering
        }
    }

    /// True if there is no peer.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    /// Takes note that the peer has offered. Returns true if the offer goes to the client.
    pub(super) fn offered(&mut self) -> bool {
        let is_expected = matches!(self, Self::Offering);
        if is_expected {
            *self = Self::Offered { waiting: Vec::new() };
        }
        is_expected
    }

    /// Takes note that the peer has answered. Returns the candidates that have waited; `None` if no answer was due.
    pub(super) fn answered(&mut self) -> Option<Vec<IceCandidate>> {
        let Self::Answering { waiting } = self else {
            return None;
        };
        let waiting = std::mem::take(waiting);
        *self = Self::Stable;
        Some(waiting)
    }

    /// Takes the client's answer.
    pub(super) fn remote_answer(&mut self) -> RemoteAnswer {
        match self {
            Self::Offered { waiting } => {
                let waiting = std::mem::take(waiting);
                *self = Self::Applying { waiting };
                RemoteAnswer::Apply
            }
            Self::Applying { .. } | Self::Stable => RemoteAnswer::Duplicate,
            Self::Idle | Self::Offering | Self::Answering { .. } => RemoteAnswer::Unexpected,
        }
    }

    /// Takes note that the answer is applied. Returns the candidates that have waited; `None` if no answer was being
    /// applied.
    pub(super) fn applied(&mut self) -> Option<Vec<IceCandidate>> {
        let Self::Applying { waiting } = self else {
            return None;
        };
        let waiting = std::mem::take(waiting);
        *self = Self::Stable;
        Some(waiting)
    }

    /// Takes note that the answer could not be applied: another one may come. Returns true if one was being applied.
    pub(super) fn refused(&mut self) -> bool {
        let Self::Applying { waiting } = self else {
            return false;
        };
        let waiting = std::mem::take(waiting);
        *self = Self::Offered { waiting };
        true
    }

    /// Takes a candidate of the client.
    pub(super) fn remote_candidate(&mut self, candidate: IceCandidate) -> RemoteCandidate {
        match self {
            Self::Stable => RemoteCandidate::Add(candidate),
            Self::Offered { waiting } | Self::Applying { waiting } | Self::Answering { waiting } => {
                if waiting.len() == MAX_WAITING_CANDIDATES {
                    return RemoteCandidate::TooMany;
                }
                waiting.push(candidate);
                RemoteCandidate::Nothing
            }
            Self::Offering => RemoteCandidate::Nothing,
            Self::Idle => RemoteCandidate::Unexpected,
        }
    }

    /// True if the client has the host's description, so that it can take the host's candidates.
    pub(super) fn takes_local_candidates(&self) -> bool {
        matches!(self, Self::Offered { .. } | Self::Applying { .. } | Self::Stable)
    }
}
