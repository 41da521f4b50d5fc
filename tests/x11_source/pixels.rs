//! The pixels of frames, in both formats, with and without shared memory.

use gst_video::prelude::*;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::ConnectionExt as _;

use super::{BLUE, Canvas, Frame, GREEN, GREY, RED, WHITE, is_in, yuv_of};

#[test]
fn a_change_is_in_its_place_and_the_rest_stays() {
    let canvas = Canvas::start(323, 201);
    let capture = canvas.capture("show-pointer=false", "BGRx");
    assert_eq!(capture.next().size(), (323, 201));
    let (place, size) = ((13, 7), (11, 5));
    canvas.draw(RED, (13, 7), (11, 5));
    let first = |x, y| if is_in(x, y, place, size) { RED } else { GREY };
    capture.next().assert_pixels(first);
    canvas.draw(BLUE, (322, 200), (1, 1));
    let last = |x, y| if (x, y) == (322, 200) { BLUE } else { first(x, y) };
    capture.next().assert_pixels(last);
}

#[test]
fn i420_is_bt601_also_at_odd_sizes_and_offsets() {
    let canvas = Canvas::start(323, 201);
    let capture = canvas.capture("show-pointer=false", "I420");
    let near = |frame: &Frame, x, y, colour: u32| {
        let (found, expected) = (frame.yuv(x, y), yuv_of(colour));
        let is_near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1);
        assert!(is_near, "at {x},{y}: {found:?} is not {expected:?}");
    };
    let frame = capture.next();
    assert_eq!(frame.size(), (323, 201));
    assert_eq!(
        frame.0.info().colorimetry(),
        "bt601".parse::<gst_video::VideoColorimetry>().unwrap()
    );
    for colour in [RED, GREEN, BLUE, WHITE] {
        canvas.draw(colour, (13, 7), (11, 5));
        let frame = capture.next();
        // All four pixels of each have the same colour.
        for (x, y) in [(14, 8), (23, 11), (22, 10)] {
            near(&frame, x, y, colour);
        }
        for (x, y) in [(11, 8), (24, 8), (14, 5), (14, 12), (0, 0), (322, 200)] {
            near(&frame, x, y, GREY);
        }
        // The edges have the brightness of their own pixel.
        for ((x, y), colour) in [((13, 7), colour), ((12, 7), GREY), ((13, 6), GREY)] {
            assert!(frame.yuv(x, y)[0].abs_diff(yuv_of(colour)[0]) <= 1);
        }
    }
    canvas.draw(RED, (322, 200), (1, 1));
    near(&capture.next(), 322, 200, RED);
}

#[test]
fn without_shared_memory_the_pixels_are_the_same() {
    let canvas = Canvas::with("323x201x24", &["-extension", "MIT-SHM"]);
    let capture = canvas.capture("show-pointer=false startx=3 starty=5", "BGRx");
    capture.next().assert_pixels(|_, _| GREY);
    canvas.draw(RED, (13, 17), (11, 5));
    capture
        .next()
        .assert_pixels(|x, y| if is_in(x, y, (10, 12), (11, 5)) { RED } else { GREY });
}

#[test]
fn screens_of_any_depth_have_the_right_colours() {
    for depth in [8, 15, 16, 24, 30] {
        // An odd width: rows of small pixels end in a gap.
        let canvas = Canvas::with(&format!("321x240x{depth}"), &[]);
        let screen = &canvas.client.setup().roots[0];
        assert_eq!(screen.root_depth, depth);
        let capture = canvas.capture("show-pointer=false", "BGRx");
        for colour in [RED, GREEN, BLUE, WHITE] {
            let [_, red, green, blue] = colour.to_be_bytes().map(|part| u16::from(part) * 257);
            let allocated = canvas
                .client
                .alloc_color(screen.default_colormap, red, green, blue)
                .unwrap()
                .reply()
                .unwrap();
            canvas.draw(allocated.pixel, (317, 7), (4, 4));
            let frame = capture.until(|frame| frame.pixel(320, 8) == colour);
            for (x, y) in [(317, 7), (320, 10)] {
                assert_eq!(frame.pixel(x, y), colour, "depth {depth} at {x},{y}");
            }
            assert_ne!(frame.pixel(316, 7), colour, "depth {depth}");
        }
    }
}
