//! HTTPS, with the self-signed certificate and with one in files.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use deskbeam::access::{Access, Mode, Secret, StateDir};
use deskbeam::web::Tls;
use rustls::ClientConfig;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{Connector, connect_async_tls_with_config};

use super::support::host::TestHost;
use super::support::https::{self, trusting};
use super::support::program::{Program, command};
use super::support::set_clock::SetClock;
use super::support::soon;

async fn ask(
    address: SocketAddr,
    client: &Arc<ClientConfig>,
    head: &str,
    body: &str,
) -> std::io::Result<String> {
    https::ask(address, "localhost", client, head, body).await
}

const HEALTH: &str = "GET /health HTTP/1.1";

fn host_with(tls: Tls) -> TestHost {
    TestHost::start_custom(|setup| {
        let token = Secret::from("0123456789abcdef".to_owned());
        setup.parts.access = Access::new(Mode::Token(token), None, Vec::new());
        setup.parts.serving.tls = Some(tls);
    })
}

/// Writes a new certificate for `localhost` and its key.
fn write_certificate(certificate: &Path, key: &Path) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(certificate, made.cert.pem()).unwrap();
    std::fs::write(key, made.signing_key.serialize_pem()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hosts_own_certificate_is_kept_and_serves_pages_and_sockets() {
    let place = tempfile::tempdir().unwrap();
    let state = StateDir::at(place.path().to_owned()).unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let first = Tls::self_signed(state.clone(), names.clone()).unwrap();
    let tls = Tls::self_signed(state, names).unwrap();
    assert_eq!(tls.fingerprint(), first.fingerprint());
    assert_eq!(tls.fingerprint().len(), 95, "32 pairs of digits between colons");
    let host = host_with(tls);
    let client = trusting(&place.path().join("tls.pem"));
    let answer = ask(host.address, &client, HEALTH, "").await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("OK\n"),
        "{answer}"
    );
    assert!(
        !answer.contains("strict-transport-security"),
        "browsers could not come back: {answer}"
    );

    let login = "POST /api/login HTTP/1.1\r\ncontent-type: application/json";
    let body = json!({ "secret": "0123456789abcdef" }).to_string();
    let answer = ask(host.address, &client, login, &body).await.unwrap();
    let (_, cookie) = answer.split_once("set-cookie: ").unwrap();
    let cookie = cookie.lines().next().unwrap();
    assert!(
        cookie.starts_with("__Host-deskbeam-") && cookie.ends_with("; Secure"),
        "{cookie}"
    );

    let mut request = tokio_tungstenite::tungstenite::client::IntoClientRequest::into_client_request(
        format!("wss://localhost:{}/ws", host.address.port()),
    )
    .unwrap();
    let sent = cookie.split(';').next().unwrap().parse().unwrap();
    request.headers_mut().insert("cookie", sent);
    let opening = connect_async_tls_with_config(request, None, true, Some(Connector::Rustls(client)));
    let (mut socket, _) = soon("the socket opens", opening).await.unwrap();
    let welcome = futures_util::StreamExt::next(&mut socket).await.unwrap().unwrap();
    assert!(welcome.into_text().unwrap().contains("welcome"));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_runs_for_a_year_makes_a_new_certificate_before_the_old_one_ends() {
    let place = tempfile::tempdir().unwrap();
    // With its clock it creates one that ends in 29 days of ours: the old and the new one are valid for us.
    let clock = SetClock::new("-367d");
    let mut environment = clock.environment().to_vec();
    environment.push(("XDG_STATE_HOME", place.path().to_str().unwrap().to_owned()));
    let program = tokio::task::block_in_place(|| {
        Program::start_with(&["--capture", "test", "--tls", "on"], &environment)
    });
    let address = program.url.strip_prefix("https://").unwrap();
    let address = address.trim_end_matches('/').parse().unwrap();
    let file = place.path().join("deskbeam/tls.pem");
    let old = trusting(&file);
    assert!(
        ask(address, &old, HEALTH, "")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 200")
    );
    clock.set("+0s");
    soon("the certificate is another", async {
        while ask(address, &old, HEALTH, "").await.is_ok() {}
    })
    .await;
    let answer = ask(address, &trusting(&file), HEALTH, "").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_given_certificate_is_read_again_and_useless_files_change_nothing() {
    let place = tempfile::tempdir().unwrap();
    let (certificate, key) = (place.path().join("cert.pem"), place.path().join("key.pem"));
    write_certificate(&certificate, &key);
    let host = host_with(Tls::from_files(certificate.clone(), key.clone()).unwrap());
    let old = trusting(&certificate);
    let answer = ask(host.address, &old, HEALTH, "").await.unwrap();
    assert!(answer.contains("strict-transport-security: max-age="), "{answer}");

    let kept = std::fs::read(&certificate).unwrap();
    for useless in [&b"nothing"[..], b""] {
        std::fs::write(&certificate, useless).unwrap();
        assert!(ask(host.address, &old, HEALTH, "").await.is_ok());
    }
    std::fs::write(&certificate, kept).unwrap();
    let other_key = place.path().join("other.pem");
    write_certificate(&certificate, &other_key);
    assert!(
        ask(host.address, &old, HEALTH, "").await.is_ok(),
        "the key does not belong to it yet"
    );
    std::fs::rename(other_key, &key).unwrap();
    let new = trusting(&certificate);
    assert!(
        ask(host.address, &new, HEALTH, "")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 200")
    );
    assert!(
        ask(host.address, &old, HEALTH, "").await.is_err(),
        "the old one is gone"
    );
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_plain_http_is_told_and_who_says_nothing_keeps_nobody_waiting() {
    let place = tempfile::tempdir().unwrap();
    let state = StateDir::at(place.path().to_owned()).unwrap();
    let host = host_with(Tls::self_signed(state, vec!["localhost".to_owned()]).unwrap());
    let mut plain = TcpStream::connect(host.address).await.unwrap();
    plain
        .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    soon("an answer comes", plain.read_to_string(&mut answer))
        .await
        .unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("https://"),
        "{answer}"
    );
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(host.address).await.unwrap());
    }
    let client = trusting(&place.path().join("tls.pem"));
    assert!(
        ask(host.address, &client, HEALTH, "")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 200")
    );
    host.stop().await;
}

