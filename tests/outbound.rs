//! The host at a remote signaling server.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deskbeam::host::{RemoteSignaling as Address, RemoteSignalingKind};
use serde_json::{Value, json};

use super::support::host::TestHost;
use super::support::player::Player;
use super::support::program::Program;
use super::support::rendezvous::{Guest, RemoteSignaling};
use super::support::soon;

/// Starts a host that registers at `server`.
fn start(server: &RemoteSignaling, kind: RemoteSignalingKind) -> TestHost {
    let url = server.url.parse().unwrap();
    TestHost::start_custom(|setup| setup.config.remote_signaling = Some(Address { url, kind }))
}

fn producer() -> RemoteSignalingKind {
    RemoteSignalingKind::Producer {
        name: "my-desk".to_owned(),
    }
}

fn peer(callee: Option<&str>) -> RemoteSignalingKind {
    RemoteSignalingKind::Peer {
        uid: "desk-1".to_owned(),
        callee: callee.map(str::to_owned),
    }
}

/// Lets the host register as a producer with the peer id `id`.
async fn register(connection: &mut Guest, id: &str) {
    connection.say(json!({"type":"welcome","peerId":id})).await;
    let status = connection.hear_json().await;
    assert_eq!(
        status,
        json!({"type":"setPeerStatus","roles":["producer"],"meta":{"name":"my-desk"},"peerId":id})
    );
    connection
        .say(json!({"type":"peerStatusChanged","roles":["producer"],"meta":{"name":"my-desk"},"peerId":id}))
        .await;
}

/// Returns the description that the host sends next in the session `id`.
async fn description(connection: &mut Guest, id: &str) -> Value {
    let message = connection.hear_json().await;
    assert_eq!(
        (message["type"].as_str(), message["sessionId"].as_str()),
        (Some("peer"), Some(id)),
        "{message}"
    );
    message["sdp"].clone()
}

/// Plays while the host sends candidates, which `find` extracts from its messages.
async fn play(connection: &mut Guest, player: &mut Player, find: impl Fn(&Value) -> &Value) {
    let playing = async {
        while player.decoded < 30 {
            tokio::select! {
                () = player.next() => {}
                message = connection.hear_json() => {
                    let (index, candidate) = ice(find(&message)).unwrap_or_else(|| panic!("unexpected: {message}"));
                    player.take_candidate(index, &candidate);
                }
            }
        }
    };
    soon("frames are decoded", playing).await;
}

