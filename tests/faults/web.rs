//! Connections that are silent, or slow.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::select_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::host::TestHost;
use crate::support::http::get;
use crate::support::program::Program;
use crate::support::signaling::Client;
use crate::support::soon;

/// Number of connections that are opened and stay silent.
const IDLE: usize = 1000;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_silent_connections_block_no_other_and_are_closed() {
    let limit = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, most).unwrap();
    let program = tokio::task::block_in_place(|| Program::start(&["--capture", "test"]));
    let address = program.address();
    let mut idle = Vec::new();
    for _ in 0..IDLE {
        idle.push(connect_from("127.0.0.2:0", address).await);
    }
    let mut client = Client::connect(&program.ws_url()).await;
    client.receive_type("welcome").await;
    assert_eq!(get(address, "/health").await.status, 200);
    for stream in &mut idle {
        // The response to a closed connection does not matter.
        let ended = async { while stream.read(&mut [0; 512]).await.is_ok_and(|read| read > 0) {} };
        soon("the host closes it", ended).await;
    }
    let mut client = Client::connect(&program.ws_url()).await;
    client.receive_type("welcome").await;
}

/// Connects from the local address `own`, as another client would.
async fn connect_from(own: &str, address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(own.parse().unwrap()).unwrap();
    soon("it connects", socket.connect(address)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_arrives_byte_by_byte_times_out() {
    let host = TestHost::start_custom(|_| {});
    let mut slow = TcpStream::connect(host.address).await.unwrap();
    let request = b"GET /health HTTP/1.1\r\nhost: localhost\r\nx-endless: ".iter();
    let mut bytes = request.copied().chain(std::iter::repeat(b'a'));
    let mut answer = [0; 64];
    soon("the host closes it", async {
        loop {
            let _ = slow.write_all(&[bytes.next().unwrap()]).await;
            let read = timeout(Duration::from_millis(100), slow.read(&mut answer)).await;
            if let Ok(Ok(0) | Err(_)) = read {
                return;
            }
        }
    })
    .await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_cannot_take_all_connections() {
    let host = TestHost::start_custom(|setup| setup.parts.serving.most_per_address = 20);
    let mut first = Client::connect(&host.ws_url()).await;
    first.receive_type("welcome").await;
    let mut greedy = Vec::new();
    for _ in 0..30 {
        greedy.push(TcpStream::connect(host.address).await.unwrap());
    }
    let ends = greedy
        .iter_mut()
        .map(|stream| Box::pin(async move { stream.read(&mut [0; 8]).await }));
    let (ended, ..) = soon("one is refused", select_all(ends)).await;
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    first.send(json!({"type": "ping"})).await;
    first.receive_type("pong").await;
    let mut other = connect_from("127.0.0.2:0", host.address).await;
    let request = format!(
        "GET /health HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        host.address
    );
    other.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    soon("another address is answered", other.read_to_string(&mut answer))
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_speaks_http_2_or_has_nothing_to_say_is_closed() {
    let host = TestHost::start_custom(|_| {});
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    let request = format!("GET /health HTTP/1.1\r\nhost: {}\r\n\r\n", host.address);
    for (what, bytes, answered) in [
        ("HTTP/2", preface, false),
        (
            "a request that is not followed by another",
            request.into_bytes(),
            true,
        ),
    ] {
        let mut stream = TcpStream::connect(host.address).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        let mut answer = Vec::new();
        let _ = soon(what, stream.read_to_end(&mut answer)).await;
        assert_eq!(answer.starts_with(b"HTTP/1.1 200"), answered, "{what}");
        assert!(String::from_utf8_lossy(&answer).contains("HTTP/1.1"), "{what}");
    }
    host.stop().await;
}
