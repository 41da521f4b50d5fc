//! The data channel in the words of the native protocol.

use serde_json::Value;

use super::message::{ChannelMessage, ClientReport};
use super::pointers::Fraction;
use crate::protocol::fields;
use crate::protocol::input::{self, FrameSize, InputError};
use crate::protocol::selkies::even_size;
use crate::protocol::text::ClipboardText;
use crate::protocol::view::ViewId;

/// Understands a message `{"type":kind,"data":data}`.
pub(super) fn decode(
    kind: &str,
    data: &Value,
    frame: Option<FrameSize>,
) -> Result<Vec<ChannelMessage>, InputError> {
    let message = match kind {
        "clipboard" => clipboard(data)?,
        "clipboard-read" => ChannelMessage::ClipboardRead,
        "set-bitrate" => ChannelMessage::SetVideoBitrate {
            kbps: whole(data, "kbps", 1_000_000)?,
        },
        "set-quality" => ChannelMessage::SetQuality {
            percent: whole(data, "percent", 100)?,
        },
        "pause" => ChannelMessage::Pause(truth(data, "paused")?),
        "pointers" => ChannelMessage::Pointers(truth(data, "enabled")?),
        "point" => ChannelMessage::Point(point(data)?),
        "measure" => ChannelMessage::Measure(data.get("lit").and_then(Value::as_bool)),
        "frame-times" => ChannelMessage::FrameTimes(truth(data, "enabled")?),
        "set-audio-bitrate" => ChannelMessage::SetAudioBitrate {
            bps: whole(data, "bps", 10_000_000)?,
        },
        "set-framerate" => ChannelMessage::SetFramerate {
            fps: whole(data, "fps", 1_000)?,
        },
        "resize" => resize(data)?,
        "view" => ChannelMessage::Show(view(data)?),
        "scale" => ChannelMessage::Scale(required(data, "scale")?.clamp(0.25, 4.0)),
        "pointer" => ChannelMessage::PointerVisible(truth(data, "visible")?),
        "request-keyframe" => ChannelMessage::RequestKeyframe,
        "display-late" => ChannelMessage::DisplayLate,
        "ping" => ChannelMessage::Ping {
            timestamp: data.get("timestamp").filter(|value| value.is_number()).cloned(),
            sequence: data.get("sequence").filter(|value| value.is_number()).cloned(),
        },
        "pong" => ChannelMessage::Pong {
            timestamp_ms: required(data, "timestamp")?,
        },
        "client-stats" => return reports(data),
        _ => {
            let events = input::from_json(kind, data, frame)?;
            return Ok(events.into_iter().map(ChannelMessage::Input).collect());
        }
    };
    Ok(vec![message])
}

fn truth(data: &Value, field: &'static str) -> Result<bool, InputError> {
    let value = data.get(field).and_then(Value::as_bool);
    value.ok_or(InputError::BadField(field))
}

fn point(data: &Value) -> Result<Option<Fraction>, InputError> {
    if data.get("x").is_none() {
        return Ok(None);
    }
    let place = Fraction::new(required(data, "x")?, required(data, "y")?);
    place.map(Some).ok_or(InputError::BadField("x"))
}

fn clipboard(data: &Value) -> Result<ChannelMessage, InputError> {
    let text = data
        .get("text")
        .and_then(Value::as_str)
        .ok_or(InputError::BadField("text"))?;
    ClipboardText::new(text)
        .map(ChannelMessage::ClipboardWrite)
        .ok_or(InputError::TooLong)
}

fn resize(data: &Value) -> Result<ChannelMessage, InputError> {
    let size = match (data.get("width"), data.get("height")) {
        (None, None) => None,
        _ => Some(
            even_size(required(data, "width")?, required(data, "height")?)
                .ok_or(InputError::BadField("width"))?,
        ),
    };
    let enabled = data.get("enabled").and_then(Value::as_bool);
    if size.is_none() && enabled.is_none() {
        return Err(InputError::BadField("width"));
    }
    Ok(ChannelMessage::Resize { enabled, size })
}

fn view(data: &Value) -> Result<ViewId, InputError> {
    let id = fields::text(data, "id", MAX_ID).and_then(|id| id.parse().ok());
    id.ok_or(InputError::BadField("id"))
}

fn reports(data: &Value) -> Result<Vec<ChannelMessage>, InputError> {
    let fps = fields::number(data, "fps").map(ClientReport::Fps);
    let latency = fields::number(data, "latency_ms").map(ClientReport::LatencyMs);
    let reports: Vec<_> = fps
        .into_iter()
        .chain(latency)
        .map(ChannelMessage::Report)
        .collect();
    if reports.is_empty() {
        return Err(InputError::BadField("fps"));
    }
    Ok(reports)
}

