//! The stream with a screen that does what a test says.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use gst_video::VideoFormat;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::BorrowedFd;

use super::{Next, Stop, Stream};
use crate::capture::control::Control;
use crate::capture::cursor::Cursor;
use crate::capture::region::{Area, Crop, Region, Rows, union};
use crate::capture::screen::{Changes, Grab, Screen};
use crate::sync::lock;

const WHITE: u8 = 255;
const BLACK: u8 = 0;
/// The luma of white and black in a frame (BT.601, limited range).
const LUMA_WHITE: u8 = 235;
const LUMA_BLACK: u8 = 16;

/// A test's side of a screen. Cheap to clone.
#[derive(Clone)]
struct Script(Arc<Mutex<State>>, Arc<OwnedFd>);

/// The grey levels of the screen, and the changes that it has to report.
struct State {
    width: u16,
    height: u16,
    canvas: Vec<u8>,
    damage: Vec<Area>,
    /// Further damage is not reported before the reported one is subtracted, as with DAMAGE's "non-empty" level.
    is_reported: bool,
    is_resized: bool,
    is_gone: bool,
    /// The rows that were read since the test looked last.
    grabbed: Rows,
}

impl Script {
    /// A white screen of this size.
    fn new(width: u16, height: u16) -> Script {
        let state = State {
            width,
            height,
            canvas: vec![WHITE; usize::from(width) * usize::from(height)],
            damage: Vec::new(),
            is_reported: false,
            is_resized: false,
            is_gone: false,
            grabbed: 0..0,
        };
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).unwrap();
        Script(Arc::new(Mutex::new(state)), Arc::new(wake))
    }

    fn screen(&self) -> ScriptedScreen {
        let state = lock(&self.0);
        let region = Region::whole(state.width, state.height);
        ScriptedScreen {
            script: self.clone(),
            region,
            pixels: vec![0; region.stride() * region.rows().len()],
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut lock(&self.0));
        rustix::io::write(&*self.1, &1_u64.to_ne_bytes()).unwrap();
    }

    /// Draws a rectangle, of which only the damage is reported.
    fn draw(&self, drawn: Area, damage: Area, grey: u8) {
        self.change(|state| {
            let width = usize::from(state.width);
            for row in drawn.y as usize..drawn.y as usize + usize::from(drawn.height) {
                let start = row * width + drawn.x as usize;
                state.canvas[start..start + usize::from(drawn.width)].fill(grey);
            }
            state.damage.push(damage);
        });
    }

    fn resize(&self, width: u16, height: u16) {
        self.change(|state| {
            (state.width, state.height, state.is_resized) = (width, height, true);
            state.canvas = vec![WHITE; usize::from(width) * usize::from(height)];
        });
    }

    fn lose(&self) {
        self.change(|state| state.is_gone = true);
    }

    fn take_grabbed(&self) -> Rows {
        std::mem::take(&mut lock(&self.0).grabbed)
    }
}

struct ScriptedScreen {
    script: Script,
    region: Region,
    pixels: Vec<u8>,
}

impl ScriptedScreen {
    fn state<T>(&self, ask: impl FnOnce(&mut State) -> T) -> Result<T, String> {
        let mut state = lock(&self.script.0);
        match state.is_gone {
            true => Err("the script says so".to_owned()),
            false => Ok(ask(&mut state)),
        }
    }
}

