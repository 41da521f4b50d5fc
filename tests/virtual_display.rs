//! A private X display: it comes up, keeps others out, and leaves nothing behind.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use deskbeam::desktop::{Ended, VirtualDisplay, VirtualOptions};
use deskbeam::input::X11Backend;
use x11rb::connection::Connection;

use crate::support::x11::{connect, display};
use crate::support::{DEADLINE, eventually};

fn start(command: &[&str]) -> VirtualDisplay {
    let command = command.iter().map(|word| word.to_string()).collect();
    VirtualDisplay::start(VirtualOptions {
        width: 320,
        height: 240,
        command,
    })
    .expect("a virtual display")
}

/// Where the clients of a display find its server.
fn socket_of(display: &str) -> PathBuf {
    format!("/tmp/.X11-unix/X{}", display.trim_start_matches(':')).into()
}

/// Whether a socket is left that leads nowhere. Another display may have the number by now.
fn is_stale(socket: &Path) -> bool {
    socket.exists() && UnixStream::connect(socket).is_err()
}

#[test]
fn it_has_the_size_that_was_asked_for() {
    let display = display(800, 500);
    let connection = connect(display.display(), Some(display.cookie())).unwrap();
    let screen = &connection.setup().roots[0];
    assert_eq!(
        (screen.width_in_pixels, screen.height_in_pixels, screen.root_depth),
        (800, 500, 24)
    );
}

#[test]
fn the_program_finds_the_display_and_its_end_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("environment");
    let script =
        r#"xdotool getdisplaygeometry && echo "$DISPLAY $XAUTHORITY ${WAYLAND_DISPLAY-none}" > "$0"; exit 5"#;
    let display = start(&["sh", "-c", script, file.to_str().unwrap()]);
    let Some(Ended::Command(status)) = display.end().wait_timeout(DEADLINE) else {
        panic!("no end of the program")
    };
    assert_eq!(status.code(), Some(5));
    let expected = format!("{} {} none\n", display.display(), display.xauthority().display());
    assert_eq!(
        std::fs::read_to_string(file).expect("xdotool accepts the cookie"),
        expected
    );
}

#[test]
fn nobody_gets_in_without_the_cookie() {
    let display = display(320, 240);
    let name = display.display();
    assert!(connect(name, Some(display.cookie())).is_ok());
    assert!(connect(name, None).is_err());
    assert!(connect(name, Some(&[0; 16])).is_err());
    let error = X11Backend::connect(Some(name), Some(&[0; 16]))
        .err()
        .expect("a refusal")
        .to_string();
    assert!(error.contains(name) && error.contains("XAUTHORITY"), "{error}");
}

#[test]
fn two_at_once_have_different_numbers() {
    let (one, other) = (display(320, 240), display(320, 240));
    assert_ne!(one.display(), other.display());
    assert!(connect(one.display(), Some(other.cookie())).is_err());
}

#[test]
fn a_program_that_cannot_be_started_is_named() {
    let options = VirtualOptions {
        width: 320,
        height: 240,
        command: vec!["no-such-program".into()],
    };
    let error = VirtualDisplay::start(options)
        .err()
        .expect("an error")
        .to_string();
    assert!(error.contains("no-such-program"), "{error}");
}

#[test]
fn stopping_leaves_nothing_behind() {
    let display = start(&["sh", "-c", "trap '' TERM; while :; do sleep 1000; done"]);
    let (name, cookie) = (display.display().to_owned(), *display.cookie());
    let (authority, socket, end) = (display.xauthority().to_owned(), socket_of(&name), display.end());
    let connection = connect(&name, Some(&cookie)).unwrap();
    assert!(socket.exists());
    eventually("the programs run", || {
        (clients_of(&authority).len() >= 2).then_some(())
    });
    display.stop();
    assert_eq!(clients_of(&authority), Vec::<u32>::new());
    assert!(!authority.parent().unwrap().exists());
    assert!(connection.wait_for_event().is_err(), "the X server still runs");
    assert!(connect(&name, Some(&cookie)).is_err());
    assert!(!is_stale(&socket));
    assert_eq!(end.wait(), Ended::Stopped);
}

