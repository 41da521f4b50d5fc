//! The names that the protocols of the clipboard and of the window manager are made of.

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
        _NET_CLIENT_LIST,
        _NET_ACTIVE_WINDOW,
        _NET_WM_NAME,
        // Where what is for us is put.
        DESKBEAM_CLIPBOARD,
    }
}
