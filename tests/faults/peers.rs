//! Viewers that are killed, stopped, silent or flooding.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use deskbeam::input::Recorded;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::host::{TestHost, options};
use crate::support::http::get;
use crate::support::program::Program;
use crate::support::root::Root;
use crate::support::signaling::Client;
use crate::support::usage::{settled, usage};
use crate::support::viewer::{Viewer, ViewerOptions};
use crate::support::xvfb::Xvfb;
use crate::support::{eventually, soon};

/// The steps of a viewer, in order; each is reported.
const STEPS: [&str; 6] = ["socket", "offer", "answer", "channel", "frame", "held"];
/// Number of processes whose viewers are killed at any moment, and viewers in each: a hundred in all.
const PROCESSES: u64 = 10;
const VIEWERS: u64 = 10;

/// Viewers in a process of their own, which can be killed and stopped.
struct Victim {
    process: Child,
    told: Lines<BufReader<ChildStdout>>,
}

impl Victim {
    fn start(url: &str, viewers: u64) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "faults::peers::watch_until_killed",
                "--ignored",
                "--nocapture",
            ])
            .env(WATCHED, url)
            .env(HOW_MANY, viewers.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let told = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, told }
    }

    /// Waits until one of its viewers has reached `step`.
    fn reaches(&mut self, step: &str) {
        let mark = format!("step {step}");
        tokio::task::block_in_place(|| self.told.find(|line| line.as_ref().unwrap().ends_with(&mark)))
            .unwrap_or_else(|| panic!("no viewer reached {step}"))
            .unwrap();
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const WATCHED: &str = "DESKBEAM_TEST_WATCHED";
const HOW_MANY: &str = "DESKBEAM_TEST_VIEWERS";

/// Runs in a process of its own.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs as the viewers of other tests"]
async fn watch_until_killed() {
    let (Ok(url), Ok(viewers)) = (std::env::var(WATCHED), std::env::var(HOW_MANY)) else {
        return;
    };
    let viewers = (0..viewers.parse().unwrap()).map(|number| {
        let url = url.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(40 * number)).await;
            watch(&url).await;
        })
    });
    for viewer in viewers.collect::<Vec<_>>() {
        viewer.await.unwrap();
    }
}

async fn watch(url: &str) {
    let report = |step: &str| println!("step {step}");
    let mut client = Client::connect(url).await;
    client.receive_type("welcome").await;
    report("socket");
    client
        .send(json!({"type": "request-offer", "id": "r", "data": {}}))
        .await;
    client.receive_type("offer").await;
    report("offer");
    drop(client);
    let (mut viewer, _) = Viewer::join(url, ViewerOptions::default()).await;
    report("answer");
    viewer.until("the channel opens", Viewer::can_send).await;
    report("channel");
    viewer.until("a frame arrives", |viewer| viewer.decoded > 0).await;
    report("frame");
    viewer.send_input("key-press", json!({"key": "a", "code": "KeyA", "action": "down"}));
    report("held");
    loop {
        let frames = viewer.decoded;
        viewer
            .until("more frames arrive", |viewer| viewer.decoded > frames)
            .await;
    }
}

