//! What a peer's events mean in the text protocol: the same, whoever has called whom.

use crate::protocol::candidate::IceCandidate;
use crate::protocol::description::{Description, SdpKind};
use crate::protocol::selkies::SelkiesText;
use crate::session::event::{Action, PeerEvent, PeerKey};
use crate::session::negotiation::Exchange;

/// What comes of a peer's event.
pub(crate) enum Outcome {
    /// This is to be done.
    Act(Vec<Action>),
    /// The peer is lost, with the reason.
    GiveUp(String),
}

/// Takes in what happened to the one peer of a socket.
pub(crate) fn follow(exchange: &mut Exchange, event: PeerEvent) -> Outcome {
    let actions = match event {
        PeerEvent::Offered(sdp) if exchange.offered() => vec![description(SdpKind::Offer, sdp)],
        PeerEvent::Answered(sdp) => match exchange.answered() {
            Some(waiting) => {
                let answer = description(SdpKind::Answer, sdp);
                std::iter::once(answer)
                    .chain(waiting.into_iter().map(add))
                    .collect()
            }
            None => Vec::new(),
        },
        // An empty candidate would throw in the page of Selkies.
        PeerEvent::LocalCandidate(candidate)
            if exchange.takes_local_candidates() && !candidate.is_end_of_candidates() =>
        {
            vec![Action::Send(SelkiesText::Ice(candidate).encode())]
        }
        PeerEvent::AnswerApplied => exchange
            .applied()
            .unwrap_or_default()
            .into_iter()
            .map(add)
            .collect(),
        PeerEvent::AnswerRefused(reason) if exchange.refused() => return Outcome::GiveUp(reason),
        PeerEvent::Failed(reason) if !exchange.is_idle() => return Outcome::GiveUp(reason),
        _ => Vec::new(),
    };
    Outcome::Act(actions)
}

/// Gives a candidate of the other side to the peer.
pub(crate) fn add(candidate: IceCandidate) -> Action {
    Action::AddCandidate {
        key: PeerKey::ONLY,
        candidate,
    }
}

fn description(kind: SdpKind, sdp: String) -> Action {
    Action::Send(SelkiesText::Sdp(Description { kind, sdp }).encode())
}
