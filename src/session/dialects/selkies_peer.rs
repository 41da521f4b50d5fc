//! A peer's events in the text protocol: the same, whichever side has called.

use crate::protocol::candidate::IceCandidate;
use crate::protocol::channel::{HostMessage, SystemAction};
use crate::protocol::description::{Description, SdpKind};
use crate::protocol::selkies::SelkiesText;
use crate::session::event::{Action, PeerEvent, PeerKey};
use crate::session::negotiation::Negotiation;

/// The consequence of a peer's event.
pub(super) enum Outcome {
    /// Do this.
    Act(Vec<Action>),
    /// The peer is lost, with the reason.
    GiveUp(String),
}

/// Takes news of the one peer of a socket.
pub(super) fn follow(negotiation: &mut Negotiation, event: PeerEvent) -> Outcome {
    let actions = match event {
        PeerEvent::Offered(sdp) if negotiation.offered() => vec![description(SdpKind::Offer, sdp)],
        PeerEvent::Answered(sdp) => match negotiation.answered() {
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
            if negotiation.takes_local_candidates() && !candidate.is_end_of_candidates() =>
        {
            vec![Action::Send(SelkiesText::Ice(candidate).encode())]
        }
        PeerEvent::AnswerApplied => negotiation
            .applied()
            .unwrap_or_default()
            .into_iter()
            .map(add)
            .collect(),
        PeerEvent::AnswerRefused(reason) if negotiation.refused() => return Outcome::GiveUp(reason),
        PeerEvent::Failed(failure) if !negotiation.is_idle() => return Outcome::GiveUp(failure.reason),
        _ => Vec::new(),
    };
    Outcome::Act(actions)
}

/// Gives a candidate of the other side to the peer.
pub(super) fn add(candidate: IceCandidate) -> Action {
    Action::AddCandidate {
        key: PeerKey::ONLY,
        candidate,
    }
}

/// True if the clients of the text protocol know this message on the data channel.
pub(super) fn knows(message: &HostMessage) -> bool {
    !matches!(
        message,
        HostMessage::Views { .. }
            | HostMessage::PointerMode { .. }
            | HostMessage::PointWanted(_)
            | HostMessage::Pointers(_)
            | HostMessage::ClipboardLarge { .. }
            | HostMessage::ClipboardUnavailable { .. }
            | HostMessage::Untyped
            // Its clients follow the size of the video.
            | HostMessage::System(SystemAction::Resolution(..))
    )
}

fn description(kind: SdpKind, sdp: String) -> Action {
    Action::Send(SelkiesText::Sdp(Description { kind, sdp }).encode())
}
