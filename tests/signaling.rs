//! The signaling socket, by direct messages.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{connect_async, tungstenite};

use super::support::host::{TestHost, options};
use super::support::signaling::Client;
use super::support::soon;

#[tokio::test(flavor = "multi_thread")]
async fn the_welcome_comes_first_and_names_the_app() {
    let host = TestHost::start(&options());
    for (path, app) in [("ws", "default"), ("ws/", "default"), ("ws/cad-1", "cad-1")] {
        let mut client = Client::connect(&format!("ws://{}/{path}", host.address)).await;
        let welcome = client.receive().await;
        assert_eq!(
            (welcome["type"].as_str(), welcome["data"]["app_name"].as_str()),
            (Some("welcome"), Some(app))
        );
        let client_id = welcome["data"]["client_id"].as_str().unwrap();
        assert!(
            client_id.starts_with("client_") && client_id == welcome["peer_id"],
            "{welcome}"
        );
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_app_name_is_refused_before_the_upgrade() {
    let host = TestHost::start(&options());
    for path in ["ws/..%2f", "ws/-x", &format!("ws/{}", "x".repeat(65))] {
        let refused = connect_async(format!("ws://{}/{path}", host.address)).await;
        let Err(tungstenite::Error::Http(response)) = refused else {
            panic!("{path}: {refused:?}")
        };
        assert_eq!(response.status(), 400, "{path}");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_is_refused() {
    let host = TestHost::start(&options());
    let connect = async |origin: String| {
        let mut request = host.ws_url().into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        connect_async(request).await
    };
    let refused = connect("http://evil.example".to_owned()).await;
    let Err(tungstenite::Error::Http(response)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(response.status(), 403);
    assert!(connect(format!("http://{}", host.address)).await.is_ok());
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_host_name_is_refused() {
    let host = TestHost::start(&options());
    let mut request = host.ws_url().into_client_request().unwrap();
    for header in ["host", "origin"] {
        let name = if header == "origin" {
            "http://evil.example:8080"
        } else {
            "evil.example:8080"
        };
        request.headers_mut().insert(header, name.parse().unwrap());
    }
    let refused = connect_async(request).await;
    let Err(tungstenite::Error::Http(response)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(response.status(), 421);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_are_answered_with_their_own_ids_and_clocks() {
    let host = TestHost::start(&options());
    let mut client = Client::connect(&host.ws_url()).await;
    client.receive().await;
    for sequence in 0..100 {
        client.send(json!({"type":"ping","id":format!("p{sequence}"),"data":{"timestamp":sequence,"sequence":sequence}})).await;
    }
    for sequence in 0..100 {
        let pong = client.receive().await;
        assert_eq!(
            (pong["type"].as_str(), pong["id"].as_str()),
            (Some("pong"), Some(&*format!("p{sequence}")))
        );
        assert_eq!(
            (&pong["data"]["timestamp"], &pong["data"]["sequence"]),
            (&json!(sequence), &json!(sequence))
        );
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_messages_are_answered_and_the_socket_stays_open() {
    let host = TestHost::start(&options());
    let mut client = Client::connect(&host.ws_url()).await;
    client.receive().await;
    for (frame, code) in [
        (Message::text("hello?"), "MESSAGE_PARSING_FAILED"),
        (Message::binary(vec![1, 2, 3]), "INVALID_MESSAGE"),
        (
            Message::text(r#"{"type":"no-such-type"}"#),
            "INVALID_MESSAGE_TYPE",
        ),
        (
            Message::text(r#"{"type":"answer","data":{"sdp":"v=0"}}"#),
            "PEER_CONNECTION_FAILED",
        ),
        (Message::text("x".repeat(65 * 1024)), "MESSAGE_TOO_LARGE"),
    ] {
        client.send_raw(frame).await;
        assert_eq!(client.receive().await["error"]["code"], code);
    }
    client.send(json!({"type":"ping","id":"p"})).await;
    assert_eq!(client.receive().await["type"], "pong");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_can_decode_no_codec_of_the_host_gets_an_error() {
    let host = TestHost::start(&options());
    let mut client = Client::connect(&host.ws_url()).await;
    client.receive().await;
    client
        .send(json!({"type":"request-offer","id":"r","data":{"codec_preferences":["H265"]}}))
        .await;
    let error = client.receive().await;
    assert_eq!(
        (error["id"].as_str(), error["error"]["code"].as_str()),
        (Some("r"), Some("OFFER_CREATION_FAILED"))
    );
    let codecs = error["error"]["details"]["codecs"].as_array().unwrap();
    assert!(codecs.contains(&json!("H264")), "{error}");
    assert!(
        error["error"]["message"]
            .as_str()
            .unwrap()
            .contains("H264 and VP8"),
        "{error}"
    );
    client
        .send(json!({"type":"request-offer","id":"r2","data":{"codec_preferences":["VP8"]}}))
        .await;
    assert_eq!(client.receive().await["id"], "r2");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_would_harm_the_host_is_refused_and_another_may_follow() {
    let host = TestHost::start(&options());
    let mut client = Client::connect(&host.ws_url()).await;
    client.receive().await;
    client.send(json!({"type":"request-offer","id":"r"})).await;
    client.receive_type("offer").await;
    for id in ["a1", "a2"] {
        client
            .send(json!({"type":"answer","id":id,"data":{"sdp":{"type":"answer","sdp":"v=0\r\n"}}}))
            .await;
        let error = client.receive_type("error").await;
        assert_eq!(
            (error["id"].as_str(), error["error"]["code"].as_str()),
            (Some(id), Some("SDP_PROCESSING_FAILED"))
        );
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_request_replaces_the_peer() {
    let host = TestHost::start(&options());
    let mut client = Client::connect(&host.ws_url()).await;
    client.receive().await;
    let mut ufrags = Vec::new();
    for id in ["r1", "r2", "r3"] {
        client.send(json!({"type":"request-offer","id":id})).await;
        let offer = client.receive_type("offer").await;
        assert_eq!(offer["id"], id);
        let sdp = offer["data"]["sdp"]["sdp"].as_str().unwrap();
        ufrags.push(
            sdp.lines()
                .find(|line| line.starts_with("a=ice-ufrag:"))
                .unwrap()
                .to_owned(),
        );
    }
    ufrags.dedup();
    assert_eq!(ufrags.len(), 3, "each offer comes from a new peer");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_host_closes_the_sockets_with_1001() {
    let host = TestHost::start(&options());
    let mut client = Client::connect(&host.ws_url()).await;
    client.receive().await;
    let (frame, ()) = tokio::join!(client.closed(), host.stop());
    assert_eq!(frame.map(|frame| u16::from(frame.code)), Some(1001));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_fails_is_reported_and_may_be_requested_again() {
    let mut broken = options();
    broken.capture =
        "videotestsrc is-live=true num-buffers=20 ! video/x-raw,format=BGRx,width=64,height=64".to_owned();
    let host = TestHost::start(&broken);
    let mut client = Client::connect(&host.ws_url()).await;
    client.receive().await;
    for id in ["r1", "r2"] {
        client.send(json!({"type":"request-offer","id":id})).await;
        assert_eq!(client.receive_type("offer").await["id"], id);
        let error = soon("the end of the capture is reported", client.receive_type("error")).await;
        assert!(
            error["error"]["message"]
                .as_str()
                .unwrap()
                .contains("end of stream"),
            "{error}"
        );
    }
    host.stop().await;
}