/// A number from 1 to `max`, rounded.
fn whole(data: &Value, name: &'static str, max: u32) -> Result<u32, InputError> {
    let number = required(data, name)?.round();
    if (1.0..=f64::from(max)).contains(&number) {
        Ok(number as u32)
    } else {
        Err(InputError::BadField(name))
    }
}

fn required(data: &Value, name: &'static str) -> Result<f64, InputError> {
    fields::number(data, name).ok_or(InputError::BadField(name))
}

/// The longest name of a view, in bytes.
const MAX_ID: usize = 32;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_message_is_read_as_what_it_says() {
        let text = ClipboardText::new("ü").unwrap();
        for (kind, data, message) in [
            (
                "clipboard",
                json!({"text":"ü"}),
                ChannelMessage::ClipboardWrite(text),
            ),
            ("clipboard-read", json!({}), ChannelMessage::ClipboardRead),
            (
                "set-bitrate",
                json!({"kbps":4000}),
                ChannelMessage::SetVideoBitrate { kbps: 4000 },
            ),
            (
                "set-quality",
                json!({"percent":50}),
                ChannelMessage::SetQuality { percent: 50 },
            ),
            ("pause", json!({"paused":true}), ChannelMessage::Pause(true)),
            (
                "frame-times",
                json!({"enabled":true}),
                ChannelMessage::FrameTimes(true),
            ),
            (
                "set-audio-bitrate",
                json!({"bps":128000}),
                ChannelMessage::SetAudioBitrate { bps: 128_000 },
            ),
            (
                "set-framerate",
                json!({"fps":59.9}),
                ChannelMessage::SetFramerate { fps: 60 },
            ),
            (
                "resize",
                json!({"width":1279,"height":720}),
                ChannelMessage::Resize {
                    enabled: None,
                    size: Some(FrameSize {
                        width: 1280,
                        height: 720,
                    }),
                },
            ),
            (
                "view",
                json!({"id":"window-77"}),
                ChannelMessage::Show(ViewId::Window(77)),
            ),
            ("scale", json!({"scale":1.5}), ChannelMessage::Scale(1.5)),
            (
                "pointer",
                json!({"visible":false}),
                ChannelMessage::PointerVisible(false),
            ),
            ("request-keyframe", json!(null), ChannelMessage::RequestKeyframe),
            (
                "pointers",
                json!({"enabled":true}),
                ChannelMessage::Pointers(true),
            ),
            (
                "point",
                json!({"x":0.25,"y":1}),
                ChannelMessage::Point(Fraction::new(0.25, 1.0)),
            ),
            ("point", json!({}), ChannelMessage::Point(None)),
            (
                "measure",
                json!({"lit":true}),
                ChannelMessage::Measure(Some(true)),
            ),
            ("measure", json!({}), ChannelMessage::Measure(None)),
            (
                "ping",
                json!({"timestamp":5}),
                ChannelMessage::Ping {
                    timestamp: Some(5.into()),
                    sequence: None,
                },
            ),
            (
                "pong",
                json!({"timestamp":5}),
                ChannelMessage::Pong { timestamp_ms: 5.0 },
            ),
            (
                "client-stats",
                json!({"fps":60}),
                ChannelMessage::Report(ClientReport::Fps(60.0)),
            ),
        ] {
            assert_eq!(decode(kind, &data, None), Ok(vec![message]), "{kind} {data}");
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        for (kind, data, field) in [
            ("set-bitrate", json!({"kbps":0}), "kbps"),
            ("set-bitrate", json!({"kbps":2e9}), "kbps"),
            ("set-framerate", json!({}), "fps"),
            ("set-quality", json!({"percent":101}), "percent"),
            ("pause", json!({}), "paused"),
            ("point", json!({"x":1.5,"y":0}), "x"),
            ("point", json!({"x":0.5}), "y"),
            ("resize", json!({"width":1e9,"height":2}), "width"),
            ("resize", json!({}), "width"),
            ("pointer", json!({"visible":1}), "visible"),
            ("view", json!({"id":"window-x"}), "id"),
            ("view", json!({"id":7}), "id"),
        ] {
            assert_eq!(
                decode(kind, &data, None),
                Err(InputError::BadField(field)),
                "{kind} {data}"
            );
        }
    }
}
