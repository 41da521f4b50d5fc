//! The size and the program of a virtual display.

use std::ops::RangeInclusive;

/// The size and the program of a [`VirtualDisplay`](crate::desktop::VirtualDisplay).
#[derive(Debug, Clone)]
pub struct VirtualOptions {
    /// Width of the screen, in pixels, 16 to 8192.
    pub width: u32,
    /// Height of the screen, in pixels, 16 to 8192.
    pub height: u32,
    /// The program to run in it, with its arguments. Empty: a terminal, if one is installed.
    pub command: Vec<String>,
}

impl VirtualOptions {
    /// The length that each side of the screen may have, in pixels.
    pub const SIDES: RangeInclusive<u32> = 16..=8192;
}
