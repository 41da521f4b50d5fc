//! The size of the screen.

use deskbeam::desktop::{Backend, DesktopServices};

use super::{BLUE, Canvas, GREEN, RED, WHITE, yuv_of};

#[test]
fn a_new_size_of_the_screen_comes_with_new_caps_and_a_whole_frame() {
    let canvas = Canvas::start(640, 480);
    let services = DesktopServices::start(&canvas.server.display, None, false, |_| {}).unwrap();
    // It is beyond the edge of what comes next.
    canvas.use_white_cursor();
    canvas.move_pointer(620, 460);
    let capture = canvas.capture("", "I420");
    assert_eq!(capture.next().size(), (640, 480));
    for (width, height) in [(400, 300), (639, 479), (320, 240)] {
        let size = services.resize(width, height).unwrap();
        canvas.draw(GREEN, (0, 0), (640, 480));
        canvas.draw(RED, (33, 35), (2, 2));
        let frame = capture.until(|frame| frame.size() == size && frame.yuv(33, 35)[0] == yuv_of(RED)[0]);
        assert_eq!(frame.yuv(100, 100), yuv_of(GREEN));
        canvas.move_pointer(20, 20);
        let (x, y) = (size.0 - 1, size.1 - 1);
        canvas.draw(BLUE, (x as i16, y as i16), (1, 1));
        let frame = capture.until(|frame| frame.yuv(x, y)[0] == yuv_of(BLUE)[0]);
        assert_eq!(frame.size(), size);
        canvas.move_pointer(x as i16, y as i16);
        capture.until(|frame| frame.yuv(x, y)[0].abs_diff(yuv_of(WHITE)[0]) <= 1);
    }
}
