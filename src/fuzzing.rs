//! One function for each kind of bytes that come from the network or from a file. They take any bytes, and panic when a
//! parser does or breaks its word. `scripts/fuzz` makes up bytes for them; the tests give them those that were too much
//! for them once.

use crate::access::{Access, Admission, Credentials, Mode, PasswordFile, Secret, Shares, StateDir};
use crate::protocol::base64;
use crate::protocol::channel::{ChannelMessage, Decoder, Gamepad};
use crate::protocol::dialect::Dialect;
use crate::protocol::gstwebrtc::{FromPeer, FromServer};
use crate::protocol::input::{FrameSize, InputEvent, Point};
use crate::protocol::selkies::SelkiesText;
use crate::protocol::stats::Stats;
use crate::protocol::whep;
use crate::session::{Action, Event, PeerEvent, PeerFailure, PeerKey, Session, SessionConfig};

/// A function and its name.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("channel", channel),
    ("config", config),
    ("congestion", crate::media::fuzzing::congestion),
    ("gstwebrtc", gstwebrtc),
    ("http", http),
    ("native", native),
    ("outbound", outbound),
    ("pipeline", pipeline),
    ("relay", crate::relay::fuzzing::relay),
    ("sdp", sdp),
    ("selkies", selkies),
    ("state", state),
    ("whep", fragment),
];

/// Runs the target of this name, if there is one.
pub fn run(name: &str, data: &[u8]) {
    if let Some((_, target)) = TARGETS.iter().find(|(known, _)| *known == name) {
        target(data);
    }
}

/// A data channel, a message a line.
fn channel(data: &[u8]) {
    let mut decoder = Decoder::default();
    decoder.set_frame(FrameSize {
        width: 1920,
        height: 1080,
    });
    for message in text(data).split('\n') {
        for message in decoder.decode(message).unwrap_or_default() {
            let _ = message.permission();
            check_message(&message);
        }
    }
}

/// Checks the numbers of a message against the ranges in its documentation.
fn check_message(message: &ChannelMessage) {
    let is_good = match message {
        ChannelMessage::Input(event) => is_finite(event),
        ChannelMessage::SetVideoBitrate { kbps } => (1..=1_000_000).contains(kbps),
        ChannelMessage::SetQuality { percent } => (1..=100).contains(percent),
        ChannelMessage::SetAudioBitrate { bps } => (1..=10_000_000).contains(bps),
        ChannelMessage::SetFramerate { fps } => (1..=1000).contains(fps),
        ChannelMessage::Resize {
            size: Some(FrameSize { width, height }),
            ..
        } => [width, height]
            .iter()
            .all(|side| (2..=16_384).contains(*side) && *side % 2 == 0),
        ChannelMessage::Scale(scale) => (0.25..=4.0).contains(scale),
        ChannelMessage::Gamepad(Gamepad::Button { pad, value, .. }) => {
            *pad < 4 && (0.0..=1.0).contains(value)
        }
        ChannelMessage::Gamepad(Gamepad::Axis { pad, value, .. }) => *pad < 4 && (-1.0..=1.0).contains(value),
        _ => true,
    };
    assert!(is_good, "{message:?}");
}

fn is_finite(event: &InputEvent) -> bool {
    let at = |point: &Point| point.x.is_finite() && point.y.is_finite();
    match event {
        InputEvent::Motion { position } => at(position),
        InputEvent::RelativeMotion { dx, dy } => dx.is_finite() && dy.is_finite(),
        InputEvent::Button { position, .. } => position.as_ref().is_none_or(at),
        InputEvent::Wheel {
            delta_x,
            delta_y,
            position,
        } => delta_x.is_finite() && delta_y.is_finite() && position.as_ref().is_none_or(at),
        _ => true,
    }
}

fn native(data: &[u8]) {
    inbound(Dialect::Native, data);
}

fn selkies(data: &[u8]) {
    inbound(Dialect::Selkies, data);
    for frame in text(data).split('\n') {
        let _ = SelkiesText::parse_hello(frame);
        if let Ok(said) = SelkiesText::parse(frame) {
            assert_eq!(SelkiesText::parse(&said.encode()), Ok(said));
        }
    }
}

fn gstwebrtc(data: &[u8]) {
    inbound(Dialect::GstWebrtc, data);
    for frame in text(data).split('\n') {
        if let Ok(said) = FromPeer::parse(frame) {
            assert_eq!(FromPeer::parse(&said.encode()), Ok(said));
        }
        if let Ok(said) = FromServer::parse(frame) {
            assert_eq!(FromServer::parse(&said.encode()), Ok(said));
        }
    }
}

fn inbound(dialect: Dialect, data: &[u8]) {
    let id = "client_1640995200000_0421".to_owned();
    let (session, first) = Session::start(id, "default", dialect, SessionConfig::default(), NOW_MS);
    converse(session, first, data);
}

