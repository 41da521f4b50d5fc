//! The messages of a client on the data channel, whatever the dialect.

use serde_json::Value;

use super::pointers::Fraction;
use crate::protocol::input::{FrameSize, InputEvent};
use crate::protocol::text::ClipboardText;
use crate::protocol::view::ViewId;

/// A message of a client on the data channel.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ChannelMessage {
    /// Pointer or keyboard.
    Input(InputEvent),
    /// True if the pointer is to be drawn into the video.
    PointerVisible(bool),
    /// True if the client wants to see where the others point.
    Pointers(bool),
    /// The place in the video at which the client points, if it does: for the others to see. It moves nothing.
    Point(Option<Fraction>),
    /// The bitrate of the video, 1 to 1,000,000.
    SetVideoBitrate {
        /// In kilobits per second.
        kbps: u32,
    },
    /// The bitrate of the video, in percent of what the host would send, 1 to 100.
    SetQuality {
        /// Percent.
        percent: u32,
    },
    /// True if the client wants no video for a while, false if it wants it again.
    Pause(bool),
    /// The bitrate of the sound, 1 to 10,000,000.
    SetAudioBitrate {
        /// In bits per second.
        bps: u32,
    },
    /// Frames per second, 1 to 1,000.
    SetFramerate {
        /// Frames per second.
        fps: u32,
    },
    /// The client's window has a size, and may want the desktop to follow it.
    Resize {
        /// True if the desktop is to follow from now on. `None`: as before.
        enabled: Option<bool>,
        /// The size that is wanted: even, 2 to 16,384.
        size: Option<FrameSize>,
    },
    /// The part of the desktop that all viewers are to be shown from now on.
    Show(ViewId),
    /// The scale at which programs should draw, 0.25 to 4.
    Scale(f64),
    /// The client wants the host's clipboard.
    ClipboardRead,
    /// The client has copied something.
    ClipboardWrite(ClipboardText),
    /// The client measures the time from its input to the frame that shows it: a mark on the desktop is to be white, or
    /// black. `None` ends that.
    Measure(Option<bool>),
    /// The client cannot decode without a new key frame.
    RequestKeyframe,
    /// The client's display shows each frame one of its periods later than it could: there was one frame too many.
    DisplayLate,
    /// True if [`super::HostMessage::FrameTimes`] are wanted once a second.
    FrameTimes(bool),
    /// To be answered by [`super::HostMessage::Pong`].
    Ping {
        /// To be echoed.
        timestamp: Option<Value>,
        /// To be echoed.
        sequence: Option<Value>,
    },
    /// The answer to [`super::HostMessage::Ping`].
    Pong {
        /// The time that the ping carried, in milliseconds since the epoch.
        timestamp_ms: f64,
    },
    /// A measurement of the client.
    Report(ClientReport),
    /// A gamepad of the client.
    Gamepad(Gamepad),
    /// The outcome of the request `id`, to be sent back by [`super::HostMessage::ControlResponse`]. It stands behind the
    /// messages that do what was requested.
    Control {
        /// The request's.
        id: u64,
        /// The reason, if it was not done.
        error: Option<&'static str>,
    },
}

/// A measurement of a client.
#[derive(Clone, PartialEq)]
pub(crate) enum ClientReport {
    /// Frames presented per second.
    Fps(f64),
    /// From the host to the screen and back, in milliseconds.
    LatencyMs(f64),
    /// `RTCStats` of the video: a JSON array, not parsed.
    Video(String),
    /// `RTCStats` of the sound: a JSON array, not parsed.
    Audio(String),
}

impl std::fmt::Debug for ClientReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fps(fps) => write!(f, "Fps({fps})"),
            Self::LatencyMs(ms) => write!(f, "LatencyMs({ms})"),
            Self::Video(json) => write!(f, "Video({} bytes)", json.len()),
            Self::Audio(json) => write!(f, "Audio({} bytes)", json.len()),
        }
    }
}

/// An event of a gamepad. Pads are numbered from 0 to 3.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Gamepad {
    /// It was plugged in.
    Connected {
        /// The number of the pad.
        pad: u8,
        /// The browser's name for it, at most 256 bytes.
        name: String,
        /// The number of its axes.
        axes: u8,
        /// The number of its buttons.
        buttons: u8,
    },
    /// It was pulled out.
    Disconnected {
        /// The number of the pad.
        pad: u8,
    },
    /// A button moved.
    Button {
        /// The number of the pad.
        pad: u8,
        /// The number of the button, from 0.
        button: u8,
        /// From 0 (released) to 1 (pressed).
        value: f64,
    },
    /// A stick moved.
    Axis {
        /// The number of the pad.
        pad: u8,
        /// The number of the axis, from 0.
        axis: u8,
        /// From -1 to 1.
        value: f64,
    },
}
