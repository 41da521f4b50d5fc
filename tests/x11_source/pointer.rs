//! The pointer, which is drawn into the frames.

use super::{BLUE, Canvas, Frame, GREY, RED, WHITE, yuv_of};

fn the_pointer_is_in(format: &str, is: impl Fn(&Frame, u32, u32, u32) -> bool) {
    let canvas = Canvas::start(321, 241);
    canvas.use_white_cursor();
    canvas.move_pointer(50, 51);
    let capture = canvas.capture("", format);
    let frame = capture.next();
    assert!(is(&frame, 50, 52, WHITE) && is(&frame, 64, 66, WHITE));
    assert!(is(&frame, 48, 51, GREY) && is(&frame, 67, 66, GREY));
    canvas.move_pointer(201, 190);
    let frame = capture.until(|frame| is(frame, 204, 193, WHITE));
    assert!(is(&frame, 50, 52, GREY) && is(&frame, 64, 66, GREY));
    // Drawn below it, it stays above.
    canvas.draw(RED, (180, 180), (100, 60));
    let frame = capture.until(|frame| is(frame, 240, 200, RED));
    assert!(is(&frame, 204, 193, WHITE) && is(&frame, 190, 193, RED));
    // At the edge, most of it is outside.
    canvas.move_pointer(320, 240);
    let frame = capture.until(|frame| is(frame, 320, 240, WHITE));
    assert!(is(&frame, 204, 193, RED) && is(&frame, 318, 238, GREY));
    capture.set("show-pointer", false);
    capture.until(|frame| is(frame, 320, 240, GREY));
    // Now its motion brings no frame.
    canvas.move_pointer(100, 100);
    canvas.draw(BLUE, (0, 0), (10, 10));
    let frame = capture.next();
    assert!(is(&frame, 4, 4, BLUE) && is(&frame, 104, 104, GREY));
    capture.set("show-pointer", true);
    capture.until(|frame| is(frame, 104, 104, WHITE));
}

#[test]
fn the_pointer_is_drawn_where_it_moves() {
    the_pointer_is_in("BGRx", |frame, x, y, colour| frame.pixel(x, y) == colour);
}

#[test]
fn the_pointer_is_drawn_into_i420_too() {
    the_pointer_is_in("I420", |frame, x, y, colour| {
        frame
            .yuv(x, y)
            .iter()
            .zip(yuv_of(colour))
            .all(|(a, b)| a.abs_diff(b) <= 1)
    });
}

#[test]
fn another_cursor_brings_a_frame() {
    let canvas = Canvas::start(320, 240);
    canvas.move_pointer(50, 51);
    let capture = canvas.capture("", "BGRx");
    assert_ne!(capture.next().pixel(64, 65), WHITE);
    canvas.use_white_cursor();
    capture.until(|frame| frame.pixel(64, 65) == WHITE);
}
