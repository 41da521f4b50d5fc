//! Input behind a paste, and the watch over what is held meanwhile.

use super::*;

fn stroke(code: &str, pressed: bool) -> InputEvent {
    let (key, code) = (code.trim_start_matches("Key").to_lowercase(), code.to_owned());
    let key = Key::Dom { key, code };
    InputEvent::Key { key, pressed }
}

const CONTROL: u32 = 37;
const V: u32 = 55;
const A: u32 = 38;

/// A viewer that has pressed Ctrl+V at 0 ms, and whose program fetches.
struct Paste(Line);

impl Paste {
    fn new(has_times: bool) -> Paste {
        let mut paste = Paste(Line::new());
        paste.fetch(Fetch::Possible(Source::Clipboard), 0);
        let sent = has_times.then_some(0);
        paste.0.come(
            0,
            vec![(sent, stroke("ControlLeft", true)), (sent, stroke("KeyV", true))],
        );
        paste.fetch(Fetch::UnderWay, 0);
        paste
    }

    fn fetch(&mut self, fetch: Fetch, at_ms: u64) {
        let (overflowed, now) = (false, self.0.start + Duration::from_millis(at_ms));
        let messages = vec![Message::Fetch(fetch)];
        self.0
            .dispatcher
            .apply(Batch { messages, overflowed }, now, || false);
    }

    fn come(&mut self, at_ms: u64, events: &[InputEvent]) {
        self.0
            .come(at_ms, events.iter().map(|event| (None, event.clone())).collect());
    }

    /// The strokes behind Ctrl+V.
    fn strokes(&self) -> Vec<(u32, bool)> {
        let of_key = |event: &Recorded| match event {
            Recorded::Key(Keycode(number), pressed) => Some((*number, *pressed)),
            _ => None,
        };
        self.0
            .recording
            .events()
            .iter()
            .filter_map(of_key)
            .skip(2)
            .collect()
    }
}

#[test]
fn modifiers_of_a_viewer_stay_down_for_the_keys_that_wait_however_long() {
    for has_times in [true, false] {
        let mut paste = Paste::new(has_times);
        let held = InputEvent::Held(Held {
            keys: vec!["ControlLeft".to_owned()],
            buttons: Vec::new(),
        });
        paste.0.come(50, vec![(has_times.then_some(50), held)]);
        paste.come(
            100,
            &[
                stroke("KeyV", false),
                stroke("KeyA", true),
                stroke("KeyA", false),
                stroke("ControlLeft", false),
            ],
        );
        paste.0.wait(9000);
        assert_eq!(paste.strokes(), [(V, false)]);
        paste.fetch(Fetch::Done, 9000);
        paste.0.wait(9030);
        assert_eq!(
            paste.strokes()[1..],
            [(A, true), (A, false), (CONTROL, false)],
            "{has_times}"
        );
    }
}

#[test]
fn a_key_that_pastes_behind_a_paste_does_not_wait_for_its_own_to_be_released() {
    let mut paste = Paste::new(true);
    let more = [
        stroke("KeyV", false),
        stroke("KeyV", true),
        stroke("KeyV", true),
        stroke("KeyV", false),
        stroke("KeyA", true),
        stroke("KeyA", false),
    ];
    paste.come(100, &more);
    paste.fetch(Fetch::Done, 1000);
    paste.0.wait(1030);
    paste.fetch(Fetch::UnderWay, 1040);
    assert_eq!(paste.strokes(), [(V, false), (V, true), (V, false)]);
    paste.fetch(Fetch::Done, 2000);
    paste.0.wait(2030);
    assert_eq!(paste.strokes()[3..5], [(A, true), (A, false)]);
}

#[test]
fn repeats_of_a_key_that_is_down_do_not_wait_to_press_it_again() {
    let mut paste = Paste::new(false);
    paste.come(500, &[stroke("KeyV", true)]);
    paste.come(600, &[stroke("KeyV", true)]);
    paste.come(700, &[stroke("KeyV", false)]);
    paste.fetch(Fetch::Done, 1000);
    paste.0.wait(9000);
    assert_eq!(paste.strokes(), [(V, false)]);
}

#[test]
fn what_the_desktop_would_repeat_is_released_though_the_wish_to_release_all_waits() {
    let (keys, buttons) = (Vec::new(), Vec::new());
    let nothing = InputEvent::Held(Held { keys, buttons });
    for release in [InputEvent::ReleaseAll, nothing] {
        let mut paste = Paste::new(false);
        paste.come(100, &[release, stroke("KeyA", true)]);
        assert_eq!(
            paste.strokes(),
            [(V, false)],
            "Control may be for a key that waits"
        );
        paste.fetch(Fetch::Done, 1000);
        paste.0.wait(1030);
        assert_eq!(paste.strokes()[1..], [(CONTROL, false), (A, true)]);
    }
}