impl Screen for ScriptedScreen {
    fn fd(&self) -> BorrowedFd<'_> {
        self.script.1.as_fd()
    }

    fn size(&self) -> Result<(u16, u16), String> {
        self.state(|state| (state.width, state.height))
    }

    fn region(&self) -> Region {
        self.region
    }

    fn set_region(&mut self, region: Region) {
        self.region = region;
        self.pixels = vec![0; region.stride() * region.rows().len()];
    }

    fn changes(&mut self, changes: &mut Changes) -> Result<(), String> {
        // Empty if nothing was written.
        let _ = rustix::io::read(&*self.script.1, &mut [0; 8]);
        let region = self.region;
        self.state(|state| {
            if !state.is_reported {
                for area in &state.damage {
                    changes.rows = union(&changes.rows, &region.rows_of(*area));
                }
                state.is_reported = !state.damage.is_empty();
            }
            changes.window |= std::mem::take(&mut state.is_resized);
        })?;
        match changes.rows.is_empty() {
            true => self.expect_more(),
            false => Ok(()),
        }
    }

    fn expect_more(&mut self) -> Result<(), String> {
        self.state(|state| {
            if std::mem::take(&mut state.is_reported) {
                state.damage.clear();
            }
        })
    }

    fn grab(&mut self, rows: &Rows) -> Result<Grab, String> {
        self.expect_more()?;
        let Region { x, y, width, .. } = self.region;
        let mut pixels = std::mem::take(&mut self.pixels);
        let result = self.state(|state| {
            for row in rows.clone() {
                let start = (usize::from(y) + row) * usize::from(state.width) + usize::from(x);
                let greys = &state.canvas[start..start + usize::from(width)];
                let target = pixels.chunks_exact_mut(4).skip(row * usize::from(width));
                target.zip(greys).for_each(|(pixel, grey)| pixel.fill(*grey));
            }
            state.grabbed = union(&state.grabbed, rows);
            Grab::Done
        });
        self.pixels = pixels;
        result
    }

    fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    fn cursor(&self) -> Result<Cursor, String> {
        Err("no test asks for it".to_owned())
    }

    fn pointer(&self) -> Result<Option<(i16, i16)>, String> {
        Ok(None)
    }

    fn is_lost(&self) -> bool {
        self.state(|_| ()).is_err()
    }
}

/// A stream driven as the element drives it, without GStreamer's threads.
struct Source {
    stream: Stream<ScriptedScreen>,
    control: Arc<Control>,
    start: Instant,
}

/// The luma of a frame.
struct Frame {
    width: usize,
    stride: usize,
    luma: Vec<u8>,
    pts: gst::ClockTime,
}

impl Frame {
    /// True if all pixels of the row are within 1 of `luma`.
    fn is_row(&self, row: usize, luma: u8) -> bool {
        let row = &self.luma[row * self.stride..][..self.width];
        row.iter().all(|pixel| pixel.abs_diff(luma) <= 1)
    }
}

impl Source {
    fn new(script: &Script, crop: Crop) -> Source {
        gst::init().unwrap();
        let control = Control::default();
        control.open().unwrap();
        control.show_pointer.store(false, Ordering::SeqCst);
        Source {
            stream: Stream::new(script.screen(), crop).unwrap(),
            control: Arc::new(control),
            start: Instant::now(),
        }
    }

    fn next(&mut self) -> Result<Next, Stop> {
        let (width, height) = self.stream.size();
        let info = gst_video::VideoInfo::builder(VideoFormat::I420, width, height);
        let now = || gst::ClockTime::try_from(self.start.elapsed()).ok();
        self.stream.next(&self.control, &info.build().unwrap(), now)
    }

    fn frame(&mut self) -> Frame {
        let buffer = match self.next() {
            Ok(Next::Frame(buffer)) => buffer,
            Ok(Next::Resized) => panic!("another size"),
            Err(Stop::Flushing) => panic!("flushing"),
            Err(Stop::Failed(reason)) => panic!("{reason}"),
        };
        let (width, height) = self.stream.size();
        let info = gst_video::VideoInfo::builder(VideoFormat::I420, width, height);
        Frame {
            width: width as usize,
            stride: info.build().unwrap().stride()[0] as usize,
            luma: buffer.map_readable().unwrap().to_vec(),
            pts: buffer.pts().unwrap(),
        }
    }
}

fn area(x: i16, y: i16, width: u16, height: u16) -> Area {
    Area { x, y, width, height }
}

#[test]
fn only_damaged_rows_are_read_and_converted() {
    let script = Script::new(16, 12);
    let mut source = Source::new(&script, Crop::default());
    let first = source.frame();
    assert!((0..12).all(|row| first.is_row(row, LUMA_WHITE)));
    assert_eq!(script.take_grabbed(), 0..12);
    // More is drawn than is reported: the rest shows whether it was read.
    script.draw(area(0, 0, 16, 12), area(3, 4, 5, 2), BLACK);
    let second = source.frame();
    assert_eq!(script.take_grabbed(), 4..6);
    for row in 0..12 {
        let luma = if (4..6).contains(&row) {
            LUMA_BLACK
        } else {
            LUMA_WHITE
        };
        assert!(second.is_row(row, luma), "{row}");
    }
    assert!(second.pts > first.pts);
}

