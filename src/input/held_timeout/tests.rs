use super::*;
use crate::protocol::input::Button;

const ANNA: ViewerId = ViewerId(1);
const DELAY: Duration = Duration::from_millis(500);

fn key() -> Key {
    Key::Dom {
        key: "a".into(),
        code: "KeyA".into(),
    }
}

fn id() -> HeldId {
    HeldId::of_key(&key()).unwrap()
}

fn held(keys: &[&str], buttons: &[Button]) -> Held {
    Held {
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        buttons: buttons.to_vec(),
    }
}

/// The watch over one viewer, whose clock is 1,000 s ahead.
struct Watch {
    start: Instant,
    held_timeout: HeldTimeout,
}

impl Watch {
    fn new() -> Watch {
        Watch {
            start: Instant::now(),
            held_timeout: HeldTimeout::default(),
        }
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    fn stamp(&mut self, at_ms: u64, sent_ms: u64) -> Option<Sent> {
        let now = self.at(at_ms);
        self.held_timeout.sent(ANNA, 1e6 + sent_ms as f64, now);
        self.held_timeout.take_sent(ANNA)
    }

    /// A key that the viewer pressed at `sent_ms` goes down at `at_ms`.
    fn press(&mut self, at_ms: u64, sent_ms: u64) {
        let sent = self.stamp(at_ms, sent_ms).unwrap();
        let (key, delay) = (key(), DELAY);
        self.held_timeout
            .press(ANNA, id(), sent, Some(RepeatingKey { key, delay }));
    }

    /// A report of `sent_ms` comes at `at_ms`: the number of keys to press again.
    fn report(&mut self, at_ms: u64, sent_ms: u64) -> usize {
        let (sent, now) = (self.stamp(at_ms, sent_ms), self.at(at_ms));
        let held = held(&["KeyA"], &[Button::Left]);
        self.held_timeout.report(ANNA, &held, sent, now).len()
    }

    fn is_let_go(&mut self, at_ms: u64) -> bool {
        let now = self.at(at_ms);
        self.held_timeout
            .take_silent(now, |_| false)
            .contains(&Silent::One(ANNA, id()))
    }
}

#[test]
fn a_key_that_is_repeated_is_let_go_before_that_from_its_press_on() {
    let mut watch = Watch::new();
    watch.press(0, 0);
    assert_eq!(watch.held_timeout.deadline(|_| false), Some(watch.at(250)));
    assert!(!watch.is_let_go(249) && watch.is_let_go(250));
    assert_eq!(watch.held_timeout.deadline(|_| false), None);
}

#[test]
fn a_key_of_which_reports_come_stays_down() {
    let mut watch = Watch::new();
    watch.press(0, 0);
    for ms in (100..3000).step_by(100) {
        assert!(!watch.is_let_go(ms), "{ms}");
        assert_eq!(watch.report(ms, ms), 0);
    }
}

#[test]
fn a_key_that_is_still_held_after_a_silence_is_pressed_again_once() {
    let mut watch = Watch::new();
    watch.press(0, 0);
    assert_eq!(watch.report(100, 100), 0);
    assert!(watch.is_let_go(350));
    // What waited says nothing about now, and at 450 ms the desktop would not have repeated yet.
    assert_eq!(watch.report(800, 200), 0);
    assert_eq!(watch.report(800, 450), 0);
    assert_eq!(watch.report(800, 800), 1);
    watch.press(800, 800);
    assert_eq!(watch.report(900, 900), 0);
    assert!(watch.is_let_go(1150));
    assert_eq!(watch.report(1200, 1200), 0, "it was pressed again just before");
    assert_eq!(watch.report(1300, 1300), 1);
}

#[test]
fn a_press_that_comes_late_is_let_go_at_once_and_not_pressed_again_by_what_comes_with_it() {
    let mut watch = Watch::new();
    assert!(watch.stamp(0, 0).is_some());
    watch.press(1400, 30);
    assert!(watch.is_let_go(1400));
    for sent_ms in [130, 230, 330, 430] {
        assert_eq!(watch.report(1400, sent_ms), 0, "{sent_ms}");
    }
}

#[test]
fn a_release_ends_the_watch() {
    let mut watch = Watch::new();
    watch.press(0, 0);
    watch.held_timeout.release(ANNA, &id());
    assert_eq!(watch.held_timeout.deadline(|_| false), None);
    watch.press(10, 10);
    assert!(watch.is_let_go(300));
    watch.held_timeout.release(ANNA, &id());
    assert_eq!(watch.report(900, 900), 0);
}

#[test]
fn a_button_and_a_key_that_is_not_repeated_stay_down_for_two_seconds() {
    let mut watch = Watch::new();
    let sent = watch.stamp(0, 0).unwrap();
    let button = HeldId::Button(Button::Left);
    watch.held_timeout.press(ANNA, button.clone(), sent, None);
    assert_eq!(watch.held_timeout.deadline(|_| false), Some(watch.at(2000)));
    let now = watch.at(2000);
    assert!(watch.held_timeout.take_silent(now, |_| false) == [Silent::One(ANNA, button)]);
    assert_eq!(watch.report(2100, 2100), 0, "letting go has clicked");
}

#[test]
fn a_modifier_that_comes_late_stays_down_for_what_comes_behind_it() {
    let mut watch = Watch::new();
    assert!(watch.stamp(0, 0).is_some());
    let sent = watch.stamp(5000, 100).unwrap();
    let shift = HeldId::Key("ShiftLeft".to_owned());
    watch.held_timeout.press(ANNA, shift.clone(), sent, None);
    let (early, late) = (watch.at(6999), watch.at(7000));
    assert!(watch.held_timeout.take_silent(early, |_| false).is_empty());
    assert!(watch.held_timeout.take_silent(late, |_| false) == [Silent::One(ANNA, shift)]);
}

#[test]
fn of_a_viewer_whose_input_waits_only_what_the_desktop_repeats_is_let_go() {
    let mut watch = Watch::new();
    let sent = watch.stamp(0, 0).unwrap();
    let button = HeldId::Button(Button::Left);
    watch.held_timeout.press(ANNA, button.clone(), sent, None);
    watch.press(0, 0);
    watch.report(0, 0);
    assert_eq!(watch.held_timeout.deadline(|_| true), Some(watch.at(250)));
    let late = watch.at(60_000);
    assert!(watch.held_timeout.take_silent(late, |_| true) == [Silent::One(ANNA, id())]);
    assert_eq!(watch.held_timeout.deadline(|_| true), None);
    let all = [Silent::One(ANNA, button), Silent::All(ANNA)];
    assert!(watch.held_timeout.take_silent(late, |_| false) == all);
}

#[test]
fn a_viewer_whose_reports_carry_no_time_is_silent_two_seconds_after_its_last_word() {
    let mut watch = Watch::new();
    let (held, now) = (held(&["KeyA"], &[]), watch.at(0));
    watch.held_timeout.hear(ANNA, now);
    assert_eq!(
        watch.held_timeout.deadline(|_| false),
        None,
        "it has promised nothing"
    );
    watch.held_timeout.report(ANNA, &held, None, now);
    let (heard, early, late) = (watch.at(1500), watch.at(3499), watch.at(3500));
    watch.held_timeout.hear(ANNA, heard);
    assert_eq!(watch.held_timeout.deadline(|_| false), Some(late));
    assert!(watch.held_timeout.take_silent(early, |_| false).is_empty());
    assert!(watch.held_timeout.take_silent(late, |_| false) == [Silent::All(ANNA)]);
    assert_eq!(watch.held_timeout.deadline(|_| false), None);
}

#[test]
fn who_holds_nothing_may_be_silent() {
    let mut watch = Watch::new();
    watch.press(0, 0);
    watch.report(100, 100);
    let now = watch.at(200);
    watch.held_timeout.report(ANNA, &held(&[], &[]), None, now);
    let late = watch.at(60_000);
    assert!(watch.held_timeout.take_silent(late, |_| false).is_empty());
}

#[test]
fn no_more_is_watched_than_a_viewer_can_hold() {
    let mut watch = Watch::new();
    for n in 0..1000 {
        let sent = watch.stamp(0, 0).unwrap();
        let code = format!("Key{n}");
        let id = HeldId::of_key(&Key::Dom {
            key: code.clone(),
            code,
        })
        .unwrap();
        watch.held_timeout.press(ANNA, id, sent, None);
    }
    assert_eq!(watch.held_timeout.viewers[&ANNA].presses.len(), MOST_WATCHED);
}
