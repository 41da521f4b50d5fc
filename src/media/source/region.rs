//! A part of the screen.

/// A part of the screen, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Its distance from the left edge of the screen.
    pub x: u32,
    /// Its distance from the top edge.
    pub y: u32,
    /// At least 1.
    pub width: u32,
    /// At least 1.
    pub height: u32,
}

impl std::fmt::Display for Region {
    /// `WIDTHxHEIGHT+X+Y`, as X11 writes a geometry and `deskbeamx11src` reads its `region`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { x, y, width, height } = self;
        write!(f, "{width}x{height}+{x}+{y}")
    }
}