#[test]
fn several_changes_before_a_frame_are_one() {
    let script = Script::new(16, 12);
    let mut source = Source::new(&script, Crop::default());
    source.frame();
    script.take_grabbed();
    script.draw(area(0, 2, 16, 1), area(0, 2, 16, 1), BLACK);
    script.draw(area(0, 8, 16, 1), area(0, 8, 16, 1), BLACK);
    source.frame();
    assert_eq!(script.take_grabbed(), 2..9);
}

#[test]
fn a_change_after_a_rest_is_a_frame_at_once() {
    let script = Script::new(16, 12);
    let mut source = Source::new(&script, Crop::default());
    // A frame a second: one that waited for the rate would come too late.
    source.control.max_framerate.store(1, Ordering::SeqCst);
    source.frame();
    let (drawer, waiting) = (script.clone(), Instant::now());
    let drawing = thread::spawn(move || drawer.draw(area(0, 0, 16, 12), area(0, 0, 16, 12), BLACK));
    assert!(source.frame().is_row(0, LUMA_BLACK));
    assert!(waiting.elapsed() < Duration::from_millis(900));
    drawing.join().unwrap();
}

#[test]
fn a_crop_shows_its_part_and_ignores_damage_beside_it() {
    let script = Script::new(20, 20);
    let crop = Crop {
        startx: 4,
        starty: 6,
        endx: 11,
        endy: 13,
    };
    let mut source = Source::new(&script, crop);
    assert_eq!(source.stream.size(), (8, 8));
    source.frame();
    script.take_grabbed();
    script.draw(area(0, 0, 20, 6), area(0, 0, 20, 6), BLACK);
    script.draw(area(0, 10, 20, 2), area(0, 10, 20, 2), BLACK);
    let frame = source.frame();
    assert_eq!(script.take_grabbed(), 4..6);
    assert!(frame.is_row(3, LUMA_WHITE) && frame.is_row(4, LUMA_BLACK) && frame.is_row(6, LUMA_WHITE));
    assert!(
        Stream::new(Script::new(4, 4).screen(), crop).is_err(),
        "it is beyond the edge"
    );
}

#[test]
fn a_part_is_shown_alone_and_another_size_is_told_before_its_frame() {
    let script = Script::new(20, 20);
    let mut source = Source::new(&script, Crop::default());
    source.frame();
    source.control.set_part("6x4+2+10".parse().ok());
    assert!(matches!(source.next(), Ok(Next::Resized)));
    assert_eq!(source.stream.size(), (6, 4));
    assert!(source.frame().is_row(0, LUMA_WHITE));
    source.control.set_part(None);
    assert!(matches!(source.next(), Ok(Next::Resized)));
    source.frame();
    script.resize(30, 10);
    assert!(matches!(source.next(), Ok(Next::Resized)));
    assert_eq!(source.stream.size(), (30, 10));
    source.frame();
}

#[test]
fn a_still_screen_is_a_frame_again_on_request() {
    let script = Script::new(16, 12);
    let mut source = Source::new(&script, Crop::default());
    let first = source.frame();
    script.take_grabbed();
    source.control.repeat.store(true, Ordering::SeqCst);
    let again = source.frame();
    assert_eq!(again.luma, first.luma);
    assert!(again.pts > first.pts);
    assert!(script.take_grabbed().is_empty(), "nothing has changed");
}

#[test]
fn flushing_ends_the_wait() {
    let script = Script::new(16, 12);
    let mut source = Source::new(&script, Crop::default());
    source.frame();
    let control = source.control.clone();
    let flushing = thread::spawn(move || {
        control.flushing.store(true, Ordering::SeqCst);
        control.wake();
    });
    assert!(matches!(source.next(), Err(Stop::Flushing)));
    flushing.join().unwrap();
}

#[test]
fn after_a_loss_the_next_screen_is_shown_whole_and_time_goes_on() {
    let script = Script::new(16, 12);
    let mut source = Source::new(&script, Crop::default());
    let before = source.frame();
    assert!(!source.stream.is_lost());
    script.lose();
    assert!(matches!(source.next(), Err(Stop::Failed(reason)) if reason.contains("script")));
    assert!(source.stream.is_lost());
    let back = Script::new(16, 12);
    back.draw(area(0, 0, 16, 12), area(0, 0, 0, 0), BLACK);
    source.stream.go_on(back.screen()).unwrap();
    let after = source.frame();
    assert!((0..12).all(|row| after.is_row(row, LUMA_BLACK)));
    assert!(after.pts > before.pts);
    assert!(!source.stream.is_lost());
}
