//! Pointer and keyboard in the words of the native protocol: the same names and fields on the signaling socket and
//! on the data channel.

use serde_json::Value;

use super::error::InputError;
use super::event::InputEvent;
use super::held::Held;
use super::key::{Key, TypedText};
use super::layout::Layout;
use super::pointer::{Button, FrameSize, Point};
use crate::protocol::fields;

/// The longest name of a key, in bytes.
const MAX_KEY_NAME: usize = 64;

/// Reads the `data` of a message of type `kind`. Gives several events if it asks for several things (a click is a press
/// and a release), none if it asks for nothing (a repeated key).
///
/// Coordinates are pixels of the captured frame, unless the message says by `width` and `height` which space they
/// are in: then they are scaled to `frame`, where that is known.
///
/// # Errors
/// If `kind` is not about input, or the data lacks what it needs. Fields that are unknown are no error.
pub fn from_json(kind: &str, data: &Value, frame: Option<FrameSize>) -> Result<Vec<InputEvent>, InputError> {
    let space = Space::of(data, frame);
    let mut events = match kind {
        "mouse-move" => motion(data, space).map(|event| vec![event]),
        "mouse-click" => click(data, space),
        "mouse-wheel" => wheel(data, "delta_y", space).map(|event| vec![event]),
        "key-press" => key(data),
        "text" => text(data).map(|text| vec![InputEvent::Text(text)]),
        "layout" => layout(data).map(|layout| vec![InputEvent::Layout(layout)]),
        "held" => held(data).map(|held| vec![InputEvent::Held(held)]),
        "release-all" => Ok(vec![InputEvent::ReleaseAll]),
        _ => Err(InputError::UnknownType),
    }?;
    if let Some(ms) = fields::number(data, "sent_ms").filter(|ms| ms.is_finite())
        && events.iter().any(has_a_time)
    {
        events.insert(0, InputEvent::Sent { ms });
    }
    Ok(events)
}

/// True for what a viewer repeats as long as it holds it, and for the repetition.
fn has_a_time(event: &InputEvent) -> bool {
    matches!(
        event,
        InputEvent::Key { pressed: true, .. }
            | InputEvent::Button { pressed: true, .. }
            | InputEvent::Held(_)
    )
}

/// The keys that one viewer can hold.
const MAX_HELD: usize = 64;
/// The bits of `PointerEvent.buttons`.
const BUTTONS: [(u64, Button); 5] = [
    (1, Button::Left),
    (2, Button::Right),
    (4, Button::Middle),
    (8, Button::Back),
    (16, Button::Forward),
];

/// The factors of the coordinates.
#[derive(Clone, Copy)]
struct Space {
    x: f64,
    y: f64,
}

impl Space {
    fn of(data: &Value, frame: Option<FrameSize>) -> Self {
        let factor = |name, pixels: u32| {
            let size = fields::number(data, name).filter(|size| *size >= 1.0)?;
            Some(f64::from(pixels) / size)
        };
        let scaled = frame.and_then(|frame| {
            Some(Self {
                x: factor("width", frame.width)?,
                y: factor("height", frame.height)?,
            })
        });
        scaled.unwrap_or(Self { x: 1.0, y: 1.0 })
    }

    fn point(self, x: f64, y: f64) -> Point {
        Point {
            x: x * self.x,
            y: y * self.y,
        }
    }
}

fn motion(data: &Value, space: Space) -> Result<InputEvent, InputError> {
    let is_relative = data.get("relative").and_then(Value::as_bool) == Some(true);
    if !is_relative && let Some(position) = position(data, space) {
        return Ok(InputEvent::Motion { position });
    }
    let (dx, dy) = if is_relative {
        ("dx", "dy")
    } else {
        ("relative_x", "relative_y")
    };
    match (fields::number(data, dx), fields::number(data, dy)) {
        (Some(dx), Some(dy)) => Ok(InputEvent::RelativeMotion { dx, dy }),
        _ if is_relative => Err(missing(data, dx, dy)),
        _ => Err(missing(data, "x", "y")),
    }
}

fn click(data: &Value, space: Space) -> Result<Vec<InputEvent>, InputError> {
    let button = match data.get("button") {
        None | Some(Value::Null) => Button::Left,
        Some(name) => match name.as_str() {
            Some("left") => Button::Left,
            Some("middle") => Button::Middle,
            Some("right") => Button::Right,
            Some("x1") => Button::Back,
            Some("x2") => Button::Forward,
            _ => return Err(InputError::BadField("button")),
        },
    };
    let position = position(data, space);
    let event = |pressed, position| InputEvent::Button {
        button,
        pressed,
        position,
    };
    match action(data)? {
        Some("down") => Ok(vec![event(true, position)]),
        Some("up") => Ok(vec![event(false, position)]),
        Some("click") | None => Ok(vec![event(true, position), event(false, None)]),
        Some("move") => motion(data, space).map(|event| vec![event]),
        Some("wheel") => wheel(data, "wheel_delta", space).map(|event| vec![event]),
        Some(_) => Err(InputError::BadField("action")),
    }
}

