use serde_json::json;

use super::*;
use crate::protocol::channel::ChannelLabel;

const START: &str = r#"{"type":"startSession","peerId":"host"}"#;

/// Starts a session and gives its key and its id.
fn session_of(session: &mut Session) -> (PeerKey, String) {
    let actions = text(session, START);
    let started = sent(&actions).remove(0);
    assert!(
        matches!(actions[..], [Action::Send(_), Action::OpenPeer { .. }]),
        "first of all, it is started"
    );
    (
        opened(&actions).0,
        started["sessionId"].as_str().unwrap().to_owned(),
    )
}

fn peer(id: &str, content: &str) -> String {
    format!(r#"{{"type":"peer","sessionId":"{id}",{content}}}"#)
}

const ANSWER: &str = r#""sdp":{"type":"answer","sdp":"v=0"}"#;
const ICE: &str = r#""ice":{"candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":0}"#;

#[test]
fn a_consumer_finds_the_host_and_plays_it() {
    let (mut session, first) = start(Dialect::GstWebrtc);
    assert_eq!(
        sent(&first),
        [json!({"type":"welcome","peerId":"client_1640995200000_0421"})]
    );
    let status = sent(&text(
        &mut session,
        r#"{"type":"setPeerStatus","roles":["listener"],"meta":{"name":"me"}}"#,
    ));
    assert_eq!(
        status,
        [
            json!({"type":"peerStatusChanged","roles":["listener"],"meta":{"name":"me"},
                "peerId":"client_1640995200000_0421"})
        ]
    );
    let list = sent(&text(&mut session, r#"{"type":"list"}"#));
    assert_eq!(list[0]["producers"][0]["id"], "host");
    let consumers = sent(&text(&mut session, r#"{"type":"listConsumers"}"#));
    assert_eq!(consumers[0]["consumers"], json!([]));

    let (key, id) = session_of(&mut session);
    let offer = sent(&session.handle(offered(key), NOW)).remove(0);
    assert_eq!(
        offer,
        json!({"type":"peer","sessionId":id,"sdp":{"type":"offer","sdp":"v=0"}})
    );
    let end = sent(&session.handle(local(key, ""), NOW)).remove(0);
    assert_eq!(end["ice"], json!({"candidate":"","sdpMLineIndex":0}));
    assert!(text(&mut session, &peer(&id, ICE)).is_empty());
    assert_eq!(text(&mut session, &peer(&id, ANSWER)), [apply(key)]);
    assert_eq!(session.handle(applied(key), NOW), [add(key, "candidate:1")]);
    let ended = text(
        &mut session,
        &format!(r#"{{"type":"endSession","sessionId":"{id}"}}"#),
    );
    assert_eq!(ended, [Action::ClosePeer { key }]);
    assert!(session.handle(failed(key), NOW).is_empty(), "it is forgotten");
}

#[test]
fn sessions_of_one_socket_do_not_mix() {
    let mut session = started(Dialect::GstWebrtc);
    let (one, first) = session_of(&mut session);
    let (two, second) = session_of(&mut session);
    assert!(one != two && first != second);
    session.handle(offered(two), NOW);
    assert_eq!(text(&mut session, &peer(&second, ANSWER)), [apply(two)]);
    let early = sent(&text(&mut session, &peer(&first, ANSWER)));
    assert_eq!(early[0]["type"], "error");
}

#[test]
fn a_consumer_that_offers_is_answered_and_makes_the_channel() {
    let mut session = started(Dialect::GstWebrtc);
    let actions = text(
        &mut session,
        r#"{"type":"startSession","peerId":"host","offer":"v=0"}"#,
    );
    let (key, request) = opened(&actions);
    assert_eq!(
        (request.remote_offer.as_deref(), request.channel),
        (Some("v=0"), None)
    );
    let answer = sent(&session.handle(answered(key), NOW)).remove(0);
    assert_eq!(answer["sdp"]["type"], "answer");
    assert_eq!(
        opened(&text(&mut session, START)).1.channel,
        Some(ChannelLabel::Control)
    );
}

#[test]
fn the_end_of_a_session_says_why_where_the_version_can() {
    let mut session = started(Dialect::GstWebrtc);
    let (key, id) = session_of(&mut session);
    let told = sent(&session.handle(failed(key), NOW));
    assert_eq!(told[0], json!({"type":"error","details":"no encoder"}));
    assert_eq!(told[1], json!({"type":"endSession","sessionId":id}));

    text(&mut session, r#"{"type":"setProtocolVersion","version":"v1_1"}"#);
    let (key, id) = session_of(&mut session);
    let told = sent(&session.handle(failed(key), NOW));
    assert_eq!(
        told,
        [json!({"type":"endSessionV1_1","sessionId":id,"error":"no encoder"})]
    );
}

#[test]
fn what_cannot_be_done_is_answered_with_an_error() {
    let mut session = started(Dialect::GstWebrtc);
    for frame in [
        "",
        "{}",
        r#"{"type":"fly"}"#,
        r#"{"type":"setProtocolVersion","version":"v9"}"#,
        r#"{"type":"setPeerStatus","roles":["producer"]}"#,
        r#"{"type":"startSession","peerId":"other"}"#,
        r#"{"type":"endSession","sessionId":"none"}"#,
        &peer("none", ANSWER),
    ] {
        let told = sent(&text(&mut session, frame));
        assert_eq!((told.len(), &told[0]["type"]), (1, &json!("error")), "{frame}");
    }
}

#[test]
fn one_socket_has_only_so_many_sessions() {
    let mut session = started(Dialect::GstWebrtc);
    for _ in 0..16 {
        session_of(&mut session);
    }
    assert_eq!(sent(&text(&mut session, START))[0]["type"], "error");
}
