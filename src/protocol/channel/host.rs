//! The host's messages on the data channel. One shape serves the native client and Selkies.

use serde_json::{Map, Value, json};

use super::pointers::PersonPointer;
use crate::protocol::base64;
use crate::protocol::stats::SystemStats;
use crate::protocol::text::ClipboardText;
use crate::protocol::view::{View, ViewId};

/// A message to a client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum HostMessage {
    /// The look of the pointer.
    Cursor(Cursor),
    /// The mode of the pointer that an application on the desktop wants.
    PointerMode {
        /// True: the application reads how far the pointer moves, and not where it is.
        relative: bool,
    },
    /// True if other viewers want to see where the client points.
    PointWanted(bool),
    /// The places at which the other viewers point.
    Pointers(Vec<PersonPointer>),
    /// The mark to measure with is shown at the top left of the desktop, this many pixels wide and high. `None`: it is
    /// not shown, because another viewer measures, or because there is no desktop.
    Mark(Option<u16>),
    /// The load of the machine.
    SystemStats(SystemStats),
    /// The text that was copied on the desktop.
    Clipboard(ClipboardText),
    /// Something was copied on the desktop that is too large for this channel: it is fetched by HTTP.
    ClipboardLarge {
        /// Its media type.
        kind: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// The desktop's clipboard has other content than the client knows of, and it is not passed on.
    ClipboardUnavailable {
        /// A sentence for a person; empty if there is no need to tell.
        reason: String,
    },
    /// The answer to [`super::ChannelMessage::Ping`].
    Pong {
        /// That of the ping.
        timestamp: Option<Value>,
        /// That of the ping.
        sequence: Option<Value>,
        /// Now, in milliseconds since the epoch: a client derives the difference of the clocks from it.
        server_time_ms: f64,
    },
    /// The times of the last frames.
    FrameTimes {
        /// The name of the encoder, if it has one.
        encoder: Option<String>,
        /// The last frames, the oldest first.
        frames: Vec<FrameTimes>,
    },
    /// To be answered by [`super::ChannelMessage::Pong`].
    Ping {
        /// Now, in milliseconds since the epoch.
        timestamp_ms: u64,
    },
    /// Half of the round trip of a ping.
    Latency {
        /// In milliseconds.
        ms: f64,
    },
    /// A setting of the host.
    System(SystemAction),
    /// The part of the desktop that is shown and, if the client may choose, the others.
    Views {
        /// The desktop first.
        views: Vec<View>,
        /// One of them.
        shown: ViewId,
    },
    /// The reason for which the video stands still, for a person.
    Pipeline {
        /// A sentence; empty when all is well again.
        status: String,
    },
    /// A character was not typed: the desktop's keyboard has no key for it, and none is free.
    Untyped,
    /// The outcome of a request on a channel `control`.
    ControlResponse {
        /// The request's.
        id: u64,
        /// The reason, if it was not done.
        error: Option<String>,
    },
}

/// The times of one frame on the host, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameTimes {
    /// The timestamp of its RTP packets.
    pub rtp_timestamp: u32,
    /// The time at which its first packet was sent, since the epoch.
    pub sent: u64,
    /// From the change on the screen until the frame was there.
    pub capture: u64,
    /// Until it was in the encoder's format.
    pub convert: u64,
    /// Until it was encoded.
    pub encode: u64,
    /// Until its first packet was sent.
    pub packetize: u64,
}

impl FrameTimes {
    /// A list, for there are many: timestamp, sent in milliseconds, then the stages in microseconds.
    fn to_json(self) -> Value {
        let sent_ms = self.sent as f64 / 1000.0;
        json!([
            self.rtp_timestamp,
            sent_ms,
            self.capture,
            self.convert,
            self.encode,
            self.packetize
        ])
    }
}

/// The look of the pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// A PNG image. Empty with `override_css`.
    pub png: Vec<u8>,
    /// Names the image, so that a client can keep it. 0 is the default cursor.
    pub handle: u32,
    /// A value for the CSS property `cursor` to use instead of the image: `none` hides it.
    pub override_css: Option<String>,
    /// The pixel of the image that points, from its left and top edge.
    pub hotspot: (u32, u32),
}

