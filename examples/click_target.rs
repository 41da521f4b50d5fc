//! An X program to measure with: its window changes colour at each click. With `scroll`, stripes move through the rest
//! of it, 60 times a second.
//!
//! `scripts/bench` runs it on a virtual display.

use std::time::{Duration, Instant};

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ChangeGCAux, ConnectionExt, CreateGCAux, CreateWindowAux, EventMask, Rectangle, WindowClass,
};

const COLOURS: [u32; 2] = [0x00c0_4020, 0x0020_60c0];
/// The square that changes, at the top left.
const TARGET: u16 = 200;
const FRAME: Duration = Duration::from_nanos(16_666_667);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scroll = std::env::args().nth(1).as_deref() == Some("scroll");
    let (connection, screen) = x11rb::connect(None)?;
    let screen = &connection.setup().roots[screen];
    let (width, height) = (screen.width_in_pixels, screen.height_in_pixels);
    let window = connection.generate_id()?;
    let attributes = CreateWindowAux::new()
        .background_pixel(0x0010_1010)
        .override_redirect(1)
        .event_mask(EventMask::BUTTON_PRESS | EventMask::EXPOSURE);
    let (depth, visual) = (screen.root_depth, screen.root_visual);
    let class = WindowClass::INPUT_OUTPUT;
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
    connection.create_gc(gc, window, &CreateGCAux::new())?;
    let fill = |colour: u32, rectangle: Rectangle| -> Result<(), x11rb::errors::ConnectionError> {
        connection.change_gc(gc, &ChangeGCAux::new().foreground(colour))?;
        connection.poly_fill_rectangle(window, gc, &[rectangle])?;
        Ok(())
    };
    connection.flush()?;
    let target = Rectangle {
        x: 0,
        y: 0,
        width: TARGET,
        height: TARGET,
    };
    let (mut clicks, mut offset, mut next) = (0, 0, Instant::now());
    loop {
        let event = if scroll {
            connection.poll_for_event()?
        } else {
            Some(connection.wait_for_event()?)
        };
        match event {
            Some(Event::ButtonPress(_)) => {
                clicks += 1;
                fill(COLOURS[clicks % 2], target)?;
            }
            Some(Event::Expose(_)) => fill(COLOURS[clicks % 2], target)?,
            Some(_) => {}
            None => {
                std::thread::sleep(
                    next.saturating_duration_since(Instant::now())
                        .min(Duration::from_millis(1)),
                );
                if Instant::now() >= next {
                    next += FRAME;
                    offset = (offset + 4) % 64;
                    for stripe in 0..height / 64 + 2 {
                        let y = i16::try_from(stripe * 64 + offset)? - 64;
                        let area = |y| Rectangle {
                            x: TARGET as i16,
                            y,
                            width: width - TARGET,
                            height: 32,
                        };
                        fill(0x0030_8050, area(y))?;
                        fill(0x00d0_d0c0, area(y + 32))?;
                    }
                }
            }
        }
        connection.flush()?;
    }
}
