//! The file descriptors that are left to the process.
//!
//! GLib aborts a process that runs out of them, so that connections and viewers are refused before that.

use std::fs;

use rustix::process::{Resource, getrlimit};

/// The descriptors that have to be left for another connection, so that running viewers can go on.
pub(crate) const CONNECTION: usize = 32;
/// The descriptors that have to be left for the peer of another viewer. It takes about twenty, and a few may connect at
/// once.
pub(crate) const PEER: usize = 64 + CONNECTION;

/// The number of descriptors that are left. It counts the open ones: too slow for every frame.
pub(crate) fn left() -> usize {
    let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    // Counting fails when not even one is left.
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
