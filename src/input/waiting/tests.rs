use super::*;
use crate::input::hold::Hold;
use crate::input::queue::{Message, queue};
use crate::protocol::input::{Held, Key, Point};

const ANNA: ViewerId = ViewerId(1);
const BERT: ViewerId = ViewerId(2);

fn key(name: &str, pressed: bool) -> InputEvent {
    InputEvent::Key {
        key: Key::KeysymName(name.to_owned()),
        pressed,
    }
}

/// The state at times in milliseconds.
struct Desk {
    waiting: Waiting,
    start: Instant,
}

impl Desk {
    /// A desk whose clipboard viewers have set.
    fn new() -> Desk {
        let mut waiting = Waiting::default();
        let start = Instant::now();
        waiting.fetch(Fetch::Possible(Source::Clipboard), start);
        Desk { waiting, start }
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    fn paste(&mut self, ms: u64) {
        let now = self.at(ms);
        self.waiting.pressed(ANNA, Some(Source::Clipboard), now);
    }

    fn fetch(&mut self, fetch: Fetch, ms: u64) {
        let now = self.at(ms);
        self.waiting.fetch(fetch, now);
    }

    /// True if the event may act at once.
    fn admits(&mut self, viewer: ViewerId, event: InputEvent) -> bool {
        matches!(self.waiting.admit(viewer, event), Admission::Now(_))
    }

    /// The events whose time has come.
    fn over(&mut self, ms: u64) -> Vec<InputEvent> {
        let now = self.at(ms);
        let next = || self.waiting.next(now);
        std::iter::from_fn(next)
            .map(|(_, entry)| match entry {
                Entry::Event(event) => event,
                Entry::Hold(_) => panic!("nobody holds"),
            })
            .collect()
    }
}

#[test]
fn nothing_waits_without_a_paste_or_if_another_program_has_the_clipboard() {
    let mut desk = Desk::new();
    assert!(desk.admits(ANNA, key("a", true)));
    desk.waiting.pressed(ANNA, None, desk.start);
    assert!(desk.admits(ANNA, key("a", true)));
    desk.fetch(Fetch::Impossible(Source::Clipboard), 0);
    desk.paste(0);
    assert!(desk.admits(ANNA, key("a", true)));
    assert_eq!(desk.waiting.deadline(), None);
}

#[test]
fn the_middle_button_pastes_only_what_is_selected() {
    let mut desk = Desk::new();
    let start = desk.start;
    desk.waiting.pressed(ANNA, Some(Source::Primary), start);
    assert!(desk.admits(ANNA, key("a", true)));
    desk.fetch(Fetch::Possible(Source::Primary), 0);
    desk.fetch(Fetch::Impossible(Source::Clipboard), 0);
    desk.paste(0);
    assert!(desk.admits(ANNA, key("a", true)));
    desk.waiting.pressed(ANNA, Some(Source::Primary), start);
    assert!(!desk.admits(ANNA, key("a", true)));
}

#[test]
fn input_waits_until_the_program_has_what_it_pastes() {
    let mut desk = Desk::new();
    desk.paste(0);
    let events = [key("Control_L", false), key("a", true), InputEvent::ReleaseAll];
    for event in events.clone() {
        assert!(!desk.admits(ANNA, event));
    }
    assert!(desk.admits(BERT, key("b", true)), "another viewer types on");
    desk.fetch(Fetch::Asked, 100);
    desk.fetch(Fetch::UnderWay, 300);
    assert_eq!(desk.over(20_000), []);
    desk.fetch(Fetch::Done, 20_000);
    assert_eq!(desk.over(20_000), []);
    assert_eq!(desk.over(20_030), events);
    assert!(desk.admits(ANNA, key("a", false)));
}

#[test]
fn every_wait_has_an_end() {
    for (fetch, ms) in [
        (None, 250),
        (Some(Fetch::Asked), 500),
        (Some(Fetch::UnderWay), 35_000),
    ] {
        let mut desk = Desk::new();
        desk.paste(0);
        assert!(!desk.admits(ANNA, key("a", true)));
        if let Some(fetch) = fetch {
            desk.fetch(fetch, 0);
        }
        assert_eq!(desk.over(ms - 1), []);
        assert_eq!(desk.waiting.deadline(), Some(desk.at(ms)));
        assert_eq!(desk.over(ms), [key("a", true)]);
        assert_eq!(desk.waiting.deadline(), None);
    }
}

#[test]
fn a_program_that_asks_again_and_again_does_not_extend_a_wait_for_ever() {
    for (fetch, ms) in [(Fetch::Asked, 1_000), (Fetch::UnderWay, 35_000)] {
        let mut desk = Desk::new();
        desk.paste(0);
        assert!(!desk.admits(ANNA, key("a", true)));
        for at in (0..ms).step_by(100) {
            desk.fetch(fetch, at);
            assert_eq!(desk.over(at), []);
        }
        desk.fetch(fetch, ms);
        assert_eq!(desk.over(ms), [key("a", true)]);
    }
}

#[test]
fn a_large_paste_by_a_menu_is_one_of_the_viewer_that_pressed_last() {
    let mut desk = Desk::new();
    desk.waiting.pressed(ANNA, None, desk.start);
    desk.fetch(Fetch::UnderWay, 900);
    assert!(!desk.admits(ANNA, key("a", true)) && desk.admits(BERT, key("b", true)));
    desk.fetch(Fetch::Done, 2_000);
    assert_eq!(desk.over(2_030).len(), 1);
    desk.fetch(Fetch::UnderWay, 2_100);
    assert!(
        desk.admits(ANNA, key("c", true)),
        "a program that watches the clipboard"
    );
}

#[test]
fn of_motion_and_reports_in_a_row_the_last_waits() {
    let held = |name: &str| {
        InputEvent::Held(Held {
            keys: vec![name.to_owned()],
            buttons: Vec::new(),
        })
    };
    let motion = |x| InputEvent::Motion {
        position: Point { x, y: 0.0 },
    };
    let by = |dx| InputEvent::RelativeMotion { dx, dy: 1.0 };
    let mut desk = Desk::new();
    desk.paste(0);
    for event in [
        motion(1.0),
        motion(2.0),
        held("a"),
        held("b"),
        by(1.0),
        by(2.0),
        motion(3.0),
    ] {
        assert!(!desk.admits(ANNA, event));
    }
    let sum = InputEvent::RelativeMotion { dx: 3.0, dy: 2.0 };
    assert_eq!(desk.over(250), [motion(2.0), held("b"), sum, motion(3.0)]);
}

#[test]
fn of_reports_with_their_times_the_last_waits() {
    let held = |name: &str| {
        InputEvent::Held(Held {
            keys: vec![name.to_owned()],
            buttons: Vec::new(),
        })
    };
    let sent = |ms| InputEvent::Sent { ms };
    let mut desk = Desk::new();
    desk.paste(0);
    for event in [
        sent(1.0),
        held("a"),
        sent(2.0),
        key("x", true),
        held("b"),
        sent(3.0),
        held("c"),
        sent(4.0),
        held("d"),
    ] {
        assert!(!desk.admits(ANNA, event));
    }
    let rest = [
        sent(1.0),
        held("a"),
        sent(2.0),
        key("x", true),
        sent(4.0),
        held("d"),
    ];
    assert_eq!(desk.over(250), rest);
}

#[test]
fn too_much_is_dropped_as_a_whole() {
    let mut desk = Desk::new();
    desk.paste(0);
    for _ in 0..CAPACITY {
        assert!(matches!(
            desk.waiting.admit(ANNA, key("a", true)),
            Admission::Waits
        ));
    }
    assert!(matches!(
        desk.waiting.admit(ANNA, key("a", true)),
        Admission::Overflow
    ));
    assert!(desk.admits(ANNA, key("a", true)));
}

#[test]
fn too_many_holders_are_dropped_with_all_that_waits() {
    let (producer, consumer) = queue();
    let hold = || {
        let hold = Hold::new(ANNA, &producer);
        let message = consumer.next(None).unwrap().messages.pop();
        let Some(Message::Hold(_, turn)) = message else {
            panic!("another message")
        };
        (hold, turn)
    };
    let mut desk = Desk::new();
    desk.paste(0);
    let mut holds = Vec::new();
    for _ in 0..CAPACITY {
        let (held, turn) = hold();
        assert!(desk.waiting.hold(ANNA, turn, desk.start));
        holds.push(held);
    }
    let (_last, turn) = hold();
    assert!(!desk.waiting.hold(ANNA, turn, desk.start));
    assert!(desk.admits(ANNA, key("a", true)));
}

#[test]
fn a_viewer_that_may_act_no_more_leaves_nothing() {
    let mut desk = Desk::new();
    desk.paste(0);
    assert!(!desk.admits(ANNA, key("a", true)));
    desk.waiting.forget(ANNA);
    assert_eq!(desk.over(60_000), []);
}

#[test]
fn a_holder_has_its_turn_behind_the_input_before_and_the_input_after_waits() {
    let (producer, consumer) = queue();
    let hold = || {
        let hold = Hold::new(ANNA, &producer);
        let message = consumer.next(None).unwrap().messages.pop();
        let Some(Message::Hold(_, turn)) = message else {
            panic!("another message")
        };
        (hold, turn)
    };
    let mut desk = Desk::new();
    let (_first, turn) = hold();
    let first = turn.id();
    desk.waiting.hold(ANNA, turn, desk.start);
    assert!(!desk.admits(ANNA, key("a", true)));
    let (_second, turn) = hold();
    let second = turn.id();
    desk.waiting.hold(ANNA, turn, desk.start);
    let locks = InputEvent::Locks {
        caps: Some(false),
        num: None,
    };
    for event in [locks.clone(), key("b", true), key("b", false)] {
        assert!(!desk.admits(ANNA, event));
    }
    assert_eq!(desk.over(9_999), []);
    desk.waiting.resume(ANNA, first, false, desk.start);
    let now = desk.start;
    let next = desk.waiting.next(now);
    assert!(matches!(next, Some((_, Entry::Event(event))) if event == key("a", true)));
    let Some((_, Entry::Hold(turn))) = desk.waiting.next(now) else {
        panic!("the second has its turn")
    };
    desk.waiting.begin_turn(ANNA, turn, now);
    assert_eq!(desk.over(9_999), []);
    desk.waiting.resume(ANNA, second, true, now);
    assert_eq!(
        desk.over(0),
        [locks, key("b", false)],
        "what failed is not pasted"
    );
}

#[test]
fn a_holder_that_gives_up_before_its_turn_holds_up_nothing() {
    let (producer, consumer) = queue();
    let hold = Hold::new(ANNA, &producer);
    let Some(Message::Hold(_, turn)) = consumer.next(None).unwrap().messages.pop() else {
        panic!("another message")
    };
    let id = turn.id();
    let mut desk = Desk::new();
    desk.paste(0);
    desk.waiting.hold(ANNA, turn, desk.start);
    drop(hold);
    desk.waiting.resume(ANNA, id, false, desk.start);
    assert!(!desk.admits(ANNA, key("a", true)));
    assert_eq!(desk.over(250), [key("a", true)]);
}
