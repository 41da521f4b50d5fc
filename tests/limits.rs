//! The limits of clients: rates, sizes, silence, and the number of connections.

use std::time::Duration;

use deskbeam::input::Recorded;
use deskbeam::protocol::input::Point;
use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::time::interval;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::support::host::{TestHost, options};
use super::support::raw::{FIN, PING, RawSocket, TEXT, masked};
use super::support::signaling::Client;
use super::support::soon;

/// The interval at which the clients of these tests repeat something.
const PACE: Duration = Duration::from_millis(100);

/// Connects a client, and receives its welcome.
async fn join(host: &TestHost) -> Client {
    let mut client = Client::connect(&host.ws_url()).await;
    assert_eq!(client.receive().await["type"], "welcome");
    client
}

async fn assert_answers(client: &mut Client) {
    client.send(json!({"type":"ping","id":"still-there"})).await;
    let pong = client.receive().await;
    assert_eq!(
        (pong["type"].as_str(), pong["id"].as_str()),
        (Some("pong"), Some("still-there")),
        "{pong}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_too_many_is_told_in_its_dialect_and_closed() {
    let host = TestHost::start_custom(|setup| setup.config.max_connections = 2);
    let (_first, mut second) = (join(&host).await, join(&host).await);
    for path in ["ws", "gstwebrtc", "webrtc/signalling"].repeat(10) {
        let mut refused = Client::connect(&format!("ws://{}/{path}", host.address)).await;
        // Clients send as soon as they are connected, which must not lose the answer.
        refused.send_raw(Message::text("HELLO 1")).await;
        let Some(Message::Text(text)) = refused.next_frame().await else {
            panic!("{path}: no word")
        };
        match path {
            "ws" => {
                let error: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(error["error"]["code"], "SERVER_UNAVAILABLE", "{error}");
            }
            "gstwebrtc" => {
                let error: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(error["type"], "error");
                assert!(error["details"].is_string(), "{error}");
            }
            _ => assert!(text.starts_with("ERROR "), "{text}"),
        }
        match refused.next_frame().await {
            Some(Message::Close(Some(frame))) => assert_eq!(u16::from(frame.code), 1013, "{path}"),
            other => panic!("{path}: {other:?}"),
        }
    }
    assert_answers(&mut second).await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_free_again_when_a_client_leaves() {
    let host = TestHost::start_custom(|setup| setup.config.max_connections = 1);
    for _ in 0..3 {
        let admitted = soon("somebody else is let in", async {
            loop {
                let mut client = Client::connect(&host.ws_url()).await;
                if client.receive().await["type"] == "welcome" {
                    return client;
                }
            }
        })
        .await;
        let mut refused = Client::connect(&host.ws_url()).await;
        assert_eq!(refused.receive().await["error"]["code"], "SERVER_UNAVAILABLE");
        drop(admitted);
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_a_sign_of_life_is_told_and_closed_and_one_that_pings_is_kept() {
    let host = TestHost::start_custom(|setup| setup.config.session.connection_timeout_ms = 1_000);
    let (mut websocket, mut protocol) = (join(&host).await, join(&host).await);
    let mut beat = interval(PACE);
    for _ in 0..2 {
        let mut idle = join(&host).await;
        let mut given_up = std::pin::pin!(async {
            let error = idle.receive().await;
            assert_eq!(error["error"]["code"], "CONNECTION_TIMEOUT", "{error}");
            idle.closed().await
        });
        let frame = loop {
            tokio::select! {
                frame = &mut given_up => break frame,
                _ = beat.tick() => {
                    websocket.send_raw(Message::Ping(Vec::new().into())).await;
                    protocol.send(json!({"type":"ping"})).await;
                    assert_eq!(protocol.receive().await["type"], "pong");
                }
            }
        };
        assert_eq!(frame.map(|frame| u16::from(frame.code)), Some(1001));
    }
    assert_answers(&mut websocket).await;
    assert_answers(&mut protocol).await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_answers_no_ping_is_kept_as_long_as_the_host_is_told() {
    let host = TestHost::start_custom(|setup| setup.config.session.connection_timeout_ms = 12_000);
    let mut mute = RawSocket::join(host.address).await;
    let mut pings = 0;
    let error = loop {
        match mute.frame().await.unwrap() {
            frame if frame.kind == PING => pings += 1,
            frame => break frame.json(),
        }
    };
    assert_eq!(error["error"]["code"], "CONNECTION_TIMEOUT", "{error}");
    // One every 2 s.
    assert!(pings >= 5, "it was asked {pings} times");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_answers_no_ping_is_told_and_closed() {
    let host = TestHost::start(&options());
    let mut mute = RawSocket::join(host.address).await;
    let mut pings = 0;
    let error = loop {
        match mute.frame().await.unwrap() {
            frame if frame.kind == PING => pings += 1,
            frame => break frame.json(),
        }
    };
    assert_eq!(error["error"]["code"], "CONNECTION_TIMEOUT", "{error}");
    assert!(pings >= 2, "it was asked {pings} times");
    assert_eq!(mute.frame().await.unwrap().close_code(), 1001);
    assert_eq!(mute.frame().await, None);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_over_the_soft_limit_is_refused_and_one_of_exactly_that_size_is_read() {
    let host = TestHost::start_custom(|setup| setup.config.session.max_message_size = 1_000);
    let mut client = Client::connect(&host.ws_url()).await;
    let welcome = client.receive().await;
    assert_eq!(welcome["data"]["session_config"]["max_message_size"], 1_000);
    let padded = |size: usize| {
        let ping = r#"{"type":"ping","id":"p"}"#;
        Message::text(format!("{ping}{}", " ".repeat(size - ping.len())))
    };
    client.send_raw(padded(1_000)).await;
    assert_eq!(client.receive().await["type"], "pong");
    client.send_raw(padded(1_001)).await;
    assert_eq!(client.receive().await["error"]["code"], "MESSAGE_TOO_LARGE");
    assert_answers(&mut client).await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_megabyte_is_still_answered_and_more_closes_the_socket_with_1009() {
    const MEGABYTE: usize = 1024 * 1024;
    let host = TestHost::start(&options());
    let mut client = join(&host).await;
    client.send_raw(Message::text("x".repeat(MEGABYTE))).await;
    assert_eq!(client.receive().await["error"]["code"], "MESSAGE_TOO_LARGE");
    for _ in 0..10 {
        let mut whole = join(&host).await;
        whole.send_raw(Message::text("x".repeat(MEGABYTE + 1))).await;
        assert_eq!(
            whole.closed().await.map(|frame| u16::from(frame.code)),
            Some(1009),
            "one frame"
        );
        let mut pieces = join(&host).await;
        pieces.send_raw(piece("x".repeat(MEGABYTE), Place::First)).await;
        pieces.send_raw(piece("x".to_owned(), Place::Last)).await;
        assert_eq!(
            pieces.closed().await.map(|frame| u16::from(frame.code)),
            Some(1009),
            "two frames"
        );
    }
    assert_answers(&mut client).await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_far_too_much_in_one_frame_can_still_read_why_it_is_closed() {
    let host = TestHost::start(&options());
    let frame = masked(FIN | TEXT, &vec![b'x'; 4 * 1024 * 1024]);
    for round in 0..10 {
        let mut client = RawSocket::join(host.address).await;
        client.send(&frame).await.unwrap();
        let close = client.frame_besides_pings().await;
        assert_eq!(close.map(|frame| frame.close_code()), Some(1009), "{round}");
        assert_eq!(client.frame().await, None, "{round}");
    }
    host.stop().await;
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    First,
    Middle,
    Last,
}

/// A fragment of a text message.
fn piece(text: String, place: Place) -> Message {
    let kind = match place {
        Place::First => Data::Text,
        Place::Middle | Place::Last => Data::Continue,
    };
    Message::Frame(Frame::message(text, OpCode::Data(kind), place == Place::Last))
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_of_a_message_are_put_together_with_control_frames_among_them() {
    let host = TestHost::start(&options());
    let mut client = join(&host).await;
    let message = json!({"type":"ping","id":"in-pieces","data":{"sequence":7}}).to_string();
    let last = message.len() - 1;
    for (index, letter) in message.chars().enumerate() {
        let place = match index {
            0 => Place::First,
            _ if index == last => Place::Last,
            _ => Place::Middle,
        };
        client.send_raw(piece(letter.to_string(), place)).await;
        if index == 5 {
            client.send_raw(Message::Ping(vec![1].into())).await;
        }
    }
    let pong = client.receive().await;
    assert_eq!(
        (pong["id"].as_str(), &pong["data"]["sequence"]),
        (Some("in-pieces"), &json!(7))
    );
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_answered_and_the_socket_goes_on() {
    let host = TestHost::start_custom(|setup| setup.config.session.max_message_size = 900 * 1024);
    let mut client = join(&host).await;
    const DEPTH: usize = 100_000;
    for (frame, code) in [
        (
            Message::text(format!("{}1{}", "{\"a\":".repeat(DEPTH), "}".repeat(DEPTH))),
            "INVALID_MESSAGE",
        ),
        (
            Message::text(format!(
                "{{\"type\":\"ping\",\"data\":{}{}}}",
                "[".repeat(DEPTH),
                "]".repeat(DEPTH)
            )),
            "INVALID_MESSAGE",
        ),
        (Message::text("[".repeat(DEPTH)), "INVALID_MESSAGE"),
        (Message::text("[1,2]"), "INVALID_MESSAGE"),
        (Message::text("{\"type\":"), "MESSAGE_PARSING_FAILED"),
        (Message::text(""), "MESSAGE_PARSING_FAILED"),
        (Message::text("\u{0}\u{ffff}"), "MESSAGE_PARSING_FAILED"),
        (Message::text("{}"), "INVALID_MESSAGE"),
        (Message::text(r#"{"type":7}"#), "INVALID_MESSAGE"),
        (
            Message::text(r#"{"version":"2.0","type":"ping"}"#),
            "INVALID_MESSAGE",
        ),
        (Message::binary(Vec::new()), "INVALID_MESSAGE"),
        (Message::binary(vec![0xff; 64 * 1024]), "INVALID_MESSAGE"),
    ] {
        client.send_raw(frame.clone()).await;
        let error = client.receive().await;
        let start: String = format!("{frame:?}").chars().take(60).collect();
        assert_eq!(error["error"]["code"], code, "{start}: {error}");
    }
    assert_answers(&mut client).await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_pings_at_once_are_all_answered_in_their_order() {
    let host = TestHost::start(&options());
    let (mut socket, _) = connect_async(host.ws_url()).await.unwrap();
    soon("the welcome", socket.next()).await.unwrap().unwrap();
    let (mut send, mut receive) = socket.split();
    let sending = tokio::spawn(async move {
        for number in 0..1_000 {
            let ping = json!({"type":"ping","id":format!("p{number}"),"data":{"sequence":number}});
            send.feed(Message::text(ping.to_string())).await.unwrap();
        }
        send.flush().await.unwrap();
    });
    let mut number = 0;
    while number < 1_000 {
        let Message::Text(text) = soon("a pong", receive.next()).await.unwrap().unwrap() else {
            continue;
        };
        let pong: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(pong["type"], "pong", "{pong}");
        assert_eq!(pong["id"], format!("p{number}"));
        assert_eq!(
            (&pong["reply_to"], &pong["data"]["sequence"]),
            (&pong["id"], &json!(number))
        );
        number += 1;
    }
    sending.await.unwrap();
    host.stop().await;
}

/// Connects all at once. Each gets its welcome and a pong while the others are connected.
async fn crowd(size: usize) {
    let host = TestHost::start_custom(|setup| setup.config.max_connections = size);
    let mut clients = join_all((0..size).map(|_| join(&host))).await;
    join_all(clients.iter_mut().map(assert_answers)).await;
    let mut refused = Client::connect(&host.ws_url()).await;
    assert_eq!(
        refused.receive().await["error"]["code"],
        "SERVER_UNAVAILABLE",
        "all of them count"
    );
    drop(clients);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_clients_connect_at_once_and_are_served() {
    crowd(50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_clients_connect_at_once_and_are_served() {
    crowd(500).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_is_closed_and_blocks_nobody() {
    let host = TestHost::start_custom(|setup| {
        setup.config.session.rate_burst = u32::MAX;
        setup.config.max_connections = 2;
    });
    let mut other = join(&host).await;
    let (socket, _) = connect_async(host.ws_url()).await.unwrap();
    // The reading half is kept, so that the socket stays open, but never read.
    let (mut send, _unread) = socket.split();
    let mut flooding = tokio::spawn(async move {
        let ping = json!({"type":"ping","id":"x".repeat(64)}).to_string();
        let mut sent = 0_u64;
        while send.send(Message::text(ping.clone())).await.is_ok() {
            sent += 1;
        }
        sent
    });
    let mut beat = interval(PACE);
    let sent = soon("the flood ends, since the host has closed the socket", async {
        loop {
            tokio::select! {
                sent = &mut flooding => return sent.unwrap(),
                _ = beat.tick() => {
                    let asked = tokio::time::Instant::now();
                    assert_answers(&mut other).await;
                    assert!(asked.elapsed() < Duration::from_secs(2), "the other waits for {:?}", asked.elapsed());
                }
            }
        }
    })
    .await;
    assert!(sent > 1_000, "only {sent} messages were taken");
    soon("its place is free", async {
        loop {
            let mut next = Client::connect(&host.ws_url()).await;
            if next.receive().await["type"] == "welcome" {
                return;
            }
        }
    })
    .await;
    assert_answers(&mut other).await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_read_finds_what_had_reached_it_before_it_was_given_up() {
    let host = TestHost::start_custom(|setup| setup.config.session.rate_burst = u32::MAX);
    let mut client = RawSocket::join(host.address).await;
    let mut sent = 0;
    loop {
        let ping = json!({"type":"ping","id":format!("p{sent}")}).to_string();
        if client.send(&masked(FIN | TEXT, ping.as_bytes())).await.is_err() {
            break;
        }
        sent += 1;
    }
    let mut read = 0;
    while let Some(frame) = client.frame_besides_pings().await {
        let pong = frame.json();
        assert_eq!(pong["id"], format!("p{read}"), "{pong}");
        read += 1;
    }
    assert!(read > 0 && read < sent, "{read} of {sent} were answered");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_messages_than_allowed_are_refused_with_one_error_and_the_socket_goes_on() {
    let host = TestHost::start_custom(|setup| {
        setup.config.session.rate_burst = 5;
        setup.config.session.rate_per_second = 1;
    });
    let mut client = join(&host).await;
    for number in 0..20 {
        client
            .send(json!({"type":"ping","id":format!("p{number}")}))
            .await;
    }
    for number in 0..5 {
        let pong = client.receive().await;
        assert_eq!(
            (pong["type"].as_str(), pong["id"].as_str()),
            (Some("pong"), Some(&*format!("p{number}")))
        );
    }
    let error = client.receive_type("error").await;
    assert_eq!(error["error"]["code"], "RATE_LIMITED");
    assert_eq!(error["error"]["recoverable"], true);
    assert!(
        error["id"].as_str().is_some_and(|id| id.starts_with('p')),
        "{error}"
    );
    let mut again = interval(PACE);
    soon("it is answered again", async {
        loop {
            tokio::select! {
                _ = again.tick() => client.send(json!({"type":"ping","id":"later"})).await,
                message = client.receive() => match (message["type"].as_str(), message["id"].as_str()) {
                    (Some("pong"), Some("later")) => return,
                    (Some("pong"), _) => {}
                    _ => assert_eq!(message["error"]["code"], "RATE_LIMITED"),
                },
            }
        }
    })
    .await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_motions_that_come_too_fast_the_newest_is_done() {
    let host = TestHost::start_custom(|setup| {
        setup.config.session.rate_burst = 5;
        setup.config.session.rate_per_second = 1;
    });
    let mut client = join(&host).await;
    for x in 1..=100 {
        client
            .send(json!({"type":"mouse-move","data":{"x":x,"y":7}}))
            .await;
    }
    let newest = Recorded::MoveTo(Point { x: 100.0, y: 7.0 });
    let done = host.recorded(move |events| events.contains(&newest)).await;
    assert!(done.len() < 50, "most are left out: {done:?}");
    host.stop().await;
}
