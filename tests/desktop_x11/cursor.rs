//! The shape of the cursor.

use std::io::Cursor;
use std::sync::Arc;

use deskbeam::desktop::{CursorImage, DesktopEvent};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    ConnectionExt as _, CreateGCAux, CreateWindowAux, Cursor as CursorId, Rectangle, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use super::Desk;

/// A window over the whole screen, so that its cursor is shown.
struct Cover {
    connection: RustConnection,
    window: u32,
}

impl Cover {
    fn show(desk: &Desk, cursor: impl Fn(&RustConnection) -> CursorId) -> Cover {
        let connection = desk.connect();
        let screen = &connection.setup().roots[0];
        let (width, height) = (screen.width_in_pixels, screen.height_in_pixels);
        let window = connection.generate_id().unwrap();
        let aux = CreateWindowAux::new()
            .override_redirect(1)
            .cursor(cursor(&connection));
        connection
            .create_window(
                0,
                window,
                screen.root,
                0,
                0,
                width,
                height,
                0,
                WindowClass::INPUT_ONLY,
                0,
                &aux,
            )
            .unwrap();
        connection.map_window(window).unwrap().check().unwrap();
        Cover { connection, window }
    }

    fn set(&self, cursor: CursorId) {
        let aux = x11rb::protocol::xproto::ChangeWindowAttributesAux::new().cursor(cursor);
        let changed = self.connection.change_window_attributes(self.window, &aux);
        changed.unwrap().check().unwrap();
    }
}

/// A cursor of 9x7 pixels that points with (3, 5): red, with a blue pixel at the top left, and transparent in the last
/// column. Or wholly transparent.
fn cursor(connection: &RustConnection, visible: bool) -> CursorId {
    let root = connection.setup().roots[0].root;
    let bitmap = |filled: &[Rectangle]| {
        let (pixmap, gc) = (
            connection.generate_id().unwrap(),
            connection.generate_id().unwrap(),
        );
        connection.create_pixmap(1, pixmap, root, 9, 7).unwrap();
        connection
            .create_gc(gc, pixmap, &CreateGCAux::new().foreground(0))
            .unwrap();
        let all = rectangle(0, 0, 9, 7);
        connection.poly_fill_rectangle(pixmap, gc, &[all]).unwrap();
        let ink = x11rb::protocol::xproto::ChangeGCAux::new().foreground(1);
        connection.change_gc(gc, &ink).unwrap();
        connection.poly_fill_rectangle(pixmap, gc, filled).unwrap();
        pixmap
    };
    let source = bitmap(&[rectangle(1, 0, 8, 7), rectangle(0, 1, 9, 6)]);
    let mask = bitmap(&[rectangle(0, 0, if visible { 8 } else { 0 }, 7)]);
    let id = connection.generate_id().unwrap();
    connection
        .create_cursor(id, source, mask, 0xffff, 0, 0, 0, 0, 0xffff, 3, 5)
        .unwrap();
    id
}

fn rectangle(x: i16, y: i16, width: u16, height: u16) -> Rectangle {
    Rectangle { x, y, width, height }
}

fn image_of(event: DesktopEvent) -> Option<CursorImage> {
    match event {
        DesktopEvent::Cursor(image) => Some(image),
        _ => None,
    }
}

/// RGBA.
fn pixels(image: &CursorImage) -> Vec<[u8; 4]> {
    let mut reader = png::Decoder::new(Cursor::new(&image.png)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!(
        (info.width, info.height),
        (image.width.into(), image.height.into())
    );
    bytes.chunks(4).map(|pixel| pixel.try_into().unwrap()).collect()
}

#[test]
fn the_cursor_is_told_at_the_start() {
    let desk = Desk::start(320, 240);
    let image = desk.next(image_of);
    assert!(image.hotspot_x < image.width && image.hotspot_y < image.height);
    assert!(pixels(&image).iter().any(|pixel| pixel[3] > 0));
}

#[test]
fn a_changed_cursor_arrives_pixel_by_pixel() {
    let desk = Desk::start(320, 240);
    let _cover = Cover::show(&desk, |connection| cursor(connection, true));
    let ours = |event| image_of(event).filter(|image| (image.width, image.height) == (9, 7));
    let image = desk.next(ours);
    assert_eq!((image.hotspot_x, image.hotspot_y), (3, 5));
    for (index, pixel) in pixels(&image).into_iter().enumerate() {
        let expected = match (index % 9, index / 9) {
            (0, 0) => [0, 0, 255, 255],
            (8, _) => [0, 0, 0, 0],
            _ => [255, 0, 0, 255],
        };
        assert_eq!(pixel, expected, "pixel {index}");
    }
}

#[test]
fn a_cursor_is_hidden_and_shown_again() {
    let desk = Desk::start(320, 240);
    let cover = Cover::show(&desk, |connection| cursor(connection, true));
    let ours = |event| image_of(event).filter(|image| (image.width, image.height) == (9, 7));
    // Kept, or its number would be free for another cursor.
    let red = cursor(&cover.connection, true);
    cover.set(red);
    let first = desk.next(ours);
    let first = desk.events.try_iter().filter_map(ours).last().unwrap_or(first);
    cover.set(cursor(&cover.connection, false));
    desk.next(|event| (event == DesktopEvent::CursorHidden).then_some(()));
    cover.set(red);
    let again = desk.next(ours);
    assert_eq!(pixels(&again), pixels(&first));
    cover.set(cursor(&cover.connection, false));
    desk.next(|event| (event == DesktopEvent::CursorHidden).then_some(()));
    cover.set(red);
    let third = desk.next(ours);
    assert_eq!(third, again);
    assert!(
        Arc::ptr_eq(&third.png, &again.png),
        "a known cursor is encoded again"
    );
}
