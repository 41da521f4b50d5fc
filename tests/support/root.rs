//! The root window of an X server without authorization.

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ChangeGCAux, ConnectionExt as _, CreateGCAux, Rectangle, Window};
use x11rb::rust_connection::RustConnection;

use super::x11;

/// An X client that draws on the root window and observes the host's input.
pub struct Root {
    connection: RustConnection,
    root: Window,
}

impl Root {
    pub fn connect(display: &str) -> Self {
        let connection = x11::connect(display, None).unwrap();
        let root = connection.setup().roots[0].root;
        Self { connection, root }
    }

    /// Fills the root window, and waits until that is done.
    pub fn fill(&self, colour: u32) {
        let gc = self.connection.generate_id().unwrap();
        self.connection
            .create_gc(gc, self.root, &CreateGCAux::new())
            .unwrap();
        let foreground = ChangeGCAux::new().foreground(colour);
        self.connection.change_gc(gc, &foreground).unwrap();
        let all = Rectangle {
            x: 0,
            y: 0,
            // X servers report no damage for rectangles that end outside the 16-bit coordinates.
            width: 8192,
            height: 8192,
        };
        let filled = self.connection.poly_fill_rectangle(self.root, gc, &[all]);
        filled.unwrap().check().unwrap();
    }

    /// Returns the number of keys that are down.
    pub fn keys_down(&self) -> u32 {
        let keymap = self.connection.query_keymap().unwrap().reply().unwrap();
        keymap.keys.iter().map(|keys| keys.count_ones()).sum()
    }

    /// Returns the position of the pointer.
    pub fn pointer(&self) -> (i16, i16) {
        let pointer = self.connection.query_pointer(self.root).unwrap().reply().unwrap();
        (pointer.root_x, pointer.root_y)
    }
}
