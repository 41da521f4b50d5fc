//! The moments of frames, and the consumers that take them.

use gst::prelude::*;

use super::{BLUE, Canvas, Capture, GREEN, GREY, RED, WHITE};
use crate::support::DEADLINE;

#[test]
fn there_is_a_frame_at_the_start_one_for_each_change_and_none_without() {
    let canvas = Canvas::start(320, 240);
    let capture = canvas.capture("show-pointer=false", "BGRx");
    capture.next().assert_pixels(|_, _| GREY);
    // Had anything else been sent, the next frame would not show the next change.
    for (index, colour) in [RED, GREEN, BLUE, WHITE, GREY, RED].into_iter().enumerate() {
        canvas.draw(colour, (10, 10), (20, 20));
        let frame = capture.next();
        assert_eq!(frame.pixel(15, 15), colour, "change {index}");
        assert_eq!(frame.pixel(40, 40), GREY);
    }
}

#[test]
fn a_request_for_a_key_frame_brings_the_same_picture_again() {
    let canvas = Canvas::start(320, 240);
    let capture = canvas.capture("show-pointer=false", "BGRx");
    let first = capture.next();
    let request = gst_video::UpstreamForceKeyUnitEvent::builder().build();
    assert!(capture.sink.static_pad("sink").unwrap().push_event(request));
    let again = capture.next();
    again.assert_pixels(|_, _| GREY);
    assert!(again.pts() > first.pts());
}

#[test]
fn it_stops_and_starts_while_nothing_changes() {
    let canvas = Canvas::start(320, 240);
    let capture = canvas.capture("show-pointer=false", "BGRx");
    for colour in [RED, GREEN] {
        canvas.draw(colour, (0, 0), (320, 240));
        capture.until(|frame| frame.pixel(0, 0) == colour);
        capture.pipeline.set_state(gst::State::Null).unwrap();
        canvas.draw(BLUE, (0, 0), (320, 240));
        capture.pipeline.set_state(gst::State::Playing).unwrap();
        capture.next().assert_pixels(|_, _| BLUE);
        capture.pipeline.set_state(gst::State::Paused).unwrap();
        canvas.draw(WHITE, (0, 0), (320, 240));
        capture.pipeline.set_state(gst::State::Playing).unwrap();
        capture.until(|frame| frame.pixel(0, 0) == WHITE);
    }
}

#[test]
fn encoders_take_its_caps() {
    let canvas = Canvas::start(320, 240);
    for encoder in [
        "x264enc tune=zerolatency",
        "vp8enc deadline=1 lag-in-frames=0",
        "vp9enc deadline=1 cpu-used=8 lag-in-frames=0",
        "videoconvert ! video/x-raw,format=NV12",
    ] {
        let capture = Capture::new(&format!(
            "deskbeamx11src display-name={} ! {encoder}",
            canvas.server.display
        ));
        capture.pipeline.set_state(gst::State::Playing).unwrap();
        let limit = gst::ClockTime::try_from(DEADLINE).unwrap();
        let sample = capture.sink.try_pull_sample(limit);
        assert!(sample.is_some(), "{encoder}: {:?}", capture.error());
    }
}
