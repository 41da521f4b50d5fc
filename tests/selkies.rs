//! The text protocol of Selkies and the gst-examples, by direct messages.

use std::sync::Arc;

use deskbeam::desktop::{
    Backend, CursorImage, Desktop, DesktopEvent, EventSink, LocalUserEvent, LocalUserWatch, NoDesktop,
};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::support::host::{TestHost, options};
use super::support::player::Player;
use super::support::signaling::Client;
use super::support::soon;

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

/// A desktop that has a cursor, and ends as soon as it is opened.
struct Ended;

impl Desktop for Ended {
    fn open(&self, _: bool, events: EventSink<DesktopEvent>) -> anyhow::Result<Arc<dyn Backend>> {
        std::thread::spawn(move || {
            events(DesktopEvent::Cursor(CursorImage {
                serial: 7,
                width: 1,
                height: 1,
                hotspot_x: 0,
                hotspot_y: 0,
                png: Arc::from([]),
            }));
            events(DesktopEvent::Lost);
        });
        Ok(Arc::new(NoDesktop))
    }

    fn watch_local_user(
        &self,
        watch: LocalUserWatch,
        events: EventSink<LocalUserEvent>,
    ) -> anyhow::Result<Box<dyn Send>> {
        NoDesktop.watch_local_user(watch, events)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opened_channel_gets_the_state_of_the_host_in_order() {
    let host = TestHost::start_custom(|setup| setup.parts.desktop = Arc::new(Ended));
    let (mut client, offer) = greet(&host, "1").await;
    let (mut player, answer) = Player::answering(&offer).await;
    client
        .send(json!({"sdp": {"type": "answer", "sdp": answer}}))
        .await;
    soon("the state is sent", async {
        while player.messages.len() < 7 {
            tokio::select! {
                () = player.next() => {}
                message = client.receive() => {
                    let index = message["ice"]["sdpMLineIndex"].as_u64().unwrap();
                    let candidate = message["ice"]["candidate"].as_str().unwrap();
                    player.take_candidate(u32::try_from(index).unwrap(), candidate);
                }
            }
        }
    })
    .await;
    let name = |message: &Value| match message["data"]["action"].as_str() {
        Some(action) => action.split(',').next().unwrap().to_owned(),
        None => message["type"].as_str().unwrap().to_owned(),
    };
    let names: Vec<_> = player.messages.iter().take(7).map(name).collect();
    assert_eq!(
        names,
        [
            "framerate",
            "video_bitrate",
            "audio_bitrate",
            "resize",
            "encoder",
            "cursor",
            "pipeline"
        ]
    );
    player.leave().await;
    host.stop().await;
}
