//! `tests/data/protocol-vectors.json`, held against the code: what clients send and what becomes of it, and what the
//! host sends. The tests of the web client read the same file.

use std::sync::Arc;

use serde_json::{Map, json};

use super::*;
use crate::protocol::channel::{ChannelMessage, Cursor, Decoder, HostMessage, SystemAction};
use crate::protocol::envelope::Rejection;
use crate::protocol::error::ErrorCode;
use crate::protocol::ice_server::IceServer;
use crate::protocol::input::{Button, InputEvent, Key, Point};
use crate::protocol::lease::LeaseState;
use crate::protocol::people::{Person, PersonName};
use crate::protocol::role::Role;
use crate::protocol::select::Selected;
use crate::protocol::server::{ServerMessage, Stamp};
use crate::protocol::stats::{Stats, StatsGroup, SystemStats, WebrtcStats};
use crate::protocol::text::ClipboardText;

#[derive(serde::Deserialize)]
struct Vector {
    name: String,
    direction: String,
    dialect: String,
    transport: String,
    /// The events before: frames, and `@offered` and `@applied` of the peer.
    given: Vec<String>,
    input: String,
    expect: Value,
}

fn vectors(direction: &str, transport: &str) -> Vec<Vector> {
    let text = include_str!("../../../tests/data/protocol-vectors.json");
    let mut all: Vec<Vector> = serde_json::from_str(text).unwrap();
    all.retain(|vector| vector.direction == direction && vector.transport == transport);
    assert!(!all.is_empty());
    all
}

#[test]
fn what_clients_say_on_the_socket_does_what_the_vectors_expect() {
    for Vector {
        name,
        dialect,
        given,
        input,
        expect,
        ..
    } in vectors("client-to-host", "signaling")
    {
        let dialect = match dialect.as_str() {
            "native" => Dialect::Native,
            other => Dialect::named(other).unwrap(),
        };
        let mut session = started(dialect);
        for step in given {
            session.handle(
                match step.as_str() {
                    "@offered" => offered(KEY),
                    "@applied" => applied(KEY),
                    frame => Event::Text(frame),
                },
                NOW,
            );
        }
        let actions: Vec<_> = text(&mut session, &input).iter().map(action).collect();
        let expected = expect["actions"].as_array().unwrap();
        assert_eq!(actions.len(), expected.len(), "{name}: {actions:?}");
        for (expected, actual) in expected.iter().zip(&actions) {
            assert!(contains(actual, expected), "{name}: {actual} is not {expected}");
        }
    }
}

#[test]
fn what_clients_say_on_the_channel_means_what_the_vectors_expect() {
    for Vector {
        name, input, expect, ..
    } in vectors("client-to-host", "channel")
    {
        let actual = match Decoder::default().decode(&input) {
            Ok(messages) => json!({ "messages": messages.iter().map(channel).collect::<Vec<_>>() }),
            Err(error) => json!({ "error": error.to_string() }),
        };
        assert_eq!(actual, expect, "{name}");
    }
}

#[test]
fn the_host_says_on_the_socket_what_the_vectors_say() {
    for Vector { name, input, .. } in vectors("host-to-client", "signaling") {
        let message = server_message(&name);
        let is_response = !matches!(
            name.as_str(),
            "welcome" | "ice-candidate" | "people" | "control-state"
        );
        let encoded = message.encode(Stamp {
            id: if is_response {
                "msg_1640995200000_1"
            } else {
                "msg_1640995200001_001"
            },
            is_response,
            timestamp_ms: NOW + 1,
            client_id: "client_1640995200000_0421",
        });
        let expected = input.replace("@version", env!("CARGO_PKG_VERSION"));
        assert_eq!(parsed(&encoded), parsed(&expected), "{name}");
    }
}

