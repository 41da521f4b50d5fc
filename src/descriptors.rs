//! The file descriptors that are left to the process.
//!
//! GLib aborts a process that runs out of them, so that connections and viewers are refused before that.

use std::fs;
use std::io::ErrorKind;

use rustix::process::{Resource, getrlimit};

/// The descriptors that have to be left for another connection, so that running viewers can go on.
pub(crate) const CONNECTION: usize = 32;
/// The descriptors that have to be left for the peer of another viewer. It takes about twenty, and a few may connect at
/// once.
pub(crate) const PEER: usize = 64 + CONNECTION;

/// The descriptors that have to be left for the peer of a guest, so that an administrator can still come.
pub(crate) const PEER_OF_GUEST: usize = PEER + 2 * VIEWER;
/// The descriptors that a viewer takes: its peer and its connection.
const VIEWER: usize = 24;

/// The number of viewers for which `left` descriptors suffice.
pub(crate) fn viewers(left: usize) -> usize {
    (left + VIEWER).saturating_sub(PEER) / VIEWER
}

/// A limit of open files that suffices for so many viewers, where `left` descriptors are left now.
pub(crate) fn limit_for(viewers: usize, left: usize) -> usize {
    (most() - left.min(most()) + PEER + viewers * VIEWER).next_multiple_of(1024)
}

/// The limit of open files of the process.
pub(crate) fn most() -> usize {
    let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// The number of descriptors that are left; all of them where they cannot be counted, as without /proc. It counts the
/// open ones: too slow for every frame.
pub(crate) fn left() -> usize {
    left_in("/proc/self/fd")
}

fn left_in(folder: &str) -> usize {
    let open = match fs::read_dir(folder) {
        Ok(open) => open.count(),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => 0,
        // Not even one is left.
        Err(_) => usize::MAX,
    };
    most().saturating_sub(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_some_left_and_not_all() {
        assert!((1..most()).contains(&left()));
        assert_eq!(
            left_in("/no/such/folder"),
            most(),
            "viewers come in without /proc"
        );
    }

    #[test]
    fn a_viewer_comes_in_while_the_descriptors_for_a_peer_are_left() {
        assert_eq!(viewers(0), 0);
        assert_eq!(viewers(PEER - 1), 0);
        assert_eq!(viewers(PEER), 1);
        assert_eq!(viewers(PEER + 10 * VIEWER), 11);
        assert!(viewers(usize::MAX / 2) > 100_000);
    }
}
