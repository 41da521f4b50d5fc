//! WHEP players: they have a peer and no socket, and only watch.

use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::context::HostContext;
use super::relay_way::RelayWay;
use crate::access::Grant;
use crate::clock::now_ms;
use crate::hex::hex;
use crate::media::{PeerEvent, PeerHandle, PeerOptions, PeerStats};
use crate::protocol::whep::Fragment;
use crate::web::{Player, PlayerError};

/// The longest wait for an answer.
const ANSWER: Duration = Duration::from_secs(10);
/// The pause between two looks at a player's reports.
const LOOK: Duration = Duration::from_secs(4);
/// The number of looks in a row without a new report on what was sent, after which the player has gone.
const MAX_SILENT: u32 = 3;

/// Answers `offer` and keeps the peer until the player or the host ends.
pub(super) async fn open(
    context: HostContext,
    offer: String,
    client: IpAddr,
    grant: Grant,
) -> Result<Player, PlayerError> {
    let people = &context.people;
    let holder = grant.holder(client);
    // Taken before anything waits: many players may come at once.
    let place = people.place(&holder).ok_or(PlayerError::Full)?;
    let admitted = match &people.consent {
        Some(consent) => Some(
            consent
                .ask(client, grant.role, &holder)
                .await
                .ok_or(PlayerError::Unwanted)?,
        ),
        None => None,
    };
    // The question takes its time.
    if !people.access.is_valid(&grant, now_ms()) {
        return Err(PlayerError::Unwanted);
    }
    let way = context.relay_way();
    let (peer, answer) = answer(&context, offer).await?;
    way.allow_all(&answer);
    let relay = way.access();
    let id = secret_id().map_err(|error| PlayerError::Refused(error.to_string()))?;
    let fragments = people.whep_sessions.add(id.clone(), grant, admitted, place);
    tracing::info!(whep_sessions = people.whep_sessions.count(), "a player comes");
    context
        .tasks
        .spawn(keep(context.clone(), id.clone(), peer, fragments, way));
    Ok(Player { id, answer, relay })
}

/// Opens a peer that only sends, and waits for its answer.
async fn answer(context: &HostContext, offer: String) -> Result<(PeerHandle, String), PlayerError> {
    let options = PeerOptions {
        codecs: Vec::new(),
        video: true,
        audio: true,
        // A player points at nothing.
        allows_half_size: true,
        channel: None,
        remote_offer: Some(offer),
    };
    let mut peer = context.media.handle.open_peer(context.next_peer(), options).await;
    let reason = match timeout(ANSWER, peer.event()).await {
        Ok(Some(PeerEvent::Answer(answer))) => return Ok((peer, answer)),
        Ok(Some(PeerEvent::Failed(failure))) => failure.to_string(),
        _ => "There is no answer to this offer".to_owned(),
    };
    context.tasks.spawn(peer.closed());
    Err(PlayerError::Refused(reason))
}

async fn keep(
    context: HostContext,
    id: String,
    mut peer: PeerHandle,
    mut fragments: mpsc::Receiver<Fragment>,
    way: RelayWay,
) {
    let _vote = context.desktop.cursor_overlay.join();
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reports = Reports::default();
    let reason = loop {
        tokio::select! {
            () = context.shutdown.cancelled() => break "the host is going down".to_owned(),
            fragment = fragments.recv() => match fragment {
                Some(fragment) => {
                    let candidates = fragment.candidates.into_iter();
                    for candidate in candidates.filter(|candidate| !way.leads_to_relay(&candidate.candidate)) {
                        let _ = peer.add_candidate(candidate.candidate, candidate.sdp_m_line_index);
                    }
                }
                None => break "it was closed".to_owned(),
            },
            event = peer.event() => match event {
                Some(PeerEvent::Failed(failure)) => break failure.to_string(),
                Some(_) => {}
                None => break "the stream has ended".to_owned(),
            },
            _ = looks.tick() => if !reports.continue_with(&peer.stats().await) {
                break "it no longer reports what it receives".to_owned();
            },
        }
    };
    context.people.whep_sessions.close(&id);
    tracing::info!(%reason, "a player leaves");
    peer.closed().await;
}

/// The reports by which a player shows that it is still there. It has no socket whose end would show it, and ICE takes
/// its time; but a player that ever reported by RTCP what it receives does so every few seconds.
#[derive(Debug, Default)]
struct Reports {
    sent: Option<u64>,
    reported: Option<u32>,
    silent: u32,
}

impl Reports {
    /// Takes the next look. Returns false if the player has gone.
    fn continue_with(&mut self, stats: &PeerStats) -> bool {
        if stats.packets_sent.is_none() {
            // webrtcbin was too busy to answer.
            return true;
        }
        if stats.reported.is_none() || stats.reported != self.reported {
            self.silent = 0;
        } else if stats.packets_sent > self.sent {
            self.silent += 1;
        }
        (self.sent, self.reported) = (stats.packets_sent, stats.reported);
        self.silent < MAX_SILENT
    }
}

/// An id of 128 random bits: who knows them may close the player.
fn secret_id() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// True if the player is kept after these looks: packets that were sent, and the last that was reported.
    fn is_kept(looks: &[(u64, Option<u32>)]) -> bool {
        let mut reports = Reports::default();
        looks.iter().all(|(sent, reported)| {
            reports.continue_with(&PeerStats {
                packets_sent: Some(*sent),
                reported: *reported,
                ..PeerStats::default()
            })
        })
    }

    #[test]
    fn a_player_goes_when_it_no_longer_reports_what_is_sent() {
        assert!(is_kept(&[(1, Some(1)), (2, Some(2)), (3, Some(2)), (4, Some(2))]));
        assert!(!is_kept(&[
            (1, Some(1)),
            (2, Some(1)),
            (3, Some(1)),
            (4, Some(1))
        ]));
        assert!(is_kept(&[
            (1, Some(1)),
            (2, Some(1)),
            (3, Some(1)),
            (4, Some(2)),
            (5, Some(2))
        ]));
    }

    #[test]
    fn a_player_that_never_reports_or_is_sent_nothing_stays() {
        assert!(is_kept(&[(1, None), (2, None), (3, None), (4, None), (5, None)]));
        assert!(is_kept(&[(9, Some(1)); 9]));
    }
}
