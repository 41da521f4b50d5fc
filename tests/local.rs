//! The local user at the desktop: asked before a viewer connects, has priority over viewers, and can disconnect all.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use deskbeam::desktop::{Desktop, LocalUserEvent, LocalUserWatch, VirtualDisplay, X11Desktop};
use deskbeam::host::LocalRights;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::Message;
use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::Event;
use x11rb::protocol::xinput::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use super::support::host::TestHost;
use super::support::http::request;
use super::support::program::Program;
use super::support::signaling::Client;
use super::support::x11::{self, connect, display};
use super::support::{DEADLINE, eventually};

/// Starts the program on this display with `--confirm`. `path` is where it looks for dialogs.
fn asking(display: &VirtualDisplay, path: &str) -> Program {
    let authority = display.xauthority().to_str().unwrap();
    Program::start_with(
        &["--display", display.display(), "--confirm"],
        &[("XAUTHORITY", authority), ("PATH", path)],
    )
}

/// Creates a program in place of zenity, which records its arguments and its process, and exits with the code that is
/// written into `answer`.
fn dialog(folder: &Path) {
    let program = folder.join("zenity");
    let script = "#!/bin/sh\ncd \"$(dirname \"$0\")\"\nprintf '%s\\n' \"$@\" >>asked\necho $$ >pid\nread -r code <answer\nexit \"$code\"\n";
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let status = Command::new("mkfifo")
        .arg(folder.join("answer"))
        .status()
        .unwrap();
    assert!(status.success());
}

/// Returns the number of questions asked.
fn asked(folder: &Path) -> usize {
    let text = fs::read_to_string(folder.join("asked")).unwrap_or_default();
    text.lines().filter(|line| *line == "--question").count()
}

fn answer(folder: &Path, code: &str) {
    eventually("the question is asked", || {
        fs::read_to_string(folder.join("pid")).ok()
    });
    fs::write(folder.join("answer"), format!("{code}\n")).unwrap();
}

