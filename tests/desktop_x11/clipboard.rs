//! The clipboard, in both directions, with programs that answer late or never.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use deskbeam::desktop::{Backend, ClipboardContent, ClipboardError, ClipboardReading, DesktopEvent};
use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ConnectionExt as _, CreateWindowAux, EventMask, PropMode, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent,
    SelectionRequestEvent, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::Desk;

impl Desk {
    fn xclip(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("xclip");
        command
            .args(["-selection", "clipboard"])
            .args(arguments)
            .env("DISPLAY", self.display.display())
            .env("XAUTHORITY", self.display.xauthority())
            .stderr(Stdio::null());
        command
    }

    /// Copies as another program does, and returns what is told of it.
    fn copy(&self, content: impl AsRef<[u8]>, arguments: &[&str]) -> ClipboardReading {
        let mut xclip = self
            .xclip(&[&["-i"], arguments].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("xclip (package xclip)");
        xclip.stdin.take().unwrap().write_all(content.as_ref()).unwrap();
        assert!(xclip.wait().unwrap().success());
        match self.next_besides_the_cursor() {
            DesktopEvent::Clipboard(reading) => reading,
            other => panic!("{other:?}"),
        }
    }

    /// Pastes as another program does.
    fn paste(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.paste_bytes(arguments)).unwrap()
    }

    fn paste_bytes(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self
            .xclip(&[&["-o"], arguments].concat())
            .stdin(Stdio::null())
            .output()
            .expect("xclip (package xclip)");
        assert!(output.status.success());
        output.stdout
    }
}

const MIXED: &str = "é中😀 and a line\nmore";

fn large_text() -> String {
    (0..300_000_u32)
        .map(|n| char::from_u32(0x4e00 + n % 20_000).unwrap())
        .chain("é😀".chars())
        .collect()
}

#[test]
fn what_others_copy_is_told_and_read() {
    let desk = Desk::start(320, 240);
    assert_eq!(desk.services.read_clipboard(), Ok(None), "an empty clipboard");
    let large = large_text();
    for text in ["plain", MIXED, &large, "after a large one"] {
        assert!(
            desk.copy(text, &[]) == Ok(Some(text.into())),
            "{} bytes",
            text.len()
        );
        assert!(
            desk.services.read_clipboard() == Ok(Some(text.into())),
            "{} bytes",
            text.len()
        );
    }
}

#[test]
fn pictures_go_both_ways_and_what_is_called_one_has_to_be_one() {
    let desk = Desk::start(320, 240);
    assert_eq!(desk.copy(b"not really", &["-t", "image/png"]), Ok(None));
    assert_eq!(desk.services.read_clipboard(), Ok(None));
    for size in [100, 3_000_000] {
        // More than fits into one property: both sides hand it over in pieces.
        let bytes: Vec<u8> = b"\x89PNG\r\n\x1a\n"
            .iter()
            .copied()
            .chain((0..size).map(|index: u32| (index / 7) as u8))
            .collect();
        let picture = ClipboardContent::png(bytes.clone()).unwrap();
        assert!(desk.copy(&bytes, &["-t", "image/png"]) == Ok(Some(picture.clone())));
        assert!(
            desk.services.read_clipboard() == Ok(Some(picture.clone())),
            "{size}"
        );
        desk.services.write_clipboard(picture).unwrap();
        assert!(desk.paste_bytes(&["-t", "image/png"]) == bytes, "{size}");
        assert_eq!(desk.paste(&["-t", "TARGETS"]), "TARGETS\nTIMESTAMP\nimage/png\n");
    }
}

#[test]
fn what_viewers_copy_is_there_for_others() {
    let desk = Desk::start(320, 240);
    let large = large_text();
    for text in ["plain", MIXED, &large, ""] {
        desk.services.write_clipboard(text.into()).unwrap();
        assert!(desk.paste(&[]) == text, "{} bytes", text.len());
        assert!(desk.paste(&["-t", "text/plain;charset=utf-8"]) == text);
        assert!(desk.services.read_clipboard() == Ok(Some(text.into())));
    }
    let targets = desk.paste(&["-t", "TARGETS"]);
    for target in ["TARGETS", "UTF8_STRING", "text/plain;charset=utf-8", "STRING"] {
        assert!(
            targets.lines().any(|line| line == target),
            "{target} in {targets}"
        );
    }
}

#[test]
fn only_what_others_copy_is_told() {
    let desk = Desk::start(320, 240);
    desk.services.write_clipboard("ours".into()).unwrap();
    desk.services.resize(400, 300).unwrap();
    let resized = DesktopEvent::Resized {
        width: 400,
        height: 300,
    };
    assert_eq!(desk.next_besides_the_cursor(), resized);
    assert_eq!(desk.copy("theirs", &[]), Ok(Some("theirs".into())));
    assert_eq!(desk.services.read_clipboard(), Ok(Some("theirs".into())));
    desk.services.write_clipboard("ours again".into()).unwrap();
    assert_eq!(desk.paste(&[]), "ours again");
}

#[test]
fn two_programs_paste_a_large_text_at_once() {
    let desk = Desk::start(320, 240);
    let large = large_text();
    desk.services.write_clipboard(large.clone().into()).unwrap();
    std::thread::scope(|scope| {
        let pasting = [(); 2].map(|()| {
            let command = desk.xclip(&["-o"]);
            scope.spawn(move || { command }.stdin(Stdio::null()).output().unwrap())
        });
        for paste in pasting {
            assert!(paste.join().unwrap().stdout == large.as_bytes());
        }
    });
}

