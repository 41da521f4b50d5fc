use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::protocol::input::Button;

fn one(message: &str) -> ChannelMessage {
    let mut messages = decode(&mut PointerState::default(), message).unwrap();
    assert_eq!(messages.len(), 1, "{message}");
    messages.remove(0)
}

fn inputs(pointer: &mut PointerState, message: &str) -> Vec<InputEvent> {
    let messages = decode(pointer, message).unwrap();
    let event = |message| match message {
        ChannelMessage::Input(event) => event,
        other => panic!("{other:?}"),
    };
    messages.into_iter().map(event).collect()
}

fn button(button: Button, pressed: bool, x: f64, y: f64) -> InputEvent {
    InputEvent::Button {
        button,
        pressed,
        position: Some(Point { x, y }),
    }
}

#[test]
fn each_command_is_read_as_what_it_says() {
    let resize = |enabled, width, height| ChannelMessage::Resize {
        enabled,
        size: Some(FrameSize { width, height }),
    };
    for (message, expected) in [
        ("kr", ChannelMessage::Input(InputEvent::ReleaseAll)),
        ("p,1", ChannelMessage::PointerVisible(true)),
        ("p,0", ChannelMessage::PointerVisible(false)),
        ("vb,4000", ChannelMessage::SetVideoBitrate { kbps: 4000 }),
        ("ab,128000", ChannelMessage::SetAudioBitrate { bps: 128_000 }),
        ("_arg_fps,60", ChannelMessage::SetFramerate { fps: 60 }),
        ("_arg_resize,false,1279x719", resize(Some(false), 1280, 720)),
        ("r,1280x720", resize(None, 1280, 720)),
        ("s,1.25", ChannelMessage::Scale(1.25)),
        ("cr", ChannelMessage::ClipboardRead),
        (
            "cw,w7w=",
            ChannelMessage::ClipboardWrite(ClipboardText::new("ü").unwrap()),
        ),
        (
            "pong,1640995200.5",
            ChannelMessage::Pong {
                timestamp_ms: 1_640_995_200_500.0,
            },
        ),
        ("_f,60", ChannelMessage::Report(ClientReport::Fps(60.0))),
        ("_l,12", ChannelMessage::Report(ClientReport::LatencyMs(12.0))),
        (
            r#"_stats_video,[{"a":1,"b":2}]"#,
            ChannelMessage::Report(ClientReport::Video(r#"[{"a":1,"b":2}]"#.to_owned())),
        ),
        (
            "js,c,0,UGFk,4,17",
            ChannelMessage::Gamepad(Gamepad::Connected {
                pad: 0,
                name: "Pad".to_owned(),
                axes: 4,
                buttons: 17,
            }),
        ),
        (
            "js,d,3",
            ChannelMessage::Gamepad(Gamepad::Disconnected { pad: 3 }),
        ),
        (
            "js,b,0,2,1",
            ChannelMessage::Gamepad(Gamepad::Button {
                pad: 0,
                button: 2,
                value: 1.0,
            }),
        ),
        (
            "js,a,0,1,-0.5",
            ChannelMessage::Gamepad(Gamepad::Axis {
                pad: 0,
                axis: 1,
                value: -0.5,
            }),
        ),
    ] {
        assert_eq!(one(message), expected, "{message}");
    }
}

#[test]
fn a_key_is_a_keysym() {
    let keysym = |message: &str| match one(message) {
        ChannelMessage::Input(InputEvent::Key {
            key: Key::Keysym(keysym),
            pressed,
        }) => (keysym, pressed),
        other => panic!("{other:?}"),
    };
    assert_eq!(keysym("kd,97"), (97, true));
    assert_eq!(keysym("ku,65293"), (65293, false));
}

#[test]
fn buttons_go_down_and_up_at_the_edges_of_the_mask() {
    let mut pointer = PointerState::default();
    assert_eq!(
        inputs(&mut pointer, "m,10,20,0,0"),
        [InputEvent::Motion {
            position: Point { x: 10.0, y: 20.0 }
        }]
    );
    assert_eq!(
        inputs(&mut pointer, "m,10,20,1,0"),
        [button(Button::Left, true, 10.0, 20.0)]
    );
    assert!(matches!(
        inputs(&mut pointer, "m,11,20,1,0")[..],
        [InputEvent::Motion { .. }]
    ));
    assert_eq!(
        inputs(&mut pointer, "m,12,20,6,0"),
        [
            button(Button::Left, false, 12.0, 20.0),
            button(Button::Middle, true, 12.0, 20.0),
            button(Button::Right, true, 12.0, 20.0)
        ]
    );
}

#[test]
fn the_wheel_turns_once_when_its_bit_comes_by_as_much_as_is_said() {
    let mut pointer = PointerState::default();
    let turned = |events: Vec<InputEvent>| match events[..] {
        [InputEvent::Wheel { delta_y, .. }] => delta_y,
        _ => panic!("{events:?}"),
    };
    assert_eq!(turned(inputs(&mut pointer, "m,248,168,8,1")), 120.0);
    assert!(matches!(
        inputs(&mut pointer, "m,248,168,0,1")[..],
        [InputEvent::Motion { .. }]
    ));
    assert_eq!(turned(inputs(&mut pointer, "m,248,168,16,3")), -360.0);
    inputs(&mut pointer, "m,248,168,0,3");
    assert_eq!(turned(inputs(&mut pointer, "m,248,168,8,0")), 120.0);
}

#[test]
fn a_relative_motion_is_not_repeated_by_a_turn_of_the_wheel() {
    let mut pointer = PointerState::default();
    assert_eq!(
        inputs(&mut pointer, "m2,1.5,-2,0,0"),
        [InputEvent::RelativeMotion { dx: 1.5, dy: -2.0 }]
    );
    assert!(matches!(
        inputs(&mut pointer, "m2,1.5,-2,8,1")[..],
        [InputEvent::Wheel { .. }]
    ));
    assert!(inputs(&mut pointer, "m2,1.5,-2,0,1").is_empty());
}

#[test]
fn after_everything_was_released_a_button_that_is_still_down_is_pressed_again() {
    let mut pointer = PointerState::default();
    inputs(&mut pointer, "m,1,1,1,0");
    inputs(&mut pointer, "kr");
    assert_eq!(
        inputs(&mut pointer, "m,1,1,1,0"),
        [button(Button::Left, true, 1.0, 1.0)]
    );
}

#[test]
fn what_is_not_known_is_ignored_and_what_is_impossible_is_refused() {
    let mut pointer = PointerState::default();
    assert_eq!(decode(&mut pointer, "b,1"), Ok(vec![]));
    assert_eq!(decode(&mut pointer, "nonsense"), Ok(vec![]));
    for message in [
        "kd",
        "kd,",
        "kd,0",
        "kd,-1",
        "kd,x",
        "kd,1e10",
        "m,1",
        "m,1,2",
        "m,inf,2,0,0",
        "m,NaN,2,0,0",
        "p,2",
        "vb,0",
        "r,0x0",
        "r,1",
        "s,x",
        "cw,!",
        "cw,/w==",
        "js",
        "js,b,9,1,1",
        "_arg_resize,maybe,1x1",
    ] {
        assert!(decode(&mut pointer, message).is_err(), "{message}");
    }
}

#[test]
fn neither_keys_nor_the_clipboard_show_in_a_log() {
    let shown = format!("{:?} {:?}", one("cw,aHVudGVyMg=="), one("kd,104"));
    assert!(!shown.contains("hunter2") && !shown.contains("104"), "{shown}");
}

proptest! {
    #[test]
    fn a_button_that_the_mask_says_is_up_is_never_held(
        steps in prop::collection::vec((any::<bool>(), any::<bool>(), 0_u32..64, 0_u32..12), 0..60)
    ) {
        let mut pointer = PointerState::default();
        let mut held = BTreeSet::new();
        for (release, relative, mask, magnitude) in steps {
            if release {
                prop_assert_eq!(inputs(&mut pointer, "kr"), [InputEvent::ReleaseAll]);
                held.clear();
            }
            let word = if relative { "m2" } else { "m" };
            for event in inputs(&mut pointer, &format!("{word},3,4,{mask},{magnitude}")) {
                if let InputEvent::Button { button, pressed, .. } = event {
                    let bit = match button {
                        Button::Left => 1,
                        Button::Middle => 2,
                        Button::Right => 4,
                        other => panic!("{other:?}"),
                    };
                    if pressed { held.insert(bit); } else { held.remove(&bit); }
                }
            }
            prop_assert_eq!(held.iter().sum::<u32>(), mask & 7);
        }
    }
}
