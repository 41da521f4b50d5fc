//! The names that the clipboard's protocol is made of.

use x11rb::atom_manager;

atom_manager! {
    /// Their numbers on one X server.
    pub(super) Atoms:
    /// The replies to the request for them.
    AtomsCookie {
        CLIPBOARD,
        TARGETS,
        TIMESTAMP,
        INCR,
        TEXT,
        UTF8_STRING,
        TEXT_PLAIN_UTF8: b"text/plain;charset=utf-8",
        IMAGE_PNG: b"image/png",
        // Where what is for us is put.
        DESKBEAM_CLIPBOARD,
    }
}
