use super::*;
use crate::protocol::channel::ChannelLabel;

const ANSWER: &str = r#"{"sdp":{"type":"answer","sdp":"v=0"}}"#;

fn hello(uid: &str) -> (Session, Vec<Action>) {
    let (mut session, first) = start(Dialect::Selkies);
    assert!(first.is_empty(), "no welcome");
    let actions = text(&mut session, &format!("HELLO {uid}"));
    assert_eq!(texts(&actions), ["HELLO"]);
    (session, actions)
}

#[test]
fn the_page_is_offered_the_picture_on_one_socket_and_the_sound_on_another() {
    let wanted = |uid| {
        let (_, request) = opened(&hello(uid).1);
        (request.video, request.audio, request.channel)
    };
    assert_eq!(wanted("1"), (true, false, Some(ChannelLabel::Input)));
    assert_eq!(wanted("3"), (false, true, None));
    assert_eq!(wanted("4711"), (true, true, Some(ChannelLabel::Input)));
}

#[test]
fn the_host_offers_right_after_hello() {
    let (mut session, _) = hello("1");
    let offer = texts(&session.handle(offered(KEY), NOW)).remove(0);
    assert_eq!(offer, r#"{"sdp":{"sdp":"v=0","type":"offer"}}"#);
    let ice = texts(&session.handle(local(KEY, "candidate:9"), NOW)).remove(0);
    assert_eq!(ice, r#"{"ice":{"candidate":"candidate:9","sdpMLineIndex":0}}"#);
    assert!(
        session.handle(local(KEY, ""), NOW).is_empty(),
        "its page knows no end"
    );
    let theirs =
        r#"{"ice":{"candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"x"}}"#;
    assert!(text(&mut session, theirs).is_empty());
    assert_eq!(text(&mut session, ANSWER), [apply(KEY)]);
    let added = session.handle(applied(KEY), NOW);
    assert_eq!(added, [add(KEY, "candidate:1")]);
}

#[test]
fn a_client_that_calls_and_offers_is_answered() {
    let (mut session, _) = hello("me");
    assert_eq!(texts(&text(&mut session, "SESSION anybody")), ["SESSION_OK"]);
    let (key, request) = opened(&text(&mut session, r#"{"sdp":{"type":"offer","sdp":"v=0"}}"#));
    assert_eq!(request.remote_offer.as_deref(), Some("v=0"));
    assert_eq!(request.channel, None);
    assert!(
        session.handle(offered(key), NOW).is_empty(),
        "the first peer is replaced"
    );
    let answer = texts(&session.handle(answered(key), NOW)).remove(0);
    assert_eq!(answer, r#"{"sdp":{"sdp":"v=0","type":"answer"}}"#);
}

#[test]
fn an_offer_can_be_asked_for_again() {
    let (mut session, _) = hello("me");
    assert!(text(&mut session, "OFFER_REQUEST").is_empty(), "it is on its way");
    session.handle(offered(KEY), NOW);
    opened(&text(&mut session, "OFFER_REQUEST"));
}

#[test]
fn a_first_frame_that_is_no_hello_closes_the_socket() {
    for (frame, why) in [
        ("HI", "invalid protocol"),
        ("HELLO", "invalid peer uid"),
        ("{}", "invalid protocol"),
    ] {
        let closed = Action::Close {
            code: 1002,
            reason: why.to_owned(),
        };
        assert_eq!(text(&mut started(Dialect::Selkies), frame), [closed], "{frame}");
    }
}

#[test]
fn what_cannot_be_done_is_answered_in_words() {
    let (mut session, _) = hello("1");
    for (frame, expected) in [
        ("ROOM session", "ERROR invalid room id 'session'"),
        ("ROOM_PEER_MSG x hi", "ERROR invalid msg"),
        ("ROOM r", "ROOM_OK "),
        ("ROOM r", "ERROR invalid msg, already in room"),
        ("ROOM_PEER_MSG x hi", "ERROR peer 'x' is not in the room"),
        ("ROOM_PEER_LIST", "ROOM_PEER_LIST "),
        ("nonsense", "ERROR invalid msg"),
        (ANSWER, "ERROR there is no offer that this could answer"),
        (
            r#"{"sdp":{"type":"answer","sdp":"x"}}"#,
            "ERROR The session description does not start with \"v=\"",
        ),
    ] {
        assert_eq!(texts(&text(&mut session, frame)), [expected], "{frame}");
    }
}

#[test]
fn a_failed_stream_closes_the_socket_so_that_the_page_starts_again() {
    let (mut session, _) = hello("1");
    let actions = session.handle(failed(KEY), NOW);
    assert!(
        matches!(&actions[..], [Action::Send(error), Action::Close { code: 1011, .. }] if error == "ERROR no encoder")
    );
}