/// Starts viewers that reach `step`, while the `other` viewer keeps running: it must answer pings to stay.
async fn come(other: &mut Viewer, url: &str, viewers: u64, step: &'static str) -> Victim {
    let url = url.to_owned();
    let coming = tokio::task::spawn_blocking(move || {
        let mut victim = Victim::start(&url, viewers);
        victim.reaches(step);
        victim
    });
    tokio::select! {
        victim = coming => victim.unwrap(),
        _ = other.until("the other continues", |_| false) => unreachable!(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_that_are_killed_at_any_moment_leave_nothing_behind() {
    let program = tokio::task::block_in_place(|| Program::start(&["--capture", "test"]));
    let url = program.ws_url();
    // The first ones start threads and sockets that stay.
    Victim::start(&url, 2).reaches("held");
    settled(program.id(), None).await;
    let alone = usage(program.id());
    let (mut stays, _) = Viewer::join(&url, ViewerOptions::default()).await;
    stays.until("it plays", |viewer| viewer.decoded >= 10).await;
    for step in STEPS {
        come(&mut stays, &url, 1, step).await;
    }
    for process in 0..PROCESSES {
        let _victim = come(&mut stays, &url, VIEWERS, "socket").await;
        // A different moment each time, while some are in the handshake and some are watching.
        let moment = Duration::from_millis(process * 97);
        let goes_on = stays.until("the other continues", |_| false);
        let _ = tokio::time::timeout(moment, goes_on).await;
    }
    let seen = stays.decoded;
    stays
        .until("the other continues", |viewer| viewer.decoded >= seen + 10)
        .await;
    assert!(stays.error.is_none(), "{:?}", stays.error);
    stays.leave().await;
    settled(program.id(), Some(alone)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_viewer_is_removed_and_its_keys_are_released() {
    let xvfb = tokio::task::block_in_place(|| Xvfb::start("320x240x24", &[]));
    let root = Root::connect(&xvfb.display);
    let program = tokio::task::block_in_place(|| Program::start(&["--display", &xvfb.display]));
    let mut victim = Victim::start(&program.ws_url(), 1);
    victim.reaches("held");
    tokio::task::block_in_place(|| eventually("a key is down", || (root.keys_down() == 1).then_some(())));
    victim.signal(Signal::STOP);
    let stopped = Instant::now();
    tokio::task::block_in_place(|| eventually("the key is up", || (root.keys_down() == 0).then_some(())));
    println!("the key is up after {:?}", stopped.elapsed());
    let address = program.address();
    soon("the viewer is removed", async {
        let mut pace = tokio::time::interval(Duration::from_millis(50));
        while get(address, "/api/signaling/status").await.json()["client_count"] != 0 {
            pace.tick().await;
        }
    })
    .await;
    println!("the viewer is removed after {:?}", stopped.elapsed());
    settled(program.id(), None).await;
    println!("its pipeline is down after {:?}", stopped.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_whose_channel_is_silent_gets_another_peer_while_its_socket_lives() {
    let host = TestHost::start(&options());
    let (mut viewer, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    viewer.until("the channel is open", Viewer::can_send).await;
    viewer.send_input("key-press", json!({"key": "a", "code": "KeyA", "action": "down"}));
    viewer
        .until("the host pings", |viewer| {
            viewer.messages.iter().any(|message| message["type"] == "ping")
        })
        .await;
    viewer.send_input("pong", json!({"timestamp": 1}));
    let answered = Instant::now();
    viewer
        .until("the host closes the peer", |viewer| viewer.error.is_some())
        .await;
    println!("closed after {:?}", answered.elapsed());
    let error = viewer.error.take().unwrap();
    assert_eq!(error["error"]["code"], "PEER_CONNECTION_FAILED", "{error}");
    let is_up = |event: &Recorded| matches!(event, Recorded::Key(_, false));
    host.recorded(move |events| events.iter().any(is_up)).await;
    let request = json!({"type": "request-offer", "id": "again", "data": {}});
    viewer.client.send(request).await;
    viewer.client.receive_type("offer").await;
    viewer.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_floods_its_channel_is_disconnected_and_others_can_type() {
    let host = TestHost::start(&options());
    let (mut calm, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    let (mut wild, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    for viewer in [&mut calm, &mut wild] {
        viewer.until("the channel is open", Viewer::can_send).await;
    }
    let large = "x".repeat(64 * 1024 - 64);
    wild.send_input("key-press", json!({"key": "b", "code": "KeyB", "action": "down"}));
    soon("the flood is stopped", async {
        while wild.error.is_none() {
            for number in 0..1000 {
                wild.send_input("mouse-move", json!({"x": number % 300, "y": 5}));
            }
            wild.send_text(&large);
            let hears = wild.until("it is notified", |viewer| viewer.error.is_some());
            let _ = tokio::time::timeout(Duration::from_millis(1), hears).await;
        }
    })
    .await;
    let error = wild.error.take().unwrap();
    assert_eq!(error["error"]["code"], "PEER_CONNECTION_FAILED", "{error}");
    calm.send_input("key-press", json!({"key": "a", "code": "KeyA", "action": "down"}));
    let events = host
        .recorded(|events| {
            let pressed =
                |wanted| move |event: &Recorded| matches!(event, Recorded::Key(_, down) if *down == wanted);
            events.iter().filter(|event| pressed(true)(event)).count() == 2
                && events.iter().any(pressed(false))
        })
        .await;
    let moves = events
        .iter()
        .filter(|event| matches!(event, Recorded::MoveTo(_)))
        .count();
    assert!(moves < 10_000, "{moves} motions were injected");
    let seen = calm.decoded;
    calm.until("the other's video continues", |viewer| {
        viewer.decoded >= seen + 10
    })
    .await;
    assert!(calm.error.is_none(), "{:?}", calm.error);
    wild.leave().await;
    calm.leave().await;
    host.stop().await;
}
