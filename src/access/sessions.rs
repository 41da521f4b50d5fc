//! The sessions of browsers, by the id in their cookie.

use std::collections::HashMap;

use super::grant::Grant;
use super::secret::{Digest, Secret, SecretError};

/// The time without a request after which a session ends.
const IDLE_MS: u64 = 12 * 60 * 60 * 1_000;
/// The longest time of a session.
pub(super) const MAX_AGE_MS: u64 = 30 * 24 * 60 * 60 * 1_000;
/// The most sessions. A further one replaces one of the lowest role, of which the one that has been idle for the
/// longest time: a guest who signs in again and again signs nobody else out.
const MAX_SESSIONS: usize = 1_024;

/// All sessions, by the digest of their id.
#[derive(Debug, Default)]
pub(super) struct Sessions(HashMap<Digest, Session>);

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
            let least = self
                .0
                .iter()
                .min_by_key(|(_, session)| (session.grant.role, session.used_ms));
            if let Some(key) = least.map(|(key, _)| *key) {
                self.0.remove(&key);
            }
        }
        let id = Secret::random::<32>()?;
        let key = id.digest();
        let session = Session {
            grant: Grant {
                session: Some(key),
                ..grant
            },
            opened_ms: now_ms,
            used_ms: now_ms,
        };
        self.0.insert(key, session);
        Ok(id)
    }

    /// Opens the session with this id anew, if it was opened by the same credentials as `grant`. False otherwise.
    pub(super) fn reopen(&mut self, id: &Secret, grant: &Grant, now_ms: u64) -> bool {
        let session = self.0.get_mut(&id.digest());
        let session = session.filter(|session| !has_ended(session, now_ms) && session.grant.is_like(grant));
        session.is_some_and(|session| {
            (session.opened_ms, session.used_ms) = (now_ms, now_ms);
            true
        })
    }

    /// Returns the grant of the session with this id, if it has not ended. The lookup is by the digest, so that its
    /// timing reveals nothing about the id.
    pub(super) fn find(&mut self, id: &Secret, now_ms: u64) -> Option<Grant> {
        self.used(&id.digest(), now_ms)
            .map(|session| session.grant.clone())
    }

    /// True if the session of a grant has not ended. What is done by the grant counts as a use of the session.
    pub(super) fn is_open(&mut self, key: &Digest, now_ms: u64) -> bool {
        self.used(key, now_ms).is_some()
    }

    /// Closes the session with this id.
    pub(super) fn close(&mut self, id: &Secret) {
        self.0.remove(&id.digest());
    }

    /// Closes all sessions.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn used(&mut self, key: &Digest, now_ms: u64) -> Option<&Session> {
        let session = self
            .0
            .get_mut(key)
            .filter(|session| !has_ended(session, now_ms))?;
        session.used_ms = session.used_ms.max(now_ms);
        Some(session)
    }
}

fn has_ended(session: &Session, now_ms: u64) -> bool {
    now_ms.saturating_sub(session.used_ms) >= IDLE_MS
        || now_ms.saturating_sub(session.opened_ms) >= MAX_AGE_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::role::Role;

    #[test]
    fn a_session_lives_while_it_is_used_and_a_month_at_most() {
        let mut sessions = Sessions::default();
        let id = sessions.open(Grant::owner(), 0).unwrap();
        assert_eq!(sessions.find(&Secret::from("something else".to_owned()), 0), None);
        let mut now_ms = 0;
        while now_ms < MAX_AGE_MS {
            assert!(sessions.find(&id, now_ms).is_some(), "{now_ms}");
            now_ms += IDLE_MS - 1;
        }
        assert_eq!(sessions.find(&id, now_ms), None);
        let id = sessions.open(Grant::owner(), now_ms).unwrap();
        assert_eq!(sessions.find(&id, now_ms + IDLE_MS), None, "idle for too long");
    }

    #[test]
    fn a_session_that_is_closed_is_over_and_others_stay() {
        let mut sessions = Sessions::default();
        let (one, other) = (
            sessions.open(Grant::owner(), 0).unwrap(),
            sessions.open(Grant::owner(), 0).unwrap(),
        );
        let grant = sessions.find(&one, 1).unwrap();
        let key = grant.session.unwrap();
        assert!(sessions.is_open(&key, 1));
        sessions.close(&one);
        assert!(!sessions.is_open(&key, 1));
        assert!(sessions.find(&one, 1).is_none() && sessions.find(&other, 1).is_some());
        assert!(!sessions.reopen(&one, &grant, 1) && sessions.reopen(&other, &grant, 1));
        sessions.clear();
        assert!(sessions.find(&other, 1).is_none());
    }

    #[test]
    fn a_guest_that_signs_in_again_and_again_signs_nobody_else_out() {
        let mut sessions = Sessions::default();
        let owner = sessions.open(Grant::owner(), 0).unwrap();
        let guest = Grant {
            role: Role::View,
            ..Grant::owner()
        };
        for now_ms in 1..=2 * MAX_SESSIONS as u64 {
            sessions.open(guest.clone(), now_ms).unwrap();
        }
        assert_eq!(sessions.0.len(), MAX_SESSIONS);
        assert!(sessions.find(&owner, 1).is_some());
    }

    #[test]
    fn there_are_never_too_many() {
        let mut sessions = Sessions::default();
        let first = sessions.open(Grant::owner(), 0).unwrap();
        for now_ms in 1..=MAX_SESSIONS as u64 {
            sessions.open(Grant::owner(), now_ms).unwrap();
        }
        assert_eq!(sessions.0.len(), MAX_SESSIONS);
        assert_eq!(sessions.find(&first, 1), None);
    }
}
