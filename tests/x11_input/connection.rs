//! The connection to the X server, and its end.

use deskbeam::input::{Backend, X11Backend};
use deskbeam::protocol::input::{Button, Key, Point};

use crate::support::x11::display;

#[test]
fn the_end_of_the_x_server_is_an_error_of_every_call() {
    let display = display(640, 480);
    let mut backend = X11Backend::connect(Some(display.display()), Some(display.cookie())).unwrap();
    backend
        .move_to(Point { x: 1.0, y: 1.0 })
        .and_then(|()| backend.flush())
        .expect("a running server");
    display.stop();
    let a = Key::Dom {
        key: "a".into(),
        code: "KeyA".into(),
    };
    let errors = [
        backend
            .move_to(Point { x: 1.0, y: 1.0 })
            .and_then(|()| backend.flush()),
        backend.flush(),
        backend.resolve(&a, None).map(drop),
        backend.button(Button::Left, true).and_then(|()| backend.flush()),
        backend.close(),
    ];
    for error in errors {
        let error = error.expect_err("no X server");
        assert!(
            error.to_string().contains("X server") && error.remedy().contains("still runs"),
            "{error}"
        );
    }
}
