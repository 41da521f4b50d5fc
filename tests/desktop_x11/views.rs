//! The monitors and windows that can be shown alone.

use std::process::Command;

use deskbeam::desktop::{DesktopEvent, View, ViewKind};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    AtomEnum, ConfigureWindowAux, ConnectionExt as _, CreateWindowAux, PropMode, WindowClass,
};
use x11rb::wrapper::ConnectionExt as _;

use super::Desk;

impl Desk {
    /// The parts that are told next and of which this holds.
    fn views(&self, are: impl Fn(&[View]) -> bool) -> Vec<View> {
        self.next(|event| match event {
            DesktopEvent::Views(views) => are(&views).then_some(views),
            _ => None,
        })
    }

    fn xrandr(&self, arguments: &[&str]) {
        let status = Command::new("xrandr")
            .args(arguments)
            .env("DISPLAY", self.display.display())
            .env("XAUTHORITY", self.display.xauthority())
            .status()
            .expect("xrandr (package x11-xserver-utils)");
        assert!(status.success());
    }
}

#[test]
fn monitors_are_told_when_they_come_and_go() {
    let desk = Desk::start(640, 480);
    desk.xrandr(&["--setmonitor", "left", "320/80x480/120+0+0", "none"]);
    desk.xrandr(&["--setmonitor", "right", "320/80x480/120+320+0", "none"]);
    let place = |view: &View| (view.name.clone(), view.kind, view.x, view.width, view.height);
    let views = desk.views(|views| views.len() == 2);
    let expected = |name: &str, x| (name.to_owned(), ViewKind::Monitor, x, 320, 480);
    assert_eq!(
        views.iter().map(place).collect::<Vec<_>>(),
        [expected("left", 0), expected("right", 320)]
    );
    desk.xrandr(&["--delmonitor", "left"]);
    assert_eq!(desk.views(|views| views.len() == 1)[0].name, "right");
}

#[test]
fn windows_are_told_with_their_titles_and_followed_until_they_close() {
    let desk = Desk::start(640, 480);
    let connection = desk.connect();
    let (root, window) = (
        connection.setup().roots[0].root,
        connection.generate_id().unwrap(),
    );
    let (class, looks) = (WindowClass::INPUT_OUTPUT, CreateWindowAux::new());
    connection
        .create_window(0, window, root, 0, 0, 200, 180, 0, class, 0, &looks)
        .unwrap();
    let title = |text: &[u8]| {
        let (name, kind) = (AtomEnum::WM_NAME, AtomEnum::STRING);
        connection
            .change_property8(PropMode::REPLACE, window, name, kind, text)
            .unwrap();
    };
    title(b"f\xfcnf");
    connection.map_window(window).unwrap().check().unwrap();
    let view = desk.views(|views| views.len() == 1).remove(0);
    assert_eq!(
        (view.kind, view.number, &*view.name),
        (ViewKind::Window, window, "fünf")
    );
    assert_eq!((view.width, view.height), (200, 180));
    title(b"sechs");
    connection.flush().unwrap();
    desk.views(|views| views[0].name == "sechs");
    let place = ConfigureWindowAux::new().x(300).y(200).width(170);
    connection
        .configure_window(window, &place)
        .unwrap()
        .check()
        .unwrap();
    let view = desk
        .views(|views| views[0].width == 170 && views[0].x >= 300)
        .remove(0);
    let on_root = connection
        .translate_coordinates(window, root, 0, 0)
        .unwrap()
        .reply()
        .unwrap();
    assert_eq!(
        (view.x, view.y),
        (on_root.dst_x as u32, on_root.dst_y as u32),
        "inside of its frame"
    );
    connection.unmap_window(window).unwrap().check().unwrap();
    desk.views(<[View]>::is_empty);
}