/// A setting of the host, as Selkies shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SystemAction {
    /// Frames per second.
    Framerate(u32),
    /// The bitrate of the video, in kilobits per second.
    VideoBitrate(u32),
    /// The bitrate of the sound, in bits per second.
    AudioBitrate(u32),
    /// True if the desktop follows the size of the client's window.
    Resize(bool),
    /// The size of the desktop, in pixels.
    Resolution(u32, u32),
    /// The name of the encoder.
    Encoder(String),
}

impl HostMessage {
    /// The text that says this.
    pub(crate) fn encode(&self) -> String {
        let (kind, data) = match self {
            Self::Cursor(cursor) => ("cursor", cursor.to_json()),
            Self::PointerMode { relative } => ("pointer-mode", json!({ "relative": relative })),
            Self::PointWanted(wanted) => ("point-wanted", json!({ "wanted": wanted })),
            Self::Pointers(pointers) => {
                let pointers: Vec<_> = pointers.iter().map(PersonPointer::to_json).collect();
                ("pointers", json!({ "pointers": pointers }))
            }
            Self::Mark(None) => ("measure", json!({})),
            Self::Mark(Some(size)) => ("measure", json!({"x": 0, "y": 0, "width": size, "height": size})),
            Self::SystemStats(stats) => ("system_stats", stats.to_channel_json()),
            Self::Clipboard(text) => return clipboard(text.as_str()),
            Self::ClipboardLarge { kind, bytes } => {
                ("clipboard-large", json!({"type": kind, "bytes": bytes}))
            }
            Self::ClipboardUnavailable { reason } => ("clipboard-unavailable", json!({ "reason": reason })),
            Self::FrameTimes { encoder, frames } => {
                let frames: Vec<_> = frames.iter().map(|frame| frame.to_json()).collect();
                ("frame-times", json!({ "encoder": encoder, "frames": frames }))
            }
            Self::Pong {
                timestamp,
                sequence,
                server_time_ms,
            } => {
                let mut data = Map::new();
                data.insert("server_time".to_owned(), json!(server_time_ms));
                data.extend(timestamp.clone().map(|value| ("timestamp".to_owned(), value)));
                data.extend(sequence.clone().map(|value| ("sequence".to_owned(), value)));
                ("pong", data.into())
            }
            Self::Ping { timestamp_ms } => (
                "ping",
                json!({"start_time": *timestamp_ms as f64 / 1000.0, "timestamp": timestamp_ms}),
            ),
            Self::Latency { ms } => ("latency_measurement", json!({ "latency_ms": ms })),
            Self::System(action) => ("system", json!({ "action": action.to_string() })),
            Self::Views { views, shown } => {
                let views: Vec<_> = views.iter().map(View::to_json).collect();
                ("views", json!({ "views": views, "shown": shown.to_string() }))
            }
            Self::Pipeline { status } => ("pipeline", json!({ "status": status })),
            Self::Untyped => ("untyped", json!({})),
            Self::ControlResponse { id, error } => {
                return json!({"type":"ControlResponseMessage","id":id,"error":error}).to_string();
            }
        };
        json!({ "type": kind, "data": data }).to_string()
    }
}

/// In both forms if they fit into one message, else in the one that every client reads.
fn clipboard(text: &str) -> String {
    let content = base64::encode(text.as_bytes());
    let both = json!({"type": "clipboard", "data": {"content": content, "text": text}}).to_string();
    if both.len() <= MAX_MESSAGE {
        return both;
    }
    json!({"type": "clipboard", "data": {"content": content}}).to_string()
}

impl Cursor {
    /// True if the cursor is hidden.
    pub(crate) fn is_hidden(&self) -> bool {
        self.override_css.as_deref() == Some("none")
    }

    fn to_json(&self) -> Value {
        json!({
            "curdata": base64::encode(&self.png),
            "handle": self.handle,
            "override": self.override_css,
            "hotspot": {"x": self.hotspot.0, "y": self.hotspot.1},
        })
    }
}

impl std::fmt::Display for SystemAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Framerate(fps) => write!(f, "framerate,{fps}"),
            Self::VideoBitrate(kbps) => write!(f, "video_bitrate,{kbps}"),
            Self::AudioBitrate(bps) => write!(f, "audio_bitrate,{bps}"),
            // The client compares with Python's words.
            Self::Resize(on) => write!(f, "resize,{}", if *on { "True" } else { "False" }),
            Self::Resolution(width, height) => write!(f, "resolution,{width}x{height}"),
            Self::Encoder(name) => write!(f, "encoder,{name}"),
        }
    }
}