fn wheel(data: &Value, vertical: &'static str, space: Space) -> Result<InputEvent, InputError> {
    Ok(InputEvent::Wheel {
        delta_x: fields::number(data, "delta_x").unwrap_or(0.0),
        delta_y: fields::number(data, vertical).ok_or(InputError::BadField(vertical))?,
        position: position(data, space),
    })
}

fn key(data: &Value) -> Result<Vec<InputEvent>, InputError> {
    let pressed = match action(data)? {
        Some("down") => true,
        Some("up") => false,
        _ => return Err(InputError::BadField("action")),
    };
    if pressed && data.get("repeat").and_then(Value::as_bool) == Some(true) {
        return Ok(Vec::new());
    }
    let name = |field| {
        fields::text(data, field, MAX_KEY_NAME)
            .unwrap_or_default()
            .to_owned()
    };
    let (key, code) = (name("key"), name("code"));
    if key.is_empty() && code.is_empty() {
        return Err(InputError::BadField("key"));
    }
    let lock = |field| data.get(field).and_then(Value::as_bool);
    // NumLock concerns the keypad alone: keyboards without one say that it is off.
    let num = lock("num_lock").filter(|_| code.starts_with("Numpad"));
    let caps = lock("caps_lock");
    let locks = (pressed && (caps.is_some() || num.is_some())).then_some(InputEvent::Locks { caps, num });
    let key = InputEvent::Key {
        key: Key::Dom { key, code },
        pressed,
    };
    Ok(locks.into_iter().chain([key]).collect())
}

fn text(data: &Value) -> Result<TypedText, InputError> {
    let text = data.get("text").and_then(Value::as_str);
    TypedText::new(text.ok_or(InputError::BadField("text"))?).ok_or(InputError::TooLong)
}

fn layout(data: &Value) -> Result<Layout, InputError> {
    let layout = data.get("keys").and_then(Layout::read);
    layout.ok_or(InputError::BadField("keys"))
}

fn held(data: &Value) -> Result<Held, InputError> {
    let keys = data.get("keys").and_then(Value::as_array);
    let keys = keys.ok_or(InputError::BadField("keys"))?.iter().take(MAX_HELD);
    let keys = keys
        .map(|key| {
            key.as_str()
                .filter(|key| key.len() <= MAX_KEY_NAME)
                .map(str::to_owned)
        })
        .collect::<Option<_>>()
        .ok_or(InputError::BadField("keys"))?;
    let mask = data.get("buttons").and_then(Value::as_u64);
    let mask = mask.ok_or(InputError::BadField("buttons"))?;
    let buttons = BUTTONS
        .iter()
        .filter(|(bit, _)| mask & bit != 0)
        .map(|(_, button)| *button)
        .collect();
    Ok(Held { keys, buttons })
}

/// The text in `action`, if there is one.
fn action(data: &Value) -> Result<Option<&str>, InputError> {
    match data.get("action") {
        None | Some(Value::Null) => Ok(None),
        Some(action) => action.as_str().map(Some).ok_or(InputError::BadField("action")),
    }
}

fn position(data: &Value, space: Space) -> Option<Point> {
    let point = space.point(fields::number(data, "x")?, fields::number(data, "y")?);
    (point.x.is_finite() && point.y.is_finite()).then_some(point)
}

