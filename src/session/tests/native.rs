use serde_json::json;

use super::*;
use crate::protocol::channel::ChannelLabel;
use crate::protocol::input::{Button, FrameSize, InputEvent, Point};
use crate::protocol::role::Role;
use crate::protocol::stats::{Stats, StatsGroup, SystemStats};

const REQUEST: &str = r#"{"type":"request-offer","id":"r1"}"#;
const ANSWER: &str = r#"{"type":"answer","id":"a1","data":{"sdp":{"type":"answer","sdp":"v=0"}}}"#;
const CANDIDATE: &str = r#"{"type":"ice-candidate","data":{"candidate":{"candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":0}}}"#;
const DOWN: &str = r#"{"type":"mouse-click","data":{"x":1,"y":2,"button":"left","action":"down"}}"#;
const UP: &str = r#"{"type":"mouse-click","data":{"x":1,"y":2,"button":"left","action":"up"}}"#;

fn native() -> Session {
    started(Dialect::Native)
}

/// A session that has sent its offer.
fn with_offer() -> Session {
    let mut session = native();
    text(&mut session, REQUEST);
    session.handle(offered(KEY), NOW);
    session
}

fn code(actions: &[Action]) -> String {
    let message = sent(actions).remove(0);
    message["error"]["code"].as_str().unwrap_or_default().to_owned()
}

fn left(pressed: bool, position: Option<Point>) -> Action {
    Action::Input(InputEvent::Button {
        button: Button::Left,
        pressed,
        position,
    })
}

