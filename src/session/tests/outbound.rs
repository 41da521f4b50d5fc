use serde_json::json;

use super::*;

#[test]
fn a_producer_registers_and_serves_whoever_comes() {
    let (mut session, first) = Session::produce(json!({"name":"desk"}), SessionConfig::default(), NOW);
    assert!(first.is_empty());
    let status = sent(&text(&mut session, r#"{"type":"welcome","peerId":"p"}"#));
    assert_eq!(
        status,
        [json!({"type":"setPeerStatus","roles":["producer"],"meta":{"name":"desk"},"peerId":"p"})]
    );
    assert_eq!(session.peer_id(), Some("p"));
    let start = |id: &str| format!(r#"{{"type":"startSession","peerId":"c","sessionId":"{id}"}}"#);
    let (one, _) = opened(&text(&mut session, &start("a")));
    let (two, _) = opened(&text(&mut session, &start("b")));
    assert_ne!(one, two);
    let offer = sent(&session.handle(offered(two), NOW)).remove(0);
    assert_eq!(
        (&offer["sessionId"], &offer["sdp"]["type"]),
        (&json!("b"), &json!("offer"))
    );
    let answer = r#"{"type":"peer","sessionId":"b","sdp":{"type":"answer","sdp":"v=0"}}"#;
    assert_eq!(text(&mut session, answer), [apply(two)]);
    let closed = text(&mut session, r#"{"type":"endSession","sessionId":"a"}"#);
    assert_eq!(closed, [Action::ClosePeer { key: one }]);
    let told = sent(&session.handle(failed(two), NOW));
    assert_eq!(told, [json!({"type":"endSession","sessionId":"b"})]);
}

#[test]
fn what_a_server_says_wrong_is_noted_and_never_answered() {
    let (mut session, _) = Session::produce(json!({}), SessionConfig::default(), NOW);
    for frame in [
        "",
        "{}",
        r#"{"type":"error","details":"no"}"#,
        r#"{"type":"peer","sessionId":"x"}"#,
    ] {
        assert!(
            matches!(text(&mut session, frame)[..], [Action::Note(_)]),
            "{frame}"
        );
    }
}

#[test]
fn a_caller_calls_until_the_other_peer_is_there() {
    let (mut session, first) = Session::call("0", Some("1".to_owned()), SessionConfig::default(), NOW);
    assert_eq!(texts(&first), ["HELLO 0"]);
    assert_eq!(texts(&text(&mut session, "HELLO")), ["SESSION 1"]);
    assert!(matches!(
        text(&mut session, "ERROR peer '1' not found")[..],
        [Action::Note(_)]
    ));
    assert_eq!(session.next_deadline(), Some(NOW + 2_000));
    assert_eq!(texts(&session.handle(Event::Tick, NOW + 2_000)), ["SESSION 1"]);
    let (key, request) = opened(&text(&mut session, "SESSION_OK e30="));
    assert_eq!(request.remote_offer, None);
    assert_eq!(
        sent(&session.handle(offered(key), NOW))[0]["sdp"]["type"],
        "offer"
    );
    assert_eq!(
        text(&mut session, r#"{"sdp":{"type":"answer","sdp":"v=0"}}"#),
        [apply(key)]
    );
}

#[test]
fn a_peer_that_waits_answers_an_offer_and_offers_when_asked() {
    let waiting = || {
        let (mut session, _) = Session::call("me", None, SessionConfig::default(), NOW);
        assert!(text(&mut session, "HELLO").is_empty());
        session
    };
    let mut session = waiting();
    let (key, request) = opened(&text(&mut session, r#"{"sdp":{"type":"offer","sdp":"v=0"}}"#));
    assert_eq!(request.remote_offer.as_deref(), Some("v=0"));
    assert!(
        text(
            &mut session,
            r#"{"ice":{"candidate":"candidate:1","sdpMid":"0"}}"#
        )
        .is_empty()
    );
    let actions = session.handle(answered(key), NOW);
    assert_eq!(sent(&actions)[0]["sdp"]["type"], "answer");
    assert_eq!(actions[1..], [add(key, "candidate:1")]);
    opened(&text(&mut waiting(), "OFFER_REQUEST"));
}
