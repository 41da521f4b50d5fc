//! A region, a part that is shown alone, and one window.

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt as _, CreateWindowAux, WindowClass};

use super::{BLUE, Canvas, GREEN, GREY, RED, is_in};

#[test]
fn a_region_shows_itself_only() {
    let canvas = Canvas::start(320, 240);
    let region = "show-pointer=false startx=21 starty=31 endx=71 endy=61";
    let capture = canvas.capture(region, "BGRx");
    let frame = capture.next();
    assert_eq!(frame.size(), (51, 31));
    frame.assert_pixels(|_, _| GREY);
    // Beside it: above, left, right, below. Had that brought a frame, the next would not show the next change.
    for (place, size, colour) in [
        ((0, 0), (320, 31), RED),
        ((0, 31), (21, 209), GREEN),
        ((72, 31), (248, 209), RED),
        ((21, 62), (51, 178), GREEN),
    ] {
        canvas.draw(BLUE, place, size);
        canvas.draw(colour, (21, 31), (2, 2));
        capture
            .next()
            .assert_pixels(|x, y| if x < 2 && y < 2 { colour } else { GREY });
    }
}

#[test]
fn another_part_is_shown_while_it_runs_and_the_whole_again() {
    let canvas = Canvas::start(320, 240);
    canvas.draw(RED, (100, 50), (60, 40));
    let capture = canvas.capture("show-pointer=false region=20x10+90+45", "BGRx");
    let expected = |x, y| if is_in(x, y, (10, 5), (60, 40)) { RED } else { GREY };
    let frame = capture.next();
    assert_eq!(frame.size(), (20, 10));
    frame.assert_pixels(expected);
    capture.set("region", "60x40+100+50");
    let frame = capture.next();
    assert_eq!(frame.size(), (60, 40));
    frame.assert_pixels(|_, _| RED);
    // It moves, and its size stays.
    capture.set("region", "60x40+101+50");
    capture
        .next()
        .assert_pixels(|x, _| if x < 59 { RED } else { GREY });
    canvas.draw(BLUE, (101, 50), (1, 1));
    assert_eq!(capture.next().pixel(0, 0), BLUE);
    for whole in ["", "60x40+400+300"] {
        capture.set("region", "60x40+100+50");
        capture.until(|frame| frame.size() == (60, 40));
        capture.set("region", whole);
        capture.until(|frame| frame.size() == (320, 240));
    }
}

#[test]
fn a_window_is_captured_until_it_is_gone() {
    let canvas = Canvas::start(320, 240);
    let window = canvas.client.generate_id().unwrap();
    let looks = CreateWindowAux::new()
        .override_redirect(1)
        .background_pixel(GREEN);
    canvas
        .client
        .create_window(
            24,
            window,
            canvas.root,
            50,
            60,
            64,
            48,
            0,
            WindowClass::INPUT_OUTPUT,
            0,
            &looks,
        )
        .unwrap();
    canvas.client.map_window(window).unwrap().check().unwrap();
    let capture = canvas.capture(&format!("show-pointer=false xid={window}"), "BGRx");
    let frame = capture.next();
    assert_eq!(frame.size(), (64, 48));
    frame.assert_pixels(|_, _| GREEN);
    canvas.draw_on(window, RED, (1, 3), (5, 7));
    capture
        .until(|frame| frame.pixel(1, 3) == RED)
        .assert_pixels(|x, y| if is_in(x, y, (1, 3), (5, 7)) { RED } else { GREEN });
    let size = x11rb::protocol::xproto::ConfigureWindowAux::new().width(70);
    canvas
        .client
        .configure_window(window, &size)
        .unwrap()
        .check()
        .unwrap();
    capture.until(|frame| frame.size() == (70, 48));
    canvas.client.destroy_window(window).unwrap().check().unwrap();
    let error = capture.error();
    assert!(error.matches(gst::ResourceError::Read), "{error}");
    assert!(error.message().contains("the window is gone"), "{error}");
}
