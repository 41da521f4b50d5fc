//! Faults of the host's own process: it is stopped, terminated, or runs out of a resource.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use deskbeam::desktop::{Backend, DesktopServices};
use rustix::process::Signal;
use serde_json::json;

use crate::support::eventually;
use crate::support::http::request;
use crate::support::program::{Program, command};
use crate::support::root::Root;
use crate::support::set_clock::SetClock;
use crate::support::signaling::Client;
use crate::support::viewer::{Viewer, ViewerOptions};
use crate::support::xvfb::Xvfb;

/// Starts an X server and the program on it.
fn on_display(screen: &str) -> (Xvfb, Root, Program) {
    tokio::task::block_in_place(|| {
        let xvfb = Xvfb::start(screen, &[]);
        let root = Root::connect(&xvfb.display);
        let program = Program::start(&["--display", &xvfb.display]);
        (xvfb, root, program)
    })
}

async fn join(program: &Program) -> Viewer {
    let (mut viewer, _) = Viewer::join(&program.ws_url(), ViewerOptions::default()).await;
    viewer.until("the channel is open", Viewer::can_send).await;
    viewer
}

fn wait(what: &str, condition: impl Fn() -> bool) {
    tokio::task::block_in_place(|| eventually(what, || condition().then_some(())));
}