/// Reads the messages of a remote signaling server.
fn outbound(data: &[u8]) {
    let (session, first) = Session::produce(serde_json::Value::Null, SessionConfig::default(), NOW_MS);
    converse(session, first, data);
    let (session, first) = Session::call("0", Some("1".to_owned()), SessionConfig::default(), NOW_MS);
    converse(session, first, data);
    let (session, first) = Session::call("0", None, SessionConfig::default(), NOW_MS);
    converse(session, first, data);
}

/// A frame a line; a line of one control character is something that happens on our side.
fn converse(mut session: Session, first: Vec<Action>, data: &[u8]) {
    let mut key = PeerKey::ONLY;
    let mut wishes = Vec::new();
    let (mut frames, mut answers, mut now_ms) = (0, 0, NOW_MS);
    let mut take = |actions: Vec<Action>, key: &mut PeerKey, wishes: &mut Vec<_>| {
        for action in actions {
            match action {
                Action::OpenPeer { key: opened, .. } => *key = opened,
                Action::CollectStats { request } => wishes.push(request),
                Action::Send(text) => answers += usize::from(text.contains(r#""reply_to":"#)),
                Action::Input(event) => assert!(is_finite(&event), "{event:?}"),
                _ => {}
            }
        }
    };
    take(first, &mut key, &mut wishes);
    for line in text(data).split('\n') {
        now_ms += 5;
        let (sdp, reason) = ("v=0".to_owned(), "no".to_owned());
        let event = match line.as_bytes() {
            [1] => Event::Peer(key, PeerEvent::Offered(sdp)),
            [2] => Event::Peer(key, PeerEvent::Answered(sdp)),
            [3] => Event::Peer(key, PeerEvent::AnswerApplied),
            [4] => Event::Peer(key, PeerEvent::AnswerRefused(reason)),
            [5] => Event::Peer(key, PeerEvent::Failed(PeerFailure::other(reason))),
            [6] => match wishes.pop() {
                Some(request) => Event::Stats {
                    request,
                    stats: Stats::default(),
                },
                None => Event::Binary,
            },
            _ => {
                frames += 1;
                Event::Text(line)
            }
        };
        take(session.handle(event, now_ms), &mut key, &mut wishes);
    }
    for _ in 0..4 {
        if let Some(deadline) = session.next_deadline() {
            take(session.handle(Event::Tick, deadline), &mut key, &mut wishes);
        }
    }
    assert!(answers <= frames, "{answers} answers to {frames} frames");
}

/// A player's fragment.
fn fragment(data: &[u8]) {
    if let Ok(fragment) = whep::Fragment::parse(&text(data)) {
        // One more for the end of them.
        assert!(fragment.candidates.len() <= whep::MAX_CANDIDATES + 1);
    }
}

/// An offer, an answer, a candidate.
fn sdp(data: &[u8]) {
    crate::media::fuzzing::session_description(&text(data));
}

/// A pipeline file, and behind a NUL what GStreamer has to say about it.
fn pipeline(data: &[u8]) {
    let text = text(data);
    let (description, complaint) = text.split_once('\0').unwrap_or((&text, ""));
    crate::media::fuzzing::pipeline_file(description, complaint);
}

/// A configuration file.
fn config(data: &[u8]) {
    crate::cli::fuzzing::config(&text(data));
}

/// The headers of a request, one a line; the first line is the path.
fn http(data: &[u8]) {
    crate::web::fuzzing::request(data);
    if let Some(bytes) = base64::decode(&text(data)) {
        assert_eq!(base64::decode(&base64::encode(&bytes)), Some(bytes));
    }
    let text = text(data);
    let (list, secret) = text.split_once('\n').unwrap_or((&text, ""));
    let proxy = std::net::IpAddr::from([192, 0, 2, 1]);
    let access = Access::new(
        Mode::Token(Secret::from("0".repeat(32))),
        None,
        Vec::from([proxy]),
    );
    let secret = Secret::from(secret.to_owned());
    let presented = Credentials {
        peer: proxy,
        forwarded_for: Some(list),
        user: Some(list),
        sessions: std::slice::from_ref(&secret),
        secret: Some(&secret),
    };
    let admission = access.admit(&presented, NOW_MS);
    let is_token = secret.expose() == "0".repeat(32);
    assert_eq!(matches!(admission, Admission::Granted(_)), is_token);
}

/// The files of the state folder.
fn state(data: &[u8]) {
    let folder = std::env::temp_dir().join(format!("deskbeam-fuzzing-{}", std::process::id()));
    let Ok(state) = StateDir::at(folder) else { return };
    for name in ["token", "password", "shares.json"] {
        let _ = std::fs::remove_file(state.path(name));
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for name in ["token", "password", "shares.json"] {
        let _ = state.create(name, text);
    }
    if let Ok(token) = crate::access::load_or_create_token(&state) {
        assert!(token.expose().len() >= 32);
    }
    let _ = PasswordFile::open(state.clone());
    let _ = Shares::new(state).list(NOW_MS);
}

fn text(data: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(data)
}

const NOW_MS: u64 = 1_640_995_200_000;
