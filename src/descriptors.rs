//! How many files and sockets the process may still open.
//!
//! GLib ends a process that cannot open what it needs, so whatever costs some is turned away before there are none.

use std::fs;

use rustix::process::{Resource, getrlimit};

/// How many have to be left for another connection, so that what runs can go on.
pub(crate) const CONNECTION: usize = 32;
/// How many have to be left for another viewer's peer, which takes about twenty; there may be a few at once.
pub(crate) const PEER: usize = 64 + CONNECTION;

/// How many descriptors are left. Counts those that are open, so not for every frame.
pub(crate) fn left() -> usize {
    let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    // What cannot be counted for want of a descriptor is none.
    let open = fs::read_dir("/proc/self/fd").map_or(usize::MAX, Iterator::count);
    usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_some_left_and_not_all() {
        let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        assert!((1..most).contains(&(left() as u64)));
    }
}
