//! Watches one pixel of an X display, as a person in front of it would see it. `pixel_watch X Y` reads the pixel once a
//! millisecond, and prints the time of each change to the other colour of the click target, in nanoseconds since the
//! Unix epoch.
//!
//! `scripts/bench video --judge screen` runs it on the display of the browser.

use std::time::{Duration, SystemTime};

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt, ImageFormat};

/// The time between two reads.
const PACE: Duration = Duration::from_millis(1);

/// The colours of the target, recognized by the brighter channel, whatever a codec does to them.
#[derive(Clone, Copy, PartialEq)]
enum Colour {
    Red,
    Blue,
    Other,
}

impl Colour {
    fn of(pixel: &[u8]) -> Self {
        match pixel {
            [blue, _, red, ..] if *red > blue.saturating_add(80) => Self::Red,
            [blue, _, red, ..] if *blue > red.saturating_add(80) => Self::Blue,
            _ => Self::Other,
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let place: Vec<i16> = std::env::args()
        .skip(1)
        .map(|number| number.parse())
        .collect::<Result<_, _>>()?;
    let [x, y] = place[..] else {
        return Err("usage: pixel_watch X Y".into());
    };
    let (connection, screen) = x11rb::connect(None)?;
    let root = connection.setup().roots[screen].root;
    let mut last = Colour::Other;
    loop {
        let image = connection
            .get_image(ImageFormat::Z_PIXMAP, root, x, y, 1, 1, !0)?
            .reply()?;
        let colour = Colour::of(&image.data);
        if colour != last && colour != Colour::Other {
            let seen = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
            println!("change {}", seen.as_nanos());
            last = colour;
        }
        std::thread::sleep(PACE);
    }
}
