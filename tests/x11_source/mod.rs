//! `deskbeamx11src` on real X servers: a frame for each change, with the right pixels, and none without.

mod connection;
mod frames;
mod pixels;
mod pointer;
mod rate;
mod region;
mod size;

use std::sync::atomic::{AtomicBool, Ordering};

use deskbeam::media;
use gst::prelude::*;
use gst_video::prelude::*;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConnectionExt as _, CreateGCAux, Gcontext, MOTION_NOTIFY_EVENT, Rectangle,
    SubwindowMode, Window,
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
        let Some(frame) = self.next_within(limit) else {
            panic!("no frame within {DEADLINE:?}: {:?}", self.error());
        };
        frame
    }

    fn next_within(&self, limit: gst::ClockTime) -> Option<Frame> {
        let sample = self.sink.try_pull_sample(limit)?;
        let caps = sample.caps().unwrap();
        let structure = caps.structure(0).unwrap();
        assert_eq!(structure.get("framerate"), Ok(gst::Fraction::new(0, 1)), "{caps}");
        let info = gst_video::VideoInfo::from_caps(caps).unwrap();
        let buffer = sample.buffer_owned().unwrap();
        assert_eq!(buffer.duration(), None);
        let frame = gst_video::VideoFrame::from_buffer_readable(buffer, &info);
        Some(Frame(frame.unwrap()))
    }

    /// The first frame of which this holds.
    fn until(&self, what: impl Fn(&Frame) -> bool) -> Frame {
        std::iter::repeat_with(|| self.next()).find(what).unwrap()
    }

    /// Takes the frames of so much time.
    fn take_for(&self, time: gst::ClockTime) {
        let start = self.next().pts();
        self.until(|frame| frame.pts() >= start + time);
    }

    /// Takes the frames that are there already, or else the next one, and returns the last of them.
    fn last(&self) -> Frame {
        let rest = std::iter::from_fn(|| self.next_within(gst::ClockTime::ZERO));
        rest.last().unwrap_or_else(|| self.next())
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
