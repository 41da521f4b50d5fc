//! Navigation events, in the fields of GStreamer's `GstNavigation`. Coordinates are pixels of the video frame.

use serde_json::Value;

use crate::protocol::fields;
use crate::protocol::input::{Button, InputError, InputEvent, Key, Point};

/// The finger that moves the pointer: the first one that touched. The others do nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TouchState {
    finger: Option<u64>,
}

/// Reads one event. A finger is the left button.
pub(super) fn decode(touch: &mut TouchState, event: &Value) -> Result<Vec<InputEvent>, InputError> {
    let name = event
        .get("event")
        .and_then(Value::as_str)
        .ok_or(InputError::NotAMessage)?;
    let event = match name {
        "MouseMove" => InputEvent::Motion {
            position: place(event)?,
        },
        "MouseButtonPress" => button(event, true)?,
        "MouseButtonRelease" => button(event, false)?,
        // The sender turns the sign of the wheel around.
        "MouseScroll" => InputEvent::Wheel {
            delta_x: -fields::number(event, "delta_x").unwrap_or(0.0),
            delta_y: -fields::number(event, "delta_y").unwrap_or(0.0),
            position: place(event).ok(),
        },
        "KeyPress" => key(event, true)?,
        "KeyRelease" => key(event, false)?,
        "TouchDown" | "TouchMotion" | "TouchUp" => return finger(touch, name, event),
        // The end of a group of touches, each of which was taken already.
        "TouchFrame" => return Ok(Vec::new()),
        "TouchCancel" => {
            return Ok(touch
                .finger
                .take()
                .map(|_| left(false, None))
                .into_iter()
                .collect());
        }
        _ => return Err(InputError::UnknownType),
    };
    Ok(vec![event])
}

fn button(event: &Value, pressed: bool) -> Result<InputEvent, InputError> {
    let button = match event.get("button").and_then(Value::as_u64) {
        Some(1) => Button::Left,
        Some(2) => Button::Middle,
        Some(3) => Button::Right,
        Some(4) => Button::Back,
        Some(5) => Button::Forward,
        _ => return Err(InputError::BadField("button")),
    };
    Ok(InputEvent::Button {
        button,
        pressed,
        position: place(event).ok(),
    })
}

fn key(event: &Value, pressed: bool) -> Result<InputEvent, InputError> {
    let name = fields::text(event, "key", MAX_KEY_NAME).filter(|name| !name.is_empty());
    Ok(InputEvent::Key {
        key: Key::KeysymName(name.ok_or(InputError::BadField("key"))?.to_owned()),
        pressed,
    })
}

fn finger(touch: &mut TouchState, name: &str, event: &Value) -> Result<Vec<InputEvent>, InputError> {
    let identifier = event
        .get("identifier")
        .and_then(Value::as_u64)
        .ok_or(InputError::BadField("identifier"))?;
    match (name, touch.finger) {
        ("TouchDown", None) => {
            let position = place(event)?;
            touch.finger = Some(identifier);
            Ok(vec![left(true, Some(position))])
        }
        ("TouchMotion", Some(finger)) if finger == identifier => {
            let position = place(event)?;
            Ok(vec![InputEvent::Motion { position }])
        }
        ("TouchUp", Some(finger)) if finger == identifier => {
            touch.finger = None;
            Ok(vec![left(false, place(event).ok())])
        }
        _ => Ok(Vec::new()),
    }
}

fn left(pressed: bool, position: Option<Point>) -> InputEvent {
    InputEvent::Button {
        button: Button::Left,
        pressed,
        position,
    }
}

fn place(event: &Value) -> Result<Point, InputError> {
    Ok(Point {
        x: fields::number(event, "x").ok_or(InputError::BadField("x"))?,
        y: fields::number(event, "y").ok_or(InputError::BadField("y"))?,
    })
}

/// The longest name of a keysym that is taken, in bytes.
const MAX_KEY_NAME: usize = 64;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decoded(event: &Value) -> Vec<InputEvent> {
        decode(&mut TouchState::default(), event).unwrap()
    }

    #[test]
    fn pointer_wheel_and_keys_are_understood() {
        let position = Point { x: 3.5, y: 4.0 };
        assert_eq!(
            decoded(&json!({"event":"MouseMove","x":3.5,"y":4})),
            [InputEvent::Motion { position }]
        );
        assert_eq!(
            decoded(&json!({"event":"MouseButtonRelease","x":3.5,"y":4,"button":3})),
            [InputEvent::Button {
                button: Button::Right,
                pressed: false,
                position: Some(position)
            }]
        );
        assert_eq!(
            decoded(&json!({"event":"MouseScroll","x":3.5,"y":4,"delta_x":0,"delta_y":-120})),
            [InputEvent::Wheel {
                delta_x: 0.0,
                delta_y: 120.0,
                position: Some(position)
            }]
        );
        assert_eq!(
            decoded(&json!({"event":"KeyPress","key":"Return"})),
            [InputEvent::Key {
                key: Key::KeysymName("Return".to_owned()),
                pressed: true
            }]
        );
    }

    #[test]
    fn the_first_finger_is_the_left_button() {
        let mut touch = TouchState::default();
        let mut at = |name: &str, finger: u64| {
            decode(
                &mut touch,
                &json!({"event":name,"identifier":finger,"x":1,"y":2,"pressure":0.5}),
            )
            .unwrap()
        };
        assert!(matches!(
            at("TouchDown", 5)[..],
            [InputEvent::Button { pressed: true, .. }]
        ));
        assert!(at("TouchDown", 6).is_empty());
        assert!(at("TouchMotion", 6).is_empty());
        assert!(matches!(at("TouchMotion", 5)[..], [InputEvent::Motion { .. }]));
        assert!(at("TouchUp", 6).is_empty());
        assert!(matches!(
            at("TouchUp", 5)[..],
            [InputEvent::Button { pressed: false, .. }]
        ));
        assert!(at("TouchFrame", 5).is_empty());
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        for event in [
            json!({"event":"MouseMove","x":1}),
            json!({"event":"MouseButtonPress","x":1,"y":2,"button":9}),
            json!({"event":"KeyPress"}),
            json!({"event":"KeyPress","key":""}),
            json!({"event":"Fly"}),
            json!({"event":7}),
        ] {
            assert!(decode(&mut TouchState::default(), &event).is_err(), "{event}");
        }
    }
}
