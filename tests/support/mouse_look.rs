//! A game's use of the pointer: it hides it, and warps it back to the centre after each motion.

use std::error::Error;

use x11rb::NONE;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ConnectionExt, CreateGCAux, CreateWindowAux, Cursor, EventMask, Rectangle, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

/// Covers the whole screen, and calls `look` with the pointer's motion, until the right button is pressed. The pointer
/// is visible again when the window is destroyed.
pub(crate) fn play(
    connection: &RustConnection,
    mut look: impl FnMut(i16, i16),
) -> Result<(), Box<dyn Error>> {
    let screen = &connection.setup().roots[0];
    let (root, width, height) = (screen.root, screen.width_in_pixels, screen.height_in_pixels);
    let (x, y) = (i16::try_from(width / 2)?, i16::try_from(height / 2)?);
    let window = connection.generate_id()?;
    let looks = CreateWindowAux::new()
        .override_redirect(1)
        .background_pixel(screen.black_pixel)
        .cursor(blank_cursor(connection, root)?)
        .event_mask(EventMask::POINTER_MOTION | EventMask::BUTTON_PRESS);
    connection.create_window(
        0,
        window,
        root,
        0,
        0,
        width,
        height,
        0,
        WindowClass::INPUT_OUTPUT,
        0,
        &looks,
    )?;
    connection.map_window(window)?;
    connection.flush()?;
    loop {
        let mut event = Some(connection.wait_for_event()?);
        let mut moved = None;
        while let Some(next) = event {
            match next {
                Event::MotionNotify(motion) => moved = Some((motion.root_x - x, motion.root_y - y)),
                Event::ButtonPress(press) if press.detail == 3 => {
                    connection.destroy_window(window)?;
                    connection.get_input_focus()?.reply()?;
                    return Ok(());
                }
                _ => {}
            }
            event = connection.poll_for_event()?;
        }
        if let Some((dx, dy)) = moved.filter(|moved| *moved != (0, 0)) {
            connection.warp_pointer(NONE, root, 0, 0, 0, 0, x, y)?;
            // The round trip makes sure that the pointer is warped before `look` is called.
            connection.get_input_focus()?.reply()?;
            look(dx, dy);
        }
    }
}

/// Creates an invisible cursor of one pixel.
fn blank_cursor(connection: &RustConnection, root: Window) -> Result<Cursor, Box<dyn Error>> {
    let (pixmap, gc, cursor) = (
        connection.generate_id()?,
        connection.generate_id()?,
        connection.generate_id()?,
    );
    connection.create_pixmap(1, pixmap, root, 1, 1)?;
    connection.create_gc(gc, pixmap, &CreateGCAux::new().foreground(0))?;
    let all = Rectangle {
        width: 1,
        height: 1,
        ..Rectangle::default()
    };
    connection.poly_fill_rectangle(pixmap, gc, &[all])?;
    connection.create_cursor(cursor, pixmap, pixmap, 0, 0, 0, 0, 0, 0, 0, 0)?;
    Ok(cursor)
}
