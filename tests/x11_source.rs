//! `deskbeamx11src` on real X servers: a frame for each change, with the right pixels, and none without.

use std::sync::atomic::{AtomicBool, Ordering};

use deskbeam::capture::LEAVE_OUT;
use deskbeam::desktop::{Backend, DesktopServices};
use deskbeam::media;
use gst::prelude::*;
use gst_video::prelude::*;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConnectionExt as _, CreateGCAux, CreateWindowAux, Gcontext,
    MOTION_NOTIFY_EVENT, Rectangle, SubwindowMode, Window, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::support::DEADLINE;
use crate::support::x11::connect;
use crate::support::xvfb::Xvfb;

const GREY: u32 = 0x40_4040;
const RED: u32 = 0xff_0000;
const GREEN: u32 = 0x00_ff00;
const BLUE: u32 = 0x00_00ff;
const WHITE: u32 = 0xff_ffff;

/// An X server of the test's own, and a client that draws on its root window.
struct Canvas {
    server: Xvfb,
    client: RustConnection,
    root: Window,
    gc: Gcontext,
}

impl Canvas {
    fn start(width: u16, height: u16) -> Canvas {
        Canvas::with(&format!("{width}x{height}x24"), &[])
    }

    fn with(screen: &str, arguments: &[&str]) -> Canvas {
        let server = Xvfb::start(screen, arguments);
        let client = connect(&server.display, None).expect("a connection");
        let (root, gc) = (client.setup().roots[0].root, client.generate_id().unwrap());
        let attributes = CreateGCAux::new().subwindow_mode(SubwindowMode::INCLUDE_INFERIORS);
        client.create_gc(gc, root, &attributes).unwrap();
        let canvas = Canvas {
            server,
            client,
            root,
            gc,
        };
        canvas.draw(GREY, (0, 0), (u16::MAX, u16::MAX));
        canvas
    }

    /// Fills a rectangle of the root window, and waits until that is done.
    fn draw(&self, colour: u32, (x, y): (i16, i16), (width, height): (u16, u16)) {
        self.draw_on(self.root, colour, (x, y), (width, height));
    }

    fn draw_on(&self, window: Window, colour: u32, (x, y): (i16, i16), (width, height): (u16, u16)) {
        let area = Rectangle { x, y, width, height };
        let foreground = x11rb::protocol::xproto::ChangeGCAux::new().foreground(colour);
        self.client.change_gc(self.gc, &foreground).unwrap();
        self.client
            .poly_fill_rectangle(window, self.gc, &[area])
            .unwrap()
            .check()
            .unwrap();
    }

    /// Draws without an end while `what` goes on.
    fn in_motion(&self, what: impl FnOnce()) {
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let colours = [RED, GREEN].into_iter().cycle();
                for colour in colours.take_while(|_| !is_over.load(Ordering::SeqCst)) {
                    self.draw(colour, (10, 10), (20, 20));
                }
            });
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(what));
            is_over.store(true, Ordering::SeqCst);
            outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        });
    }

    fn move_pointer(&self, x: i16, y: i16) {
        self.client
            .xtest_fake_input(MOTION_NOTIFY_EVENT, 0, 0, self.root, x, y, 0)
            .unwrap()
            .check()
            .unwrap();
    }

    /// A white square of 16 by 16 pixels, whose top left corner points.
    fn use_white_cursor(&self) {
        let (square, cursor) = (
            self.client.generate_id().unwrap(),
            self.client.generate_id().unwrap(),
        );
        let gc = self.client.generate_id().unwrap();
        self.client.create_pixmap(1, square, self.root, 16, 16).unwrap();
        let all = CreateGCAux::new().foreground(1);
        self.client.create_gc(gc, square, &all).unwrap();
        let area = Rectangle {
            x: 0,
            y: 0,
            width: 16,
            height: 16,
        };
        self.client.poly_fill_rectangle(square, gc, &[area]).unwrap();
        let full = u16::MAX;
        self.client
            .create_cursor(cursor, square, square, full, full, full, 0, 0, 0, 0, 0)
            .unwrap();
        let attributes = ChangeWindowAttributesAux::new().cursor(cursor);
        self.client
            .change_window_attributes(self.root, &attributes)
            .unwrap()
            .check()
            .unwrap();
    }

    /// The source with these properties, in this format, playing.
    fn capture(&self, properties: &str, format: &str) -> Capture {
        let capture = Capture::new(&format!(
            "deskbeamx11src name=src display-name={} {properties} ! video/x-raw,format={format}",
            self.server.display
        ));
        capture
            .pipeline
            .set_state(gst::State::Playing)
            .expect("a capture");
        capture
    }
}

