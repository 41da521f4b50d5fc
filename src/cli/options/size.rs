//! A size on the command line.

use std::str::FromStr;

use crate::desktop::VirtualOptions;

/// A size in pixels, `1280x720`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Size {
    pub width: u32,
    pub height: u32,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let size = text.split_once('x').and_then(|(width, height)| {
            Some(Self {
                width: width.parse().ok()?,
                height: height.parse().ok()?,
            })
        });
        let size = size.ok_or_else(|| "expected WIDTHxHEIGHT, as in 1280x720".to_owned())?;
        let sides = VirtualOptions::SIDES;
        match [size.width, size.height].iter().all(|side| sides.contains(side)) {
            true => Ok(size),
            false => Err(format!(
                "each side must have {} to {} pixels",
                sides.start(),
                sides.end()
            )),
        }
    }
}
