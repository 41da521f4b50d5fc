//! No secret gets into the log, at any level.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use deskbeam::access::{Secret, Shares, StateDir, set_password};
use deskbeam::protocol::base64;
use deskbeam::protocol::role::Role;
use rustix::process::Signal;
use serde_json::json;

use super::support::http::request;
use super::support::program::command;
use super::support::signaling::Client;
use super::support::viewer::{Viewer, ViewerOptions};

/// The text that is typed and copied: a word that nothing else contains.
const TYPED: &str = "Xylophonquarz";

#[tokio::test(flavor = "multi_thread")]
async fn a_session_at_trace_level_says_no_secret_and_no_key() {
    for mode in ["token", "password"] {
        session(mode).await;
    }
}

async fn session(mode: &str) {
    let place = tempfile::tempdir().unwrap();
    let state = StateDir::at(place.path().join("deskbeam")).unwrap();
    let password = "a pass phrase for the test";
    set_password(&state, &Secret::from(password.to_owned())).unwrap();
    let now_ms = deskbeam::clock::now_ms();
    let (_, link) = Shares::new(state)
        .add(Role::Control, now_ms + 3_600_000, now_ms)
        .unwrap();
    let mut child = command(&["--capture", "test", "--listen", "127.0.0.1:0", "--auth", mode])
        .env("XDG_STATE_HOME", place.path())
        .env("RUST_LOG", "trace")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let logging = std::thread::spawn(move || {
        let mut log = Vec::new();
        stderr.read_to_end(&mut log).map(|_| log).unwrap()
    });
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut url = String::new();
    stdout.read_line(&mut url).unwrap();
    let (address, token) = url.trim()["http://".len()..].split_once('/').unwrap();
    let address = address.parse().unwrap();
    let owner = match mode {
        "token" => token.strip_prefix("#token=").unwrap(),
        _ => password,
    };

    let mut secrets = vec![
        owner.to_owned(),
        link.expose().to_owned(),
        "mistaken-guess-41".to_owned(),
    ];
    let mut cookie = String::new();
    for secret in secrets.clone() {
        let body = json!({ "secret": secret }).to_string();
        let json = [("content-type", "application/json")];
        let answer = request(address, "POST", "/api/login", &json, &body).await;
        if let Some(set) = answer.header("set-cookie") {
            cookie = set.split(';').next().unwrap().to_owned();
            secrets.push(cookie.split_once('=').unwrap().1.to_owned());
        }
        let pair = base64::encode(format!("me:{secret}").as_bytes());
        for authorization in [format!("Bearer {secret}"), format!("Basic {pair}")] {
            let headers = [("authorization", authorization.as_str())];
            request(address, "GET", "/turn", &headers, "").await;
        }
        secrets.push(pair);
    }
    let socket = format!("ws://{address}/ws");
    let protocols = format!("gstreamer-1.0, bearer.{}", link.expose());
    let headers = [
        ("cookie", cookie.as_str()),
        ("sec-websocket-protocol", &protocols),
    ];
    let client = Client::connect_with(&socket, &headers).await;
    let (mut viewer, _) = Viewer::join_as(client, ViewerOptions::default()).await;
    viewer
        .until("the channel is open", |viewer| viewer.can_send())
        .await;
    let key = json!({"key": TYPED, "code": "KeyX", "action": "down"});
    viewer.send_input("key-press", key.clone());
    viewer.send_input("clipboard", json!({ "text": TYPED }));
    viewer
        .client
        .send(json!({"type": "key-press", "data": key}))
        .await;
    viewer.client.send(json!({"type": "ping"})).await;
    viewer.client.receive_type("pong").await;
    secrets.push(TYPED.to_owned());
    viewer.leave().await;

    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let log = String::from_utf8_lossy(&logging.join().unwrap()).to_lowercase() + &rest.to_lowercase();
    assert!(
        log.contains("trace") && log.contains("the stream is connected"),
        "{log}"
    );
    for secret in secrets {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let found = log
            .lines()
            .find(|line| line.contains(&secret.to_lowercase()) || line.contains(&hex));
        assert_eq!(found, None, "{secret} is in the log");
    }
}
