//! Each message of each protocol, once, at the real host: it has its effect, or the host goes on after it.

use deskbeam::input::{Axis, Recorded};
use deskbeam::protocol::input::{Button, Point};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::support::host::{TestHost, options};
use super::support::signaling::Client;
use super::support::viewer::{Viewer, ViewerOptions};

#[tokio::test(flavor = "multi_thread")]
async fn pointer_and_keys_over_the_signaling_socket_reach_the_desktop() {
    let host = TestHost::start(&options());
    let mut client = Client::connect(&host.ws_url()).await;
    client.receive().await;
    client
        .send(json!({"type":"hello","data":{"capabilities":["input-v2"]}}))
        .await;
    for (kind, data) in [
        ("mouse-move", json!({"x": 3.5, "y": 4})),
        (
            "mouse-click",
            json!({"x": 5, "y": 6, "button": "right", "action": "down"}),
        ),
        (
            "mouse-click",
            json!({"x": 5, "y": 6, "button": "right", "action": "up"}),
        ),
        ("mouse-wheel", json!({"x": 5, "y": 6, "delta_y": 120})),
        ("key-press", json!({"key": "a", "code": "KeyA", "action": "down"})),
        ("key-press", json!({"key": "a", "code": "KeyA", "action": "up"})),
    ] {
        client.send(json!({"type": kind, "data": data})).await;
    }
    let events = host
        .recorded(|events| {
            events
                .iter()
                .any(|event| matches!(event, Recorded::Key(_, false)))
        })
        .await;
    for event in [
        Recorded::MoveTo(Point { x: 3.5, y: 4.0 }),
        Recorded::Button(Button::Right, true),
        Recorded::Button(Button::Right, false),
        Recorded::Scroll(Axis::Vertical, 1),
    ] {
        assert!(events.contains(&event), "{event:?} is not in {events:?}");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_are_measured_and_only_those_that_were_asked_for() {
    let host = TestHost::start(&options());
    let (mut viewer, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    viewer
        .until("frames are decoded", |viewer| viewer.decoded >= 30)
        .await;
    viewer
        .client
        .send(json!({"type":"get-stats","id":"s1","data":{"stats_type":["webrtc"]}}))
        .await;
    let stats = viewer.client.receive_type("stats").await;
    assert_eq!(stats["id"], "s1");
    assert!(
        stats["data"]["webrtc"]["bytes_sent"].as_u64().unwrap() > 10_000,
        "{stats}"
    );
    assert!(
        stats["data"]["webrtc"]["packets_sent"].as_u64().unwrap() >= 30,
        "{stats}"
    );
    let stages = &stats["data"]["webrtc"]["stages"];
    for stage in ["capture", "convert", "encode", "packetize"] {
        assert!(
            (0.0..10_000.0).contains(&stages[stage].as_f64().unwrap()),
            "{stats}"
        );
    }
    assert!(stages["encode"].as_f64().unwrap() > 0.0, "{stats}");
    assert_eq!(stats["data"].get("system"), None);
    viewer.client.send(json!({"type":"get-stats","id":"s2"})).await;
    let stats = viewer.client.receive_type("stats").await;
    assert!(
        stats["data"]["system"]["memory_usage"].as_u64().unwrap() > 0,
        "{stats}"
    );
    assert!(stats["data"]["webrtc"].is_object(), "{stats}");
    viewer.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protocol_is_negotiated_by_preference() {
    let host = TestHost::start(&options());
    let mut client = Client::connect(&host.ws_url()).await;
    client.receive().await;
    for (data, selected, matched) in [
        (
            json!({"supported_protocols":["selkies","gstreamer-1.0"],"preferred_protocol":"gstreamer-1.0"}),
            "gstreamer-1.0",
            true,
        ),
        (
            json!({"supported_protocols":["nothing"],"preferred_protocol":"nothing"}),
            "gstreamer-1.0",
            false,
        ),
    ] {
        client
            .send(json!({"type":"protocol-negotiation","id":"n","data":data}))
            .await;
        let reply = client.receive_type("protocol-selected").await;
        assert_eq!(
            (&reply["id"], &reply["data"]["selected_protocol"]),
            (&json!("n"), &json!(selected))
        );
        assert_eq!(reply["data"]["matched"], matched, "{reply}");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_word_of_selkies_on_the_data_channel_does_what_it_says_or_nothing() {
    let host = TestHost::start(&options());
    let (mut viewer, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    viewer.until("the data channel opens", Viewer::can_send).await;
    for word in [
        "p,1",
        "p,0",
        "vb,2000",
        "ab,64000",
        "_arg_fps,30",
        "_arg_resize,false,640x480",
        "r,640x480",
        "s,1.5",
        "cr",
        "cw,aGk=",
        "js,c,0,UGFk,4,17",
        "js,b,0,3,1",
        "js,a,0,1,-0.5",
        "js,d,0",
        "pong,1700000000.5",
        "_f,60",
        "_l,12",
        "_stats_video,[{\"type\":\"inbound-rtp\",\"a\":1}]",
        "_stats_audio,[]",
        "unknown,1,2,3",
        "m,10,20,0,0",
        "m,10,20,1,0",
        "m,10,20,0,0",
        "m,10,20,8,2",
        "m,10,20,0,2",
        "m2,3,-4,0,0",
        "kd,97",
        "ku,97",
        "kd,65293",
        "kr",
    ] {
        viewer.send_text(word);
    }
    let enough = |events: &[Recorded]| {
        events
            .iter()
            .filter(|event| matches!(event, Recorded::Key(_, false)))
            .count()
            >= 2
    };
    let events = host.recorded(enough).await;
    for event in [
        Recorded::MoveTo(Point { x: 10.0, y: 20.0 }),
        Recorded::Button(Button::Left, true),
        Recorded::Button(Button::Left, false),
        Recorded::Scroll(Axis::Vertical, 2),
        Recorded::MoveBy(3, -4),
    ] {
        assert!(events.contains(&event), "{event:?} is not in {events:?}");
    }
    let keys: Vec<_> = events
        .iter()
        .filter(|event| matches!(event, Recorded::Key(..)))
        .collect();
    assert_eq!(keys.len(), 4, "each key goes down and up once: {keys:?}");
    viewer.send_input("ping", json!({"timestamp": 7}));
    let ponged = |viewer: &Viewer| viewer.messages.iter().any(|message| message["type"] == "pong");
    viewer.until("the host goes on", ponged).await;
    viewer.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_word_of_the_text_protocol_is_answered() {
    let host = TestHost::start(&options());
    let mut client = Client::connect(&format!("ws://{}/webrtc/signalling/", host.address)).await;
    client.send_raw(Message::text("HELLO 7")).await;
    for (word, answer) in [
        ("SESSION 0", "SESSION_OK"),
        ("ROOM lobby", "ROOM_OK"),
        ("ROOM_PEER_LIST", "ROOM_PEER_LIST"),
        ("NONSENSE", "ERROR"),
    ] {
        client.send_raw(Message::text(word)).await;
        loop {
            let Some(Message::Text(text)) = client.next_frame().await else {
                panic!("{word}: no answer")
            };
            // Offers and candidates arrive in between.
            if !text.starts_with('{') && text.as_str() != "HELLO" {
                assert!(text.starts_with(answer), "{word}: {text}");
                break;
            }
        }
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_of_gstwebrtc_is_answered() {
    let host = TestHost::start(&options());
    let mut client = Client::connect(&format!("ws://{}/gstwebrtc", host.address)).await;
    assert_eq!(client.receive().await["type"], "welcome");
    client
        .send(json!({"type":"setProtocolVersion","version":"v1_0"}))
        .await;
    let mut ask = async |message: Value| {
        client.send(message).await;
        client.receive().await
    };
    assert_eq!(
        ask(json!({"type":"setPeerStatus","roles":["consumer"],"meta":{}})).await["type"],
        "peerStatusChanged"
    );
    assert_eq!(
        ask(json!({"type":"listConsumers"})).await,
        json!({"type":"listConsumers","consumers":[]})
    );
    assert!(ask(json!({"type":"list"})).await["producers"][0]["meta"]["name"].is_string());
    assert_eq!(
        ask(json!({"type":"startSession","peerId":"nobody"})).await["type"],
        "error"
    );
    assert_eq!(ask(json!({"type":"noSuchType"})).await["type"], "error");
    let candidate = json!({"type":"peer","sessionId":"none","ice":{"candidate":"","sdpMLineIndex":0}});
    assert_eq!(ask(candidate).await["type"], "error");
    host.stop().await;
}
