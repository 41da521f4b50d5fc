//! A region of the screen.

/// A region of the screen, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Distance from the left edge of the screen.
    pub x: u32,
    /// Distance from the top edge.
    pub y: u32,
    /// Width, at least 1.
    pub width: u32,
    /// Height, at least 1.
    pub height: u32,
}

impl std::fmt::Display for Region {
    /// Writes `WIDTHxHEIGHT+X+Y`, an X11 geometry and the format of the `region` property of `deskbeamx11src`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { x, y, width, height } = self;
        write!(f, "{width}x{height}+{x}+{y}")
    }
}