#[test]
fn the_first_frame_is_the_welcome_and_hello_brings_no_second() {
    let (mut session, first) = start(Dialect::Native);
    let welcome = sent(&first).remove(0);
    assert_eq!(welcome["type"], "welcome");
    assert_eq!(welcome["data"]["client_id"], "client_1640995200000_0421");
    assert_eq!(welcome["data"]["session_config"]["heartbeat_interval"], 30_000);
    assert_eq!(welcome["id"], "msg_1640995200000_001");
    assert!(text(&mut session, r#"{"type":"hello","id":"h","peer_id":42}"#).is_empty());
    assert_eq!(session.peer_id(), Some("42"));
}

#[test]
fn a_whole_negotiation_goes_in_order_with_the_ids_of_the_requests() {
    let mut session = native();
    assert!(
        text(
            &mut session,
            r#"{"type":"hello","data":{"video_codecs":["VP8","H264"]}}"#
        )
        .is_empty()
    );

    let request = r#"{"type":"request-offer","id":"r1","data":{"constraints":{"audio":true}}}"#;
    let wanted = PeerRequest {
        codecs: vec!["VP8".to_owned(), "H264".to_owned()],
        video: true,
        audio: true,
        allows_half_size: true,
        channel: Some(ChannelLabel::Input),
        remote_offer: None,
    };
    assert_eq!(opened(&text(&mut session, request)), (KEY, wanted));
    assert!(
        session.handle(local(KEY, "candidate:8"), NOW).is_empty(),
        "not before the offer"
    );

    let offer = sent(&session.handle(offered(KEY), NOW)).remove(0);
    assert_eq!((&offer["type"], &offer["id"]), (&json!("offer"), &json!("r1")));
    let ours = sent(&session.handle(local(KEY, "candidate:9"), NOW)).remove(0);
    assert_eq!(ours["data"]["candidate"]["candidate"], "candidate:9");

    assert!(text(&mut session, CANDIDATE).is_empty(), "waits for the answer");
    assert_eq!(text(&mut session, ANSWER), [apply(KEY)]);
    assert!(text(&mut session, CANDIDATE).is_empty(), "still waits");

    let actions = session.handle(applied(KEY), NOW);
    let ack = sent(&actions).remove(0);
    assert_eq!((&ack["type"], &ack["id"]), (&json!("answer-ack"), &json!("a1")));
    assert_eq!(actions[1..], [add(KEY, "candidate:1"), add(KEY, "candidate:1")]);
    assert_eq!(text(&mut session, CANDIDATE), [add(KEY, "candidate:1")]);
}

#[test]
fn the_request_overrides_the_codecs_of_the_hello() {
    let mut session = native();
    text(
        &mut session,
        r#"{"type":"hello","data":{"video_codecs":["VP8","H264"]}}"#,
    );
    let request = r#"{"type":"request-offer","data":{"codec_preferences":["VP8"]}}"#;
    assert_eq!(opened(&text(&mut session, request)).1.codecs, ["VP8"]);
}

#[test]
fn a_client_that_knows_the_channel_for_motion_gets_it() {
    let mut session = native();
    text(
        &mut session,
        r#"{"type":"hello","data":{"capabilities":["dc-motion"]}}"#,
    );
    let channel = opened(&text(&mut session, REQUEST)).1.channel;
    assert_eq!(channel, Some(ChannelLabel::InputAndMotion));
    let without = r#"{"type":"request-offer","data":{"constraints":{"data_channel":false}}}"#;
    assert_eq!(opened(&text(&mut session, without)).1.channel, None);
}

#[test]
fn a_second_answer_is_acknowledged_and_changes_nothing() {
    let mut session = with_offer();
    text(&mut session, ANSWER);
    let early = text(&mut session, ANSWER);
    assert_eq!((early.len(), &sent(&early)[0]["type"]), (1, &json!("answer-ack")));
    session.handle(applied(KEY), NOW);
    let late = text(&mut session, ANSWER);
    assert_eq!((late.len(), &sent(&late)[0]["type"]), (1, &json!("answer-ack")));
}

#[test]
fn an_answer_without_a_peer_is_an_error_that_the_socket_survives() {
    let mut session = native();
    let error = sent(&text(&mut session, ANSWER)).remove(0);
    assert_eq!(error["error"]["code"], "PEER_CONNECTION_FAILED");
    assert_eq!(error["error"]["recoverable"], true);
    assert_eq!(error["id"], "a1");
    assert_eq!(
        sent(&text(&mut session, r#"{"type":"ping","id":"p"}"#))[0]["type"],
        "pong"
    );
}

#[test]
fn a_refused_answer_may_be_sent_again() {
    let mut session = with_offer();
    text(&mut session, ANSWER);
    let error = sent(&session.handle(refused(KEY, "no"), NOW)).remove(0);
    assert_eq!(error["error"]["code"], "SDP_PROCESSING_FAILED");
    assert_eq!(error["id"], "a1");
    assert_eq!(text(&mut session, ANSWER), [apply(KEY)]);
}

#[test]
fn a_failed_peer_is_told_once_with_the_id_of_what_waits_for_it() {
    let mut session = native();
    text(&mut session, REQUEST);
    let error = sent(&session.handle(failed(KEY), NOW)).remove(0);
    assert_eq!(
        (&error["id"], &error["error"]["message"]),
        (&json!("r1"), &json!("no encoder"))
    );
    assert!(session.handle(failed(KEY), NOW).is_empty());
}

#[test]
fn a_new_request_replaces_the_peer_at_any_step() {
    let mut session = with_offer();
    text(&mut session, CANDIDATE);
    opened(&text(&mut session, r#"{"type":"request-offer","id":"r2"}"#));
    assert_eq!(sent(&session.handle(offered(KEY), NOW))[0]["id"], "r2");
    text(&mut session, ANSWER);
    let actions = session.handle(applied(KEY), NOW);
    assert_eq!(actions.len(), 1, "no candidate of the first peer: {actions:?}");
}

#[test]
fn more_candidates_than_any_browser_has_are_refused() {
    let mut session = with_offer();
    for _ in 0..64 {
        assert!(text(&mut session, CANDIDATE).is_empty());
    }
    assert_eq!(code(&text(&mut session, CANDIDATE)), "ICE_CANDIDATE_FAILED");
}

#[test]
fn stats_come_back_with_the_id_of_the_request_and_only_in_its_groups() {
    let mut session = native();
    let mut actions = text(
        &mut session,
        r#"{"type":"get-stats","id":"s","data":{"stats_type":["system"]}}"#,
    );
    let Some(Action::CollectStats { request }) = actions.pop() else {
        panic!("{actions:?}")
    };
    assert_eq!(request.groups, [StatsGroup::System]);
    let stats = Stats {
        webrtc: None,
        system: Some(SystemStats {
            fps: Some(60.0),
            ..SystemStats::default()
        }),
    };
    let stats = sent(&session.handle(Event::Stats { request, stats }, NOW)).remove(0);
    assert_eq!((&stats["id"], &stats["reply_to"]), (&json!("s"), &json!("s")));
    assert_eq!(stats["data"], json!({"system":{"fps":60.0}}));
}

#[test]
fn input_over_the_socket_is_the_same_as_over_the_data_channel() {
    let mut session = native();
    assert_eq!(
        text(&mut session, DOWN),
        [left(true, Some(Point { x: 1.0, y: 2.0 }))]
    );
    session.handle(
        Event::FrameSize(FrameSize {
            width: 200,
            height: 100,
        }),
        NOW,
    );
    let scaled = r#"{"type":"mouse-move","data":{"x":50,"y":50,"width":100,"height":100}}"#;
    let position = Point { x: 100.0, y: 50.0 };
    assert_eq!(
        text(&mut session, scaled),
        [Action::Input(InputEvent::Motion { position })]
    );
    assert_eq!(
        code(&text(&mut session, r#"{"type":"mouse-move","data":{"x":"1"}}"#)),
        "INVALID_MESSAGE_DATA"
    );
}

#[test]
fn a_button_of_a_client_that_never_lets_go_is_released_for_it() {
    let mut session = native();
    text(&mut session, DOWN);
    assert_eq!(session.next_deadline(), Some(NOW + 250));
    assert!(session.handle(Event::Tick, NOW + 249).is_empty());
    assert_eq!(session.handle(Event::Tick, NOW + 250), [left(false, None)]);
    assert!(session.handle(Event::Tick, NOW + 500).is_empty());
}

#[test]
fn a_client_that_lets_go_by_itself_is_left_alone() {
    let mut session = native();
    text(&mut session, DOWN);
    text(&mut session, UP);
    text(&mut session, DOWN);
    assert!(session.handle(Event::Tick, NOW + 1_000).is_empty());

    let mut session = native();
    text(
        &mut session,
        r#"{"type":"hello","data":{"capabilities":["input-v2"]}}"#,
    );
    text(&mut session, DOWN);
    assert!(session.handle(Event::Tick, NOW + 1_000).is_empty());
}

#[test]
fn a_spectators_input_is_refused_once_and_what_it_holds_is_released() {
    let mut session = native();
    text(&mut session, DOWN);
    let control = |granted| Event::Control { granted };
    let released = [Action::Input(InputEvent::ReleaseAll)];
    assert_eq!(session.handle(control(false), NOW), released);
    assert_eq!(code(&text(&mut session, DOWN)), "FORBIDDEN");
    assert!(text(&mut session, DOWN).is_empty());
    assert!(session.handle(Event::Tick, NOW + 1_000).is_empty());
    assert!(session.handle(control(true), NOW).is_empty());
    assert_eq!(text(&mut session, DOWN).len(), 1);
}

#[test]
fn a_role_that_only_looks_is_refused_once_on_whatever_way_and_is_never_granted_more() {
    let config = SessionConfig {
        role: Role::View,
        ..SessionConfig::default()
    };
    let (mut session, first) = Session::start("c".to_owned(), "default", Dialect::Native, config, NOW);
    assert_eq!(sent(&first)[0]["data"]["session_config"]["role"], "view");
    assert!(session.handle(Event::Control { granted: true }, NOW).is_empty());
    assert_eq!(code(&session.handle(Event::Refused, NOW)), "FORBIDDEN");
    assert!(session.handle(Event::Refused, NOW).is_empty());
    assert!(text(&mut session, DOWN).is_empty());
}

#[test]
fn a_client_that_selects_selkies_is_offered_to_in_its_format() {
    let mut session = native();
    let wish = r#"{"type":"protocol-negotiation","id":"n","data":{"supported_protocols":["selkies"]}}"#;
    let selected = sent(&text(&mut session, wish)).remove(0);
    assert_eq!(selected["id"], "n");
    assert_eq!(selected["data"]["selected_protocol"], "selkies");
    text(&mut session, REQUEST);
    let actions = session.handle(offered(KEY), NOW);
    assert_eq!(sent(&actions), [json!({"sdp":{"type":"offer","sdp":"v=0"}})]);
    assert_eq!(
        text(&mut session, r#"{"sdp":{"type":"answer","sdp":"v=0"}}"#),
        [apply(KEY)]
    );
    assert!(session.handle(applied(KEY), NOW).is_empty());
}

#[test]
fn an_answer_without_an_envelope_is_taken_from_any_client() {
    let mut session = with_offer();
    assert_eq!(
        text(&mut session, r#"{"sdp":{"type":"answer","sdp":"v=0"}}"#),
        [apply(KEY)]
    );
    assert!(
        text(
            &mut session,
            r#"{"ice":{"candidate":"candidate:1","sdpMid":"0"}}"#
        )
        .is_empty()
    );
    let added = session.handle(applied(KEY), NOW);
    assert_eq!(added, [add(KEY, "candidate:1")]);
}

#[test]
fn the_first_frame_tells_a_client_of_another_dialect() {
    for (frame, dialect) in [
        ("HELLO 1", Dialect::Selkies),
        (r#"{"sdp":{"type":"offer","sdp":"v=0"}}"#, Dialect::Selkies),
        (r#"{"type":"list"}"#, Dialect::GstWebrtc),
        (r#"{"type":"setPeerStatus","roles":[]}"#, Dialect::GstWebrtc),
        (r#"{"type":"ping"}"#, Dialect::Native),
    ] {
        let mut session = native();
        text(&mut session, frame);
        assert_eq!(session.dialect(), dialect, "{frame}");
    }
    let mut session = native();
    text(&mut session, r#"{"type":"hello"}"#);
    assert_eq!(code(&text(&mut session, "HELLO 1")), "MESSAGE_PARSING_FAILED");
}
