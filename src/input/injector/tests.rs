use super::*;
use crate::input::{Axis, BackendError, Discard, Keycode, RecordBackend, Recorded, Recording, Source};
use crate::protocol::input::{Button, Held, Key, Point, TypedText};

const LIMIT: Duration = Duration::from_secs(5);

fn start() -> (Injector, Recording) {
    let (backend, recording) = RecordBackend::new();
    (Injector::start(Box::new(backend)).unwrap(), recording)
}

fn key(code: &str, pressed: bool) -> InputEvent {
    InputEvent::Key {
        key: Key::Dom {
            key: String::new(),
            code: code.into(),
        },
        pressed,
    }
}

fn left(pressed: bool) -> InputEvent {
    InputEvent::Button {
        button: Button::Left,
        pressed,
        position: None,
    }
}

/// The keys and buttons that are down after `events`.
fn down(events: &[Recorded]) -> Vec<Recorded> {
    let mut down = Vec::new();
    for event in events {
        match event {
            Recorded::Key(_, true) | Recorded::Button(_, true) => down.push(event.clone()),
            Recorded::Key(keycode, false) => down.retain(|held| *held != Recorded::Key(*keycode, true)),
            Recorded::Button(button, false) => down.retain(|held| *held != Recorded::Button(*button, true)),
            _ => {}
        }
    }
    down
}

fn ended(events: &[Recorded]) -> bool {
    events.last() == Some(&Recorded::Closed)
}

#[test]
fn handles_may_be_used_on_any_thread() {
    fn any_thread<T: Send + Sync>() {}
    any_thread::<InputHandle>();
    any_thread::<ViewerInput>();
}

#[test]
fn a_button_moves_the_pointer_first() {
    let (injector, recording) = start();
    let viewer = injector.handle().viewer();
    let position = Point { x: 3.5, y: 4.0 };
    viewer.send(InputEvent::Button {
        button: Button::Right,
        pressed: true,
        position: Some(position),
    });
    let events = recording.wait_until(LIMIT, |events| events.len() == 2).unwrap();
    assert_eq!(
        events,
        [Recorded::MoveTo(position), Recorded::Button(Button::Right, true)]
    );
}

#[test]
fn a_dropped_viewer_holds_nothing() {
    let (injector, recording) = start();
    let viewer = injector.handle().viewer();
    viewer.send(key("KeyA", true));
    viewer.send(left(true));
    recording
        .wait_until(LIMIT, |events| down(events).len() == 2)
        .unwrap();
    drop(viewer);
    recording
        .wait_until(LIMIT, |events| events.len() == 4 && down(events).is_empty())
        .unwrap();
}

#[test]
fn what_is_missing_from_a_list_of_what_is_held_is_released() {
    let (injector, recording) = start();
    let viewer = injector.handle().viewer();
    viewer.send(key("KeyA", true));
    viewer.send(key("KeyB", true));
    viewer.send(left(true));
    viewer.send(InputEvent::Held(Held {
        keys: vec!["KeyB".into(), "KeyC".into()],
        buttons: Vec::new(),
    }));
    let events = recording.wait_until(LIMIT, |events| events.len() == 5).unwrap();
    assert_eq!(down(&events), [Recorded::Key(Keycode(56), true)]);
}

#[test]
fn a_viewer_that_falls_silent_while_it_holds_something_is_released() {
    let (injector, recording) = start();
    let (anna, bert) = (injector.handle().viewer(), injector.handle().viewer());
    bert.send(key("KeyB", true));
    anna.send(key("KeyA", true));
    anna.send(InputEvent::Held(Held {
        keys: vec!["KeyA".into()],
        buttons: Vec::new(),
    }));
    let released = Recorded::Key(Keycode(38), false);
    let events = recording
        .wait_until(LIMIT, |events| events.contains(&released))
        .unwrap();
    // Bert has never promised to speak.
    assert_eq!(down(&events), [Recorded::Key(Keycode(56), true)]);
}

#[test]
fn text_is_typed_and_leaves_nothing_pressed() {
    let (injector, recording) = start();
    let viewer = injector.handle().viewer();
    viewer.send(InputEvent::Text(TypedText::new("é漢").unwrap()));
    let typed =
        |character: char, pressed| Recorded::Key(Keycode(0x0100_0000 + u32::from(character)), pressed);
    let events = recording.wait_until(LIMIT, |events| events.len() == 4).unwrap();
    assert_eq!(
        events,
        [
            typed('é', true),
            typed('é', false),
            typed('漢', true),
            typed('漢', false)
        ]
    );
}

