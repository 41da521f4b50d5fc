//! The text protocol of Selkies and the gst-examples, by direct messages.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::support::host::{TestHost, options};
use super::support::signaling::Client;

const META: &str = "eyJyZXMiOiIxOTIweDEwODAiLCJzY2FsZSI6MX0=";

async fn text(client: &mut Client) -> String {
    match client.next_frame().await {
        Some(Message::Text(text)) => text.as_str().to_owned(),
        other => panic!("expected a text message, not {other:?}"),
    }
}

/// Registers as the peer `uid`, and returns the host's offer.
async fn greet(host: &TestHost, uid: &str) -> (Client, String) {
    let mut client = Client::connect(&format!("ws://{}/webrtc/signalling/", host.address)).await;
    client
        .send_raw(Message::text(format!("HELLO {uid} {META}")))
        .await;
    assert_eq!(text(&mut client).await, "HELLO");
    let offer: Value = serde_json::from_str(&text(&mut client).await).unwrap();
    assert_eq!(offer["sdp"]["type"], "offer", "{offer}");
    (client, offer["sdp"]["sdp"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_peer_gets_video_and_the_channel_and_an_audio_peer_gets_sound() {
    let host = TestHost::start(&options());
    let (_picture, offer) = greet(&host, "1").await;
    assert!(
        offer.contains("m=video") && offer.contains("m=application") && !offer.contains("m=audio"),
        "{offer}"
    );
    let (_sound, offer) = greet(&host, "3").await;
    assert!(
        offer.contains("m=audio") && !offer.contains("m=video") && !offer.contains("m=application"),
        "{offer}"
    );
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn candidates_come_after_the_offer_with_two_fields() {
    let host = TestHost::start(&options());
    let (mut client, _) = greet(&host, "1").await;
    let message: Value = serde_json::from_str(&text(&mut client).await).unwrap();
    let ice = message["ice"].as_object().unwrap();
    assert_eq!(ice.keys().collect::<Vec<_>>(), ["candidate", "sdpMLineIndex"]);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_peer_may_connect_twice() {
    let host = TestHost::start(&options());
    let (_first, one) = greet(&host, "1").await;
    let (_second, other) = greet(&host, "1").await;
    let ufrag = |sdp: &str| {
        sdp.lines()
            .find(|line| line.starts_with("a=ice-ufrag:"))
            .map(str::to_owned)
    };
    assert_ne!(ufrag(&one), ufrag(&other));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_register_is_disconnected_with_1002() {
    let host = TestHost::start(&options());
    for first in ["GOODBYE 1", "HELLO"] {
        let mut client = Client::connect(&format!("ws://{}/webrtc/signalling/", host.address)).await;
        client.send_raw(Message::text(first)).await;
        let frame = client.closed().await.unwrap();
        assert_eq!(u16::from(frame.code), 1002, "{first}: {frame:?}");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_native_path_switches_to_the_text_protocol_when_the_client_uses_it() {
    let host = TestHost::start(&options());
    let mut client = Client::connect(&host.ws_url()).await;
    assert_eq!(client.receive().await["type"], "welcome");
    client.send_raw(Message::text(format!("HELLO 1 {META}"))).await;
    assert_eq!(text(&mut client).await, "HELLO");
    let offer: Value = serde_json::from_str(&text(&mut client).await).unwrap();
    assert_eq!(offer["sdp"]["type"], "offer");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_native_path_switches_to_gstwebrtc_too() {
    let host = TestHost::start(&options());
    let mut client = Client::connect(&host.ws_url()).await;
    let welcome = client.receive().await;
    client
        .send(json!({"type": "setPeerStatus", "roles": ["listener"], "meta": null}))
        .await;
    let status = client.receive().await;
    assert_eq!(
        (&status["type"], &status["peerId"]),
        (&json!("peerStatusChanged"), &welcome["peerId"])
    );
    client.send(json!({"type": "list"})).await;
    let list = client.receive().await;
    let producer = list["producers"][0]["id"].clone();
    client
        .send(json!({"type": "startSession", "peerId": producer}))
        .await;
    let started = client.receive().await;
    assert_eq!(
        (&started["type"], &started["peerId"]),
        (&json!("sessionStarted"), &producer)
    );
    let offer = client.receive_type("peer").await;
    assert_eq!(
        (&offer["sdp"]["type"], &offer["sessionId"]),
        (&json!("offer"), &started["sessionId"])
    );
    client
        .send(json!({"type": "endSession", "sessionId": started["sessionId"]}))
        .await;
    host.stop().await;
}
