//! The atoms of ICCCM and EWMH that we use.

use x11rb::atom_manager;

atom_manager! {
    /// The numbers of the atoms on one X server.
    pub(super) Atoms:
    /// The pending replies to the requests for them.
    AtomsCookie {
        CLIPBOARD,
        TARGETS,
        TIMESTAMP,
        INCR,
        TEXT,
        UTF8_STRING,
        COMPOUND_TEXT,
        TEXT_PLAIN_UTF8: b"text/plain;charset=utf-8",
        TEXT_PLAIN_UTF8_UPPER: b"text/plain;charset=UTF-8",
        TEXT_PLAIN: b"text/plain",
        TEXT_HTML: b"text/html",
        IMAGE_PNG: b"image/png",
        IMAGE_JPEG: b"image/jpeg",
        IMAGE_WEBP: b"image/webp",
        IMAGE_GIF: b"image/gif",
        IMAGE_BMP: b"image/bmp",
        PASSWORD_HINT: b"x-kde-passwordManagerHint",
        _NET_CLIENT_LIST,
        _NET_ACTIVE_WINDOW,
        _NET_WM_NAME,
        // The property of our windows into which other programs put what we ask for.
        DESKBEAM_CLIPBOARD,
    }
}
