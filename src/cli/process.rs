//! What the process asks of the system for itself.

use std::path::Path;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Allows as many open files as the system lets us: each viewer needs about twenty, and 1024 is the usual limit.
pub(super) fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

/// Larger pieces of memory are asked of the system one by one, and go back to it.
const LARGE: libc::c_int = 1 << 20;

/// Keeps glibc from holding on to memory: an arena for each of GStreamer's many short-lived threads would drift upwards
/// with every viewer that comes and goes, and a heap in which pictures of many sizes have lain with every new size.
#[allow(unsafe_code)]
pub(super) fn limit_heap() {
    for (what, value) in [
        (libc::M_ARENA_MAX, 2),
        // By default glibc raises it whenever a larger piece is freed.
        (libc::M_MMAP_THRESHOLD, LARGE),
        (libc::M_TRIM_THRESHOLD, LARGE),
    ] {
        // SAFETY: mallopt takes two numbers and may be called at any time; it is called before threads are started.
        unsafe { libc::mallopt(what, value) };
    }
}

/// Tells libX11, which GStreamer's X elements use, which display is meant, and where its cookie is: also for
/// descriptions that do not name the display.
#[allow(unsafe_code)]
pub(super) fn set_display(display: &str, authority: Option<&Path>) {
    // SAFETY: no other thread reads the environment yet: GStreamer's elements and the runtime start later.
    unsafe { std::env::set_var("DISPLAY", display) };
    if let Some(authority) = authority {
        // SAFETY: as above.
        unsafe { std::env::set_var("XAUTHORITY", authority) };
    }
}
