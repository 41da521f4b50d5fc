use proptest::prelude::*;

use super::*;
use crate::input::{Fetch, Keycode, RecordBackend, Recorded};
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
        2 => (0..5000_u32).prop_map(|ms| InputEvent::Sent { ms: ms.into() }),
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
                dispatcher.apply(Batch { messages, overflowed }, Instant::now(), || false);
            }
        }
    }
    let overflowed = false;
    dispatcher.apply(Batch { messages, overflowed }, Instant::now(), || false);
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

/// A viewer whose messages come when the test says so, and whose clock agrees with ours.
struct Line {
    start: Instant,
    dispatcher: Dispatcher,
    recording: crate::input::Recording,
}

impl Line {
    fn new() -> Line {
        let (backend, recording) = RecordBackend::new();
        Line {
            start: Instant::now(),
            dispatcher: Dispatcher::new(Box::new(backend), PointerGrab::default()),
            recording,
        }
    }

    /// Lets `events` come together at `at_ms`; those with a time were sent then.
    fn come(&mut self, at_ms: u64, events: Vec<(Option<u64>, InputEvent)>) {
        let mut messages = Vec::new();
        for (sent_ms, event) in events {
            let sent = sent_ms.map(|ms| InputEvent::Sent { ms: ms as f64 });
            messages.extend(
                sent.into_iter()
                    .chain([event])
                    .map(|event| Message::Event(ViewerId(1), event)),
            );
        }
        let (overflowed, now) = (false, self.start + Duration::from_millis(at_ms));
        self.dispatcher
            .apply(Batch { messages, overflowed }, now, || false);
    }

    /// Lets the time pass, with nothing but another viewer's motion.
    fn wait(&mut self, until_ms: u64) {
        let motion = InputEvent::RelativeMotion { dx: 0.0, dy: 0.0 };
        let messages = vec![Message::Event(ViewerId(2), motion)];
        let (overflowed, now) = (false, self.start + Duration::from_millis(until_ms));
        self.dispatcher
            .apply(Batch { messages, overflowed }, now, || false);
    }

    fn strokes(&self) -> Vec<bool> {
        let of_key = |event: &Recorded| match event {
            Recorded::Key(_, pressed) => Some(*pressed),
            _ => None,
        };
        self.recording.events().iter().filter_map(of_key).collect()
    }
}

fn backspace(pressed: bool) -> InputEvent {
    let (key, code) = ("Backspace".to_owned(), "Backspace".to_owned());
    let key = Key::Dom { key, code };
    InputEvent::Key { key, pressed }
}

fn held_backspace() -> InputEvent {
    let (keys, buttons) = (vec!["Backspace".to_owned()], Vec::new());
    InputEvent::Held(Held { keys, buttons })
}

#[test]
fn a_key_that_was_struck_before_a_stall_goes_down_once_and_not_for_long() {
    for stall_ms in [500, 1500, 7000] {
        let mut line = Line::new();
        line.come(0, vec![(Some(0), backspace(true))]);
        line.wait(300);
        assert_eq!(line.strokes(), [true, false], "the desktop repeats after 500 ms");
        line.come(stall_ms, vec![(None, backspace(false))]);
        line.wait(stall_ms + 3000);
        assert_eq!(line.strokes(), [true, false]);
    }
}

#[test]
fn a_key_that_was_held_during_a_stall_for_less_than_a_repeat_takes_is_one_stroke() {
    for stall_ms in [500, 1500, 7000] {
        let mut line = Line::new();
        line.come(0, vec![(Some(0), backspace(true))]);
        line.wait(stall_ms - 1);
        // It comes one by one: the line sends what was lost again.
        for sent_ms in [100, 200, 300, 400] {
            line.come(stall_ms + sent_ms / 100, vec![(Some(sent_ms), held_backspace())]);
        }
        line.come(stall_ms + 10, vec![(None, backspace(false))]);
        assert_eq!(line.strokes(), [true, false], "{stall_ms}");
    }
}

#[test]
fn a_key_that_is_held_through_a_stall_goes_down_again_and_stays() {
    let mut line = Line::new();
    line.come(0, vec![(Some(0), backspace(true))]);
    line.wait(399);
    for ms in (400..3000).step_by(100) {
        line.come(ms, vec![(Some(ms), held_backspace())]);
    }
    assert_eq!(line.strokes(), [true, false, true]);
    line.come(3000, vec![(None, backspace(false))]);
    assert_eq!(line.strokes(), [true, false, true, false]);
}

#[test]
fn a_key_that_is_held_on_a_good_line_stays_down() {
    let mut line = Line::new();
    line.come(0, vec![(Some(0), backspace(true))]);
    for ms in (100..5000).step_by(100) {
        line.come(ms + ms % 30, vec![(Some(ms), held_backspace())]);
    }
    assert_eq!(line.strokes(), [true]);
}

#[test]
fn a_key_of_a_client_that_promised_no_reports_stays_down() {
    let mut line = Line::new();
    line.come(0, vec![(None, backspace(true))]);
    line.wait(60_000);
    assert_eq!(line.strokes(), [true]);
}

#[test]
fn a_button_stays_down_over_a_stall_in_which_something_may_be_dragged() {
    let mut line = Line::new();
    let button = InputEvent::Button {
        button: Button::Left,
        pressed: true,
        position: None,
    };
    line.come(0, vec![(Some(0), button)]);
    line.wait(1999);
    assert_eq!(line.recording.events().len(), 1);
    line.wait(2000);
    assert_eq!(
        line.recording.events().last(),
        Some(&Recorded::Button(Button::Left, false))
    );
}

#[test]
fn what_was_let_go_is_not_pressed_again_for_a_viewer_that_was_told_to_release() {
    let mut line = Line::new();
    line.come(0, vec![(Some(0), backspace(true))]);
    line.wait(400);
    line.come(500, vec![(None, InputEvent::ReleaseAll)]);
    line.come(700, vec![(Some(700), held_backspace())]);
    assert_eq!(line.strokes(), [true, false]);
}

#[test]
fn what_waited_behind_a_paste_of_its_viewer_is_not_taken_for_late() {
    let mut line = Line::new();
    let now = line.start;
    line.dispatcher
        .waiting
        .fetch(Fetch::Possible(Source::Clipboard), now);
    let stroke = |code: &str, name: &str, pressed| {
        let (key, code) = (name.to_owned(), code.to_owned());
        InputEvent::Key {
            key: Key::Dom { key, code },
            pressed,
        }
    };
    line.come(0, vec![(Some(0), stroke("Insert", "Insert", true))]);
    let strokes = line.strokes().len();
    line.come(1, vec![(None, stroke("Insert", "Insert", false))]);
    line.dispatcher
        .waiting
        .pressed(ViewerId(1), Some(Source::Clipboard), now);
    line.dispatcher.waiting.fetch(Fetch::UnderWay, now);
    line.come(10, vec![(Some(10), backspace(true))]);
    for ms in (100..2000).step_by(100) {
        line.come(ms, vec![(Some(ms), held_backspace())]);
    }
    assert_eq!(
        line.strokes().len(),
        strokes + 1,
        "it waits for the program that fetches"
    );
    line.dispatcher
        .waiting
        .fetch(Fetch::Done, now + Duration::from_millis(2000));
    for ms in (2040..4000).step_by(100) {
        line.come(ms, vec![(Some(ms), held_backspace())]);
    }
    assert_eq!(
        line.strokes()[strokes + 1..],
        [true],
        "held, and not let go in between"
    );
}

mod paste;