#[test]
fn too_much_text_is_refused_both_ways() {
    let desk = Desk::start(320, 240);
    let text = "x".repeat(8 * 1024 * 1024 + 1);
    assert_eq!(
        desk.services.write_clipboard(text.clone().into()),
        Err(ClipboardError::TooLarge)
    );
    assert_eq!(desk.copy(&text, &[]), Err(ClipboardError::TooLarge));
    assert_eq!(desk.copy("less", &[]), Ok(Some("less".into())));
    assert_eq!(desk.services.read_clipboard(), Ok(Some("less".into())));
}

#[test]
fn what_nobody_may_read_is_read_on_request_alone() {
    let desk = Desk::start_with(320, 240, false);
    let program = desk.connect();
    own_clipboard(&program);
    assert_eq!(desk.services.resize(400, 300), Ok((400, 300)));
    assert!(matches!(
        desk.next_besides_the_cursor(),
        DesktopEvent::Resized { .. }
    ));
    // The answer to a second request comes after all that the first has set off.
    assert_eq!(desk.services.resize(500, 400), Ok((500, 400)));
    program.get_input_focus().unwrap().reply().unwrap();
    assert!(program.poll_for_event().unwrap().is_none(), "it was asked");
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| desk.services.read_clipboard());
        answer(&program, &request(&program), b"on request").unwrap();
        assert_eq!(reading.join().unwrap(), Ok(Some("on request".into())));
    });
}

/// Takes the clipboard as a program does that has something to copy.
fn own_clipboard(connection: &RustConnection) {
    let root = connection.setup().roots[0].root;
    let window = connection.generate_id().unwrap();
    let (class, looks) = (WindowClass::INPUT_ONLY, CreateWindowAux::new());
    connection
        .create_window(0, window, root, 0, 0, 1, 1, 0, class, 0, &looks)
        .unwrap();
    let clipboard = connection.intern_atom(false, b"CLIPBOARD").unwrap();
    let clipboard = clipboard.reply().unwrap().atom;
    connection
        .set_selection_owner(window, clipboard, 0_u32)
        .unwrap()
        .check()
        .unwrap();
}

/// The next request for what it has copied.
fn request(connection: &RustConnection) -> SelectionRequestEvent {
    loop {
        if let Event::SelectionRequest(request) = connection.wait_for_event().unwrap() {
            return request;
        }
    }
}

/// Answers it, unless the window that asked is gone.
fn answer(
    connection: &RustConnection,
    request: &SelectionRequestEvent,
    text: &[u8],
) -> Result<(), ReplyError> {
    let SelectionRequestEvent {
        requestor,
        property,
        target,
        ..
    } = *request;
    connection
        .change_property8(PropMode::REPLACE, requestor, property, target, text)?
        .check()?;
    let notify = SelectionNotifyEvent {
        response_type: SELECTION_NOTIFY_EVENT,
        sequence: 0,
        time: request.time,
        requestor,
        selection: request.selection,
        target,
        property,
    };
    connection
        .send_event(false, requestor, EventMask::NO_EVENT, notify)?
        .check()
}

#[test]
fn a_program_that_answers_late_does_no_harm_to_itself() {
    let desk = Desk::start(320, 240);
    let (first, second) = (desk.connect(), desk.connect());
    own_clipboard(&first);
    let asked = request(&first);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| desk.services.read_clipboard());
        own_clipboard(&second);
        let asked_again = request(&second);
        answer(&first, &asked, b"late").expect("a window that is there");
        answer(&second, &asked_again, b"new").expect("a window that is there");
        // The reading asks by itself if its thread begins only now.
        while !reading.is_finished() {
            if let Some(Event::SelectionRequest(request)) = second.poll_for_event().unwrap() {
                answer(&second, &request, b"new").expect("a window that is there");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(reading.join().unwrap(), Ok(Some("new".into())));
    });
    let told = DesktopEvent::Clipboard(Ok(Some("new".into())));
    assert_eq!(desk.next_besides_the_cursor(), told, "and once");
    assert_eq!(desk.services.resize(400, 300), Ok((400, 300)));
    assert!(matches!(
        desk.next_besides_the_cursor(),
        DesktopEvent::Resized { .. }
    ));
}

#[test]
fn a_program_that_does_not_answer_holds_up_nothing() {
    let desk = Desk::start(320, 240);
    let mute = desk.connect();
    own_clipboard(&mute);
    request(&mute);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| desk.services.read_clipboard());
        assert_eq!(desk.services.resize(400, 300), Ok((400, 300)));
        let resized = DesktopEvent::Resized {
            width: 400,
            height: 300,
        };
        assert_eq!(desk.next_besides_the_cursor(), resized);
        assert_eq!(reading.join().unwrap(), Err(ClipboardError::TimedOut));
    });
    let told = DesktopEvent::Clipboard(Err(ClipboardError::TimedOut));
    assert_eq!(desk.next_besides_the_cursor(), told);
    assert_eq!(desk.copy("somebody else", &[]), Ok(Some("somebody else".into())));
    assert_eq!(desk.services.read_clipboard(), Ok(Some("somebody else".into())));
}