/// A pipeline that ends in an appsink.
struct Capture {
    pipeline: gst::Pipeline,
    sink: gst_app::AppSink,
}

impl Capture {
    fn new(text: &str) -> Capture {
        media::init().unwrap();
        let pipeline = gst::parse::launch(&format!("{text} ! appsink name=sink sync=false"))
            .unwrap()
            .downcast::<gst::Pipeline>()
            .unwrap();
        let sink = pipeline.by_name("sink").unwrap().downcast().unwrap();
        Capture { pipeline, sink }
    }

    fn next(&self) -> Frame {
        let limit = gst::ClockTime::try_from(DEADLINE).unwrap();
        let Some(sample) = self.sink.try_pull_sample(limit) else {
            panic!("no frame within {DEADLINE:?}: {:?}", self.error());
        };
        let caps = sample.caps().unwrap();
        let structure = caps.structure(0).unwrap();
        assert_eq!(structure.get("framerate"), Ok(gst::Fraction::new(0, 1)), "{caps}");
        let info = gst_video::VideoInfo::from_caps(caps).unwrap();
        let buffer = sample.buffer_owned().unwrap();
        assert_eq!(buffer.duration(), None);
        Frame(gst_video::VideoFrame::from_buffer_readable(buffer, &info).unwrap())
    }

    /// The first frame of which this holds.
    fn until(&self, what: impl Fn(&Frame) -> bool) -> Frame {
        std::iter::repeat_with(|| self.next()).find(what).unwrap()
    }

    /// Takes so many frames: from the time of the first to that of the last, in milliseconds.
    fn span(&self, count: usize) -> u64 {
        let times: Vec<_> = (0..count).map(|_| self.next().pts()).collect();
        assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
        (times[count - 1] - times[0]).mseconds()
    }

    fn set(&self, property: &str, value: impl Into<gst::glib::Value>) {
        let source = self.pipeline.by_name("src").unwrap();
        source.set_property(property, value);
    }

