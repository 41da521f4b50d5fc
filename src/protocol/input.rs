//! What a viewer does with pointer and keyboard, as it arrives on the data channel `input`.
//!
//! Each message is one JSON object `{"type": …, "data": {…}}`. The same names and fields serve the
//! signaling socket, so there is one decoder.

use serde_json::Value;

use super::fields;

/// A message longer than this is refused before it is parsed, in bytes.
pub const MAX_INPUT_MESSAGE: usize = 16 * 1024;

/// One thing that a viewer did.
#[derive(Debug, Clone, PartialEq)]
pub enum InputEvent {
    /// The pointer is at `position`.
    Motion {
        /// Where, in pixels of the captured frame.
        position: Point,
    },
    /// The pointer moved by this much, in pixels of the captured frame (pointer lock).
    RelativeMotion {
        /// To the right when positive.
        dx: f64,
        /// Downwards when positive.
        dy: f64,
    },
    /// A pointer button went down or up.
    Button {
        /// Which one.
        button: Button,
        /// Down or up.
        pressed: bool,
        /// Where the pointer was, if the message says so: it is moved there first.
        position: Option<Point>,
    },
    /// The wheel turned. 120 is one notch, as in the wheel events of browsers on Linux.
    Wheel {
        /// To the right when positive.
        delta_x: f64,
        /// Towards the user (the page moves up) when positive.
        delta_y: f64,
        /// Where the pointer was, if the message says so.
        position: Option<Point>,
    },
    /// A key went down or up. Repeats are not events: the X server repeats by itself.
    Key {
        /// Which one.
        key: Key,
        /// Down or up.
        pressed: bool,
    },
    /// Release whatever this viewer holds: the page lost the focus.
    ReleaseAll,
}

/// A position in pixels of the captured frame. Fractional, finite, not yet clamped to the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// From the left edge.
    pub x: f64,
    /// From the top edge.
    pub y: f64,
}

/// The five buttons of a pointer that every browser reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Button {
    /// The primary button.
    Left,
    /// The wheel, pressed.
    Middle,
    /// The secondary button.
    Right,
    /// "Back", the fourth button of a mouse.
    Back,
    /// "Forward", the fifth.
    Forward,
}

/// A key, in the terms of the viewer's protocol.
///
/// `Debug` hides the contents: what somebody types must not reach a log.
#[derive(Clone, PartialEq, Eq)]
pub enum Key {
    /// In the terms of [UI Events](https://www.w3.org/TR/uievents-code/). At least one of the two is not empty.
    Dom {
        /// `KeyboardEvent.key`: the character typed, or the name of a key that types none. May be empty.
        key: String,
        /// `KeyboardEvent.code`: the physical key. Empty where the viewer does not know it (on-screen keyboards).
        code: String,
    },
    /// The number of an X keysym: Latin-1 as it is, other characters as 0x01000000 plus their code point or by the
    /// older numbers.
    Keysym(u32),
    /// The name of an X keysym without its prefix: "Return", "a", "Shift_L".
    KeysymName(String),
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Why a message on the data channel was not understood. Says nothing of its contents: they may be keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputError {
    /// Longer than [`MAX_INPUT_MESSAGE`].
    TooLong,
    /// Not a JSON object with a text in `type`.
    NotAMessage,
    /// `type` is none of ours.
    UnknownType,
    /// A field is missing, of the wrong kind, or not a finite number.
    BadField(&'static str),
}

impl std::fmt::Display for InputError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong => write!(f, "longer than {MAX_INPUT_MESSAGE} bytes"),
            Self::NotAMessage => f.write_str("not a JSON object with a \"type\""),
            Self::UnknownType => f.write_str("of an unknown type"),
            Self::BadField(name) => write!(f, "without a usable field \"{name}\""),
        }
    }
}

impl std::error::Error for InputError {}

impl InputEvent {
    /// Reads one message of the data channel. `Ok(None)` is a message that asks for nothing: a repeated key.
    ///
    /// # Errors
    /// If it is not one of the messages above. Fields that are unknown are no error.
    pub fn decode(message: &str) -> Result<Option<Self>, InputError> {
        if message.len() > MAX_INPUT_MESSAGE {
            return Err(InputError::TooLong);
        }
        let value: Value = serde_json::from_str(message).map_err(|_| InputError::NotAMessage)?;
        let kind = value
            .get("type")
            .and_then(Value::as_str)
            .ok_or(InputError::NotAMessage)?;
        let data = value.get("data").unwrap_or(&Value::Null);
        match kind {
            "mouse-move" => motion(data).map(Some),
            "mouse-click" => button(data).map(Some),
            "mouse-wheel" => wheel(data).map(Some),
            "key-press" => key(data),
            "release-all" => Ok(Some(Self::ReleaseAll)),
            _ => Err(InputError::UnknownType),
        }
    }
}

fn motion(data: &Value) -> Result<InputEvent, InputError> {
    if data.get("relative").and_then(Value::as_bool) == Some(true) {
        return Ok(InputEvent::RelativeMotion {
            dx: required(data, "dx")?,
            dy: required(data, "dy")?,
        });
    }
    Ok(InputEvent::Motion {
        position: Point {
            x: required(data, "x")?,
            y: required(data, "y")?,
        },
    })
}

