//! The sessions of browsers, by the id in their cookie.

use std::collections::HashMap;

use super::grant::Grant;
use super::secret::{Digest, Secret, SecretError};

/// The time without a request after which a session ends.
const IDLE_MS: u64 = 12 * 60 * 60 * 1_000;
/// The longest time of a session.
pub(super) const MAX_AGE_MS: u64 = 30 * 24 * 60 * 60 * 1_000;
/// The most sessions. A further one replaces the one that has been idle for the longest time.
const MAX_SESSIONS: usize = 1_024;

/// All sessions, by the digest of their id.
#[derive(Debug, Default)]
pub(super) struct Sessions(HashMap<String, Session>);

#[derive(Debug)]
struct Session {
    grant: Grant,
    opened_ms: u64,
    used_ms: u64,
}

impl Sessions {
    /// Opens a session, and returns its id.
    pub(super) fn open(&mut self, grant: Grant, now_ms: u64) -> Result<Secret, SecretError> {
        self.0.retain(|_, session| !has_ended(session, now_ms));
        if self.0.len() >= MAX_SESSIONS {
            let idle = self.0.iter().min_by_key(|(_, session)| session.used_ms);
            if let Some(key) = idle.map(|(key, _)| key.clone()) {
                self.0.remove(&key);
            }
        }
        let id = Secret::random::<32>()?;
        let session = Session {
            grant,
            opened_ms: now_ms,
            used_ms: now_ms,
        };
        self.0.insert(id.digest().to_hex(), session);
        Ok(id)
    }

    /// Returns the grant of the session with this id, if it has not ended. The lookup is by the digest, so that its
    /// timing reveals nothing about the id.
    pub(super) fn find(&mut self, id: &str, now_ms: u64) -> Option<Grant> {
        let session = self.0.get_mut(&Digest::of(id).to_hex())?;
        if has_ended(session, now_ms) {
            return None;
        }
        session.used_ms = session.used_ms.max(now_ms);
        Some(session.grant.clone())
    }

    /// Closes the session with this id.
    pub(super) fn close(&mut self, id: &str) {
        self.0.remove(&Digest::of(id).to_hex());
    }

    /// Closes all sessions.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

fn has_ended(session: &Session, now_ms: u64) -> bool {
    now_ms.saturating_sub(session.used_ms) >= IDLE_MS
        || now_ms.saturating_sub(session.opened_ms) >= MAX_AGE_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lives_while_it_is_used_and_a_month_at_most() {
        let mut sessions = Sessions::default();
        let id = sessions.open(Grant::owner(), 0).unwrap();
        assert_eq!(sessions.find("something else", 0), None);
        let mut now_ms = 0;
        while now_ms < MAX_AGE_MS {
            assert!(sessions.find(id.expose(), now_ms).is_some(), "{now_ms}");
            now_ms += IDLE_MS - 1;
        }
        assert_eq!(sessions.find(id.expose(), now_ms), None);
        let id = sessions.open(Grant::owner(), now_ms).unwrap();
        assert_eq!(
            sessions.find(id.expose(), now_ms + IDLE_MS),
            None,
            "idle for too long"
        );
    }

    #[test]
    fn a_session_that_is_closed_is_over_and_others_stay() {
        let mut sessions = Sessions::default();
        let (one, other) = (
            sessions.open(Grant::owner(), 0).unwrap(),
            sessions.open(Grant::owner(), 0).unwrap(),
        );
        sessions.close(one.expose());
        assert!(sessions.find(one.expose(), 1).is_none() && sessions.find(other.expose(), 1).is_some());
        sessions.clear();
        assert!(sessions.find(other.expose(), 1).is_none());
    }

    #[test]
    fn there_are_never_too_many() {
        let mut sessions = Sessions::default();
        let first = sessions.open(Grant::owner(), 0).unwrap();
        for now_ms in 1..=MAX_SESSIONS as u64 {
            sessions.open(Grant::owner(), now_ms).unwrap();
        }
        assert_eq!(sessions.0.len(), MAX_SESSIONS);
        assert_eq!(sessions.find(first.expose(), 1), None);
    }
}
