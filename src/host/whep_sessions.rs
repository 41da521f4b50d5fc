//! The WHEP players that are connected.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::mpsc;

use super::control::consent::Admitted;
use super::control::session_limits::SessionClock;
use crate::access::Grant;
use crate::clock::steady_ms;
use crate::protocol::whep::Fragment;
use crate::quota::Place;
use crate::sync::lock;

/// Fragments that wait for a player's task. A player that sends more loses them.
const FRAGMENTS: usize = 16;

/// All players, by their ids. Removing a player's entry closes it. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct WhepSessions(Arc<Mutex<HashMap<String, Entry>>>);

struct Entry {
    fragments: mpsc::Sender<Fragment>,
    grant: Grant,
    clock: SessionClock,
    _admitted: Option<Admitted>,
    _place: Place,
}

impl WhepSessions {
    /// The number of players.
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Adds a player that came in by `grant`, was admitted, if that was asked for, and has this place. Returns its
    /// fragments, which end when the player is to be closed.
    pub(super) fn add(
        &self,
        id: String,
        grant: Grant,
        admitted: Option<Admitted>,
        place: Place,
    ) -> mpsc::Receiver<Fragment> {
        let (sender, fragments) = mpsc::channel(FRAGMENTS);
        let entry = Entry {
            fragments: sender,
            grant,
            clock: SessionClock::begin(steady_ms()),
            _admitted: admitted,
            _place: place,
        };
        self.lock().insert(id, entry);
        fragments
    }

    /// Gives candidates to a player's peer. Returns false if there is no such player, or it takes none now.
    pub(super) fn add_candidates(&self, id: &str, fragment: Fragment) -> bool {
        self.lock()
            .get(id)
            .is_some_and(|player| player.fragments.try_send(fragment).is_ok())
    }

    /// Closes a player. Returns false if there is no such player.
    pub(super) fn close(&self, id: &str) -> bool {
        self.lock().remove(id).is_some()
    }

    /// Closes the players whose access is over.
    pub(super) fn close_if(&self, is_over: impl Fn(&Grant, &SessionClock) -> bool) {
        self.lock()
            .retain(|_, player| !is_over(&player.grant, &player.clock));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        lock(&self.0)
    }
}
