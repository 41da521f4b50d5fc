//! An X program for measurements: a square at the top left of its window changes colour at each button press, and the
//! time of the press is printed, in nanoseconds since the Unix epoch. The rest of the window shows moving stripes
//! (`scroll`) or random pixels (`noise`), redrawn 59.5 times a second, or nothing (`still`).
//!
//! `scripts/bench` runs it.

use std::time::{Duration, Instant, SystemTime};

use x11rb::connection::Connection;
use x11rb::errors::ConnectionError;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ChangeGCAux, ConnectionExt, CreateGCAux, CreateWindowAux, EventMask, Gcontext, ImageFormat, Pixmap,
    Rectangle, Screen, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

const COLOURS: [u32; 2] = [0x00c0_4020, 0x0020_60c0];
/// The square that changes colour, at the top left.
const TARGET: Rectangle = Rectangle {
    x: 0,
    y: 0,
    width: 200,
    height: 200,
};
/// The time between two frames of the load.
const FRAME: Duration = Duration::from_micros(16_807);
/// The pixels by which the noise is wider and higher than the window: each frame shows another part of it.
const NOISE_MARGIN: u16 = 256;
/// The rows of noise in one request to the X server.
const NOISE_ROWS: u16 = 64;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let (connection, screen) = x11rb::connect(None)?;
    let screen = &connection.setup().roots[screen];
    let mut canvas = Canvas::open(&connection, screen)?;
    let mut load = match std::env::args().nth(1).as_deref() {
        None | Some("still") => Load::Still,
        Some("scroll") => Load::Scroll { offset: 0 },
        Some("noise") => Load::noise(&canvas)?,
        Some(other) => return Err(format!("still, scroll or noise, not {other}").into()),
    };
    let mut next = Instant::now();
    loop {
        let event = match load {
            Load::Still => Some(connection.wait_for_event()?),
            _ => connection.poll_for_event()?,
        };
        match event {
            Some(Event::ButtonPress(_)) => {
                let pressed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
                canvas.toggle_target()?;
                connection.flush()?;
                println!("press {}", pressed.as_nanos());
            }
            Some(Event::Expose(_)) => canvas.fill_target()?,
            Some(_) => {}
            None if Instant::now() >= next => {
                next += FRAME;
                load.draw(&canvas)?;
            }
            // At most a millisecond, so that a press does not wait for the next frame.
            None => {
                std::thread::sleep(
                    next.saturating_duration_since(Instant::now())
                        .min(Duration::from_millis(1)),
                );
            }
        }
        connection.flush()?;
    }
}

/// The content of the window outside of the square.
enum Load {
    Still,
    Scroll { offset: u16 },
    Noise { pixmap: Pixmap, random: Random },
}

impl Load {
    /// Sends random pixels to the X server once; each frame copies a part of them.
    fn noise(canvas: &Canvas<'_>) -> Result<Self, Failure> {
        let Canvas {
            connection,
            window,
            gc,
            depth,
            ..
        } = *canvas;
        let (width, height) = (canvas.width + NOISE_MARGIN, canvas.height + NOISE_MARGIN);
        let pixmap = connection.generate_id()?;
        connection.create_pixmap(depth, pixmap, window, width, height)?;
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for y in (0..height).step_by(NOISE_ROWS.into()) {
            let rows = NOISE_ROWS.min(height - y);
            let pixels: Vec<u8> = (0..usize::from(width) * usize::from(rows))
                .flat_map(|_| (random.next() as u32 & 0x00ff_ffff).to_ne_bytes())
                .collect();
            let y = i16::try_from(y)?;
            connection.put_image(
                ImageFormat::Z_PIXMAP,
                pixmap,
                gc,
                width,
                rows,
                0,
                y,
                0,
                depth,
                &pixels,
            )?;
        }
        Ok(Self::Noise { pixmap, random })
    }

    fn draw(&mut self, canvas: &Canvas<'_>) -> Result<(), Failure> {
        let width = canvas.width - TARGET.width;
        match self {
            Self::Still => {}
            Self::Scroll { offset } => {
                *offset = (*offset + 4) % 64;
                for stripe in 0..canvas.height / 64 + 2 {
                    let y = i16::try_from(stripe * 64 + *offset)? - 64;
                    let area = |y| Rectangle {
                        x: TARGET.width as i16,
                        y,
                        width,
                        height: 32,
                    };
                    canvas.fill(0x0030_8050, area(y))?;
                    canvas.fill(0x00d0_d0c0, area(y + 32))?;
                }
            }
            Self::Noise { pixmap, random } => {
                let mut shift = || (random.next() % u64::from(NOISE_MARGIN)) as i16;
                let (left, top) = (shift(), shift());
                canvas.connection.copy_area(
                    *pixmap,
                    canvas.window,
                    canvas.gc,
                    left,
                    top,
                    TARGET.width as i16,
                    0,
                    width,
                    canvas.height,
                )?;
            }
        }
        Ok(())
    }
}

/// A window over the whole screen.
struct Canvas<'a> {
    connection: &'a RustConnection,
    window: Window,
    gc: Gcontext,
    depth: u8,
    width: u16,
    height: u16,
    presses: usize,
}

impl<'a> Canvas<'a> {
    fn open(connection: &'a RustConnection, screen: &Screen) -> Result<Self, Failure> {
        let (width, height, depth) = (screen.width_in_pixels, screen.height_in_pixels, screen.root_depth);
        let window = connection.generate_id()?;
        let attributes = CreateWindowAux::new()
            .background_pixel(0x0010_1010)
            .override_redirect(1)
            .event_mask(EventMask::BUTTON_PRESS | EventMask::EXPOSURE);
        let (class, visual) = (WindowClass::INPUT_OUTPUT, screen.root_visual);
        connection.create_window(
            depth,
            window,
            screen.root,
            0,
            0,
            width,
            height,
            0,
            class,
            visual,
            &attributes,
        )?;
        connection.map_window(window)?;
        let gc = connection.generate_id()?;
        // With graphics exposures, the X server would answer each copy with an event.
        connection.create_gc(gc, window, &CreateGCAux::new().graphics_exposures(0))?;
        connection.flush()?;
        Ok(Self {
            connection,
            window,
            gc,
            depth,
            width,
            height,
            presses: 0,
        })
    }

    fn toggle_target(&mut self) -> Result<(), ConnectionError> {
        self.presses += 1;
        self.fill_target()
    }

    fn fill_target(&self) -> Result<(), ConnectionError> {
        self.fill(COLOURS[self.presses % 2], TARGET)
    }

    fn fill(&self, colour: u32, rectangle: Rectangle) -> Result<(), ConnectionError> {
        self.connection
            .change_gc(self.gc, &ChangeGCAux::new().foreground(colour))?;
        self.connection
            .poly_fill_rectangle(self.window, self.gc, &[rectangle])?;
        Ok(())
    }
}

/// Marsaglia's xorshift: fast, and unpredictable for encoders.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
