//! The connection to the X server: its end, and displays that cannot be used.

use deskbeam::desktop::{Backend, ClipboardError, DesktopEvent, DesktopServices, ResizeError};

use super::Desk;
use crate::support::x11::display;

#[test]
fn the_end_of_the_x_server_is_told_and_an_error_of_every_call() {
    let desk = Desk::start(320, 240);
    desk.services.resize(400, 300).unwrap();
    let Desk {
        services,
        events,
        display,
    } = desk;
    display.stop();
    let told: Vec<DesktopEvent> = events
        .iter()
        .take_while(|event| *event != DesktopEvent::Lost)
        .collect();
    assert!(!told.contains(&DesktopEvent::Returned), "{told:?}");
    assert_eq!(services.read_clipboard(), Err(ClipboardError::Lost));
    assert_eq!(services.write_clipboard("x".into()), Err(ClipboardError::Lost));
    assert_eq!(services.resize(640, 480), Err(ResizeError::Lost));
    drop(services);
}

#[test]
fn a_display_that_cannot_be_used_is_named() {
    let display = display(320, 240);
    let start = |name: &str, cookie: &[u8]| DesktopServices::start(name, Some(cookie), false, |_| {}).err();
    for (name, cookie) in [
        (display.display(), [0; 16]),
        (":59000", *display.cookie()),
        ("nonsense", [1; 16]),
    ] {
        let error = start(name, &cookie).expect("an error").to_string();
        assert!(
            error.contains(&format!("X display {name}: ")) && error.contains("XAUTHORITY"),
            "{error}"
        );
    }
}