#[test]
fn the_host_says_on_the_channel_what_the_vectors_say() {
    for Vector { name, input, .. } in vectors("host-to-client", "channel") {
        assert_eq!(parsed(&host_message(&name).encode()), parsed(&input), "{name}");
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// True if `actual` has all that `expected` has.
fn contains(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => expected
            .iter()
            .all(|(name, value)| actual.get(name).is_some_and(|found| contains(found, value))),
        _ => actual == expected,
    }
}

fn action(action: &Action) -> Value {
    match action {
        Action::Send(text) => match serde_json::from_str::<Map<_, _>>(text) {
            Ok(message) => json!({ "send": message }),
            Err(_) => json!({ "send_text": text }),
        },
        Action::OpenPeer { request, .. } => json!({ "open_peer": {
            "codecs": request.codecs,
            "video": request.video,
            "audio": request.audio,
            "channel": request.channel.map(|label| label.as_str()),
            "remote_offer": request.remote_offer,
        } }),
        Action::ApplyAnswer { sdp, .. } => json!({ "apply_answer": sdp }),
        Action::AddCandidate { candidate, .. } => json!({ "add_candidate": {
            "candidate": candidate.candidate,
            "sdp_mid": candidate.sdp_mid,
            "sdp_m_line_index": candidate.sdp_m_line_index,
        } }),
        Action::CollectStats { request } => {
            let name = |group: &StatsGroup| match group {
                StatsGroup::Webrtc => "webrtc",
                StatsGroup::System => "system",
            };
            json!({ "collect_stats": request.groups.iter().map(name).collect::<Vec<_>>() })
        }
        Action::Input(event) => json!({ "input": input(event) }),
        Action::Name(name) => json!({ "name": name.as_str() }),
        Action::Close { code, .. } => json!({ "close": code }),
        other => panic!("{other:?}"),
    }
}

fn channel(message: &ChannelMessage) -> Value {
    match message {
        ChannelMessage::Input(event) => json!({ "input": input(event) }),
        ChannelMessage::SetVideoBitrate { kbps } => json!({ "video_bitrate_kbps": kbps }),
        ChannelMessage::SetQuality { percent } => json!({ "quality_percent": percent }),
        ChannelMessage::FrameTimes(enabled) => json!({ "frame_times": enabled }),
        ChannelMessage::Pause(paused) => json!({ "paused": paused }),
        ChannelMessage::SetAudioBitrate { bps } => json!({ "audio_bitrate_bps": bps }),
        ChannelMessage::SetFramerate { fps } => json!({ "framerate": fps }),
        ChannelMessage::Resize { enabled, size } => {
            json!({ "resize": size.map(|size| [size.width, size.height]), "enabled": enabled })
        }
        ChannelMessage::ClipboardRead => json!("clipboard_read"),
        ChannelMessage::ClipboardWrite(text) => json!({ "clipboard_write": text.as_str() }),
        ChannelMessage::DisplayLate => json!("display_late"),
        ChannelMessage::RequestKeyframe => json!("request_keyframe"),
        ChannelMessage::Show(id) => json!({ "show": id.to_string() }),
        ChannelMessage::Ping { timestamp, .. } => json!({ "ping": timestamp }),
        ChannelMessage::Pong { timestamp_ms } => json!({ "pong_ms": timestamp_ms }),
        ChannelMessage::Control { id, error } => json!({ "control": id, "error": error }),
        other => panic!("{other:?}"),
    }
}

fn input(event: &InputEvent) -> Value {
    let place = |point: &Point| [point.x, point.y];
    match event {
        InputEvent::Motion { position } => json!({ "motion": place(position) }),
        InputEvent::RelativeMotion { dx, dy } => json!({ "relative": [dx, dy] }),
        InputEvent::Button {
            button,
            pressed,
            position,
        } => {
            let button = match button {
                Button::Left => "left",
                Button::Middle => "middle",
                Button::Right => "right",
                Button::Back => "x1",
                Button::Forward => "x2",
            };
            json!({ "button": button, "pressed": pressed, "position": position.as_ref().map(place) })
        }
        InputEvent::Wheel {
            delta_x,
            delta_y,
            position,
        } => json!({ "wheel": [delta_x, delta_y], "position": position.as_ref().map(place) }),
        InputEvent::Key { key, pressed } => match key {
            Key::Dom { key, code } => json!({ "key": { "key": key, "code": code }, "pressed": pressed }),
            Key::Keysym(keysym) => json!({ "keysym": keysym, "pressed": pressed }),
            Key::KeysymName(name) => json!({ "keysym_name": name, "pressed": pressed }),
        },
        InputEvent::Locks { caps, num } => json!({ "locks": [caps, num] }),
        InputEvent::Text(text) => json!({ "text_keys": text.keys().count() }),
        InputEvent::Layout(layout) => json!({ "a": layout.character("KeyA") }),
        InputEvent::Held(held) => json!({ "held": held.keys, "buttons": held.buttons.len() }),
        InputEvent::Sent { ms } => json!({ "sent_ms": ms }),
        InputEvent::ReleaseAll => json!("release-all"),
    }
}

fn server_message(name: &str) -> ServerMessage {
    let ice_servers = vec![IceServer {
        urls: vec!["stun:127.0.0.1:3478".to_owned()],
        username: None,
        credential: None,
    }];
    match name {
        "welcome" => ServerMessage::Welcome {
            app_name: "default".to_owned(),
            heartbeat_interval_ms: 30_000,
            max_message_size: 65_536,
            ice_servers,
            relay: None,
            role: Role::Control,
            policy: crate::protocol::role::Policy::default(),
            client: Map::new(),
        },
        "pong" => ServerMessage::Pong {
            timestamp: Some(NOW.into()),
            sequence: None,
            message_count: 17,
        },
        "offer" => ServerMessage::Offer {
            sdp: "v=0\r\n".to_owned(),
            ice_servers,
        },
        "answer-ack" => ServerMessage::AnswerAck,
        "ice-candidate" => ServerMessage::Candidate(candidate("candidate:1")),
        "stats" => ServerMessage::Stats(Stats {
            webrtc: Some(WebrtcStats {
                bytes_sent: Some(1_048_576),
                bytes_received: Some(20_480),
                packets_sent: Some(1_024),
                packets_received: Some(64),
                rtt_s: Some(0.05),
                ..WebrtcStats::default()
            }),
            system: Some(SystemStats {
                cpu_percent: Some(25.5),
                memory_used_bytes: Some(512_000_000),
                fps: Some(60.0),
                ..SystemStats::default()
            }),
        }),
        "protocol-selected" => ServerMessage::ProtocolSelected(Selected {
            protocol: "gstreamer-1.0".to_owned(),
            fallbacks: vec!["selkies".to_owned()],
            matched: true,
        }),
        "people" => {
            let person = |id: &str, name: Option<&str>, role| Person {
                client_id: id.to_owned(),
                name: name.map(|name| PersonName::read(&json!({ "name": name })).unwrap()),
                role,
            };
            ServerMessage::People(Arc::from([
                person("client_1640995200000_0421", Some("Ann"), Role::Control),
                person("client_1640995200000_0422", None, Role::View),
            ]))
        }
        "control-state" => ServerMessage::ControlState(LeaseState {
            holder: Some("client_1640995200000_0422".to_owned()),
            requested_by: None,
            is_local: false,
        }),
        "error with data" => ServerMessage::Error(Rejection {
            details: Some(json!({ "codecs": ["H264", "AV1"] })),
            ..Rejection::new(
                ErrorCode::OfferCreationFailed,
                "This host encodes H264 and AV1, which the viewer cannot decode",
            )
        }),
        "error" => ServerMessage::Error(Rejection::new(
            ErrorCode::InvalidMessageType,
            "Unknown message type: x",
        )),
        other => panic!("{other}"),
    }
}

fn host_message(name: &str) -> HostMessage {
    match name {
        "cursor" => HostMessage::Cursor(Cursor {
            png: b"foo".to_vec(),
            handle: 7,
            override_css: None,
            hotspot: (1, 2),
        }),
        "system_stats" => HostMessage::SystemStats(SystemStats {
            cpu_percent: Some(25.5),
            memory_used_bytes: Some(2),
            memory_total_bytes: Some(8),
            gpu_percent: None,
            fps: Some(60.0),
        }),
        "host clipboard-unavailable" => HostMessage::ClipboardUnavailable {
            reason: "The clipboard of the desktop is not available".to_owned(),
        },
        "host clipboard" => HostMessage::Clipboard(ClipboardText::new("ü").unwrap()),
        "host ping" => HostMessage::Ping {
            timestamp_ms: NOW + 500,
        },
        "latency_measurement" => HostMessage::Latency { ms: 1.5 },
        "system action" => HostMessage::System(SystemAction::VideoBitrate(4000)),
        "control response" => HostMessage::ControlResponse { id: 7, error: None },
        other => panic!("{other}"),
    }
}
