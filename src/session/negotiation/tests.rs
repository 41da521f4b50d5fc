use serde_json::Value;

use super::*;

const NOW: u64 = 1_640_995_200_000;

fn started() -> Session {
    Session::start(
        "client_1640995200000_0421".to_owned(),
        "default",
        SessionConfig::default(),
        NOW,
    )
    .0
}

/// The messages among `actions`, parsed.
fn sent(actions: &[Action]) -> Vec<Value> {
    actions
        .iter()
        .filter_map(|action| match action {
            Action::Send(text) => Some(serde_json::from_str(text).unwrap()),
            _ => None,
        })
        .collect()
}

fn text(session: &mut Session, frame: &str) -> Vec<Action> {
    session.handle(Event::Text(frame), NOW)
}

fn candidate(text: &str) -> IceCandidate {
    IceCandidate {
        candidate: text.to_owned(),
        sdp_m_line_index: 0,
        sdp_mid: Some("0".to_owned()),
    }
}

/// A session that has sent its offer.
fn offered() -> Session {
    let mut session = started();
    text(&mut session, r#"{"type":"request-offer","id":"r1"}"#);
    session.handle(
        Event::Offered {
            sdp: "v=0".to_owned(),
        },
        NOW,
    );
    session
}

const ANSWER: &str = r#"{"type":"answer","id":"a1","data":{"sdp":{"type":"answer","sdp":"v=0"}}}"#;
const CANDIDATE: &str = r#"{"type":"ice-candidate","data":{"candidate":{"candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":0}}}"#;

#[test]
fn the_first_frame_is_the_welcome_and_hello_brings_no_second() {
    let (mut session, welcome) = Session::start(
        "client_1640995200000_0421".to_owned(),
        "default",
        SessionConfig::default(),
        NOW,
    );
    let welcome = sent(&[welcome]).remove(0);
    assert_eq!(welcome["type"], "welcome");
    assert_eq!(welcome["data"]["client_id"], "client_1640995200000_0421");
    assert_eq!(welcome["data"]["session_config"]["heartbeat_interval"], 30_000);
    assert_eq!(welcome["id"], "msg_1640995200000_001");
    assert!(text(&mut session, r#"{"type":"hello","id":"h"}"#).is_empty());
}

#[test]
fn a_whole_negotiation_goes_in_order_with_the_ids_of_the_requests() {
    let mut session = started();
    let hello = r#"{"type":"hello","data":{"video_codecs":["VP8","H264"]}}"#;
    assert!(text(&mut session, hello).is_empty());

    let request = r#"{"type":"request-offer","id":"r1","data":{"constraints":{"data_channel":true}}}"#;
    let wanted = PeerRequest {
        codecs: vec!["VP8".to_owned(), "H264".to_owned()],
        data_channel: true,
    };
    assert_eq!(text(&mut session, request), [Action::OpenPeer(wanted)]);

    let offer = sent(&session.handle(
        Event::Offered {
            sdp: "v=0".to_owned(),
        },
        NOW,
    ))
    .remove(0);
    assert_eq!(
        (offer["type"].as_str(), offer["id"].as_str()),
        (Some("offer"), Some("r1"))
    );

    let local = sent(&session.handle(Event::LocalCandidate(candidate("candidate:9")), NOW)).remove(0);
    assert_eq!(local["data"]["candidate"]["candidate"], "candidate:9");

    assert!(text(&mut session, CANDIDATE).is_empty(), "waits for the answer");
    assert_eq!(
        text(&mut session, ANSWER),
        [Action::ApplyAnswer {
            sdp: "v=0".to_owned()
        }]
    );
    assert!(text(&mut session, CANDIDATE).is_empty(), "still waits");

    let actions = session.handle(Event::AnswerApplied, NOW);
    assert_eq!(sent(&actions)[0]["type"], "answer-ack");
    assert_eq!(sent(&actions)[0]["id"], "a1");
    let added = Action::AddCandidate(candidate("candidate:1"));
    assert_eq!(
        actions[1..],
        [added, Action::AddCandidate(candidate("candidate:1"))]
    );

    assert_eq!(
        text(&mut session, CANDIDATE),
        [Action::AddCandidate(candidate("candidate:1"))]
    );
}

#[test]
fn the_hosts_candidates_never_go_before_the_offer() {
    let mut session = started();
    text(&mut session, r#"{"type":"request-offer","id":"r1"}"#);
    assert!(
        session
            .handle(Event::LocalCandidate(candidate("candidate:9")), NOW)
            .is_empty()
    );
}

#[test]
fn the_request_overrides_the_codecs_of_the_hello() {
    let mut session = started();
    text(
        &mut session,
        r#"{"type":"hello","data":{"video_codecs":["VP8","H264"]}}"#,
    );
    let actions = text(
        &mut session,
        r#"{"type":"request-offer","data":{"codec_preferences":["VP8"]}}"#,
    );
    assert_eq!(
        actions,
        [Action::OpenPeer(PeerRequest {
            codecs: vec!["VP8".to_owned()],
            data_channel: true
        })]
    );
}

#[test]
fn a_second_answer_is_acknowledged_and_changes_nothing() {
    let mut session = offered();
    text(&mut session, ANSWER);
    let early = text(&mut session, ANSWER);
    assert_eq!(sent(&early)[0]["type"], "answer-ack");
    assert_eq!(early.len(), 1);
    session.handle(Event::AnswerApplied, NOW);
    let late = text(&mut session, ANSWER);
    assert_eq!(sent(&late)[0]["type"], "answer-ack");
    assert_eq!(late.len(), 1);
}

#[test]
fn an_answer_without_a_peer_is_an_error_that_the_socket_survives() {
    let mut session = started();
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
    let mut session = offered();
    text(&mut session, ANSWER);
    let error = sent(&session.handle(
        Event::AnswerRefused {
            reason: "no".to_owned(),
        },
        NOW,
    ))
    .remove(0);
    assert_eq!(
        (error["error"]["code"].as_str(), error["id"].as_str()),
        (Some("SDP_PROCESSING_FAILED"), Some("a1"))
    );
    assert_eq!(
        text(&mut session, ANSWER),
        [Action::ApplyAnswer {
            sdp: "v=0".to_owned()
        }]
    );
}

#[test]
fn a_failed_peer_is_told_once_with_the_id_of_what_waits_for_it() {
    let mut session = started();
    text(&mut session, r#"{"type":"request-offer","id":"r1"}"#);
    let failed = || Event::PeerFailed {
        reason: "no encoder".to_owned(),
    };
    let error = sent(&session.handle(failed(), NOW)).remove(0);
    assert_eq!(
        (error["id"].as_str(), error["error"]["message"].as_str()),
        (Some("r1"), Some("no encoder"))
    );
    assert!(session.handle(failed(), NOW).is_empty());
}

#[test]
fn a_new_request_replaces_the_peer_at_any_step() {
    let mut session = offered();
    text(&mut session, CANDIDATE);
    let again = text(&mut session, r#"{"type":"request-offer","id":"r2"}"#);
    assert!(matches!(again[..], [Action::OpenPeer(_)]));
    let offer = sent(&session.handle(
        Event::Offered {
            sdp: "v=0".to_owned(),
        },
        NOW,
    ))
    .remove(0);
    assert_eq!(offer["id"], "r2");
    text(&mut session, ANSWER);
    let actions = session.handle(Event::AnswerApplied, NOW);
    assert_eq!(
        actions.len(),
        1,
        "the candidate of the first peer is not given to the second: {actions:?}"
    );
}

#[test]
fn binary_and_long_frames_are_answered_and_the_socket_is_kept() {
    let mut session = started();
    assert_eq!(
        sent(&session.handle(Event::Binary, NOW))[0]["error"]["code"],
        "INVALID_MESSAGE"
    );
    let long = "x".repeat(SessionConfig::default().max_message_size + 1);
    assert_eq!(
        sent(&text(&mut session, &long))[0]["error"]["code"],
        "MESSAGE_TOO_LARGE"
    );
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
        (Some(5), Some(3))
    );
}

#[test]
fn more_candidates_than_any_browser_has_are_refused() {
    let mut session = offered();
    for _ in 0..MAX_WAITING_CANDIDATES {
        assert!(text(&mut session, CANDIDATE).is_empty());
    }
    assert_eq!(
        sent(&text(&mut session, CANDIDATE))[0]["error"]["code"],
        "INVALID_MESSAGE_DATA"
    );
}