#[test]
fn a_key_that_was_let_go_in_a_stall_is_not_pressed_again_by_a_report_that_has_waited() {
    let mut paste = Paste::new(true);
    let held = InputEvent::Held(Held {
        keys: vec!["ControlLeft".to_owned(), "KeyV".to_owned()],
        buttons: Vec::new(),
    });
    paste.0.come(600, vec![(Some(600), held)]);
    paste.0.wait(900);
    assert_eq!(paste.strokes(), [(V, false)]);
    paste.fetch(Fetch::Done, 1500);
    paste.0.wait(1530);
    assert_eq!(paste.strokes(), [(V, false)]);
}

#[test]
fn input_waits_behind_a_click_of_the_middle_button_and_not_behind_a_drag() {
    for (until_ms, waits) in [(100, true), (700, false)] {
        let mut paste = Paste(Line::new());
        paste.fetch(Fetch::Possible(Source::Primary), 0);
        let (button, position) = (Button::Middle, None);
        for (at_ms, pressed) in [(0, true), (until_ms, false)] {
            paste.come(
                at_ms,
                &[InputEvent::Button {
                    button,
                    pressed,
                    position,
                }],
            );
        }
        assert_eq!(paste.0.dispatcher.waiting.waits(ViewerId(1)), waits, "{until_ms}");
    }
}

/// An event around a paste.
#[derive(Debug, Clone)]
enum Moment {
    Key(&'static str, bool),
    ReleaseAll,
    /// The viewer reports what it holds.
    Report,
    Fetch(Fetch),
    /// The time goes on, in milliseconds.
    Pass(u64),
}

fn moment() -> impl Strategy<Value = Moment> {
    let codes = prop::sample::select(vec!["ControlLeft", "KeyV", "KeyA"]);
    let fetches = vec![
        Fetch::Possible(Source::Clipboard),
        Fetch::Impossible(Source::Clipboard),
        Fetch::Asked,
        Fetch::UnderWay,
        Fetch::Done,
    ];
    prop_oneof![
        8 => (codes, any::<bool>()).prop_map(|(code, pressed)| Moment::Key(code, pressed)),
        1 => Just(Moment::ReleaseAll),
        1 => Just(Moment::Report),
        3 => prop::sample::select(fetches).prop_map(Moment::Fetch),
        2 => prop::sample::select(vec![10, 40, 300, 1100]).prop_map(Moment::Pass),
    ]
}

proptest! {
    #[test]
    fn what_a_viewer_holds_is_down_when_no_input_waits(moments in prop::collection::vec(moment(), 0..60)) {
        let (mut paste, mut held, mut now) = (Paste(Line::new()), Vec::new(), 0);
        paste.fetch(Fetch::Possible(Source::Clipboard), 0);
        for moment in moments {
            match moment {
                Moment::Key(code, pressed) => {
                    held.retain(|held| *held != code);
                    if pressed {
                        held.push(code);
                    }
                    paste.come(now, &[stroke(code, pressed)]);
                }
                Moment::ReleaseAll => {
                    held.clear();
                    paste.come(now, &[InputEvent::ReleaseAll]);
                }
                Moment::Report => {
                    let keys = held.iter().map(|code| (*code).to_owned()).collect();
                    paste.come(now, &[InputEvent::Held(Held { keys, buttons: Vec::new() })]);
                }
                Moment::Fetch(fetch) => paste.fetch(fetch, now),
                Moment::Pass(ms) => {
                    now += ms;
                    // A viewer that has reported something is not silent.
                    let layout = InputEvent::Layout(Layout::default());
                    (0..=ms / 1000).for_each(|_| paste.come(now, std::slice::from_ref(&layout)));
                }
            }
        }
        while let Some(deadline) = paste.0.dispatcher.waiting.deadline() {
            now = now.max(deadline.duration_since(paste.0.start).as_millis() as u64 + 1);
            let layout = InputEvent::Layout(Layout::default());
            paste.come(now, &[layout]);
        }
        let keycode = |code: &&str| match *code {
            "ControlLeft" => CONTROL,
            "KeyV" => V,
            _ => A,
        };
        let mut wanted: Vec<u32> = held.iter().map(keycode).collect();
        let mut is_down: Vec<u32> = down(&paste.0.recording.events()).iter().filter_map(|event| match event {
            Recorded::Key(Keycode(number), _) => Some(*number),
            _ => None,
        }).collect();
        wanted.sort_unstable();
        is_down.sort_unstable();
        prop_assert_eq!(is_down, wanted);
    }
}
