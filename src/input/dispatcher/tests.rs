use proptest::prelude::*;

use super::*;
use crate::input::{Keycode, RecordBackend, Recorded};
use crate::protocol::input::Button;

/// The steps of a sequence, in any order.
#[derive(Debug, Clone)]
enum Step {
    Event(u64, InputEvent),
    Gone(u64),
    /// The events so far are applied; true: others were lost before them.
    Batch(bool),
}

fn key() -> impl Strategy<Value = Key> {
    let codes = vec![
        "KeyA",
        "KeyB",
        "ShiftLeft",
        "ControlLeft",
        "AltRight",
        "NoSuchKey",
        "",
    ];
    let names = vec!["a", "A", "é", "Shift", "Shift_L", ""];
    prop_oneof![
        4 => (prop::sample::select(codes), prop::sample::select(names.clone())).prop_map(|(code, key)| Key::Dom {
            key: key.to_owned(),
            code: code.to_owned(),
        }),
        1 => prop::sample::select(vec![97, 65, 0xffe1, 0x0100_6f22, 0, u32::MAX]).prop_map(Key::Keysym),
        1 => prop::sample::select(names).prop_map(|name| Key::KeysymName(name.to_owned())),
    ]
}

fn button() -> impl Strategy<Value = Button> {
    prop::sample::select(vec![Button::Left, Button::Middle, Button::Right, Button::Back])
}

fn event() -> impl Strategy<Value = InputEvent> {
    let number = || prop::num::f64::NORMAL;
    let place = || (number(), number()).prop_map(|(x, y)| Point { x, y });
    prop_oneof![
        6 => (key(), any::<bool>()).prop_map(|(key, pressed)| InputEvent::Key { key, pressed }),
        4 => (button(), any::<bool>(), prop::option::of(place()))
            .prop_map(|(button, pressed, position)| InputEvent::Button { button, pressed, position }),
        1 => place().prop_map(|position| InputEvent::Motion { position }),
        1 => (number(), number()).prop_map(|(dx, dy)| InputEvent::RelativeMotion { dx, dy }),
        1 => (number(), number(), prop::option::of(place()))
            .prop_map(|(delta_x, delta_y, position)| InputEvent::Wheel { delta_x, delta_y, position }),
        1 => prop::sample::select(vec!["aé", "漢\n"])
            .prop_map(|text| InputEvent::Text(TypedText::new(text).unwrap())),
        1 => (prop::sample::subsequence(vec!["KeyA", "ShiftLeft", "a"], 0..3), prop::collection::vec(button(), 0..2))
            .prop_map(|(keys, buttons)| {
                let keys = keys.into_iter().map(str::to_owned).collect();
                InputEvent::Held(Held { keys, buttons })
            }),
        1 => Just(InputEvent::ReleaseAll),
        1 => Just(InputEvent::Layout(Layout::default())),
        1 => any::<(Option<bool>, Option<bool>)>().prop_map(|(caps, num)| InputEvent::Locks { caps, num }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..VIEWERS, event()).prop_map(|(viewer, event)| Step::Event(viewer, event)),
        1 => (0..VIEWERS).prop_map(Step::Gone),
        2 => prop::bool::weighted(0.1).prop_map(Step::Batch),
    ]
}

/// The keys and buttons that are down after `events`.
fn down(events: &[Recorded]) -> Vec<Recorded> {
    let mut down: Vec<Recorded> = Vec::new();
    for event in events {
        let pressed = match event {
            Recorded::Key(keycode, _) => Recorded::Key(*keycode, true),
            Recorded::Button(button, _) => Recorded::Button(*button, true),
            _ => continue,
        };
        down.retain(|held| *held != pressed);
        if *event == pressed {
            down.push(pressed);
        }
    }
    down
}

/// Does `steps`, and gives what the desktop was told.
fn apply(dispatcher: &mut Dispatcher, steps: Vec<Step>) {
    let mut messages = Vec::new();
    for step in steps {
        match step {
            Step::Event(viewer, event) => messages.push(Message::Event(ViewerId(viewer), event)),
            Step::Gone(viewer) => messages.push(Message::Gone(ViewerId(viewer))),
            Step::Batch(overflowed) => {
                let messages = std::mem::take(&mut messages);
                dispatcher.apply(Batch { messages, overflowed }, || false);
            }
        }
    }
    let overflowed = false;
    dispatcher.apply(Batch { messages, overflowed }, || false);
}

proptest! {
    #[test]
    fn nothing_is_held_when_all_have_left(mut steps in prop::collection::vec(step(), 0..80)) {
        let (backend, recording) = RecordBackend::new();
        let mut dispatcher = Dispatcher::new(Box::new(backend), PointerGrab::default());
        steps.extend((0..VIEWERS).map(Step::Gone));
        apply(&mut dispatcher, steps);
        let events = recording.events();
        prop_assert_eq!(down(&events), []);
        for event in events {
            if let Recorded::MoveTo(Point { x, y }) = event {
                prop_assert!(x.is_finite() && y.is_finite());
            }
        }
    }

    #[test]
    fn who_stays_keeps_what_it_holds(steps in prop::collection::vec(step(), 0..80)) {
        let (backend, recording) = RecordBackend::new();
        let mut dispatcher = Dispatcher::new(Box::new(backend), PointerGrab::default());
        let is_overflow = |step: &Step| matches!(step, Step::Batch(true));
        prop_assume!(!steps.iter().any(is_overflow));
        let stays = InputEvent::Key {
            key: Key::Dom { key: String::new(), code: "F12".to_owned() },
            pressed: true,
        };
        apply(&mut dispatcher, vec![Step::Event(VIEWERS, stays)]);
        apply(&mut dispatcher, steps);
        apply(&mut dispatcher, (0..VIEWERS).map(Step::Gone).collect());
        prop_assert_eq!(down(&recording.events()), [Recorded::Key(Keycode(96), true)]);
        dispatcher.close();
        prop_assert_eq!(down(&recording.events()), []);
    }
}

const VIEWERS: u64 = 4;
