//! The pointer of an X server.

use super::server::Server;
use crate::input::backend::{Axis, BackendError};
use crate::protocol::input::{Button, Point};

/// The pointer, as far as we have moved it.
#[derive(Default)]
pub(super) struct Pointer {
    /// The position that it was moved to last, unless it was moved otherwise since.
    position: Option<(i16, i16)>,
}

impl Pointer {
    /// Moves the pointer to the pixel that `position` is in or nearest to.
    pub(super) fn move_to(&mut self, server: &Server, position: Point) -> Result<(), BackendError> {
        let (width, height) = server.size();
        let pixel = (pixel(position.x, width), pixel(position.y, height));
        self.position = Some(pixel);
        server.fake_move_to(pixel)
    }

    /// Moves the pointer by whole pixels.
    pub(super) fn move_by(&mut self, server: &Server, dx: i32, dy: i32) -> Result<(), BackendError> {
        self.position = None;
        let whole = |delta: i32| delta.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        server.fake_move_by((whole(dx), whole(dy)))
    }

    /// True if the pointer is not where [`move_to`](Self::move_to) has left it.
    pub(super) fn is_displaced(&self, server: &Server) -> Result<bool, BackendError> {
        let Some(position) = self.position else {
            return Ok(false);
        };
        let pointer = server.query_pointer()?;
        Ok((pointer.root_x, pointer.root_y) != position)
    }
}

/// Presses or releases a button.
pub(super) fn button(server: &Server, button: Button, pressed: bool) -> Result<(), BackendError> {
    let number = match button {
        Button::Left => 1,
        Button::Middle => 2,
        Button::Right => 3,
        Button::Back => 8,
        Button::Forward => 9,
    };
    server.fake_button(number, pressed)
}

/// Turns the wheel: each notch is a click of a button.
pub(super) fn scroll(server: &Server, axis: Axis, clicks: i32) -> Result<(), BackendError> {
    let button = match (axis, clicks < 0) {
        (Axis::Vertical, true) => 4,
        (Axis::Vertical, false) => 5,
        (Axis::Horizontal, true) => 6,
        (Axis::Horizontal, false) => 7,
    };
    (0..clicks.unsigned_abs()).try_for_each(|_| {
        server.fake_button(button, true)?;
        server.fake_button(button, false)
    })
}

/// The pixel that `coordinate` is in or nearest to, on an edge of `length` pixels.
fn pixel(coordinate: f64, length: u16) -> i16 {
    let last = f64::from(length.saturating_sub(1).min(i16::MAX as u16));
    coordinate.round().clamp(0.0, last) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_rounded_and_end_at_the_edges() {
        let all = [
            (-5.0, 0),
            (0.4, 0),
            (0.6, 1),
            (639.4, 639),
            (640.0, 639),
            (1e300, 639),
            (-1e300, 0),
        ];
        for (coordinate, expected) in all {
            assert_eq!(pixel(coordinate, 640), expected, "{coordinate}");
        }
        assert_eq!(pixel(5.0, 0), 0);
        assert_eq!(pixel(1e9, u16::MAX), i16::MAX);
    }
}
