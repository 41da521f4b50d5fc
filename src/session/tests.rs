//! The session, seen from outside.

mod channel;
mod gstwebrtc;
mod limits;
mod native;
mod outbound;
mod properties;
mod selkies;
mod vectors;

use serde_json::Value;

use super::*;
use crate::protocol::candidate::IceCandidate;
use crate::protocol::dialect::Dialect;

const NOW: u64 = 1_640_995_200_000;
const KEY: PeerKey = PeerKey::ONLY;

fn start(dialect: Dialect) -> (Session, Vec<Action>) {
    let id = "client_1640995200000_0421".to_owned();
    Session::start(id, "default", dialect, SessionConfig::default(), NOW)
}

fn started(dialect: Dialect) -> Session {
    start(dialect).0
}

fn text(session: &mut Session, frame: &str) -> Vec<Action> {
    session.handle(Event::Text(frame), NOW)
}

/// The texts that are sent among `actions`.
fn texts(actions: &[Action]) -> Vec<String> {
    let text = |action: &Action| match action {
        Action::Send(text) => Some(text.clone()),
        _ => None,
    };
    actions.iter().filter_map(text).collect()
}

/// The messages among `actions`, parsed.
fn sent(actions: &[Action]) -> Vec<Value> {
    texts(actions)
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect()
}

fn offered(key: PeerKey) -> Event<'static> {
    Event::Peer(key, PeerEvent::Offered("v=0".to_owned()))
}

fn answered(key: PeerKey) -> Event<'static> {
    Event::Peer(key, PeerEvent::Answered("v=0".to_owned()))
}

fn failed(key: PeerKey) -> Event<'static> {
    Event::Peer(key, PeerEvent::Failed(PeerFailure::other("no encoder")))
}

fn applied(key: PeerKey) -> Event<'static> {
    Event::Peer(key, PeerEvent::AnswerApplied)
}

fn refused(key: PeerKey, reason: &str) -> Event<'static> {
    Event::Peer(key, PeerEvent::AnswerRefused(reason.to_owned()))
}

fn candidate(text: &str) -> IceCandidate {
    IceCandidate {
        candidate: text.to_owned(),
        sdp_m_line_index: 0,
        sdp_mid: Some("0".to_owned()),
    }
}

fn local(key: PeerKey, text: &str) -> Event<'static> {
    Event::Peer(key, PeerEvent::LocalCandidate(candidate(text)))
}

fn apply(key: PeerKey) -> Action {
    let sdp = "v=0".to_owned();
    Action::ApplyAnswer { key, sdp }
}

fn add(key: PeerKey, text: &str) -> Action {
    let candidate = candidate(text);
    Action::AddCandidate { key, candidate }
}

/// The one peer that is opened among `actions`.
fn opened(actions: &[Action]) -> (PeerKey, PeerRequest) {
    let open = |action: &Action| match action {
        Action::OpenPeer { key, request } => Some((*key, request.clone())),
        _ => None,
    };
    let mut opened = actions.iter().filter_map(open);
    let first = opened.next().unwrap_or_else(|| panic!("{actions:?}"));
    assert!(opened.next().is_none());
    first
}