fn missing(data: &Value, x: &'static str, y: &'static str) -> InputError {
    InputError::BadField(if fields::number(data, x).is_none() { x } else { y })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(x: f64, y: f64) -> Point {
        Point { x, y }
    }

    fn button(button: Button, pressed: bool, position: Option<Point>) -> InputEvent {
        InputEvent::Button {
            button,
            pressed,
            position,
        }
    }

    fn key(key: &str, code: &str) -> Key {
        Key::Dom {
            key: key.to_owned(),
            code: code.to_owned(),
        }
    }

    #[test]
    fn each_message_is_read_as_what_it_says() {
        for (kind, data, event) in [
            (
                "mouse-move",
                json!({"x":1.5,"y":-2}),
                InputEvent::Motion {
                    position: at(1.5, -2.0),
                },
            ),
            (
                "mouse-move",
                json!({"dx":3,"dy":-4,"relative":true}),
                InputEvent::RelativeMotion { dx: 3.0, dy: -4.0 },
            ),
            (
                "mouse-move",
                json!({"relative_x":3,"relative_y":-4}),
                InputEvent::RelativeMotion { dx: 3.0, dy: -4.0 },
            ),
            (
                "mouse-click",
                json!({"x":1,"y":2,"button":"x1","action":"down"}),
                button(Button::Back, true, Some(at(1.0, 2.0))),
            ),
            (
                "mouse-click",
                json!({"button":"right","action":"up"}),
                button(Button::Right, false, None),
            ),
            (
                "mouse-click",
                json!({"x":5,"y":6,"action":"move"}),
                InputEvent::Motion {
                    position: at(5.0, 6.0),
                },
            ),
            (
                "mouse-click",
                json!({"action":"wheel","wheel_delta":-120}),
                InputEvent::Wheel {
                    delta_x: 0.0,
                    delta_y: -120.0,
                    position: None,
                },
            ),
            (
                "mouse-wheel",
                json!({"x":1,"y":2,"delta_y":-120}),
                InputEvent::Wheel {
                    delta_x: 0.0,
                    delta_y: -120.0,
                    position: Some(at(1.0, 2.0)),
                },
            ),
            (
                "key-press",
                json!({"key":"a","code":"KeyA","action":"down"}),
                InputEvent::Key {
                    key: key("a", "KeyA"),
                    pressed: true,
                },
            ),
            (
                "text",
                json!({"text":"ü"}),
                InputEvent::Text(TypedText::new("ü").unwrap()),
            ),
            (
                "layout",
                json!({"keys":{"KeyA":"q"}}),
                InputEvent::Layout(Layout::read(&json!({"KeyA":"q"})).unwrap()),
            ),
            (
                "held",
                json!({"keys":["KeyA","é"],"buttons":18}),
                InputEvent::Held(Held {
                    keys: vec!["KeyA".to_owned(), "é".to_owned()],
                    buttons: vec![Button::Right, Button::Forward],
                }),
            ),
            ("release-all", Value::Null, InputEvent::ReleaseAll),
        ] {
            assert_eq!(from_json(kind, &data, None), Ok(vec![event]), "{kind} {data}");
        }
    }

    #[test]
    fn a_click_is_a_press_and_a_release_at_one_place() {
        for data in [json!({"x":1,"y":2}), json!({"x":1,"y":2,"action":"click"})] {
            let events = [
                button(Button::Left, true, Some(at(1.0, 2.0))),
                button(Button::Left, false, None),
            ];
            assert_eq!(from_json("mouse-click", &data, None).unwrap(), events, "{data}");
        }
    }

    #[test]
    fn a_repeated_key_asks_for_nothing_but_its_release_counts() {
        let data = |action| json!({"key":"a","code":"KeyA","action":action,"repeat":true});
        assert_eq!(from_json("key-press", &data("down"), None), Ok(vec![]));
        assert_eq!(from_json("key-press", &data("up"), None).unwrap().len(), 1);
    }

    #[test]
    fn the_locks_come_before_the_key_that_tells_them() {
        let data = |action| json!({"key":"A","code":"KeyA","action":action,"caps_lock":true});
        let locks = InputEvent::Locks {
            caps: Some(true),
            num: None,
        };
        assert_eq!(from_json("key-press", &data("down"), None).unwrap()[0], locks);
        assert_eq!(from_json("key-press", &data("up"), None).unwrap().len(), 1);
    }

    #[test]
    fn coordinates_in_another_space_are_scaled_to_the_frame() {
        let frame = Some(FrameSize {
            width: 1280,
            height: 720,
        });
        let data = json!({"x":320,"y":90,"width":640,"height":360});
        let position = |frame| from_json("mouse-move", &data, frame).unwrap();
        assert_eq!(
            position(frame),
            [InputEvent::Motion {
                position: at(640.0, 180.0)
            }]
        );
        assert_eq!(
            position(None),
            [InputEvent::Motion {
                position: at(320.0, 90.0)
            }]
        );
        let nowhere = json!({"x":320,"y":90,"width":0,"height":-1});
        assert_eq!(
            from_json("mouse-move", &nowhere, frame).unwrap(),
            [InputEvent::Motion {
                position: at(320.0, 90.0)
            }]
        );
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        for (kind, data, error) in [
            ("cursor", json!({}), InputError::UnknownType),
            ("mouse-move", json!({"x":"1","y":2}), InputError::BadField("x")),
            ("mouse-move", json!({"x":1}), InputError::BadField("y")),
            (
                "mouse-move",
                json!({"relative":true,"dx":1}),
                InputError::BadField("dy"),
            ),
            (
                "mouse-click",
                json!({"button":"left","action":"hold"}),
                InputError::BadField("action"),
            ),
            (
                "mouse-click",
                json!({"button":"left","action":7}),
                InputError::BadField("action"),
            ),
            ("mouse-click", json!({"button":9}), InputError::BadField("button")),
            ("mouse-wheel", json!({}), InputError::BadField("delta_y")),
            ("key-press", json!({"action":"down"}), InputError::BadField("key")),
            ("key-press", json!({"key":"a"}), InputError::BadField("action")),
            ("text", json!({"text":1}), InputError::BadField("text")),
            ("text", json!({"text":"a".repeat(4097)}), InputError::TooLong),
            ("layout", json!({}), InputError::BadField("keys")),
            (
                "layout",
                json!({"keys":{"Enter":"a"}}),
                InputError::BadField("keys"),
            ),
            (
                "held",
                json!({"keys":[1],"buttons":0}),
                InputError::BadField("keys"),
            ),
            ("held", json!({"keys":[]}), InputError::BadField("buttons")),
        ] {
            assert_eq!(from_json(kind, &data, None), Err(error), "{kind} {data}");
        }
    }
}