#[test]
fn the_end_of_the_x_server_is_told() {
    let display = display(320, 240);
    let directory = display.xauthority().parent().unwrap().as_os_str().as_bytes();
    let servers = processes_with("cmdline", |argument| argument.starts_with(directory));
    let [server] = servers[..] else {
        panic!("not one X server: {servers:?}")
    };
    assert!(
        Command::new("kill")
            .args(["-KILL", &server.to_string()])
            .status()
            .unwrap()
            .success()
    );
    let ended = display.end().wait_timeout(DEADLINE);
    assert!(
        matches!(ended, Some(Ended::Server(status)) if status.code().is_none()),
        "{ended:?}"
    );
    let socket = socket_of(display.display());
    display.stop();
    assert!(!is_stale(&socket), "what a killed server leaves is removed");
}

#[test]
fn killing_the_process_that_started_it_ends_everything() {
    let mut host = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "virtual_display::host_that_waits",
            "--ignored",
            "--nocapture",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(host.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let ready = lines
        .find_map(|line| line.strip_prefix("ready ").map(String::from))
        .expect("the host is ready");
    let (name, authority) = ready.split_once(' ').unwrap();
    let socket = socket_of(name);
    assert!(socket.exists());
    let cookie = cookie_in(Path::new(authority));
    let connection = connect(name, Some(&cookie)).expect("the host's display");
    host.kill().unwrap();
    host.wait().unwrap();

    // Its programs write to the host's standard error: that pipe ends with the last of them.
    let (sender, receiver) = channel();
    let mut stderr = host.stderr.take().unwrap();
    std::thread::spawn(move || {
        let _ = stderr.read_to_end(&mut Vec::new());
        sender.send("programs").unwrap();
    });
    assert_eq!(receiver.recv_timeout(DEADLINE), Ok("programs"));
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        while connection.wait_for_event().is_ok() {}
        sender.send("server").unwrap();
    });
    assert_eq!(receiver.recv_timeout(DEADLINE), Ok("server"));
    eventually("the socket is gone", || (!is_stale(&socket)).then_some(()));
    std::fs::remove_dir_all(Path::new(authority).parent().unwrap()).unwrap();
}

/// What is killed by the test above.
#[test]
#[ignore = "runs in a process of its own, started by another test"]
fn host_that_waits() {
    let display = display(320, 240);
    println!("\nready {} {}", display.display(), display.xauthority().display());
    display.end().wait();
}

#[test]
fn a_terminal_that_is_closed_is_followed_by_another() {
    let display = start(&[]);
    let authority = display.xauthority().to_owned();
    let mut before = Vec::new();
    for _ in 0..3 {
        let terminal = eventually("there is a terminal", || {
            terminals_of(&authority)
                .into_iter()
                .find(|terminal| !before.contains(terminal))
        });
        let killed = Command::new("kill").arg(terminal.to_string()).status().unwrap();
        assert!(killed.success());
        before.push(terminal);
    }
    assert_eq!(display.end().wait_timeout(Duration::ZERO), None);
    display.stop();
    assert_eq!(clients_of(&authority), Vec::<u32>::new());
}

/// The terminals that run with this `XAUTHORITY`.
fn terminals_of(authority: &Path) -> Vec<u32> {
    let mut clients = clients_of(authority);
    clients.retain(|id| {
        let name = std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
        name.trim() == "xterm"
    });
    clients
}

/// The cookie is the end of the file.
fn cookie_in(authority: &Path) -> Vec<u8> {
    let file = std::fs::read(authority).unwrap();
    file[file.len() - 16..].to_vec()
}

/// The processes that run with this `XAUTHORITY`.
fn clients_of(authority: &Path) -> Vec<u32> {
    let wanted = format!("XAUTHORITY={}", authority.display());
    processes_with("environ", |entry| entry == wanted.as_bytes())
}

/// The processes that have such an entry in this file of /proc.
fn processes_with(file: &str, is_such: impl Fn(&[u8]) -> bool) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let has_such = |process: std::fs::DirEntry| {
        let id: u32 = process.file_name().to_str()?.parse().ok()?;
        let entries = std::fs::read(process.path().join(file)).ok()?;
        entries.split(|byte| *byte == 0).any(&is_such).then_some(id)
    };
    processes.filter_map(has_such).collect()
}
