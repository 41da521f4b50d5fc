//! The size of the screen.

use deskbeam::desktop::{Backend, DesktopEvent, DesktopServices, ResizeError};
use deskbeam::input::{Injector, X11Backend};
use deskbeam::protocol::input::{InputEvent, Point};
use x11rb::connection::Connection;
use x11rb::protocol::randr::ConnectionExt as _;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _};

use super::Desk;
use crate::support::eventually;
use crate::support::x11::{Client, connect};

impl Desk {
    fn size(&self) -> (u16, u16) {
        let connection = self.connect();
        let root = connection.setup().roots[0].root;
        let geometry = connection.get_geometry(root).unwrap().reply().unwrap();
        (geometry.width, geometry.height)
    }

    /// The names of all video modes.
    fn modes(&self) -> String {
        let connection = self.connect();
        let root = connection.setup().roots[0].root;
        let resources = connection.randr_get_screen_resources_current(root).unwrap();
        String::from_utf8(resources.reply().unwrap().names).unwrap()
    }
}

#[test]
fn the_screen_takes_other_sizes_and_its_own_again() {
    let desk = Desk::start(640, 480);
    let modes = desk.modes();
    for ((width, height), (real_width, real_height)) in [
        ((801, 599), (802, 600)),
        ((64, 64), (64, 64)),
        ((1920, 1080), (1920, 1080)),
        ((1280, 720), (1280, 720)),
    ] {
        let resized = DesktopEvent::Resized {
            width: real_width.into(),
            height: real_height.into(),
        };
        let size = (u32::from(real_width), u32::from(real_height));
        assert_eq!(desk.services.resize(width, height), Ok(size));
        assert_eq!(desk.next_besides_the_cursor(), resized);
        assert_eq!(desk.size(), (real_width, real_height));
    }
    assert_eq!(
        desk.services.resize(1280, 720),
        Ok((1280, 720)),
        "the size that it has"
    );
    desk.services.resize(3840, 2160).expect("the largest size");
    let refused = ResizeError::TooLarge {
        max_width: 3840,
        max_height: 2160,
    };
    assert_eq!(desk.services.resize(3842, 2160), Err(refused));
    let refused = |width, height| Err(ResizeError::OutOfBounds { width, height });
    assert_eq!(desk.services.resize(0, 480), refused(0, 480));
    assert_eq!(desk.services.resize(640, 8193), refused(640, 8193));
    assert_eq!(desk.size(), (3840, 2160));

    let Desk {
        services,
        events,
        display,
    } = desk;
    drop(services);
    let desk = Desk {
        services: DesktopServices::start(display.display(), Some(display.cookie()), false, |_| {}).unwrap(),
        events,
        display,
    };
    assert_eq!(desk.size(), (640, 480));
    assert_eq!(desk.modes(), modes, "modes are left behind");
}

#[test]
fn a_resize_by_somebody_else_is_told_and_left_alone() {
    let desk = Desk::start(640, 480);
    desk.services.resize(800, 600).unwrap();
    desk.next(|event| matches!(event, DesktopEvent::Resized { .. }).then_some(()));
    let other =
        DesktopServices::start(desk.display.display(), Some(desk.display.cookie()), false, |_| {}).unwrap();
    other.resize(1024, 768).unwrap();
    let resized = DesktopEvent::Resized {
        width: 1024,
        height: 768,
    };
    assert_eq!(desk.next_besides_the_cursor(), resized);
    let Desk {
        services, display, ..
    } = desk;
    drop(services);
    let connection = connect(display.display(), Some(display.cookie())).unwrap();
    assert_eq!(connection.setup().roots[0].width_in_pixels, 1024);
}

#[test]
fn the_pointer_reaches_the_corners_of_the_new_size() {
    let desk = Desk::start(640, 480);
    let cookie = Some(desk.display.cookie().as_slice());
    let backend = X11Backend::connect(Some(desk.display.display()), cookie).unwrap();
    let injector = Injector::start(Box::new(backend)).unwrap();
    let (client, viewer) = (Client::start(&desk.display), injector.handle().viewer());
    for (width, height) in [(1000_u32, 700_u32), (200, 100)] {
        desk.services.resize(width, height).unwrap();
        let far = Point { x: 1e4, y: 1e4 };
        let near = Point { x: 0.0, y: 0.0 };
        let corner = (width as i16 - 1, height as i16 - 1);
        eventually("the pointer is in the corner", || {
            viewer.send(InputEvent::Motion { position: far });
            (client.pointer() == corner).then_some(())
        });
        viewer.send(InputEvent::Motion { position: near });
        eventually("the pointer is in the other corner", || {
            (client.pointer() == (0, 0)).then_some(())
        });
    }
}

#[test]
fn what_a_killed_host_has_changed_is_restored_by_the_next_one() {
    let desk = Desk::start(640, 480);
    let modes = desk.modes();
    let connection = desk.connect();
    let root = connection.setup().roots[0].root;
    let property = |name: &[u8]| {
        let name = connection.intern_atom(false, name).unwrap().reply().unwrap().atom;
        let property = connection.get_property(false, root, name, AtomEnum::ANY, 0, 1024);
        property.unwrap().reply().unwrap()
    };
    let resources = property(b"RESOURCE_MANAGER").value;
    desk.services.resize(802, 600).unwrap();
    desk.services.set_scale(2.0);
    eventually("the scale is set", || {
        (property(b"RESOURCE_MANAGER").value != resources).then_some(())
    });
    let note = property(b"_DESKBEAM_ORIGINAL_SIZE");
    let owner = note.value32().unwrap().next().unwrap();
    // As when it is killed: the X server ends its connection. The same host comes again as the next one.
    connection.kill_client(owner).unwrap().check().unwrap();
    eventually("all is restored", || {
        let is_restored = desk.size() == (640, 480)
            && desk.modes() == modes
            && property(b"RESOURCE_MANAGER").value == resources
            && property(b"_DESKBEAM_ORIGINAL_SIZE").value.is_empty();
        is_restored.then_some(())
    });
}
