//! The cursor, the clipboard and the size of a real X display.

use std::io::{Cursor, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use deskbeam::desktop::{
    Backend, ClipboardContent, ClipboardError, ClipboardReading, CursorImage, DesktopEvent, DesktopServices,
    ResizeError, View, ViewKind, VirtualDisplay,
};
use deskbeam::input::{Injector, X11Backend};
use deskbeam::protocol::input::{InputEvent, Point};
use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::protocol::Event;
use x11rb::protocol::randr::ConnectionExt as _;
use x11rb::protocol::xproto::{
    AtomEnum, ConfigureWindowAux, ConnectionExt as _, CreateGCAux, CreateWindowAux, Cursor as CursorId,
    EventMask, PropMode, Rectangle, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent,
    WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::support::x11::{Client, connect, display};
use crate::support::{DEADLINE, eventually};

/// A display, what is watched of it, and what was told.
struct Desk {
    services: DesktopServices,
    events: Receiver<DesktopEvent>,
    display: VirtualDisplay,
}

impl Desk {
    fn start(width: u32, height: u32) -> Desk {
        Self::start_with(width, height, true)
    }

    fn start_with(width: u32, height: u32, reports_clipboard: bool) -> Desk {
        let display = display(width, height);
        let (sender, events) = channel();
        let tell = move |event| {
            let _ = sender.send(event);
        };
        let services =
            DesktopServices::start(display.display(), Some(display.cookie()), reports_clipboard, tell)
                .expect("services");
        Desk {
            services,
            events,
            display,
        }
    }

    fn connect(&self) -> RustConnection {
        connect(self.display.display(), Some(self.display.cookie())).expect("a connection")
    }

    /// The next event that `choose` makes something of.
    fn next<T>(&self, choose: impl Fn(DesktopEvent) -> Option<T>) -> T {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let rest = deadline.saturating_duration_since(Instant::now());
            if let Some(chosen) = choose(self.events.recv_timeout(rest).expect("an event in time")) {
                return chosen;
            }
        }
    }

    fn next_besides_the_cursor(&self) -> DesktopEvent {
        self.next(|event| match event {
            DesktopEvent::Cursor(_) | DesktopEvent::CursorHidden | DesktopEvent::Views(_) => None,
            event => Some(event),
        })
    }

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

    fn size(&self) -> (u16, u16) {
        let connection = self.connect();
        let root = connection.setup().roots[0].root;
        let geometry = connection.get_geometry(root).unwrap().reply().unwrap();
        (geometry.width, geometry.height)
    }

    /// The names of all video modes.
    fn modes(&self) -> String {
        let connection = self.connect();
        let root = connection.setup().roots[0].root;
        let resources = connection.randr_get_screen_resources_current(root).unwrap();
        String::from_utf8(resources.reply().unwrap().names).unwrap()
    }
}

const MIXED: &str = "é中😀 and a line\nmore";

fn large_text() -> String {
    (0..300_000_u32)
        .map(|n| char::from_u32(0x4e00 + n % 20_000).unwrap())
        .chain("é😀".chars())
        .collect()
}

/// A window over the whole screen, so that its cursor is shown.
struct Cover {
    connection: RustConnection,
    window: u32,
}

impl Cover {
    fn show(desk: &Desk, cursor: impl Fn(&RustConnection) -> CursorId) -> Cover {
        let connection = desk.connect();
        let screen = &connection.setup().roots[0];
        let (width, height) = (screen.width_in_pixels, screen.height_in_pixels);
        let window = connection.generate_id().unwrap();
        let aux = CreateWindowAux::new()
            .override_redirect(1)
            .cursor(cursor(&connection));
        connection
            .create_window(
                0,
                window,
                screen.root,
                0,
                0,
                width,
                height,
                0,
                WindowClass::INPUT_ONLY,
                0,
                &aux,
            )
            .unwrap();
        connection.map_window(window).unwrap().check().unwrap();
        Cover { connection, window }
    }

    fn set(&self, cursor: CursorId) {
        let aux = x11rb::protocol::xproto::ChangeWindowAttributesAux::new().cursor(cursor);
        let changed = self.connection.change_window_attributes(self.window, &aux);
        changed.unwrap().check().unwrap();
    }
}

/// A cursor of 9x7 pixels that points with (3, 5): red, with a blue pixel at the top left, and transparent in the last
/// column. Or wholly transparent.
fn cursor(connection: &RustConnection, visible: bool) -> CursorId {
    let root = connection.setup().roots[0].root;
    let bitmap = |filled: &[Rectangle]| {
        let (pixmap, gc) = (
            connection.generate_id().unwrap(),
            connection.generate_id().unwrap(),
        );
        connection.create_pixmap(1, pixmap, root, 9, 7).unwrap();
        connection
            .create_gc(gc, pixmap, &CreateGCAux::new().foreground(0))
            .unwrap();
        let all = rectangle(0, 0, 9, 7);
        connection.poly_fill_rectangle(pixmap, gc, &[all]).unwrap();
        let ink = x11rb::protocol::xproto::ChangeGCAux::new().foreground(1);
        connection.change_gc(gc, &ink).unwrap();
        connection.poly_fill_rectangle(pixmap, gc, filled).unwrap();
        pixmap
    };
    let source = bitmap(&[rectangle(1, 0, 8, 7), rectangle(0, 1, 9, 6)]);
    let mask = bitmap(&[rectangle(0, 0, if visible { 8 } else { 0 }, 7)]);
    let id = connection.generate_id().unwrap();
    connection
        .create_cursor(id, source, mask, 0xffff, 0, 0, 0, 0, 0xffff, 3, 5)
        .unwrap();
    id
}

fn rectangle(x: i16, y: i16, width: u16, height: u16) -> Rectangle {
    Rectangle { x, y, width, height }
}

fn image_of(event: DesktopEvent) -> Option<CursorImage> {
    match event {
        DesktopEvent::Cursor(image) => Some(image),
        _ => None,
    }
}

/// RGBA.
fn pixels(image: &CursorImage) -> Vec<[u8; 4]> {
    let mut reader = png::Decoder::new(Cursor::new(&image.png)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!(
        (info.width, info.height),
        (image.width.into(), image.height.into())
    );
    bytes.chunks(4).map(|pixel| pixel.try_into().unwrap()).collect()
}

#[test]
fn the_cursor_is_told_at_the_start() {
    let desk = Desk::start(320, 240);
    let image = desk.next(image_of);
    assert!(image.hotspot_x < image.width && image.hotspot_y < image.height);
    assert!(pixels(&image).iter().any(|pixel| pixel[3] > 0));
}

#[test]
fn a_changed_cursor_arrives_pixel_by_pixel() {
    let desk = Desk::start(320, 240);
    let _cover = Cover::show(&desk, |connection| cursor(connection, true));
    let ours = |event| image_of(event).filter(|image| (image.width, image.height) == (9, 7));
    let image = desk.next(ours);
    assert_eq!((image.hotspot_x, image.hotspot_y), (3, 5));
    for (index, pixel) in pixels(&image).into_iter().enumerate() {
        let expected = match (index % 9, index / 9) {
            (0, 0) => [0, 0, 255, 255],
            (8, _) => [0, 0, 0, 0],
            _ => [255, 0, 0, 255],
        };
        assert_eq!(pixel, expected, "pixel {index}");
    }
}

#[test]
fn a_cursor_is_hidden_and_shown_again() {
    let desk = Desk::start(320, 240);
    let cover = Cover::show(&desk, |connection| cursor(connection, true));
    let ours = |event| image_of(event).filter(|image| (image.width, image.height) == (9, 7));
    // Kept, or its number would be free for another cursor.
    let red = cursor(&cover.connection, true);
    cover.set(red);
    let first = desk.next(ours);
    let first = desk.events.try_iter().filter_map(ours).last().unwrap_or(first);
    cover.set(cursor(&cover.connection, false));
    desk.next(|event| (event == DesktopEvent::CursorHidden).then_some(()));
    cover.set(red);
    let again = desk.next(ours);
    assert_eq!(pixels(&again), pixels(&first));
    cover.set(cursor(&cover.connection, false));
    desk.next(|event| (event == DesktopEvent::CursorHidden).then_some(()));
    cover.set(red);
    let third = desk.next(ours);
    assert_eq!(third, again);
    assert!(
        Arc::ptr_eq(&third.png, &again.png),
        "a known cursor is encoded again"
    );
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
fn the_screen_takes_other_sizes_and_its_own_again() {
    let desk = Desk::start(640, 480);
    let modes = desk.modes();
    for ((width, height), (real_width, real_height)) in [
        ((801, 599), (802, 600)),
        ((64, 64), (64, 64)),
        ((1920, 1080), (1920, 1080)),
        ((1280, 720), (1280, 720)),
    ] {
        let resized = DesktopEvent::Resized {
            width: real_width.into(),
            height: real_height.into(),
        };
        let size = (u32::from(real_width), u32::from(real_height));
        assert_eq!(desk.services.resize(width, height), Ok(size));
        assert_eq!(desk.next_besides_the_cursor(), resized);
        assert_eq!(desk.size(), (real_width, real_height));
    }
    assert_eq!(
        desk.services.resize(1280, 720),
        Ok((1280, 720)),
        "the size that it has"
    );
    desk.services.resize(3840, 2160).expect("the largest size");
    let refused = ResizeError::TooLarge {
        max_width: 3840,
        max_height: 2160,
    };
    assert_eq!(desk.services.resize(3842, 2160), Err(refused));
    let refused = |width, height| Err(ResizeError::OutOfBounds { width, height });
    assert_eq!(desk.services.resize(0, 480), refused(0, 480));
    assert_eq!(desk.services.resize(640, 8193), refused(640, 8193));
    assert_eq!(desk.size(), (3840, 2160));

    let Desk {
        services,
        events,
        display,
    } = desk;
    drop(services);
    let desk = Desk {
        services: DesktopServices::start(display.display(), Some(display.cookie()), false, |_| {}).unwrap(),
        events,
        display,
    };
    assert_eq!(desk.size(), (640, 480));
    assert_eq!(desk.modes(), modes, "modes are left behind");
}

#[test]
fn a_resize_by_somebody_else_is_told_and_left_alone() {
    let desk = Desk::start(640, 480);
    desk.services.resize(800, 600).unwrap();
    desk.next(|event| matches!(event, DesktopEvent::Resized { .. }).then_some(()));
    let other =
        DesktopServices::start(desk.display.display(), Some(desk.display.cookie()), false, |_| {}).unwrap();
    other.resize(1024, 768).unwrap();
    let resized = DesktopEvent::Resized {
        width: 1024,
        height: 768,
    };
    assert_eq!(desk.next_besides_the_cursor(), resized);
    let Desk {
        services, display, ..
    } = desk;
    drop(services);
    let connection = connect(display.display(), Some(display.cookie())).unwrap();
    assert_eq!(connection.setup().roots[0].width_in_pixels, 1024);
}

impl Desk {
    /// The parts that are told next and of which this holds.
    fn views(&self, are: impl Fn(&[View]) -> bool) -> Vec<View> {
        self.next(|event| match event {
            DesktopEvent::Views(views) => are(&views).then_some(views),
            _ => None,
        })
    }

    fn xrandr(&self, arguments: &[&str]) {
        let status = Command::new("xrandr")
            .args(arguments)
            .env("DISPLAY", self.display.display())
            .env("XAUTHORITY", self.display.xauthority())
            .status()
            .expect("xrandr (package x11-xserver-utils)");
        assert!(status.success());
    }
}

#[test]
fn monitors_are_told_when_they_come_and_go() {
    let desk = Desk::start(640, 480);
    desk.xrandr(&["--setmonitor", "left", "320/80x480/120+0+0", "none"]);
    desk.xrandr(&["--setmonitor", "right", "320/80x480/120+320+0", "none"]);
    let place = |view: &View| (view.name.clone(), view.kind, view.x, view.width, view.height);
    let views = desk.views(|views| views.len() == 2);
    let expected = |name: &str, x| (name.to_owned(), ViewKind::Monitor, x, 320, 480);
    assert_eq!(
        views.iter().map(place).collect::<Vec<_>>(),
        [expected("left", 0), expected("right", 320)]
    );
    desk.xrandr(&["--delmonitor", "left"]);
    assert_eq!(desk.views(|views| views.len() == 1)[0].name, "right");
}

#[test]
fn windows_are_told_with_their_titles_and_followed_until_they_close() {
    let desk = Desk::start(640, 480);
    let connection = desk.connect();
    let (root, window) = (
        connection.setup().roots[0].root,
        connection.generate_id().unwrap(),
    );
    let (class, looks) = (WindowClass::INPUT_OUTPUT, CreateWindowAux::new());
    connection
        .create_window(0, window, root, 0, 0, 200, 180, 0, class, 0, &looks)
        .unwrap();
    let title = |text: &[u8]| {
        let (name, kind) = (AtomEnum::WM_NAME, AtomEnum::STRING);
        connection
            .change_property8(PropMode::REPLACE, window, name, kind, text)
            .unwrap();
    };
    title(b"f\xfcnf");
    connection.map_window(window).unwrap().check().unwrap();
    let view = desk.views(|views| views.len() == 1).remove(0);
    assert_eq!(
        (view.kind, view.number, &*view.name),
        (ViewKind::Window, window, "fünf")
    );
    assert_eq!((view.width, view.height), (200, 180));
    title(b"sechs");
    connection.flush().unwrap();
    desk.views(|views| views[0].name == "sechs");
    let place = ConfigureWindowAux::new().x(300).y(200).width(170);
    connection
        .configure_window(window, &place)
        .unwrap()
        .check()
        .unwrap();
    let view = desk
        .views(|views| views[0].width == 170 && views[0].x >= 300)
        .remove(0);
    let on_root = connection
        .translate_coordinates(window, root, 0, 0)
        .unwrap()
        .reply()
        .unwrap();
    assert_eq!(
        (view.x, view.y),
        (on_root.dst_x as u32, on_root.dst_y as u32),
        "inside of its frame"
    );
    connection.unmap_window(window).unwrap().check().unwrap();
    desk.views(<[View]>::is_empty);
}

#[test]
fn the_pointer_reaches_the_corners_of_the_new_size() {
    let desk = Desk::start(640, 480);
    let cookie = Some(desk.display.cookie().as_slice());
    let backend = X11Backend::connect(Some(desk.display.display()), cookie).unwrap();
    let injector = Injector::start(Box::new(backend)).unwrap();
    let (client, viewer) = (Client::start(&desk.display), injector.handle().viewer());
    for (width, height) in [(1000_u32, 700_u32), (200, 100)] {
        desk.services.resize(width, height).unwrap();
        let far = Point { x: 1e4, y: 1e4 };
        let near = Point { x: 0.0, y: 0.0 };
        let corner = (width as i16 - 1, height as i16 - 1);
        eventually("the pointer is in the corner", || {
            viewer.send(InputEvent::Motion { position: far });
            (client.pointer() == corner).then_some(())
        });
        viewer.send(InputEvent::Motion { position: near });
        eventually("the pointer is in the other corner", || {
            (client.pointer() == (0, 0)).then_some(())
        });
    }
}

#[test]
fn the_end_of_the_x_server_is_told_and_an_error_of_every_call() {
    let desk = Desk::start(320, 240);
    desk.services.resize(400, 300).unwrap();
    let Desk {
        services,
        events,
        display,
    } = desk;
    display.stop();
    let told: Vec<DesktopEvent> = events
        .iter()
        .take_while(|event| *event != DesktopEvent::Lost)
        .collect();
    assert!(!told.contains(&DesktopEvent::Returned), "{told:?}");
    assert_eq!(services.read_clipboard(), Err(ClipboardError::Lost));
    assert_eq!(services.write_clipboard("x".into()), Err(ClipboardError::Lost));
    assert_eq!(services.resize(640, 480), Err(ResizeError::Lost));
    drop(services);
}

#[test]
fn a_display_that_cannot_be_used_is_named() {
    let display = display(320, 240);
    let start = |name: &str, cookie: &[u8]| DesktopServices::start(name, Some(cookie), false, |_| {}).err();
    for (name, cookie) in [
        (display.display(), [0; 16]),
        (":59000", *display.cookie()),
        ("nonsense", [1; 16]),
    ] {
        let error = start(name, &cookie).expect("an error").to_string();
        assert!(
            error.contains(&format!("X display {name}: ")) && error.contains("XAUTHORITY"),
            "{error}"
        );
    }
}