fn ice(value: &Value) -> Option<(u32, String)> {
    let index = u32::try_from(value["sdpMLineIndex"].as_u64()?).ok()?;
    Some((index, value["candidate"].as_str()?.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_registers_as_a_producer_and_plays_in_a_session() {
    let server = RemoteSignaling::open().await;
    let host = start(&server, producer());
    let mut connection = server.guest().await;
    register(&mut connection, "p-1").await;
    connection
        .say(json!({"type":"startSession","peerId":"consumer","sessionId":"s-1"}))
        .await;
    let offer = description(&mut connection, "s-1").await;
    assert_eq!(offer["type"], "offer");
    let (mut player, answer) = Player::answering(offer["sdp"].as_str().unwrap()).await;
    connection
        .say(json!({"type":"peer","sessionId":"s-1","sdp":{"type":"answer","sdp":answer}}))
        .await;
    play(&mut connection, &mut player, |message| &message["ice"]).await;
    player.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_leaves_the_server_when_all_viewers_are_disconnected() {
    let server = RemoteSignaling::open().await;
    let cut_off = Arc::new(tokio::sync::Notify::new());
    let (notify, url) = (Arc::clone(&cut_off), server.url.parse().unwrap());
    let host = TestHost::start_custom(|setup| {
        setup.config.remote_signaling = Some(Address {
            url,
            kind: producer(),
        });
        setup.parts.disconnect_all = cut_off;
    });
    let mut connection = server.guest().await;
    register(&mut connection, "p-1").await;
    notify.notify_one();
    connection.gone().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_answers_a_session_that_starts_with_an_offer() {
    let server = RemoteSignaling::open().await;
    let host = start(&server, producer());
    let mut connection = server.guest().await;
    register(&mut connection, "p-1").await;
    let mut player = Player::new().await;
    connection
        .say(json!({"type":"startSession","peerId":"consumer","sessionId":"s-1","offer":player.offer}))
        .await;
    let answer = description(&mut connection, "s-1").await;
    assert_eq!(answer["type"], "answer");
    player.take_answer(answer["sdp"].as_str().unwrap());
    play(&mut connection, &mut player, |message| &message["ice"]).await;
    player.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_independent_and_survive_nonsense_from_the_server() {
    let server = RemoteSignaling::open().await;
    let host = start(&server, producer());
    let mut connection = server.guest().await;
    register(&mut connection, "p-1").await;
    for nonsense in [
        json!("?"),
        json!({"type":"no-such-type"}),
        json!({"type":"peer","sessionId":"s-0","sdp":{"type":"answer","sdp":"v=0"}}),
        json!({"type":"endSession","sessionId":"s-0"}),
        json!({"type":"error","details":"this is not for you"}),
    ] {
        connection.say(nonsense).await;
    }
    connection.say("this is not JSON").await;
    let mut ufrags = Vec::new();
    for id in ["s-1", "s-2"] {
        connection
            .say(json!({"type":"startSession","peerId":"consumer","sessionId":id}))
            .await;
        let offer = loop {
            // Candidates of the first session may still arrive.
            let message = connection.hear_json().await;
            assert_eq!(message["type"], "peer", "{message}");
            if message["sessionId"] == id && message.get("sdp").is_some() {
                break message["sdp"]["sdp"].as_str().unwrap().to_owned();
            }
            assert!(message.get("ice").is_some(), "{message}");
        };
        let ufrag = offer.lines().find(|line| line.starts_with("a=ice-ufrag:"));
        ufrags.push(ufrag.unwrap().to_owned());
    }
    assert_ne!(ufrags[0], ufrags[1], "each session has a peer of its own");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_would_harm_the_host_ends_its_session_and_no_other() {
    let server = RemoteSignaling::open().await;
    let host = start(&server, producer());
    let mut connection = server.guest().await;
    register(&mut connection, "p-1").await;
    connection
        .say(json!({"type":"startSession","peerId":"consumer","sessionId":"bad"}))
        .await;
    description(&mut connection, "bad").await;
    connection
        .say(json!({"type":"peer","sessionId":"bad","sdp":{"type":"answer","sdp":"v=0\r\n"}}))
        .await;
    loop {
        let message = connection.hear_json().await;
        if message["type"] == "endSession" {
            assert_eq!(message["sessionId"], "bad");
            break;
        }
        assert!(message.get("ice").is_some(), "{message}");
    }
    connection
        .say(json!({"type":"startSession","peerId":"consumer","sessionId":"good"}))
        .await;
    assert_eq!(description(&mut connection, "good").await["type"], "offer");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_waits_for_a_call_and_offers_on_request() {
    let server = RemoteSignaling::open().await;
    let host = start(&server, peer(None));
    let mut connection = server.guest().await;
    assert_eq!(connection.hear().await, "HELLO desk-1");
    connection.say("HELLO").await;
    connection.say("OFFER_REQUEST").await;
    let offer = connection.hear_json().await;
    assert_eq!(offer["sdp"]["type"], "offer", "{offer}");
    let (mut player, answer) = Player::answering(offer["sdp"]["sdp"].as_str().unwrap()).await;
    connection
        .say(json!({"sdp":{"type":"answer","sdp":answer}}))
        .await;
    play(&mut connection, &mut player, |message| &message["ice"]).await;
    player.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_answers_the_offer_of_a_peer_that_calls() {
    let server = RemoteSignaling::open().await;
    let host = start(&server, peer(None));
    let mut connection = server.guest().await;
    assert_eq!(connection.hear().await, "HELLO desk-1");
    connection.say("HELLO").await;
    let mut player = Player::new().await;
    connection
        .say(json!({"sdp":{"type":"offer","sdp":player.offer}}))
        .await;
    let answer = connection.hear_json().await;
    assert_eq!(answer["sdp"]["type"], "answer", "{answer}");
    player.take_answer(answer["sdp"]["sdp"].as_str().unwrap());
    play(&mut connection, &mut player, |message| &message["ice"]).await;
    player.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_repeats_its_call_until_the_peer_is_there_and_then_offers() {
    let server = RemoteSignaling::open().await;
    let host = start(&server, peer(Some("viewer-7")));
    let mut connection = server.guest().await;
    assert_eq!(connection.hear().await, "HELLO desk-1");
    connection.say("HELLO").await;
    let mut called = None;
    for _ in 0..3 {
        assert_eq!(connection.hear().await, "SESSION viewer-7");
        let before = called.replace(Instant::now());
        let pause = before.map_or(Duration::from_secs(2), |before: Instant| before.elapsed());
        assert!(
            pause > Duration::from_millis(1_500),
            "the host calls too often: {pause:?}"
        );
        connection.say("ERROR peer 'viewer-7' not found").await;
    }
    assert_eq!(connection.hear().await, "SESSION viewer-7");
    connection.say("SESSION_OK").await;
    let offer = connection.hear_json().await;
    assert_eq!(offer["sdp"]["type"], "offer", "{offer}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_reconnects_when_the_server_returns() {
    let server = RemoteSignaling::open().await;
    let host = start(&server, peer(None));
    let mut connection = server.guest().await;
    assert_eq!(connection.hear().await, "HELLO desk-1");
    connection.say("HELLO").await;
    drop(connection);
    let lost = Instant::now();
    let mut connection = server.guest().await;
    let pause = lost.elapsed();
    assert!(
        pause > Duration::from_secs(2) && pause < Duration::from_secs(15),
        "the first pause is {pause:?}"
    );
    assert_eq!(connection.hear().await, "HELLO desk-1");
    connection.say("HELLO").await;
    connection.say("OFFER_REQUEST").await;
    assert_eq!(connection.hear_json().await["sdp"]["type"], "offer");
    host.stop().await;
}

/// Starts the program, registering at `server`, with these certificates instead of the system's.
fn start_program(server: &RemoteSignaling, trusted: &Path) -> Program {
    let arguments = [
        "--capture",
        "test",
        "--signaling-name",
        "my-desk",
        "--signaling-server",
        &server.url,
    ];
    let environment = [("SSL_CERT_FILE", trusted.to_str().unwrap())];
    tokio::task::block_in_place(|| Program::start_with(&arguments, &environment))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_registers_over_tls_if_it_trusts_the_certificate() {
    let (server, certificate) = RemoteSignaling::open_tls().await;
    let trusted = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&trusted, certificate).unwrap();
    let _program = start_program(&server, trusted.path());
    let mut connection = server.guest().await;
    register(&mut connection, "p-1").await;
    connection
        .say(json!({"type":"startSession","peerId":"consumer","sessionId":"s-1"}))
        .await;
    assert_eq!(description(&mut connection, "s-1").await["type"], "offer");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_sends_nothing_to_a_server_whose_certificate_it_does_not_trust() {
    let (server, _) = RemoteSignaling::open_tls().await;
    let (_, of_another_one) = RemoteSignaling::open_tls().await;
    let trusted = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&trusted, of_another_one).unwrap();
    let _program = start_program(&server, trusted.path());
    let refused = server.try_guest().await.err().expect("the host refuses");
    assert!(refused.to_string().contains("fatal alert"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_its_server_stops_at_once_when_asked_to() {
    let server = RemoteSignaling::open().await;
    let host = start(&server, producer());
    drop(server.guest().await);
    let ending = Instant::now();
    host.stop().await;
    assert!(
        ending.elapsed() < Duration::from_secs(3),
        "{:?}",
        ending.elapsed()
    );
}