#[tokio::test(flavor = "multi_thread")]
async fn input_sent_while_the_host_is_stopped_is_not_injected_afterwards() {
    let (_xvfb, root, program) = on_display("640x480x24");
    let mut viewer = join(&program).await;
    viewer.send_input("mouse-move", json!({"x": 100, "y": 100}));
    wait("the pointer follows", || root.pointer() == (100, 100));
    tokio::task::block_in_place(|| program.stop());
    // Long enough to lose a peer, with the viewer acting all the time.
    let stopped = Instant::now();
    while stopped.elapsed() < Duration::from_secs(10) {
        viewer.send_input("mouse-move", json!({"x": 300, "y": 300}));
        viewer.send_input("key-press", json!({"key": "a", "code": "KeyA", "action": "down"}));
        let hears = viewer.until("it receives nothing", |_| false);
        let _ = tokio::time::timeout(Duration::from_millis(100), hears).await;
    }
    program.signal(Signal::CONT);
    assert!(viewer.client.closed().await.is_some(), "it is asked to reconnect");
    viewer.leave().await;
    let viewer = join(&program).await;
    assert_eq!((root.pointer(), root.keys_down()), ((100, 100), 0));
    let moved = || {
        viewer.send_input("mouse-move", json!({"x": 200, "y": 200}));
        root.pointer() == (200, 200)
    };
    wait("the pointer follows again", moved);
    viewer.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn setting_the_clock_disconnects_no_viewer() {
    let clock = SetClock::new("+0s");
    let (_xvfb, root, program) = tokio::task::block_in_place(|| {
        let xvfb = Xvfb::start("640x480x24", &[]);
        let root = Root::connect(&xvfb.display);
        // A small video, because libfaketime makes each reading of the clock slow.
        let video = "videotestsrc is-live=true ! video/x-raw,format=I420,width=160,height=120,framerate=10/1";
        let flags = ["--display", &xvfb.display, "--capture", video, "--encoder", "vp8"];
        let program = Program::start_with(&flags, &clock.environment());
        (xvfb, root, program)
    });
    let mut viewer = join(&program).await;
    for (offset, hours, place) in [("+2h", 2.0, 100), ("-3h", -3.0, 200), ("+0s", 0.0, 300)] {
        clock.set(offset);
        // These arrive every second, when the host also checks for viewers that have gone.
        let is_load = |message: &&serde_json::Value| message["type"] == "system_stats";
        let loads = |viewer: &Viewer| viewer.messages.iter().filter(is_load).count();
        let asked = Cell::new(0);
        let is_set = |viewer: &Viewer| {
            if asked.replace(loads(viewer)) != loads(viewer) {
                viewer.send_input("ping", json!({}));
            }
            let mut last = viewer.messages.iter().rev();
            let host_ms = last.find_map(|message| message["data"]["server_time"].as_f64());
            let away_ms = host_ms.map(|ms| ms - deskbeam::clock::now_ms() as f64);
            away_ms.is_some_and(|ms| (ms / 3_600_000.0 - hours).abs() < 0.1)
        };
        viewer.until("the clock of the host is set", is_set).await;
        let before = loads(&viewer);
        viewer
            .until("it continues", |viewer| loads(viewer) >= before + 4)
            .await;
        viewer.send_input("mouse-move", json!({"x": place, "y": place}));
        wait("the pointer follows", || root.pointer() == (place, place));
        assert!(viewer.error.is_none(), "{:?}", viewer.error);
    }
    viewer.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_releases_keys_and_closes_sockets_and_a_second_one_is_immediate() {
    let (_xvfb, root, mut program) = on_display("320x240x24");
    let mut viewer = join(&program).await;
    let mut other = join(&program).await;
    viewer.send_input("key-press", json!({"key": "a", "code": "KeyA", "action": "down"}));
    wait("the key is down", || root.keys_down() == 1);
    let signalled = Instant::now();
    program.signal(Signal::TERM);
    for viewer in [&mut viewer, &mut other] {
        let frame = viewer.client.closed().await.expect("a close frame");
        assert_eq!(u16::from(frame.code), 1001, "{frame:?}");
    }
    assert_eq!(tokio::task::block_in_place(|| program.wait()).code(), Some(0));
    println!("exited after {:?}", signalled.elapsed());
    assert_eq!(root.keys_down(), 0);
    viewer.leave().await;
    other.leave().await;

    let (_xvfb, _root, mut program) = on_display("320x240x24");
    let viewer = join(&program).await;
    // Both signals are pending until the process continues.
    for signal in [Signal::STOP, Signal::INT, Signal::TERM, Signal::CONT] {
        program.signal(signal);
    }
    let code = tokio::task::block_in_place(|| program.wait()).code();
    assert!(matches!(code, Some(130 | 143)), "{code:?}");
    viewer.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_resizes_ends_with_the_last_size_and_the_viewer_stays() {
    let (xvfb, root, program) = on_display("1280x720x24");
    let mut viewer = join(&program).await;
    viewer
        .until("there is video", |viewer| viewer.picture().is_some())
        .await;
    let services = DesktopServices::start(&xvfb.display, None, false, |_| {}).unwrap();
    for number in 0..50 {
        let size = (400 + 16 * (number * 7 % 50), 300 + 8 * (number * 3 % 50));
        tokio::task::block_in_place(|| services.resize(size.0, size.1)).unwrap();
        let goes_on = viewer.until("it watches", |_| false);
        let _ = tokio::time::timeout(Duration::from_millis(80), goes_on).await;
    }
    tokio::task::block_in_place(|| services.resize(1000, 600)).unwrap();
    root.fill(0xff_ffff);
    let is_last = |viewer: &Viewer| {
        let is_sized = viewer
            .picture()
            .is_some_and(|(width, height, _)| (width, height) == (1000, 600));
        is_sized && viewer.brightness() > Some(200)
    };
    viewer.until("the last size is seen", is_last).await;
    assert!(viewer.error.is_none(), "{:?}", viewer.error);
    viewer.send_input("mouse-move", json!({"x": 999, "y": 599}));
    wait("the pointer is in the corner", || root.pointer() == (999, 599));
    viewer.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_free_file_descriptors_new_viewers_are_refused_and_the_old_one_stays() {
    let program = tokio::task::block_in_place(|| {
        Program::limited(&["prlimit", "--nofile=160:160"], &["--capture", "test"])
    });
    let mut first = join(&program).await;
    let mut turned_away = 0;
    let mut viewers = Vec::new();
    while turned_away < 3 {
        let mut client = Client::connect(&program.ws_url()).await;
        let greeting = client.receive().await;
        if greeting["type"] == "error" {
            assert_eq!(greeting["error"]["code"], "SERVER_UNAVAILABLE", "{greeting}");
            turned_away += 1;
            continue;
        }
        client
            .send(json!({"type": "request-offer", "id": "r", "data": {}}))
            .await;
        let answer = client.receive().await;
        turned_away += u32::from(answer["type"] == "error");
        viewers.push(client);
        assert!(viewers.len() < 20, "all were accepted");
    }
    let seen = first.decoded;
    first
        .until("the first continues", |viewer| viewer.decoded >= seen + 30)
        .await;
    drop(viewers);
    first.leave().await;
    let again = eventually_joins(&program).await;
    again.leave().await;
}

/// Joins as soon as there is room again.
async fn eventually_joins(program: &Program) -> Viewer {
    crate::support::soon("there is room again", async {
        let mut pace = tokio::time::interval(Duration::from_millis(100));
        loop {
            pace.tick().await;
            let mut client = Client::connect(&program.ws_url()).await;
            if client.receive().await["type"] == "welcome" {
                break;
            }
        }
    })
    .await;
    join(program).await
}

/// A host that keeps a token and a certificate of its own, with its log.
struct Logged {
    child: Child,
    url: String,
}

impl Logged {
    /// Starts `command` with `memory` as its runtime directory.
    fn start(mut command: Command, memory: &Path) -> Self {
        let mut child = command
            .env("XDG_RUNTIME_DIR", memory)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut url)
            .unwrap();
        Self { child, url }
    }

    /// Terminates it and returns its log.
    fn end(mut self) -> String {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, Signal::TERM).unwrap();
        let mut log = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        assert!(self.child.wait().unwrap().success(), "{log}");
        log
    }
}

const KEEPS: [&str; 6] = ["--capture", "test", "--listen", "127.0.0.1:0", "--auth", "token"];

#[test]
fn an_unwritable_state_folder_is_logged_and_kept_in_memory() {
    let memory = tempfile::tempdir().unwrap();
    let mut keeps = command(&KEEPS);
    // A folder cannot be created below a file.
    keeps
        .args(["--tls", "on"])
        .env("XDG_STATE_HOME", "/dev/null/state");
    let host = Logged::start(keeps, memory.path());
    assert!(
        host.url.starts_with("https://") && host.url.contains("#token="),
        "{}",
        host.url
    );
    let log = host.end();
    assert!(
        log.contains("cannot create /dev/null/state/deskbeam") && log.contains("memory"),
        "{log}"
    );
    for file in ["token", "tls.pem"] {
        assert!(memory.path().join("deskbeam").join(file).exists(), "{file}");
    }
}

/// Mounts a full disk at the folder `$0`, for the command alone.
const FILL: &str =
    r#"mount -t tmpfs -o size=16k none "$0"; head -c 64k /dev/zero >"$0/all" 2>/dev/null; exec "$@""#;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_logged_and_nothing_is_left_on_it() {
    let (disk, memory) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let may_mount = Command::new("unshare").args(["--mount", "true"]).output();
    if !may_mount.is_ok_and(|output| output.status.success()) {
        return eprintln!("SKIPPED: mounting a disk requires root");
    }
    let inner = command(&KEEPS);
    let mut outer = Command::new("unshare");
    outer
        .args(["--mount", "sh", "-c", FILL])
        .arg(disk.path())
        .arg(inner.get_program())
        .args(inner.get_args())
        .args(["--tls", "off", "--upload-dir"])
        .arg(disk.path())
        .env("XDG_STATE_HOME", disk.path());
    let host = tokio::task::block_in_place(|| Logged::start(outer, memory.path()));
    let (address, token) = host.url.trim()["http://".len()..].split_once("/#token=").unwrap();
    let bearer = format!("Bearer {token}");
    let sent = request(
        address.parse().unwrap(),
        "PUT",
        "/api/uploads/0123456789abcdef0123456789abcdef?name=a.txt&size=8192&offset=0",
        &[("authorization", &bearer)],
        &"x".repeat(8192),
    )
    .await;
    assert_eq!(sent.status, 507, "{sent:?}");
    // The disk in the host's mount namespace.
    let seen = format!("/proc/{}/root{}", host.child.id(), disk.path().display());
    let left = || {
        let entries = std::fs::read_dir(&seen).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name != "all" && name != "deskbeam")
            .collect::<Vec<_>>()
    };
    assert_eq!(left(), [""; 0]);
    let in_state = std::fs::read_dir(format!("{seen}/deskbeam")).map_or(0, Iterator::count);
    assert_eq!(in_state, 0, "no partial token");
    let log = tokio::task::block_in_place(|| host.end());
    assert!(log.contains("No space left") && log.contains("memory"), "{log}");
}

/// Hides /proc from the command.
const HIDE_PROC: &str = r#"mount -t tmpfs none /proc && exec "$@""#;

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_proc_shows_its_stream() {
    let may_mount = Command::new("unshare").args(["--mount", "true"]).output();
    if !may_mount.is_ok_and(|output| output.status.success()) {
        return eprintln!("SKIPPED: hiding /proc requires root");
    }
    let wrapper = ["unshare", "--mount", "sh", "-c", HIDE_PROC, "sh"];
    let program = tokio::task::block_in_place(|| Program::limited(&wrapper, &["--capture", "test"]));
    let mut viewer = join(&program).await;
    viewer
        .until("frames are decoded", |viewer| viewer.decoded > 0)
        .await;
    viewer.leave().await;
}