#[test]
fn files_that_do_not_belong_together_are_named_at_the_start() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    write_certificate(Path::new(&path("a.pem")), Path::new(&path("a.key")));
    write_certificate(Path::new(&path("b.pem")), Path::new(&path("b.key")));
    let run = |flags: &[&str]| {
        let output = command(&["--capture", "test", "--listen", "127.0.0.1:0"])
            .args(flags)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, stderr) = run(&["--tls-cert", &path("a.pem"), "--tls-key", &path("b.key")]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("a.pem") && stderr.contains("key"), "{stderr}");
    let (code, stderr) = run(&["--tls-cert", &path("none.pem"), "--tls-key", &path("b.key")]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("none.pem"), "{stderr}");
    assert_eq!(run(&["--tls-cert", &path("a.pem")]).0, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_is_neither_offered_nor_spoken() {
    let place = tempfile::tempdir().unwrap();
    let state = StateDir::at(place.path().to_owned()).unwrap();
    let host = host_with(Tls::self_signed(state, vec!["localhost".to_owned()]).unwrap());
    let trusting = trusting(&place.path().join("tls.pem"));
    let connect = async |protocols: &[&[u8]]| {
        let mut client = ClientConfig::clone(&trusting);
        client.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let stream = TcpStream::connect(host.address).await.unwrap();
        let name = "localhost".try_into().unwrap();
        tokio_rustls::TlsConnector::from(Arc::new(client))
            .connect(name, stream)
            .await
    };
    assert!(connect(&[b"h2"]).await.is_err());
    let stream = connect(&[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let mut stream = connect(&[]).await.unwrap();
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = soon("the host closes it", stream.read_to_end(&mut answer)).await;
    assert!(
        String::from_utf8_lossy(&answer).contains("speaks HTTP/1.1"),
        "{answer:?}"
    );
    host.stop().await;
}
