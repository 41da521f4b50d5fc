//! TURN clients at the port of the web server.

use deskbeam::access::StateDir;
use deskbeam::host::RelayUse;
use deskbeam::web::Tls;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::support::host::TestHost;
use super::support::http::get;
use super::support::https::{self, trusting};
use super::support::signaling::Client;
use super::support::soon;

/// An Allocate request for UDP without credentials (RFC 8656, section 7.1).
const ALLOCATE: &[u8] = b"\0\x03\0\x08\x21\x12\xa4\x42transaction!\0\x19\0\x04\x11\0\0\0";
/// The type of the error response to it.
const REFUSED: [u8; 2] = [0x01, 0x13];

/// Returns what the host answers to `bytes` until it closes the connection, or at least `length` bytes.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8], length: usize) -> Vec<u8> {
    stream.write_all(bytes).await.unwrap();
    stream.flush().await.unwrap();
    let reading = async {
        let mut answer = Vec::new();
        while answer.len() < length && stream.read_buf(&mut answer).await.is_ok_and(|read| read > 0) {}
        answer
    };
    soon("the host answers or closes", reading).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_port_takes_turn_beside_http() {
    let host = TestHost::start_custom(|_| ());
    let stream = TcpStream::connect(host.address).await.unwrap();
    assert!(answer(stream, ALLOCATE, 20).await.starts_with(&REFUSED));
    assert_eq!(get(host.address, "/health").await.status, 200);
    // A message that is cut, byte by byte.
    let mut stream = TcpStream::connect(host.address).await.unwrap();
    let (last, first) = ALLOCATE.split_last().unwrap();
    for byte in first {
        stream.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert!(answer(stream, &[*last], 20).await.starts_with(&REFUSED));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_port_takes_turn_inside_and_outside_of_tls() {
    let place = tempfile::tempdir().unwrap();
    let state = StateDir::at(place.path().to_owned()).unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let tls = Tls::self_signed(state, names).unwrap();
    let host = TestHost::start_custom(|setup| setup.parts.serving.tls = Some(tls));
    let client = trusting(&place.path().join("tls.pem"));
    let stream = TcpStream::connect(host.address).await.unwrap();
    assert!(answer(stream, ALLOCATE, 20).await.starts_with(&REFUSED));
    let stream = TcpStream::connect(host.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(client.clone())
        .connect(name, stream)
        .await
        .unwrap();
    assert!(answer(stream, ALLOCATE, 20).await.starts_with(&REFUSED));
    let health = https::ask(host.address, "localhost", &client, "GET /health HTTP/1.1", "").await;
    assert!(health.unwrap().starts_with("HTTP/1.1 200"));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_that_begins_like_turn_is_closed_without_an_answer() {
    let host = TestHost::start_custom(|_| ());
    let stream = TcpStream::connect(host.address).await.unwrap();
    assert_eq!(
        answer(stream, b"\0\x01not a message of STUN", usize::MAX).await,
        b""
    );
    assert_eq!(get(host.address, "/health").await.status, 200);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_get_credentials_of_their_own_while_the_relay_is_on() {
    let host = TestHost::start_custom(|_| ());
    let (mut first, mut second) = (
        Client::connect(&host.ws_url()).await,
        Client::connect(&host.ws_url()).await,
    );
    let relay = |welcome: Value| welcome["data"]["session_config"]["relay"].clone();
    let (first, second) = (relay(first.receive().await), relay(second.receive().await));
    assert_eq!(first["only"], false);
    assert_ne!(first["username"], second["username"]);
    assert_ne!(first["credential"], second["credential"]);
    host.stop().await;
    let host = TestHost::start_custom(|setup| setup.config.relay = RelayUse::Off);
    let mut client = Client::connect(&host.ws_url()).await;
    assert_eq!(relay(client.receive().await), Value::Null);
    let stream = TcpStream::connect(host.address).await.unwrap();
    let refusal = answer(stream, ALLOCATE, usize::MAX).await;
    assert!(
        !refusal.starts_with(&REFUSED),
        "the web server takes it for bad HTTP"
    );
    host.stop().await;
}
