//! The messages of the host that the clients of each dialect know on their data channels.

use serde_json::json;

use super::*;
use crate::protocol::channel::{Cursor, HostMessage, SystemAction};
use crate::protocol::stats::SystemStats;
use crate::protocol::text::ClipboardText;
use crate::protocol::view::ViewId;

/// The dialects that know a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    native: bool,
    selkies: bool,
    gstwebrtc: bool,
}

const NATIVE: Known = Known {
    native: true,
    selkies: false,
    gstwebrtc: false,
};
const SELKIES: Known = Known {
    native: false,
    selkies: true,
    gstwebrtc: false,
};
const BOTH: Known = Known {
    native: true,
    selkies: true,
    gstwebrtc: false,
};
const ALL: Known = Known {
    gstwebrtc: true,
    ..BOTH
};

/// A message of each kind, and the dialects that know it.
fn table() -> Vec<(HostMessage, Known)> {
    let cursor = Cursor {
        png: Vec::new(),
        handle: 1,
        override_css: None,
        hotspot: (0, 0),
    };
    vec![
        (HostMessage::Cursor(cursor), BOTH),
        (HostMessage::PointerMode { relative: true }, NATIVE),
        (HostMessage::PointWanted(true), NATIVE),
        (HostMessage::Untyped, NATIVE),
        (HostMessage::Pointers(Vec::new()), NATIVE),
        (HostMessage::Mark(None), BOTH),
        (HostMessage::SystemStats(SystemStats::default()), BOTH),
        (HostMessage::Clipboard(ClipboardText::new("x").unwrap()), BOTH),
        (
            HostMessage::ClipboardLarge {
                kind: "image/png",
                bytes: 1,
            },
            NATIVE,
        ),
        (
            HostMessage::ClipboardUnavailable {
                reason: String::new(),
            },
            NATIVE,
        ),
        (
            HostMessage::Pong {
                timestamp: None,
                sequence: None,
                server_time_ms: 0.0,
            },
            BOTH,
        ),
        (
            HostMessage::FrameTimes {
                encoder: None,
                frames: Vec::new(),
            },
            BOTH,
        ),
        (HostMessage::Ping { timestamp_ms: 0 }, BOTH),
        (HostMessage::Latency { ms: 0.0 }, BOTH),
        (HostMessage::System(SystemAction::Framerate(60)), SELKIES),
        (HostMessage::System(SystemAction::VideoBitrate(8_000)), SELKIES),
        (HostMessage::System(SystemAction::AudioBitrate(64_000)), SELKIES),
        (HostMessage::System(SystemAction::Resize(true)), SELKIES),
        (HostMessage::System(SystemAction::Resolution(640, 480)), NATIVE),
        (
            HostMessage::System(SystemAction::Encoder("x264enc".to_owned())),
            SELKIES,
        ),
        (
            HostMessage::Views {
                views: Vec::new(),
                shown: ViewId::Desktop,
            },
            NATIVE,
        ),
        (
            HostMessage::Pipeline {
                status: String::new(),
            },
            BOTH,
        ),
        (HostMessage::ControlResponse { id: 1, error: None }, ALL),
    ]
}

#[test]
fn each_dialect_knows_its_own_messages_and_gstwebrtc_only_responses() {
    let config = SessionConfig::default;
    let native = started(Dialect::Native);
    let selkies = [
        started(Dialect::Selkies),
        Session::call("desk", None, config(), NOW).0,
    ];
    let gstwebrtc = [
        started(Dialect::GstWebrtc),
        Session::produce(json!({}), config(), NOW).0,
    ];
    for (message, known) in table() {
        assert_eq!(native.knows(&message), known.native, "{message:?}");
        for session in &selkies {
            assert_eq!(session.knows(&message), known.selkies, "{message:?}");
        }
        for session in &gstwebrtc {
            assert_eq!(session.knows(&message), known.gstwebrtc, "{message:?}");
        }
    }
}
