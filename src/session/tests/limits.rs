use super::*;
use crate::protocol::error::ErrorCode;

const MOVE: &str = r#"{"type":"mouse-move","data":{"x":1,"y":2}}"#;
const PING: &str = r#"{"type":"ping","id":"p"}"#;

fn code(actions: &[Action]) -> String {
    sent(actions)[0]["error"]["code"].as_str().unwrap().to_owned()
}

#[test]
fn binary_long_and_deep_frames_are_answered_and_the_socket_is_kept() {
    let mut session = started(Dialect::Native);
    assert_eq!(code(&session.handle(Event::Binary, NOW)), "INVALID_MESSAGE");
    let long = "x".repeat(SessionConfig::default().max_message_size + 1);
    assert_eq!(code(&text(&mut session, &long)), "MESSAGE_TOO_LARGE");
    let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
    assert_eq!(code(&text(&mut session, &deep)), "INVALID_MESSAGE");
    let pong = sent(&text(
        &mut session,
        r#"{"type":"ping","id":"p","data":{"timestamp":5}}"#,
    ))
    .remove(0);
    assert_eq!(
        (
            pong["data"]["timestamp"].as_u64(),
            pong["data"]["message_count"].as_u64()
        ),
        (Some(5), Some(4))
    );
    assert_eq!((session.message_count(), session.error_count()), (4, 3));
}

#[test]
fn a_thousand_messages_at_once_are_no_flood() {
    let mut session = started(Dialect::Native);
    for _ in 0..2_000 {
        assert_eq!(sent(&text(&mut session, PING))[0]["type"], "pong");
    }
}

#[test]
fn a_flood_is_told_once_a_second_and_motion_in_it_is_merged() {
    let config = SessionConfig {
        rate_burst: 1,
        rate_per_second: 10,
        ..SessionConfig::default()
    };
    let (mut session, _) = Session::start("c".to_owned(), "default", Dialect::Native, config, NOW);
    assert_eq!(text(&mut session, PING).len(), 1);
    let error = text(&mut session, PING);
    assert_eq!(code(&error), "RATE_LIMITED");
    assert_eq!(sent(&error)[0]["id"], "p");
    assert!(text(&mut session, PING).is_empty(), "told once");
    assert!(text(&mut session, MOVE).is_empty());
    assert!(text(&mut session, MOVE).is_empty());
    let at = session.next_deadline().unwrap();
    assert_eq!(at, NOW + 100);
    let moved = session.handle(Event::Tick, at);
    assert!(
        matches!(moved[..], [Action::Input(_)]),
        "the newest one, once: {moved:?}"
    );
    let later = session.handle(Event::Text(PING), NOW + 1_000);
    assert_eq!(sent(&later)[0]["type"], "pong");
}

#[test]
fn a_silent_client_is_told_and_closed() {
    for dialect in [Dialect::Native, Dialect::Selkies, Dialect::GstWebrtc] {
        let mut session = started(dialect);
        session.handle(Event::Alive, NOW + 1_000);
        assert_eq!(session.next_deadline(), Some(NOW + 7_000));
        assert!(session.handle(Event::Tick, NOW + 6_999).is_empty());
        let actions = session.handle(Event::Tick, NOW + 7_000);
        assert!(
            matches!(&actions[..], [Action::Send(_), Action::Close { code: 1001, .. }]),
            "{actions:?}"
        );
        assert_eq!(session.next_deadline(), None);
        assert!(text(&mut session, PING).is_empty());
    }
}

#[test]
fn a_client_that_does_not_read_is_told_and_closed() {
    let actions = started(Dialect::Native).handle(Event::SendQueueFull, NOW);
    assert_eq!(code(&actions), "CHANNEL_FULL");
    assert!(matches!(actions[1], Action::Close { code: 1013, .. }));
}

#[test]
fn a_client_too_many_is_told_so_in_its_dialect() {
    let refuse = |dialect| {
        let actions = Session::refuse(dialect, "c".to_owned(), ErrorCode::ServerUnavailable, "full", NOW);
        assert!(
            matches!(actions[1], Action::Close { code: 1013, .. }),
            "{actions:?}"
        );
        texts(&actions).remove(0)
    };
    assert!(refuse(Dialect::Native).contains("SERVER_UNAVAILABLE"));
    assert_eq!(refuse(Dialect::Selkies), "ERROR full");
    assert_eq!(refuse(Dialect::GstWebrtc), r#"{"type":"error","details":"full"}"#);
}

#[test]
fn what_a_client_types_does_not_show_in_a_log() {
    let frame = r#"{"type":"key-press","data":{"key":"hunter2","action":"down"}}"#;
    let mut session = started(Dialect::Native);
    let event = format!("{:?}", Event::Text(frame));
    let actions = format!("{:?}", text(&mut session, frame));
    let shown = format!("{event} {actions} {session:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