    /// The error on the bus.
    fn error(&self) -> gst::glib::Error {
        let limit = gst::ClockTime::try_from(DEADLINE).unwrap();
        let message = self
            .pipeline
            .bus()
            .unwrap()
            .timed_pop_filtered(limit, &[gst::MessageType::Error])
            .expect("an error");
        match message.view() {
            gst::MessageView::Error(error) => error.error(),
            _ => unreachable!(),
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

struct Frame(gst_video::VideoFrame<gst_video::video_frame::Readable>);

impl Frame {
    fn size(&self) -> (u32, u32) {
        (self.0.width(), self.0.height())
    }

    fn pts(&self) -> gst::ClockTime {
        self.0.buffer().pts().expect("a timestamp")
    }

    fn sample(&self, plane: usize, x: usize, y: usize) -> &[u8] {
        let row = y * self.0.plane_stride()[plane] as usize;
        &self.0.plane_data(plane as u32).unwrap()[row + x..]
    }

    /// The colour of a BGRx pixel.
    fn pixel(&self, x: u32, y: u32) -> u32 {
        let [blue, green, red] = self.sample(0, x as usize * 4, y as usize)[..3] else {
            unreachable!()
        };
        u32::from_be_bytes([0, red, green, blue])
    }

    /// Y, U and V of an I420 pixel.
    fn yuv(&self, x: u32, y: u32) -> [u8; 3] {
        let (x, y) = (x as usize, y as usize);
        [
            self.sample(0, x, y)[0],
            self.sample(1, x / 2, y / 2)[0],
            self.sample(2, x / 2, y / 2)[0],
        ]
    }

    /// Fails unless each BGRx pixel is as `expected` says.
    fn assert_pixels(&self, expected: impl Fn(u32, u32) -> u32) {
        let (width, height) = self.size();
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            let (found, expected) = (self.pixel(x, y), expected(x, y));
            assert_eq!(found, expected, "at {x},{y}: {found:06x} is not {expected:06x}");
        }
    }
}

fn is_in(x: u32, y: u32, (left, top): (u32, u32), (width, height): (u32, u32)) -> bool {
    (left..left + width).contains(&x) && (top..top + height).contains(&y)
}

/// BT.601, limited range.
fn yuv_of(colour: u32) -> [u8; 3] {
    match colour {
        GREY => [71, 128, 128],
        RED => [81, 90, 240],
        GREEN => [145, 54, 34],
        BLUE => [41, 240, 110],
        WHITE => [235, 128, 128],
        other => panic!("{other:06x}"),
    }
}

#[test]
fn there_is_a_frame_at_the_start_one_for_each_change_and_none_without() {
    let canvas = Canvas::start(320, 240);
    let capture = canvas.capture("show-pointer=false", "BGRx");
    capture.next().assert_pixels(|_, _| GREY);
    // Had anything else been sent, the next frame would not show the next change.
    for (index, colour) in [RED, GREEN, BLUE, WHITE, GREY, RED].into_iter().enumerate() {
        canvas.draw(colour, (10, 10), (20, 20));
        let frame = capture.next();
        assert_eq!(frame.pixel(15, 15), colour, "change {index}");
        assert_eq!(frame.pixel(40, 40), GREY);
    }
}

#[test]
fn a_change_is_in_its_place_and_the_rest_stays() {
    let canvas = Canvas::start(323, 201);
    let capture = canvas.capture("show-pointer=false", "BGRx");
    assert_eq!(capture.next().size(), (323, 201));
    let (place, size) = ((13, 7), (11, 5));
    canvas.draw(RED, (13, 7), (11, 5));
    let first = |x, y| if is_in(x, y, place, size) { RED } else { GREY };
    capture.next().assert_pixels(first);
    canvas.draw(BLUE, (322, 200), (1, 1));
    let last = |x, y| if (x, y) == (322, 200) { BLUE } else { first(x, y) };
    capture.next().assert_pixels(last);
}

#[test]
fn i420_is_bt601_also_at_odd_sizes_and_offsets() {
    let canvas = Canvas::start(323, 201);
    let capture = canvas.capture("show-pointer=false", "I420");
    let near = |frame: &Frame, x, y, colour: u32| {
        let (found, expected) = (frame.yuv(x, y), yuv_of(colour));
        let is_near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1);
        assert!(is_near, "at {x},{y}: {found:?} is not {expected:?}");
    };
    let frame = capture.next();
    assert_eq!(frame.size(), (323, 201));
    assert_eq!(
        frame.0.info().colorimetry(),
        "bt601".parse::<gst_video::VideoColorimetry>().unwrap()
    );
    for colour in [RED, GREEN, BLUE, WHITE] {
        canvas.draw(colour, (13, 7), (11, 5));
        let frame = capture.next();
        // All four pixels of each have the same colour.
        for (x, y) in [(14, 8), (23, 11), (22, 10)] {
            near(&frame, x, y, colour);
        }
        for (x, y) in [(11, 8), (24, 8), (14, 5), (14, 12), (0, 0), (322, 200)] {
            near(&frame, x, y, GREY);
        }
        // The edges have the brightness of their own pixel.
        for ((x, y), colour) in [((13, 7), colour), ((12, 7), GREY), ((13, 6), GREY)] {
            assert!(frame.yuv(x, y)[0].abs_diff(yuv_of(colour)[0]) <= 1);
        }
    }
    canvas.draw(RED, (322, 200), (1, 1));
    near(&capture.next(), 322, 200, RED);
}

#[test]
fn without_shared_memory_the_pixels_are_the_same() {
    let canvas = Canvas::with("323x201x24", &["-extension", "MIT-SHM"]);
    let capture = canvas.capture("show-pointer=false startx=3 starty=5", "BGRx");
    capture.next().assert_pixels(|_, _| GREY);
    canvas.draw(RED, (13, 17), (11, 5));
    capture
        .next()
        .assert_pixels(|x, y| if is_in(x, y, (10, 12), (11, 5)) { RED } else { GREY });
}

#[test]
fn a_region_shows_itself_only() {
    let canvas = Canvas::start(320, 240);
    let region = "show-pointer=false startx=21 starty=31 endx=71 endy=61";
    let capture = canvas.capture(region, "BGRx");
    let frame = capture.next();
    assert_eq!(frame.size(), (51, 31));
    frame.assert_pixels(|_, _| GREY);
    // Beside it: above, left, right, below. Had that brought a frame, the next would not show the next change.
    for (place, size, colour) in [
        ((0, 0), (320, 31), RED),
        ((0, 31), (21, 209), GREEN),
        ((72, 31), (248, 209), RED),
        ((21, 62), (51, 178), GREEN),
    ] {
        canvas.draw(BLUE, place, size);
        canvas.draw(colour, (21, 31), (2, 2));
        capture
            .next()
            .assert_pixels(|x, y| if x < 2 && y < 2 { colour } else { GREY });
    }
}

#[test]
fn another_part_is_shown_while_it_runs_and_the_whole_again() {
    let canvas = Canvas::start(320, 240);
    canvas.draw(RED, (100, 50), (60, 40));
    let capture = canvas.capture("show-pointer=false region=20x10+90+45", "BGRx");
    let expected = |x, y| if is_in(x, y, (10, 5), (60, 40)) { RED } else { GREY };
    let frame = capture.next();
    assert_eq!(frame.size(), (20, 10));
    frame.assert_pixels(expected);
    capture.set("region", "60x40+100+50");
    let frame = capture.next();
    assert_eq!(frame.size(), (60, 40));
    frame.assert_pixels(|_, _| RED);
    // It moves, and its size stays.
    capture.set("region", "60x40+101+50");
    capture
        .next()
        .assert_pixels(|x, _| if x < 59 { RED } else { GREY });
    canvas.draw(BLUE, (101, 50), (1, 1));
    assert_eq!(capture.next().pixel(0, 0), BLUE);
    for whole in ["", "60x40+400+300"] {
        capture.set("region", "60x40+100+50");
        capture.until(|frame| frame.size() == (60, 40));
        capture.set("region", whole);
        capture.until(|frame| frame.size() == (320, 240));
    }
}

#[test]
fn a_window_is_captured_until_it_is_gone() {
    let canvas = Canvas::start(320, 240);
    let window = canvas.client.generate_id().unwrap();
    let looks = CreateWindowAux::new()
        .override_redirect(1)
        .background_pixel(GREEN);
    canvas
        .client
        .create_window(
            24,
            window,
            canvas.root,
            50,
            60,
            64,
            48,
            0,
            WindowClass::INPUT_OUTPUT,
            0,
            &looks,
        )
        .unwrap();
    canvas.client.map_window(window).unwrap().check().unwrap();
    let capture = canvas.capture(&format!("show-pointer=false xid={window}"), "BGRx");
    let frame = capture.next();
    assert_eq!(frame.size(), (64, 48));
    frame.assert_pixels(|_, _| GREEN);
    canvas.draw_on(window, RED, (1, 3), (5, 7));
    capture
        .until(|frame| frame.pixel(1, 3) == RED)
        .assert_pixels(|x, y| if is_in(x, y, (1, 3), (5, 7)) { RED } else { GREEN });
    let size = x11rb::protocol::xproto::ConfigureWindowAux::new().width(70);
    canvas
        .client
        .configure_window(window, &size)
        .unwrap()
        .check()
        .unwrap();
    capture.until(|frame| frame.size() == (70, 48));
    canvas.client.destroy_window(window).unwrap().check().unwrap();
    let error = capture.error();
    assert!(error.matches(gst::ResourceError::Read), "{error}");
    assert!(error.message().contains("the window is gone"), "{error}");
}

fn the_pointer_is_in(format: &str, is: impl Fn(&Frame, u32, u32, u32) -> bool) {
    let canvas = Canvas::start(321, 241);
    canvas.use_white_cursor();
    canvas.move_pointer(50, 51);
    let capture = canvas.capture("", format);
    let frame = capture.next();
    assert!(is(&frame, 50, 52, WHITE) && is(&frame, 64, 66, WHITE));
    assert!(is(&frame, 48, 51, GREY) && is(&frame, 67, 66, GREY));
    canvas.move_pointer(201, 190);
    let frame = capture.until(|frame| is(frame, 204, 193, WHITE));
    assert!(is(&frame, 50, 52, GREY) && is(&frame, 64, 66, GREY));
    // Drawn below it, it stays above.
    canvas.draw(RED, (180, 180), (100, 60));
    let frame = capture.until(|frame| is(frame, 240, 200, RED));
    assert!(is(&frame, 204, 193, WHITE) && is(&frame, 190, 193, RED));
    // At the edge, most of it is outside.
    canvas.move_pointer(320, 240);
    let frame = capture.until(|frame| is(frame, 320, 240, WHITE));
    assert!(is(&frame, 204, 193, RED) && is(&frame, 318, 238, GREY));
    capture.set("show-pointer", false);
    capture.until(|frame| is(frame, 320, 240, GREY));
    // Now its motion brings no frame.
    canvas.move_pointer(100, 100);
    canvas.draw(BLUE, (0, 0), (10, 10));
    let frame = capture.next();
    assert!(is(&frame, 4, 4, BLUE) && is(&frame, 104, 104, GREY));
    capture.set("show-pointer", true);
    capture.until(|frame| is(frame, 104, 104, WHITE));
}

#[test]
fn the_pointer_is_drawn_where_it_moves() {
    the_pointer_is_in("BGRx", |frame, x, y, colour| frame.pixel(x, y) == colour);
}

#[test]
fn the_pointer_is_drawn_into_i420_too() {
    the_pointer_is_in("I420", |frame, x, y, colour| {
        frame
            .yuv(x, y)
            .iter()
            .zip(yuv_of(colour))
            .all(|(a, b)| a.abs_diff(b) <= 1)
    });
}

#[test]
fn another_cursor_brings_a_frame() {
    let canvas = Canvas::start(320, 240);
    canvas.move_pointer(50, 51);
    let capture = canvas.capture("", "BGRx");
    assert_ne!(capture.next().pixel(64, 65), WHITE);
    canvas.use_white_cursor();
    capture.until(|frame| frame.pixel(64, 65) == WHITE);
}

#[test]
fn a_new_size_of_the_screen_comes_with_new_caps_and_a_whole_frame() {
    let canvas = Canvas::start(640, 480);
    let services = DesktopServices::start(&canvas.server.display, None, false, |_| {}).unwrap();
    // It is beyond the edge of what comes next.
    canvas.use_white_cursor();
    canvas.move_pointer(620, 460);
    let capture = canvas.capture("", "I420");
    assert_eq!(capture.next().size(), (640, 480));
    for (width, height) in [(400, 300), (639, 479), (320, 240)] {
        let size = services.resize(width, height).unwrap();
        canvas.draw(GREEN, (0, 0), (640, 480));
        canvas.draw(RED, (33, 35), (2, 2));
        let frame = capture.until(|frame| frame.size() == size && frame.yuv(33, 35)[0] == yuv_of(RED)[0]);
        assert_eq!(frame.yuv(100, 100), yuv_of(GREEN));
        canvas.move_pointer(20, 20);
        let (x, y) = (size.0 - 1, size.1 - 1);
        canvas.draw(BLUE, (x as i16, y as i16), (1, 1));
        let frame = capture.until(|frame| frame.yuv(x, y)[0] == yuv_of(BLUE)[0]);
        assert_eq!(frame.size(), size);
        canvas.move_pointer(x as i16, y as i16);
        capture.until(|frame| frame.yuv(x, y)[0].abs_diff(yuv_of(WHITE)[0]) <= 1);
    }
}

#[test]
fn the_end_of_the_x_server_is_an_error_that_names_it() {
    let mut canvas = Canvas::start(320, 240);
    let capture = canvas.capture("", "I420");
    capture.next();
    canvas.server.end();
    let error = capture.error();
    assert!(error.matches(gst::ResourceError::Read), "{error}");
    assert!(
        error
            .message()
            .contains(&format!("the X display {}: ", canvas.server.display)),
        "{error}"
    );
}

#[test]
fn where_it_may_wait_it_goes_on_with_the_next_x_server() {
    let mut canvas = Canvas::start(320, 240);
    let capture = canvas.capture("reconnect=true", "I420");
    let before = capture.next().pts();
    canvas.server.kill();
    canvas.server.restart("400x300x24");
    let frame = capture.until(|frame| frame.size() == (400, 300));
    assert!(frame.pts() > before);
    canvas.server.kill();
    capture.pipeline.set_state(gst::State::Null).unwrap();
}

#[test]
fn a_display_that_is_not_there_is_refused_at_the_start() {
    for display in [":59000", ":65000", "nonsense"] {
        let capture = Capture::new(&format!("deskbeamx11src display-name={display}"));
        assert!(capture.pipeline.set_state(gst::State::Playing).is_err());
        let error = capture.error();
        assert!(error.matches(gst::ResourceError::OpenRead), "{error}");
        assert!(
            error.message().contains(&format!("the X display {display}: ")),
            "{error}"
        );
    }
}

#[test]
fn pixels_that_it_cannot_read_are_refused_with_the_remedy() {
    let canvas = Canvas::with("320x240x16", &[]);
    let capture = Capture::new(&format!("deskbeamx11src display-name={}", canvas.server.display));
    assert!(capture.pipeline.set_state(gst::State::Playing).is_err());
    let error = capture.error();
    for part in ["depth 16", "depth 24", &canvas.server.display] {
        assert!(error.message().contains(part), "{error}");
    }
    let canvas = Canvas::start(320, 240);
    let beyond = format!("deskbeamx11src startx=320 display-name={}", canvas.server.display);
    let capture = Capture::new(&beyond);
    assert!(capture.pipeline.set_state(gst::State::Playing).is_err());
    assert!(capture.error().message().contains("320x240"));
}

#[test]
fn a_fast_drawer_gets_no_more_frames_than_allowed() {
    let canvas = Canvas::start(320, 240);
    let capture = canvas.capture("show-pointer=false max-framerate=40", "BGRx");
    canvas.in_motion(|| {
        // The first ones may come twice as fast, and a change waits for its turn with the time when it was seen.
        capture.span(12);
        let slow = capture.span(43);
        capture.set("max-framerate", 1000_u32);
        capture.until(|frame| frame.0.info().fps() == gst::Fraction::new(1000, 1));
        let fast = capture.span(43);
        assert!(slow >= 40 * 25, "43 frames in {slow} ms");
        assert!(fast < slow, "{fast} ms, and {slow} ms before");
    });
}

#[test]
fn one_frame_is_left_out_for_who_is_late() {
    let canvas = Canvas::start(320, 240);
    let capture = canvas.capture("show-pointer=false max-framerate=50", "BGRx");
    let pad = capture.sink.static_pad("sink").unwrap();
    canvas.in_motion(|| {
        capture.span(12);
        let event = gst::event::CustomUpstream::new(gst::Structure::new_empty(LEAVE_OUT));
        assert!(pad.push_event(event));
        // All others come after 20 ms.
        let times: Vec<_> = (0..30).map(|_| capture.next().pts()).collect();
        let gaps = times.windows(2).map(|pair| (pair[1] - pair[0]).mseconds());
        assert!(gaps.max() >= Some(32), "{times:?}");
    });
}

#[test]
fn it_stops_and_starts_while_nothing_changes() {
    let canvas = Canvas::start(320, 240);
    let capture = canvas.capture("show-pointer=false", "BGRx");
    for colour in [RED, GREEN] {
        canvas.draw(colour, (0, 0), (320, 240));
        capture.until(|frame| frame.pixel(0, 0) == colour);
        capture.pipeline.set_state(gst::State::Null).unwrap();
        canvas.draw(BLUE, (0, 0), (320, 240));
        capture.pipeline.set_state(gst::State::Playing).unwrap();
        capture.next().assert_pixels(|_, _| BLUE);
        capture.pipeline.set_state(gst::State::Paused).unwrap();
        canvas.draw(WHITE, (0, 0), (320, 240));
        capture.pipeline.set_state(gst::State::Playing).unwrap();
        capture.until(|frame| frame.pixel(0, 0) == WHITE);
    }
}

#[test]
fn a_request_for_a_key_frame_brings_the_same_picture_again() {
    let canvas = Canvas::start(320, 240);
    let capture = canvas.capture("show-pointer=false", "BGRx");
    let first = capture.next();
    let request = gst_video::UpstreamForceKeyUnitEvent::builder().build();
    assert!(capture.sink.static_pad("sink").unwrap().push_event(request));
    let again = capture.next();
    again.assert_pixels(|_, _| GREY);
    assert!(again.pts() > first.pts());
}

#[test]
fn encoders_take_its_caps() {
    let canvas = Canvas::start(320, 240);
    for encoder in [
        "x264enc tune=zerolatency",
        "vp8enc deadline=1 lag-in-frames=0",
        "vp9enc deadline=1 cpu-used=8 lag-in-frames=0",
        "videoconvert ! video/x-raw,format=NV12",
    ] {
        let capture = Capture::new(&format!(
            "deskbeamx11src display-name={} ! {encoder}",
            canvas.server.display
        ));
        capture.pipeline.set_state(gst::State::Playing).unwrap();
        let limit = gst::ClockTime::try_from(DEADLINE).unwrap();
        let sample = capture.sink.try_pull_sample(limit);
        assert!(sample.is_some(), "{encoder}: {:?}", capture.error());
    }
}
