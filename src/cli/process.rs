//! The settings of the process: limits, memory, environment.

use std::path::Path;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::failure::Failure;
use crate::descriptors;

/// Raises the limit of open files to the hard limit: each viewer needs about twenty, and the usual limit is 1024.
pub(super) fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::debug!(%error, "cannot raise the limit of open files");
    }
}

/// Checks that the limit of open files suffices for `viewers`; warns if it suffices for fewer.
///
/// # Errors
/// If it does not suffice for one.
pub(super) fn check_file_limit(viewers: usize) -> Result<(), Failure> {
    let (most, left) = (descriptors::most(), descriptors::left());
    let (enough_for, wanted) = (descriptors::viewers(left), descriptors::limit_for(viewers, left));
    let remedy = format!(
        "Raise it: `ulimit -n {wanted}` in the shell that starts deskbeam, or LimitNOFILE={wanted} in its systemd unit"
    );
    if enough_for == 0 {
        let error = anyhow::anyhow!(
            "the limit of open files ({most}) is too low: not a single viewer could connect. {remedy}"
        );
        return Err(error.into());
    }
    if enough_for < viewers {
        tracing::warn!(
            "the limit of open files ({most}) suffices for about {enough_for} viewers, and --max-connections allows \
             {viewers}. {remedy}, or lower --max-connections"
        );
    }
    Ok(())
}

/// The size in bytes from which an allocation is a mapping of its own, which returns to the system when it is freed.
const LARGE: libc::c_int = 1 << 20;

/// Keeps glibc from retaining memory. An arena per thread would grow with each viewer, as GStreamer starts many
/// short-lived threads, and a heap with frames of many sizes would grow with each new size.
#[allow(unsafe_code)]
pub(super) fn limit_heap() {
    for (parameter, value) in [
        (libc::M_ARENA_MAX, 2),
        // By default, glibc raises the threshold when a larger mapping is freed.
        (libc::M_MMAP_THRESHOLD, LARGE),
        (libc::M_TRIM_THRESHOLD, LARGE),
    ] {
        // SAFETY: mallopt takes two numbers and may be called at any time; it is called before threads are started.
        unsafe { libc::mallopt(parameter, value) };
    }
}

/// Sets `$DISPLAY` and, if given, `$XAUTHORITY` for libX11, which GStreamer's X elements use: also for descriptions
/// that do not name the display.
#[allow(unsafe_code)]
pub(super) fn set_display(display: &str, authority: Option<&Path>) {
    // SAFETY: no other thread reads the environment yet: GStreamer's elements and the runtime start later.
    unsafe { std::env::set_var("DISPLAY", display) };
    if let Some(authority) = authority {
        // SAFETY: as above.
        unsafe { std::env::set_var("XAUTHORITY", authority) };
    }
}