#[test]
fn release_all_is_about_one_viewer() {
    let (injector, recording) = start();
    let (anna, bert) = (injector.handle().viewer(), injector.handle().viewer());
    anna.send(key("KeyA", true));
    anna.send(key("KeyB", true));
    bert.send(key("KeyB", true));
    anna.send(InputEvent::ReleaseAll);
    let events = recording.wait_until(LIMIT, |events| events.len() == 3).unwrap();
    assert_eq!(down(&events), [Recorded::Key(Keycode(56), true)]);
    drop(bert);
    recording
        .wait_until(LIMIT, |events| down(events).is_empty())
        .unwrap();
}

#[test]
fn stop_releases_everything_and_closes_the_backend() {
    let (injector, recording) = start();
    let viewer = injector.handle().viewer();
    viewer.send(key("ShiftLeft", true));
    recording.wait_until(LIMIT, |events| !events.is_empty()).unwrap();
    injector.stop();
    let events = recording.events();
    assert!(ended(&events) && down(&events).is_empty(), "{events:?}");
    viewer.send(key("KeyA", true));
    drop(viewer);
    assert_eq!(recording.events(), events);
}

#[test]
fn wheel_fractions_of_a_viewer_add_up_and_are_limited() {
    let (injector, recording) = start();
    let viewer = injector.handle().viewer();
    let wheel = |delta_x, delta_y| {
        viewer.send(InputEvent::Wheel {
            delta_x,
            delta_y,
            position: None,
        })
    };
    wheel(0.0, 60.0);
    wheel(0.0, 60.0);
    wheel(-240.0, 0.0);
    wheel(0.0, -1e9);
    let events = recording.wait_until(LIMIT, |events| events.len() == 3).unwrap();
    assert_eq!(
        events,
        [
            Recorded::Scroll(Axis::Vertical, 1),
            Recorded::Scroll(Axis::Horizontal, -2),
            Recorded::Scroll(Axis::Vertical, -10),
        ]
    );
}

#[test]
fn motion_coalesces_while_the_desktop_is_slow() {
    let (injector, recording) = start();
    let viewer = injector.handle().viewer();
    let to = |x: u32| {
        viewer.send(InputEvent::Motion {
            position: Point { x: x.into(), y: 0.0 },
        })
    };
    {
        let _slow = recording.pause();
        (0..500).for_each(to);
    }
    let newest = Recorded::MoveTo(Point { x: 499.0, y: 0.0 });
    let events = recording
        .wait_until(LIMIT, |events| events.last() == Some(&newest))
        .unwrap();
    // The thread may have taken a first batch before all were sent, and no more than that one.
    assert!(events.len() <= 2, "{}", events.len());
}

#[test]
fn an_overflow_leaves_nothing_pressed() {
    let (injector, recording) = start();
    let (anna, bert) = (injector.handle().viewer(), injector.handle().viewer());
    bert.send(left(true));
    recording.wait_until(LIMIT, |events| !events.is_empty()).unwrap();
    {
        let _stuck = recording.pause();
        anna.send(key("KeyA", true));
        for _ in 0..5000 {
            anna.send(key("KeyB", true));
            anna.send(key("KeyB", false));
        }
        anna.send(key("KeyA", false));
    }
    let is_released = |events: &[Recorded]| events.len() > 1000 && down(events).is_empty();
    assert!(
        recording.wait_until(LIMIT, is_released).is_ok(),
        "what was held before the overflow is released"
    );
    anna.send(key("KeyC", true));
    recording
        .wait_until(LIMIT, |events| {
            events.last() == Some(&Recorded::Key(Keycode(54), true))
        })
        .expect("input goes on afterwards");
}

#[test]
fn the_thread_survives_a_failing_backend() {
    let (injector, recording) = start();
    let viewer = injector.handle().viewer();
    recording.fail(true);
    (0..100).for_each(|_| viewer.send(key("KeyA", true)));
    viewer.send(key("KeyA", false));
    recording
        .wait_until(LIMIT, |events| events == [Recorded::Failed, Recorded::Failed])
        .expect("a down and an up that fail");
    recording.fail(false);
    viewer.send(key("KeyB", true));
    recording
        .wait_until(LIMIT, |events| events.contains(&Recorded::Key(Keycode(56), true)))
        .expect("events after the failure arrive");
}

/// Never comes back from a call.
struct Stuck;