/// The longest message that every WebRTC stack takes when it does not say how much it takes (RFC 8841), in bytes.
const MAX_MESSAGE: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::input::FrameSize;
    use crate::protocol::text::MAX_CLIPBOARD;
    use crate::protocol::view::ViewName;

    fn encoded(message: &HostMessage) -> Value {
        serde_json::from_str(&message.encode()).unwrap()
    }

    #[test]
    fn a_cursor_has_an_image_a_handle_and_a_hotspot() {
        let cursor = HostMessage::Cursor(Cursor {
            png: b"foo".to_vec(),
            handle: 7,
            override_css: None,
            hotspot: (1, 2),
        });
        assert_eq!(
            encoded(&cursor),
            json!({"type":"cursor","data":{"curdata":"Zm9v","handle":7,"override":null,"hotspot":{"x":1,"y":2}}})
        );
    }

    #[test]
    fn the_clipboard_is_readable_for_both_clients_and_not_for_a_log() {
        let message = HostMessage::Clipboard(ClipboardText::new("hunter2").unwrap());
        assert_eq!(
            encoded(&message),
            json!({"type":"clipboard","data":{"content":"aHVudGVyMg==","text":"hunter2"}})
        );
        assert!(!format!("{message:?}").contains("hunter2"));
    }

    #[test]
    fn a_long_clipboard_is_told_once_and_fits_into_a_message() {
        for (letter, size, is_told_twice) in [
            ("x", 28_000, true),
            ("x", 28_100, false),
            // Six bytes each as JSON has it.
            ("\u{1}", 10_000, false),
            ("x", MAX_CLIPBOARD, false),
        ] {
            let text = letter.repeat(size);
            let message = HostMessage::Clipboard(ClipboardText::new(text.as_str()).unwrap());
            let data = &encoded(&message)["data"];
            assert_eq!(data["content"], base64::encode(text.as_bytes()), "{size}");
            assert_eq!(data.get("text").is_some(), is_told_twice, "{size}");
            assert!(message.encode().len() <= MAX_MESSAGE, "{size}");
        }
    }

    #[test]
    fn actions_are_written_as_selkies_reads_them() {
        for (action, expected) in [
            (SystemAction::Framerate(60), "framerate,60"),
            (SystemAction::VideoBitrate(4000), "video_bitrate,4000"),
            (SystemAction::AudioBitrate(128_000), "audio_bitrate,128000"),
            (SystemAction::Resize(true), "resize,True"),
            (SystemAction::Resize(false), "resize,False"),
            (SystemAction::Resolution(1280, 720), "resolution,1280x720"),
            (SystemAction::Encoder("x264enc".to_owned()), "encoder,x264enc"),
        ] {
            let message = HostMessage::System(action);
            assert_eq!(
                encoded(&message),
                json!({"type":"system","data":{"action":expected}})
            );
        }
    }

    #[test]
    fn views_are_told_with_the_one_that_is_shown() {
        let shown = ViewId::Monitor(5);
        let view = View {
            id: shown,
            name: ViewName::new("left"),
            size: FrameSize {
                width: 640,
                height: 480,
            },
        };
        let views = vec![view];
        assert_eq!(
            encoded(&HostMessage::Views { views, shown })["data"],
            json!({"views":[{"id":"monitor-5","kind":"monitor","name":"left","width":640,"height":480}],"shown":"monitor-5"})
        );
    }

    #[test]
    fn a_control_request_is_answered_by_its_id() {
        let response = HostMessage::ControlResponse { id: 3, error: None };
        assert_eq!(
            encoded(&response),
            json!({"type":"ControlResponseMessage","id":3,"error":null})
        );
    }

    #[test]
    fn a_ping_is_in_milliseconds_for_ours_and_in_seconds_for_selkies() {
        let ping = HostMessage::Ping { timestamp_ms: 1_500 };
        assert_eq!(encoded(&ping)["data"], json!({"start_time":1.5,"timestamp":1500}));
    }
}
