//! Buttons of the pointer, and its places in the frame.

/// A position in pixels of the captured frame. Fractional, finite, not yet clamped to the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// From the left edge.
    pub x: f64,
    /// From the top edge.
    pub y: f64,
}

/// The size of the captured frame, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameSize {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

/// The five buttons of a pointer that every browser reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Button {
    /// The primary button.
    Left,
    /// The wheel, pressed.
    Middle,
    /// The secondary button.
    Right,
    /// "Back", the fourth button of a mouse.
    Back,
    /// "Forward", the fifth.
    Forward,
}
