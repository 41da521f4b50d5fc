//! The connection to the X server: its end, its return, and displays that cannot be captured.

use gst::prelude::*;

use super::{Canvas, Capture};

#[test]
fn the_end_of_the_x_server_is_an_error_that_names_it() {
    let mut canvas = Canvas::start(320, 240);
    let capture = canvas.capture("", "I420");
    capture.next();
    canvas.server.end();
    let error = capture.error();
    assert!(error.matches(gst::ResourceError::Read), "{error}");
    assert!(
        error
            .message()
            .contains(&format!("the X display {}: ", canvas.server.display)),
        "{error}"
    );
}

#[test]
fn where_it_may_wait_it_goes_on_with_the_next_x_server() {
    let mut canvas = Canvas::start(320, 240);
    let capture = canvas.capture("reconnect=true", "I420");
    let before = capture.next().pts();
    canvas.server.kill();
    canvas.server.restart("400x300x24");
    let frame = capture.until(|frame| frame.size() == (400, 300));
    assert!(frame.pts() > before);
    canvas.server.kill();
    capture.pipeline.set_state(gst::State::Null).unwrap();
}

#[test]
fn a_display_that_is_not_there_is_refused_at_the_start() {
    for display in [":59000", ":65000", "nonsense"] {
        let capture = Capture::new(&format!("deskbeamx11src display-name={display}"));
        assert!(capture.pipeline.set_state(gst::State::Playing).is_err());
        let error = capture.error();
        assert!(error.matches(gst::ResourceError::OpenRead), "{error}");
        assert!(
            error.message().contains(&format!("the X display {display}: ")),
            "{error}"
        );
    }
}

#[test]
fn a_region_beyond_the_screen_is_refused() {
    let canvas = Canvas::start(320, 240);
    let beyond = format!("deskbeamx11src startx=320 display-name={}", canvas.server.display);
    let capture = Capture::new(&beyond);
    assert!(capture.pipeline.set_state(gst::State::Playing).is_err());
    assert!(capture.error().message().contains("320x240"));
}

#[test]
fn an_x_server_without_damage_is_refused_with_the_remedy() {
    let canvas = Canvas::with("320x240x24", &["-extension", "DAMAGE"]);
    let capture = Capture::new(&format!("deskbeamx11src display-name={}", canvas.server.display));
    assert!(capture.pipeline.set_state(gst::State::Playing).is_err());
    let error = capture.error();
    for part in ["DAMAGE", "ximagesrc", &canvas.server.display] {
        assert!(error.message().contains(part), "{error}");
    }
}
