//! The clipboard, in both directions, with programs that answer late or never.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use deskbeam::desktop::{
    Backend, ClipboardContent, ClipboardError, ClipboardReading, ClipboardUse, Desktop, DesktopEvent,
    X11Desktop,
};
use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, InputFocus, PropMode, Property,
    SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::Desk;
use crate::support::eventually;
use crate::support::x11::connect;

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
        self.told()
    }

    /// What is told of the next copy.
    fn told(&self) -> ClipboardReading {
        self.next(|event| match event {
            DesktopEvent::Clipboard(reading) => Some(reading),
            _ => None,
        })
    }

    /// Waits until programs have done this with what was written.
    fn until_used(&self, wanted: ClipboardUse) {
        self.next(|event| (event == DesktopEvent::ClipboardUse(wanted)).then_some(()));
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
    let unknown = Err(ClipboardError::UnknownKind);
    assert_eq!(desk.copy(b"not really", &["-t", "image/png"]), unknown);
    assert_eq!(desk.services.read_clipboard(), unknown);
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
        // xclip takes the last of several.
        assert!(desk.paste(&["-selection", "primary"]) == text);
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

/// Creates a window that is not shown.
fn own_window(connection: &RustConnection) -> Window {
    let root = connection.setup().roots[0].root;
    let window = connection.generate_id().unwrap();
    let (class, looks) = (WindowClass::INPUT_ONLY, CreateWindowAux::new());
    connection
        .create_window(0, window, root, 0, 0, 1, 1, 0, class, 0, &looks)
        .unwrap();
    window
}

/// Takes the clipboard as a program does that has something to copy.
fn own_clipboard(connection: &RustConnection) {
    let window = own_window(connection);
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

#[test]
fn content_of_every_usual_kind_is_told_and_of_another_that_it_is_of_none() {
    let desk = Desk::start(320, 240);
    let jpeg = b"\xff\xd8\xff\xe0 and so on";
    for (kind, bytes, content) in [
        ("text/plain;charset=utf-8", MIXED.as_bytes(), Some(MIXED.into())),
        ("text/plain;charset=UTF-8", MIXED.as_bytes(), Some(MIXED.into())),
        ("text/plain", MIXED.as_bytes(), Some(MIXED.into())),
        ("text/plain", b"\xe9t\xe9", Some("\u{e9}t\u{e9}".into())),
        ("TEXT", "\u{e9}".as_bytes(), Some("\u{e9}".into())),
        ("STRING", b"\xe9t\xe9", Some("\u{e9}t\u{e9}".into())),
        (
            "COMPOUND_TEXT",
            b"\xe9 \x1b%G\xe4\xb8\xad\x1b%@",
            Some("\u{e9} \u{4e2d}".into()),
        ),
        (
            "text/html",
            b"<p>one</p><p>two &amp; three</p>",
            Some("one\ntwo & three".into()),
        ),
        ("image/jpeg", jpeg, ClipboardContent::image(*jpeg)),
        ("image/jpeg", b"no image", None),
        ("application/x-other", b"what is that", None),
    ] {
        let expected = content.map(Some).ok_or(ClipboardError::UnknownKind);
        assert_eq!(desk.copy(bytes, &["-t", kind]), expected, "{kind}");
        assert_eq!(desk.services.read_clipboard(), expected, "{kind}");
    }
}

#[test]
fn what_is_taken_back_is_told() {
    let desk = Desk::start(320, 240);
    assert_eq!(desk.copy("password", &[]), Ok(Some("password".into())));
    assert_eq!(desk.copy("", &[]), Ok(Some("".into())));
    assert_eq!(desk.copy("password", &[]), Ok(Some("password".into())));
    assert_eq!(
        desk.copy("password", &[]),
        Ok(Some("password".into())),
        "the same once more"
    );
    assert_eq!(
        desk.copy("secret", &["-t", "x-kde-passwordManagerHint"]),
        Ok(None)
    );
    let program = desk.connect();
    own_clipboard(&program);
    drop(program);
    // The program may have ended before it was asked.
    assert_eq!(desk.told(), Ok(None));
}

/// A program that has the keyboard.
struct Focused {
    program: RustConnection,
    window: Window,
}

impl Focused {
    fn start(desk: &Desk) -> Focused {
        let program = desk.connect();
        let window = program.generate_id().unwrap();
        let (root, class) = (program.setup().roots[0].root, WindowClass::INPUT_OUTPUT);
        let looks = CreateWindowAux::new()
            .override_redirect(1)
            .event_mask(EventMask::PROPERTY_CHANGE);
        program
            .create_window(0, window, root, 0, 0, 9, 9, 0, class, 0, &looks)
            .unwrap();
        program.map_window(window).unwrap().check().unwrap();
        program
            .set_input_focus(InputFocus::NONE, window, 0_u32)
            .unwrap()
            .check()
            .unwrap();
        Focused { program, window }
    }

    /// Takes what is in the property, and returns its length.
    fn take(&self, property: Atom) -> usize {
        let taken = self
            .program
            .get_property(true, self.window, property, AtomEnum::ANY, 0, u32::MAX / 4);
        taken.unwrap().reply().unwrap().value.len()
    }

    /// Takes the parts of a large content up to the empty one.
    fn take_parts(&self, property: Atom) {
        self.take(property);
        loop {
            if let Event::PropertyNotify(event) = self.program.wait_for_event().unwrap()
                && (event.atom, event.state) == (property, Property::NEW_VALUE)
                && self.take(property) == 0
            {
                return;
            }
        }
    }
}

/// Asks for the clipboard in this form, waits for the answer, and returns the property that has it.
fn ask(program: &RustConnection, window: Window, form: &[u8]) -> Atom {
    let atom = |name: &[u8]| program.intern_atom(false, name).unwrap().reply().unwrap().atom;
    let (clipboard, target) = (atom(b"CLIPBOARD"), atom(form));
    program
        .convert_selection(window, clipboard, target, target, 0_u32)
        .unwrap()
        .check()
        .unwrap();
    while !matches!(program.wait_for_event().unwrap(), Event::SelectionNotify(_)) {}
    target
}

#[test]
fn what_a_program_does_with_what_was_written_is_told() {
    let desk = Desk::start(320, 240);
    let focused = Focused::start(&desk);
    desk.services.write_clipboard("short".into()).unwrap();
    desk.until_used(ClipboardUse::Owned { is_primary: false });
    ask(&focused.program, focused.window, b"TARGETS");
    desk.until_used(ClipboardUse::Asked);
    ask(&focused.program, focused.window, b"UTF8_STRING");
    desk.until_used(ClipboardUse::Fetched);
    desk.services.write_clipboard(large_text().into()).unwrap();
    let property = ask(&focused.program, focused.window, b"UTF8_STRING");
    desk.until_used(ClipboardUse::Fetching);
    focused.take_parts(property);
    desk.until_used(ClipboardUse::Fetched);
    desk.copy("theirs", &[]).unwrap();
    desk.services.write_clipboard(large_text().into()).unwrap();
    ask(&focused.program, focused.window, b"UTF8_STRING");
    desk.until_used(ClipboardUse::Fetching);
    desk.until_used(ClipboardUse::Abandoned);
}

/// It comes beside that of CLIPBOARD.
const OWNED_PRIMARY: ClipboardUse = ClipboardUse::Owned { is_primary: true };

#[test]
fn a_program_that_ends_while_it_pastes_is_not_waited_for() {
    let desk = Desk::start(320, 240);
    let ends = Focused::start(&desk);
    desk.services.write_clipboard(large_text().into()).unwrap();
    ask(&ends.program, ends.window, b"UTF8_STRING");
    desk.until_used(ClipboardUse::Fetching);
    let stays = Focused::start(&desk);
    let property = ask(&stays.program, stays.window, b"UTF8_STRING");
    desk.until_used(ClipboardUse::Fetching);
    let window = ends.window;
    drop(ends);
    eventually("its window is gone", || {
        let geometry = stays.program.get_geometry(window).unwrap();
        geometry.reply().is_err().then_some(())
    });
    stays.take_parts(property);
    let end = desk.next(|event| match event {
        DesktopEvent::ClipboardUse(each) => Some(each),
        _ => None,
    });
    assert_eq!(end, ClipboardUse::Fetched);
}

#[test]
fn a_program_without_the_keyboard_is_not_taken_for_the_one_that_pastes() {
    let desk = Desk::start(320, 240);
    let (focused, other) = (Focused::start(&desk), desk.connect());
    desk.services.write_clipboard("pasted".into()).unwrap();
    ask(&other, own_window(&other), b"UTF8_STRING");
    ask(&focused.program, focused.window, b"TARGETS");
    let told = [(); 2].map(|()| {
        desk.next(|event| match event {
            DesktopEvent::ClipboardUse(each) => Some(each).filter(|each| *each != OWNED_PRIMARY),
            _ => None,
        })
    });
    assert_eq!(
        told,
        [ClipboardUse::Owned { is_primary: false }, ClipboardUse::Asked]
    );
}

#[test]
fn what_is_selected_counts_as_copied_if_primary_does() {
    let display = crate::support::x11::display(320, 240);
    let (sender, events) = std::sync::mpsc::channel();
    let desktop = X11Desktop::new(display.display(), Some(display.cookie())).with_primary(true);
    let tell = move |event| drop(sender.send(event));
    let services = desktop.open(true, Box::new(tell)).expect("services");
    let xclip = |arguments: &[&str]| {
        let mut command = Command::new("xclip");
        command
            .args(arguments)
            .env("DISPLAY", display.display())
            .env("XAUTHORITY", display.xauthority());
        command.stderr(Stdio::null());
        command
    };
    let select = |text: &str| {
        let mut selecting = xclip(&["-selection", "primary", "-i"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        selecting
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        assert!(selecting.wait().unwrap().success());
    };
    let told = || loop {
        if let DesktopEvent::Clipboard(reading) =
            events.recv_timeout(crate::support::DEADLINE).expect("an event")
        {
            return reading;
        }
    };
    select("selected");
    assert_eq!(told(), Ok(Some("selected".into())));
    assert_eq!(services.read_clipboard(), Ok(Some("selected".into())));
    services.write_clipboard("from a viewer".into()).unwrap();
    for selection in ["primary", "clipboard"] {
        let pasted = xclip(&["-selection", selection, "-o"])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8(pasted.stdout).unwrap(),
            "from a viewer",
            "{selection}"
        );
    }
    // A selection that ends takes nothing back.
    let program = connect(display.display(), Some(display.cookie())).unwrap();
    let window = own_window(&program);
    program
        .set_selection_owner(window, u32::from(AtomEnum::PRIMARY), 0_u32)
        .unwrap()
        .check()
        .unwrap();
    drop(program);
    select("again");
    assert_eq!(told(), Ok(Some("again".into())));
}