fn path_with(folder: &Path) -> String {
    format!("{}:/usr/bin:/bin", folder.display())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_client_connects_when_the_local_user_agrees_and_is_not_asked_about_again() {
    let (display, place) = (display(640, 480), tempfile::tempdir().unwrap());
    dialog(place.path());
    let program = asking(&display, &path_with(place.path()));
    let mut first = Client::connect(&program.ws_url()).await;
    // Messages sent before the answer are not lost.
    first.send(json!({"type":"ping","id":"early"})).await;
    answer(place.path(), "0");
    assert_eq!(first.receive().await["type"], "welcome");
    assert_eq!(first.receive_type("pong").await["reply_to"], "early");
    let mut second = Client::connect(&program.ws_url()).await;
    assert_eq!(second.receive().await["type"], "welcome");
    assert_eq!(asked(place.path()), 1);
    let arguments = fs::read_to_string(place.path().join("asked")).unwrap();
    let text = "--text=Somebody at 127.0.0.1 wants to see, control and manage this desktop.";
    assert!(arguments.lines().any(|line| line == text), "{arguments}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_client_connects_when_the_local_user_refuses() {
    let (display, place) = (display(640, 480), tempfile::tempdir().unwrap());
    dialog(place.path());
    let program = asking(&display, &path_with(place.path()));
    let mut client = Client::connect(&program.ws_url()).await;
    answer(place.path(), "1");
    let frame = client.next_frame().await;
    let Some(Message::Close(Some(close))) = frame else {
        panic!("{frame:?}")
    };
    assert_eq!(u16::from(close.code), 1008, "{close}");
    // The refusal also applies to a WHEP player, and holds for a while.
    let address = program
        .url
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .parse()
        .unwrap();
    let sdp = [("content-type", "application/sdp")];
    let refused = request(address, "POST", "/whep", &sdp, "v=0\r\n").await;
    assert_eq!(refused.status, 403, "{refused:?}");
    assert_eq!(asked(place.path()), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_question_closes_with_the_client_that_caused_it() {
    let (display, place) = (display(640, 480), tempfile::tempdir().unwrap());
    dialog(place.path());
    let program = asking(&display, &path_with(place.path()));
    let client = Client::connect(&program.ws_url()).await;
    let pid = eventually("the question is asked", || {
        let text = fs::read_to_string(place.path().join("pid")).ok()?;
        text.trim().parse::<u32>().ok()
    });
    drop(client);
    eventually("the dialog exits", || {
        (!Path::new(&format!("/proc/{pid}")).exists()).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_let_in_already_waits_for_no_question_about_another() {
    let (display, place) = (display(640, 480), tempfile::tempdir().unwrap());
    dialog(place.path());
    let program = asking(&display, &path_with(place.path()));
    let mut first = Client::connect(&program.ws_url()).await;
    answer(place.path(), "0");
    assert_eq!(first.receive().await["type"], "welcome");
    fs::remove_file(place.path().join("pid")).unwrap();
    let url = program.url.trim_end_matches('/');
    let address = url.trim_start_matches("http://");
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut stranger = socket.connect(address.parse().unwrap()).await.unwrap();
    let handshake = format!(
        "GET /ws HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    );
    stranger.write_all(handshake.as_bytes()).await.unwrap();
    let pid = eventually("the question about the stranger is asked", || {
        let text = fs::read_to_string(place.path().join("pid")).ok()?;
        text.trim().parse::<u32>().ok()
    });
    for _ in 0..4 {
        let mut again = Client::connect(&program.ws_url()).await;
        assert_eq!(again.receive().await["type"], "welcome");
    }
    assert!(
        Path::new(&format!("/proc/{pid}")).exists(),
        "the question is still shown"
    );
    drop(stranger);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_everybody_was_cut_off_the_local_user_is_asked_anew() {
    let (display, place) = (display(640, 480), tempfile::tempdir().unwrap());
    dialog(place.path());
    let program = asking(&display, &path_with(place.path()));
    let mut first = Client::connect(&program.ws_url()).await;
    answer(place.path(), "0");
    assert_eq!(first.receive().await["type"], "welcome");
    fs::remove_file(place.path().join("pid")).unwrap();
    program.signal(rustix::process::Signal::USR1);
    assert!(first.closed().await.is_some());
    let mut second = Client::connect(&program.ws_url()).await;
    let pid = eventually("the question is asked anew", || {
        let text = fs::read_to_string(place.path().join("pid")).ok()?;
        text.trim().parse::<u32>().ok()
    });
    program.signal(rustix::process::Signal::USR1);
    let close = second.closed().await.unwrap();
    assert_eq!(u16::from(close.code), 1008, "{close}");
    eventually("the dialog exits", || {
        (!Path::new(&format!("/proc/{pid}")).exists()).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_button_of_a_real_dialog_accepts() {
    let (display, place) = (display(640, 480), tempfile::tempdir().unwrap());
    // No other dialog program is in this path.
    std::os::unix::fs::symlink("/usr/bin/xmessage", place.path().join("xmessage")).unwrap();
    let program = asking(&display, place.path().to_str().unwrap());
    let mut client = Client::connect(&program.ws_url()).await;
    let authority = display.xauthority().to_owned();
    let name = display.display().to_owned();
    let xdotool = move |arguments: &[&str]| {
        let output = Command::new("xdotool")
            .args(arguments)
            .env("DISPLAY", &name)
            .env("XAUTHORITY", &authority)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let window = eventually("the dialog is there", || {
        let found = xdotool(&["search", "--onlyvisible", "--name", "^deskbeam$"]);
        found.lines().next().map(str::to_owned)
    });
    let geometry = xdotool(&["getwindowgeometry", "--shell", &window]);
    let height: i32 = geometry
        .lines()
        .find_map(|line| line.strip_prefix("HEIGHT=")?.parse().ok())
        .unwrap_or_else(|| panic!("{geometry}"));
    // The first button is at the bottom left.
    let y = (height - 14).to_string();
    xdotool(&["mousemove", "--window", &window, "20", &y, "click", "1"]);
    assert_eq!(client.receive().await["type"], "welcome");
}

#[test]
fn confirm_needs_a_desktop_and_a_dialog() {
    let run = super::support::program::run;
    let (code, _, error) = run(&["--capture", "test", "--confirm"]);
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("--confirm needs a display"), "{error}");
    let (code, _, error) = run(&["--confirm", "--signaling-server", "ws://127.0.0.1:1/"]);
    assert_eq!(code, 2, "{error}");
}

/// Keysyms.
const CONTROL: u32 = 0xffe3;
const ALT: u32 = 0xffe9;
const CAPS_LOCK: u32 = 0xffe5;
const F12: u32 = 0xffc9;
/// Time that keys are held.
const HOLD: Duration = Duration::from_millis(50);

/// The mouse and the keyboard of the display itself, which Xvfb has only in name.
struct Devices {
    connection: RustConnection,
    first_event: u8,
    keyboard: u8,
    pointer: u8,
}

impl Devices {
    fn of(display: &VirtualDisplay) -> Self {
        let connection = connect(display.display(), Some(display.cookie())).unwrap();
        let extension = connection
            .extension_information(xinput::X11_EXTENSION_NAME)
            .unwrap()
            .unwrap();
        connection.xinput_xi_query_version(2, 2).unwrap().reply().unwrap();
        let devices = connection
            .xinput_xi_query_device(0_u16)
            .unwrap()
            .reply()
            .unwrap()
            .infos;
        let find = |kind: xinput::DeviceType| {
            let device = devices.iter().find(|device| {
                device.type_ == kind && !String::from_utf8_lossy(&device.name).contains("XTEST")
            });
            u8::try_from(device.unwrap().deviceid).unwrap()
        };
        Self {
            keyboard: find(xinput::DeviceType::SLAVE_KEYBOARD),
            pointer: find(xinput::DeviceType::SLAVE_POINTER),
            first_event: extension.first_event,
            connection,
        }
    }

    /// Sends an event of a device, or of XTEST's own.
    fn fake(&self, device: Option<u8>, kind: u8, detail: u8) {
        let kind = match device {
            // The events of XInput 1 follow its first event, in the order of the core protocol's.
            Some(_) => self.first_event + xinput::DEVICE_KEY_PRESS_EVENT + (kind - xproto::KEY_PRESS_EVENT),
            None => kind,
        };
        let faking =
            self.connection
                .xtest_fake_input(kind, detail, 0, x11rb::NONE, 0, 0, device.unwrap_or(0));
        faking.unwrap().check().unwrap();
    }

    fn click(&self, device: Option<u8>) {
        self.fake(device, xproto::BUTTON_PRESS_EVENT, 1);
        self.fake(device, xproto::BUTTON_RELEASE_EVENT, 1);
    }

    fn press_chord(&self, device: Option<u8>) {
        self.press(device, &[CONTROL, ALT, F12]);
    }

    /// Presses all of them, then releases them.
    fn press(&self, device: Option<u8>, keysyms: &[u32]) {
        let keycodes: Vec<_> = keysyms.iter().map(|keysym| self.keycode(*keysym)).collect();
        keycodes
            .iter()
            .for_each(|key| self.fake(device, xproto::KEY_PRESS_EVENT, *key));
        // The minimum that a person holds a key.
        std::thread::park_timeout(HOLD);
        keycodes
            .iter()
            .for_each(|key| self.fake(device, xproto::KEY_RELEASE_EVENT, *key));
    }

    fn keycode(&self, keysym: u32) -> u8 {
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let map = self
            .connection
            .get_keyboard_mapping(first, last - first + 1)
            .unwrap()
            .reply()
            .unwrap();
        let mut rows = map.keysyms.chunks(map.keysyms_per_keycode.into());
        let row = rows.position(|row| row.first() == Some(&keysym)).unwrap();
        first + u8::try_from(row).unwrap()
    }
}

fn watch(display: &VirtualDisplay, wants_activity: bool) -> (Box<dyn Send>, Receiver<LocalUserEvent>) {
    let (sender, events) = channel();
    let chord = Some("Ctrl+Alt+F12".parse().unwrap());
    let cookie = Some(display.cookie().as_slice());
    let send = move |event| {
        let _ = sender.send(event);
    };
    let desktop = X11Desktop::new(display.display(), cookie);
    let wanted = LocalUserWatch {
        activity: wants_activity,
        chord,
    };
    let watch = desktop.watch_local_user(wanted, Box::new(send));
    (watch.unwrap(), events)
}

/// Long enough to notice an unexpected event.
const SHORT: Duration = Duration::from_millis(500);

#[test]
fn local_input_is_distinguished_from_that_of_viewers() {
    let display = display(640, 480);
    let devices = Devices::of(&display);
    let (watch, events) = watch(&display, true);
    devices.click(None);
    devices.press_chord(None);
    assert!(events.recv_timeout(SHORT).is_err(), "that was a viewer");
    devices.click(Some(devices.pointer));
    assert_eq!(events.recv_timeout(DEADLINE), Ok(LocalUserEvent::Active));
    drop(watch);
    assert_eq!(events.recv_timeout(DEADLINE), Ok(LocalUserEvent::Lost));
}

#[test]
fn the_combination_is_reported_whatever_the_locks_but_no_part_of_it() {
    let display = display(640, 480);
    let devices = Devices::of(&display);
    let (_watch, events) = watch(&display, false);
    devices.press_chord(Some(devices.keyboard));
    assert_eq!(events.recv_timeout(DEADLINE), Ok(LocalUserEvent::Pressed));
    let caps_lock = devices.keycode(CAPS_LOCK);
    devices.fake(None, xproto::KEY_PRESS_EVENT, caps_lock);
    devices.fake(None, xproto::KEY_RELEASE_EVENT, caps_lock);
    devices.press_chord(Some(devices.keyboard));
    assert_eq!(events.recv_timeout(DEADLINE), Ok(LocalUserEvent::Pressed));
    devices.press(Some(devices.keyboard), &[CONTROL, F12]);
    devices.press_chord(None);
    assert!(events.recv_timeout(SHORT).is_err(), "a part of it, or a viewer");
}

/// Creates a window with the focus, which receives key events.
fn focused(program: &RustConnection) {
    let screen = &program.setup().roots[0];
    let window = program.generate_id().unwrap();
    let aux = xproto::CreateWindowAux::new()
        .override_redirect(1)
        .event_mask(xproto::EventMask::KEY_PRESS | xproto::EventMask::EXPOSURE);
    let class = xproto::WindowClass::INPUT_OUTPUT;
    program
        .create_window(0, window, screen.root, 0, 0, 50, 50, 0, class, 0, &aux)
        .unwrap();
    program.map_window(window).unwrap().check().unwrap();
    let focusing = program.set_input_focus(xproto::InputFocus::NONE, window, x11rb::CURRENT_TIME);
    focusing.unwrap().check().unwrap();
}

#[test]
fn the_combination_is_withheld_from_other_programs_and_no_grab_of_theirs_blocks_it() {
    let display = display(640, 480);
    let devices = Devices::of(&display);
    let program = connect(display.display(), Some(display.cookie())).unwrap();
    focused(&program);
    let (_watch, events) = watch(&display, false);
    devices.press_chord(Some(devices.keyboard));
    assert_eq!(events.recv_timeout(DEADLINE), Ok(LocalUserEvent::Pressed));
    devices.press(Some(devices.keyboard), &[F12]);
    let key = devices.keycode(F12);
    let state = eventually("the program receives the key alone", || {
        match program.poll_for_event().unwrap()? {
            Event::KeyPress(press) if press.detail == key => Some(u16::from(press.state)),
            _ => None,
        }
    });
    assert_eq!(state, 0, "it received the combination");
    let _greedy = x11::Client::start(&display);
    devices.press_chord(Some(devices.keyboard));
    assert_eq!(events.recv_timeout(DEADLINE), Ok(LocalUserEvent::Pressed));
}

fn host_with(display: &VirtualDisplay, local: LocalRights) -> TestHost {
    let desktop = X11Desktop::new(display.display(), Some(display.cookie()));
    TestHost::start_custom(|setup| {
        setup.parts.desktop = Arc::new(desktop);
        setup.config.local = local;
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_cannot_act_while_the_local_user_does() {
    let display = display(640, 480);
    let devices = Devices::of(&display);
    let host = host_with(
        &display,
        LocalRights {
            priority: Some(Duration::from_secs(1)),
            panic_key: None,
        },
    );
    let mut client = Client::connect(&host.ws_url()).await;
    client.receive().await;
    // The watch may start a moment after the host.
    let mut tries = 0..60;
    let state = loop {
        tries.next().expect("the client is notified");
        devices.click(Some(devices.pointer));
        let received = tokio::time::timeout(SHORT, client.receive_type("control-state")).await;
        if let Ok(state) = received {
            break state["data"].clone();
        }
    };
    assert_eq!(
        (&state["local"], &state["granted"]),
        (&json!(true), &json!(false))
    );
    client
        .send(json!({"type":"mouse-move","data":{"x":7,"y":7}}))
        .await;
    assert_eq!(client.receive_type("error").await["error"]["code"], "FORBIDDEN");
    let state = client.receive_type("control-state").await["data"].clone();
    assert_eq!(
        (&state["local"], &state["granted"]),
        (&json!(false), &json!(true))
    );
    client
        .send(json!({"type":"mouse-move","data":{"x":8,"y":8}}))
        .await;
    let events = host.recorded(|events| !events.is_empty()).await;
    assert_eq!(events.len(), 1, "{events:?}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_combination_of_keys_disconnects_all_viewers() {
    let display = display(640, 480);
    let devices = Devices::of(&display);
    let host = host_with(
        &display,
        LocalRights {
            priority: None,
            panic_key: Some("Ctrl+Alt+F12".parse().unwrap()),
        },
    );
    let mut client = Client::connect(&host.ws_url()).await;
    client.receive().await;
    let mut tries = 0..60;
    let close = loop {
        tries.next().expect("the client is disconnected");
        devices.press_chord(Some(devices.keyboard));
        if let Ok(close) = tokio::time::timeout(SHORT, client.closed()).await {
            break close.unwrap();
        }
    };
    assert_eq!(u16::from(close.code), 1008);
    host.stop().await;
}
