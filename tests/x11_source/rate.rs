//! The rate of frames in motion.

use deskbeam::capture::LEAVE_OUT;
use gst::prelude::*;
use gst_video::prelude::*;

use x11rb::protocol::xproto::KEY_PRESS_EVENT;
use x11rb::protocol::xtest::ConnectionExt as _;

use super::Canvas;

#[test]
fn a_fast_drawer_gets_no_more_frames_than_allowed() {
    let canvas = Canvas::start(320, 240);
    let capture = canvas.capture("show-pointer=false max-framerate=40", "BGRx");
    canvas.in_motion(|| {
        // The first ones may come twice as fast, and a change waits for its turn with the time when it was seen.
        capture.span(12);
        let slow = capture.span(43);
        capture.set("max-framerate", 1000_u32);
        capture.until(|frame| frame.0.info().fps() == gst::Fraction::new(1000, 1));
        let fast = capture.span(43);
        assert!(slow >= 40 * 25, "43 frames in {slow} ms");
        assert!(fast < slow, "{fast} ms, and {slow} ms before");
    });
}

#[test]
fn one_frame_is_left_out_for_who_is_late() {
    let canvas = Canvas::start(320, 240);
    let capture = canvas.capture("show-pointer=false max-framerate=50", "BGRx");
    let pad = capture.sink.static_pad("sink").unwrap();
    // Not more than one a second is left out, and only in motion. All others come after 20 ms.
    let is_left_out = || {
        capture.take_for(gst::ClockTime::from_mseconds(1100));
        // The frame that is left out is the next one behind this.
        let mut times = vec![capture.last().pts()];
        let event = gst::event::CustomUpstream::new(gst::Structure::new_empty(LEAVE_OUT));
        assert!(pad.push_event(event));
        times.extend((0..4).map(|_| capture.next().pts()));
        let gaps = times.windows(2).map(|pair| (pair[1] - pair[0]).mseconds());
        gaps.max() >= Some(32)
    };
    canvas.in_motion(|| {
        // A busy machine may interrupt the motion.
        let count = (0..5).filter(|_| is_left_out()).count();
        assert!(count >= 3, "{count} of 5");
    });
}

#[test]
fn at_a_low_rate_a_press_is_followed_by_frames_at_once() {
    let canvas = Canvas::start(320, 240);
    let capture = canvas.capture("show-pointer=false max-framerate=1", "BGRx");
    let span_after_press = || {
        capture.next();
        let press = canvas
            .client
            .xtest_fake_input(KEY_PRESS_EVENT, 38, 0, canvas.root, 0, 0, 0);
        press.unwrap().check().unwrap();
        // A frame has the time at which its change was seen, which is just after the frame before.
        capture.span(2)
    };
    canvas.in_motion(|| {
        // Two may come at once.
        capture.span(2);
        let slow = capture.span(3);
        assert!(slow >= 1600, "3 frames in {slow} ms");
        // On a busy machine, the press may come when the next frame is due anyway.
        let spans: Vec<_> = (0..5).map(|_| span_after_press()).collect();
        assert!(spans.iter().any(|span| *span < 800), "{spans:?} ms");
    });
}
