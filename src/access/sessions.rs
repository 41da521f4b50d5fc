//! Browsers that are in, by the cookie that they were given.

use std::collections::HashMap;

use super::decision::Grant;
use super::secret::{Digest, Secret, SecretError};

/// A session ends after so long without a request.
const IDLE_MS: u64 = 12 * 60 * 60 * 1_000;
/// And after so long in any case.
pub(super) const LONGEST_MS: u64 = 30 * 24 * 60 * 60 * 1_000;
/// There are no more than this; the one that has been idle longest makes room.
const MAX_SESSIONS: usize = 1_024;

/// All sessions. Of the cookies only digests are kept.
#[derive(Debug, Default)]
pub(super) struct Sessions(HashMap<String, Open>);

#[derive(Debug)]
struct Open {
    grant: Grant,
    since_ms: u64,
    used_ms: u64,
}

impl Sessions {
    /// Opens a session; what is returned is for the cookie.
    pub(super) fn open(&mut self, grant: Grant, now_ms: u64) -> Result<Secret, SecretError> {
        self.0.retain(|_, open| !is_over(open, now_ms));
        if self.0.len() >= MAX_SESSIONS {
            let idle = self.0.iter().min_by_key(|(_, open)| open.used_ms);
            if let Some(key) = idle.map(|(key, _)| key.clone()) {
                self.0.remove(&key);
            }
        }
        let id = Secret::random::<32>()?;
        let open = Open {
            grant,
            since_ms: now_ms,
            used_ms: now_ms,
        };
        self.0.insert(id.digest().to_hex(), open);
        Ok(id)
    }

    /// What the session of this cookie was given, if it is not over. Looked up by the digest, whose first bytes tell
    /// nothing of the secret.
    pub(super) fn find(&mut self, id: &str, now_ms: u64) -> Option<Grant> {
        let open = self.0.get_mut(&Digest::of(id).to_hex())?;
        if is_over(open, now_ms) {
            return None;
        }
        open.used_ms = open.used_ms.max(now_ms);
        Some(open.grant.clone())
    }

    /// Ends the session of this cookie.
    pub(super) fn close(&mut self, id: &str) {
        self.0.remove(&Digest::of(id).to_hex());
    }

    /// Ends all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

fn is_over(open: &Open, now_ms: u64) -> bool {
    now_ms.saturating_sub(open.used_ms) >= IDLE_MS || now_ms.saturating_sub(open.since_ms) >= LONGEST_MS
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
        while now_ms < LONGEST_MS {
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
