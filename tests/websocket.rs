//! WebSocket frames (RFC 6455), made by hand: valid ones are answered, and invalid ones close the socket with the right
//! code.

use serde_json::json;

use super::support::host::{TestHost, options};
use super::support::http::request;
use super::support::raw::{CLOSE, FIN, PING, PONG, RawFrame, RawSocket, TEXT, masked};

const CONTINUATION: u8 = 0x0;
const RESERVED_BIT: u8 = 0x40;

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    masked(FIN | CLOSE, &[&code.to_be_bytes(), reason].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breach_of_the_protocol_is_answered_by_its_close_code() {
    let host = TestHost::start(&options());
    let unmasked = [&[FIN | TEXT, 2][..], b"{}"].concat();
    let longer_than_anything = [&[FIN | TEXT, 0xff][..], &u64::MAX.to_be_bytes(), &[0; 4]].concat();
    for (what, bytes, code) in [
        ("a reserved bit", masked(FIN | RESERVED_BIT | TEXT, b"{}"), 1002),
        ("a reserved kind of data", masked(FIN | 0x3, b"{}"), 1002),
        ("a reserved kind of control", masked(FIN | 0xb, b""), 1002),
        ("no mask", unmasked, 1002),
        ("a ping in pieces", masked(PING, b""), 1002),
        ("a close in pieces", masked(CLOSE, b""), 1002),
        ("a ping of 126 bytes", masked(FIN | PING, &[b'x'; 126]), 1002),
        (
            "a continuation of nothing",
            masked(FIN | CONTINUATION, b"{}"),
            1002,
        ),
        (
            "a message within a message",
            [masked(TEXT, b"{"), masked(FIN | TEXT, b"{}")].concat(),
            1002,
        ),
        ("half a close code", masked(FIN | CLOSE, &[3]), 1002),
        ("the close code 999", close(999, b""), 1002),
        ("the close code 1005", close(1005, b""), 1002),
        ("the close code 1006", close(1006, b""), 1002),
        ("the close code 1100", close(1100, b""), 1002),
        ("the close code 65535", close(65_535, b""), 1002),
        ("no UTF-8", masked(FIN | TEXT, b"\xff"), 1007),
        ("half a letter", masked(FIN | TEXT, b"\xc3"), 1007),
        ("a surrogate", masked(FIN | TEXT, b"\xed\xa0\x80"), 1007),
        (
            "no UTF-8 in the second piece",
            [masked(TEXT, b"{"), masked(FIN | CONTINUATION, b"\xff")].concat(),
            1007,
        ),
        ("no UTF-8 in a reason to close", close(1000, b"\xff"), 1007),
        ("a frame without end", longer_than_anything, 1009),
    ] {
        let mut socket = RawSocket::join(host.address).await;
        socket.send(&bytes).await.unwrap();
        let frame = socket.frame_besides_pings().await;
        let frame = frame.unwrap_or_else(|| panic!("{what}: the connection ends without a word"));
        assert_eq!(frame.close_code(), code, "{what}: {frame:?}");
        assert_eq!(
            socket.frame_besides_pings().await,
            None,
            "{what}: nothing comes after it"
        );
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_protocol_allows_is_answered() {
    let host = TestHost::start(&options());
    let mut socket = RawSocket::join(host.address).await;
    let ping = json!({"type":"ping","id":"ü"}).to_string();
    let (start, end) = ping.as_bytes().split_at(ping.find('ü').unwrap() + 1);
    for (what, bytes, pong) in [
        ("an empty ping", masked(FIN | PING, b""), Some(vec![])),
        (
            "a ping of 125 bytes",
            masked(FIN | PING, &[b'x'; 125]),
            Some(vec![b'x'; 125]),
        ),
        ("a pong that nobody asked for", masked(FIN | PONG, b"x"), None),
        ("the start, in the middle of a letter", masked(TEXT, start), None),
        (
            "a ping within a message",
            masked(FIN | PING, b"y"),
            Some(b"y".to_vec()),
        ),
        ("an empty piece", masked(CONTINUATION, b""), None),
    ] {
        socket.send(&bytes).await.unwrap();
        if let Some(payload) = pong {
            let frame = socket.frame_besides_pings().await.unwrap();
            assert_eq!(frame, RawFrame { kind: PONG, payload }, "{what}");
        }
    }
    socket.send(&masked(FIN | CONTINUATION, end)).await.unwrap();
    let answer = socket.frame_besides_pings().await.unwrap().json();
    assert_eq!((&answer["type"], &answer["id"]), (&json!("pong"), &json!("ü")));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_goodbye_is_returned() {
    let host = TestHost::start(&options());
    for (bytes, code) in [
        (masked(FIN | CLOSE, b""), 1005),
        (close(1000, b"bye"), 1000),
        (close(3000, b""), 3000),
        (close(4999, b""), 4999),
    ] {
        let mut socket = RawSocket::join(host.address).await;
        socket.send(&bytes).await.unwrap();
        let frame = socket.frame_besides_pings().await;
        let frame = frame.unwrap_or_else(|| panic!("{code}: the connection ends without a word"));
        assert_eq!(frame.close_code(), code);
        assert_eq!(socket.frame_besides_pings().await, None);
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_is_wrong_is_refused() {
    let host = TestHost::start(&options());
    let valid = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
    ];
    let key = ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==");
    let own = host.address.to_string();
    for (what, headers) in [
        ("no key", vec![]),
        ("an empty key", vec![("sec-websocket-key", "")]),
        ("15 bytes", vec![("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAA")]),
        (
            "17 bytes",
            vec![("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAAA=")],
        ),
        ("no Base64", vec![("sec-websocket-key", "********************==")]),
        (
            "no padding",
            vec![("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA")],
        ),
        ("two keys", vec![key, key]),
        ("two hosts", vec![key, ("host", own.as_str())]),
        ("two hosts that differ", vec![key, ("host", "evil.example")]),
    ] {
        let headers = [&valid[..], &headers].concat();
        let answer = request(host.address, "GET", "/ws", &headers, "").await;
        assert_eq!(answer.status, 400, "{what}: {answer:?}");
    }
    for method in ["OPTIONS", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE"] {
        for path in [
            "/ws",
            "/ws/cad",
            "/api/signaling",
            "/gstwebrtc",
            "/webrtc/signalling/",
        ] {
            let headers = [&valid[..], &[key]].concat();
            let answer = request(host.address, method, path, &headers, "").await;
            assert_eq!(
                (answer.status, answer.header("allow")),
                (405, Some("GET")),
                "{method} {path}"
            );
        }
    }
    host.stop().await;
}
