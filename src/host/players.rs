//! Players: viewers that came by WHEP, have a peer and no socket, and only watch.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Shared;
use crate::media::{PeerEvent, PeerHandle, PeerOptions};
use crate::protocol::whep::Fragment;
use crate::web::{Player, PlayerError};

/// Fragments that wait for a player's task.
const FRAGMENTS: usize = 16;
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);

/// All players, by their ids. Dropping a player's sender closes it.
#[derive(Clone, Default)]
pub(super) struct Players(Arc<Mutex<HashMap<String, mpsc::Sender<Fragment>>>>);

impl Players {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Gives candidates to a player's peer. False: there is no such player, or it does not take them.
    pub(super) fn add_candidates(&self, id: &str, fragment: Fragment) -> bool {
        self.lock()
            .get(id)
            .is_some_and(|player| player.try_send(fragment).is_ok())
    }

    /// Closes a player. False: there is none.
    pub(super) fn close(&self, id: &str) -> bool {
        self.lock().remove(id).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<Fragment>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers `offer` and keeps the peer until the player or the host ends.
pub(super) async fn open(shared: Shared, offer: String) -> Result<Player, PlayerError> {
    let refused = |reason: String| PlayerError::Refused(reason);
    if shared.registry.is_full(shared.players.count()) {
        return Err(PlayerError::Full);
    }
    let options = PeerOptions {
        codecs: Vec::new(),
        video: true,
        audio: true,
        channel: None,
        remote_offer: Some(offer),
    };
    let mut peer = shared.media.open_peer(shared.next_peer(), options).await;
    let answer = match timeout(ANSWER, peer.event()).await {
        Ok(Some(PeerEvent::Answer(answer))) => answer,
        Ok(Some(PeerEvent::Failed(reason))) => {
            shared.tasks.spawn(peer.closed());
            return Err(refused(reason));
        }
        _ => {
            shared.tasks.spawn(peer.closed());
            return Err(refused("There is no answer to this offer".to_owned()));
        }
    };
    let id = secret_id().map_err(|error| refused(error.to_string()))?;
    let (sender, fragments) = mpsc::channel(FRAGMENTS);
    shared.players.lock().insert(id.clone(), sender);
    tracing::info!(players = shared.players.count(), "a player comes");
    shared
        .tasks
        .spawn(keep(shared.clone(), id.clone(), peer, fragments));
    Ok(Player { id, answer })
}

async fn keep(shared: Shared, id: String, mut peer: PeerHandle, mut fragments: mpsc::Receiver<Fragment>) {
    let reason = loop {
        tokio::select! {
            () = shared.shutdown.cancelled() => break "the host is going down".to_owned(),
            fragment = fragments.recv() => match fragment {
                Some(fragment) => {
                    for candidate in fragment.candidates {
                        let _ = peer.add_candidate(candidate.candidate, candidate.sdp_m_line_index);
                    }
                }
                None => break "it was closed".to_owned(),
            },
            event = peer.event() => match event {
                Some(PeerEvent::Failed(reason)) => break reason,
                Some(_) => {}
                None => break "the stream has ended".to_owned(),
            },
        }
    };
    shared.players.close(&id);
    tracing::info!(%reason, "a player leaves");
    peer.closed().await;
}

/// 128 random bits: whoever knows them may close the player.
fn secret_id() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