fn button(data: &Value) -> Result<InputEvent, InputError> {
    let button = match data.get("button").and_then(Value::as_str) {
        Some("left") | None => Button::Left,
        Some("middle") => Button::Middle,
        Some("right") => Button::Right,
        Some("x1") => Button::Back,
        Some("x2") => Button::Forward,
        Some(_) => return Err(InputError::BadField("button")),
    };
    Ok(InputEvent::Button {
        button,
        pressed: pressed(data)?,
        position: position(data),
    })
}

fn wheel(data: &Value) -> Result<InputEvent, InputError> {
    Ok(InputEvent::Wheel {
        delta_x: fields::number(data, "delta_x").unwrap_or(0.0),
        delta_y: required(data, "delta_y")?,
        position: position(data),
    })
}

fn key(data: &Value) -> Result<Option<InputEvent>, InputError> {
    if data.get("repeat").and_then(Value::as_bool) == Some(true) {
        return Ok(None);
    }
    let name = |field: &'static str| fields::text(data, field, 64).unwrap_or_default().to_owned();
    let (key, code) = (name("key"), name("code"));
    if key.is_empty() && code.is_empty() {
        return Err(InputError::BadField("key"));
    }
    Ok(Some(InputEvent::Key {
        key: Key::Dom { key, code },
        pressed: pressed(data)?,
    }))
}

fn pressed(data: &Value) -> Result<bool, InputError> {
    match data.get("action").and_then(Value::as_str) {
        Some("down") => Ok(true),
        Some("up") => Ok(false),
        _ => Err(InputError::BadField("action")),
    }
}

fn position(data: &Value) -> Option<Point> {
    Some(Point {
        x: fields::number(data, "x")?,
        y: fields::number(data, "y")?,
    })
}

fn required(data: &Value, name: &'static str) -> Result<f64, InputError> {
    fields::number(data, name).ok_or(InputError::BadField(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str, code: &str) -> Key {
        Key::Dom {
            key: key.to_owned(),
            code: code.to_owned(),
        }
    }

    #[test]
    fn each_message_is_read_as_what_it_says() {
        let at = |x, y| Point { x, y };
        for (message, event) in [
            (
                r#"{"type":"mouse-move","data":{"x":1.5,"y":-2}}"#,
                InputEvent::Motion {
                    position: at(1.5, -2.0),
                },
            ),
            (
                r#"{"type":"mouse-move","data":{"dx":3,"dy":-4,"relative":true}}"#,
                InputEvent::RelativeMotion { dx: 3.0, dy: -4.0 },
            ),
            (
                r#"{"type":"mouse-click","data":{"x":1,"y":2,"button":"x1","action":"down"}}"#,
                InputEvent::Button {
                    button: Button::Back,
                    pressed: true,
                    position: Some(at(1.0, 2.0)),
                },
            ),
            (
                r#"{"type":"mouse-click","data":{"button":"right","action":"up"}}"#,
                InputEvent::Button {
                    button: Button::Right,
                    pressed: false,
                    position: None,
                },
            ),
            (
                r#"{"type":"mouse-wheel","data":{"x":1,"y":2,"delta_y":-120}}"#,
                InputEvent::Wheel {
                    delta_x: 0.0,
                    delta_y: -120.0,
                    position: Some(at(1.0, 2.0)),
                },
            ),
            (
                r#"{"type":"key-press","data":{"key":"a","code":"KeyA","action":"down"}}"#,
                InputEvent::Key {
                    key: key("a", "KeyA"),
                    pressed: true,
                },
            ),
            (r#"{"type":"release-all","data":{}}"#, InputEvent::ReleaseAll),
            (r#"{"type":"release-all"}"#, InputEvent::ReleaseAll),
        ] {
            assert_eq!(InputEvent::decode(message), Ok(Some(event)), "{message}");
        }
    }

    #[test]
    fn a_repeated_key_asks_for_nothing() {
        let message =
            r#"{"type":"key-press","data":{"key":"a","code":"KeyA","action":"down","repeat":true}}"#;
        assert_eq!(InputEvent::decode(message), Ok(None));
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        for (message, error) in [
            ("kd,97".to_owned(), InputError::NotAMessage),
            ("{}".to_owned(), InputError::NotAMessage),
            (r#"{"type":"cursor"}"#.to_owned(), InputError::UnknownType),
            (
                r#"{"type":"mouse-move","data":{"x":"1","y":2}}"#.to_owned(),
                InputError::BadField("x"),
            ),
            (
                r#"{"type":"mouse-move","data":{"x":1e999,"y":2}}"#.to_owned(),
                InputError::NotAMessage,
            ),
            (
                r#"{"type":"mouse-click","data":{"button":"left"}}"#.to_owned(),
                InputError::BadField("action"),
            ),
            (
                r#"{"type":"key-press","data":{"action":"down"}}"#.to_owned(),
                InputError::BadField("key"),
            ),
            (
                format!("\"{}\"", "x".repeat(MAX_INPUT_MESSAGE)),
                InputError::TooLong,
            ),
        ] {
            assert_eq!(
                InputEvent::decode(&message),
                Err(error),
                "{}",
                &message[..message.len().min(80)]
            );
        }
    }

    #[test]
    fn a_key_does_not_show_in_a_log() {
        let shown = format!(
            "{:?}",
            InputEvent::Key {
                key: key("hunter2", "KeyH"),
                pressed: true
            }
        );
        assert!(!shown.contains("hunter2") && !shown.contains("KeyH"), "{shown}");
    }
}