impl Backend for Stuck {
    fn move_to(&mut self, _: Point) -> Result<(), BackendError> {
        loop {
            thread::park();
        }
    }
    fn move_by(&mut self, dx: i32, dy: i32) -> Result<(), BackendError> {
        Discard.move_by(dx, dy)
    }
    fn button(&mut self, button: Button, pressed: bool) -> Result<(), BackendError> {
        Discard.button(button, pressed)
    }
    fn scroll(&mut self, axis: Axis, clicks: i32) -> Result<(), BackendError> {
        Discard.scroll(axis, clicks)
    }
    fn resolve(&mut self, key: &Key, plain: Option<char>) -> Result<Option<Keycode>, BackendError> {
        Discard.resolve(key, plain)
    }
    fn set_locks(&mut self, caps: Option<bool>, num: Option<bool>) -> Result<(), BackendError> {
        Discard.set_locks(caps, num)
    }
    fn key(&mut self, keycode: Keycode, pressed: bool) -> Result<(), BackendError> {
        Discard.key(keycode, pressed)
    }
    fn flush(&mut self) -> Result<(), BackendError> {
        Discard.flush()
    }
    fn close(&mut self) -> Result<(), BackendError> {
        Discard.close()
    }
}

#[test]
fn what_is_dragged_starts_from_where_the_button_was_pressed() {
    let mut drag = Drag::default();
    let moved = InputEvent::RelativeMotion { dx: 1.0, dy: 0.0 };
    assert_eq!(drag.origin_of(&moved, (5, 5)), (5, 5));
    assert_eq!(drag.origin_of(&left(true), (10, 0)), (10, 0));
    assert_eq!(
        drag.origin_of(&moved, (40, 0)),
        (10, 0),
        "what is shown has moved"
    );
    assert_eq!(drag.origin_of(&left(false), (70, 0)), (10, 0));
    assert_eq!(drag.origin_of(&moved, (70, 0)), (70, 0));
    drag.origin_of(&left(true), (1, 1));
    drag.origin_of(&InputEvent::ReleaseAll, (2, 2));
    assert_eq!(drag.origin_of(&moved, (3, 3)), (3, 3));
}

#[test]
fn stopping_is_bounded_and_sending_never_waits() {
    let injector = Injector::start(Box::new(Stuck)).unwrap();
    let viewer = injector.handle().viewer();
    let started = std::time::Instant::now();
    viewer.send(InputEvent::Motion {
        position: Point { x: 0.0, y: 0.0 },
    });
    (0..10_000).for_each(|_| viewer.send(key("KeyA", true)));
    assert!(started.elapsed() < Duration::from_secs(1));
    injector.stop();
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_key_is_released_while_others_wait_behind_a_paste_and_a_silent_viewer_keeps_its_place() {
    let (injector, recording) = start();
    let (handle, viewer) = (injector.handle(), injector.handle().viewer());
    handle.set_fetch(Fetch::Possible(Source::Clipboard));
    let v = |pressed| InputEvent::Key {
        key: Key::Dom {
            key: "v".into(),
            code: "KeyV".into(),
        },
        pressed,
    };
    let control = "ControlLeft".to_owned();
    viewer.send(key(&control, true));
    viewer.send(InputEvent::Held(Held {
        keys: vec![control.clone()],
        buttons: Vec::new(),
    }));
    viewer.send(v(true));
    handle.set_fetch(Fetch::UnderWay);
    viewer.send(v(false));
    viewer.send(key(&control, false));
    viewer.send(key("KeyA", true));
    let events = recording.wait_until(LIMIT, |events| events.len() == 3).unwrap();
    let [
        Recorded::Key(first, true),
        Recorded::Key(second, true),
        Recorded::Key(third, false),
    ] = events[..]
    else {
        panic!("{events:?}")
    };
    assert!(
        first != second && second == third,
        "the desktop would repeat the key"
    );
    // Longer than a viewer that holds something may be silent.
    assert!(
        recording
            .wait_until(Duration::from_secs(3), |events| events.len() > 3)
            .is_err()
    );
    handle.set_fetch(Fetch::Done);
    let events = recording.wait_until(LIMIT, |events| events.len() == 5).unwrap();
    assert_eq!(events[3], Recorded::Key(first, false));
    viewer.send(v(true));
    viewer.cut();
    recording
        .wait_until(LIMIT, |events| events.len() > 5 && down(events).is_empty())
        .unwrap();
}

#[tokio::test]
async fn what_a_viewer_does_between_two_events_is_done_between_them() {
    let (injector, recording) = start();
    let viewer = injector.handle().viewer();
    let mut hold = viewer.hold();
    viewer.send(key("KeyA", true));
    hold.turn().await;
    assert_eq!(recording.events(), []);
    drop(hold);
    recording.wait_until(LIMIT, |events| events.len() == 1).unwrap();
    let mut failed = viewer.hold();
    failed.fail();
    viewer.send(key("KeyB", true));
    viewer.send(key("KeyA", false));
    drop(failed);
    let events = recording.wait_until(LIMIT, |events| events.len() == 2).unwrap();
    assert_eq!(down(&events), []);
}
