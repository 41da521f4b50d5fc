//! Shared links, each with a role and an expiry. `deskbeam share` changes the file, which has only their hashes, and a
//! running host reads it again.

use std::sync::{Mutex, MutexGuard};

use serde::{Deserialize, Serialize};

use super::error::StateError;
use super::secret::{Digest, Secret};
use super::state_dir::StateDir;
use super::watched::Stamp;
use crate::protocol::role::Role;
use crate::sync::lock;

const FILE: &str = "shares.json";
/// The most links at a time.
const MAX_SHARES: usize = 256;

/// The id by which a link is listed and revoked. It is no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareId(String);

/// A shared link.
#[derive(Debug, Clone)]
pub struct Share {
    /// The id of the link.
    pub id: ShareId,
    /// The role of a client that connects with it.
    pub role: Role,
    /// The expiry, in milliseconds since the epoch.
    pub expires_ms: u64,
    digest: Digest,
}

/// The file with all links.
#[derive(Debug)]
pub struct Shares {
    state: StateDir,
    current: Mutex<Current>,
}

#[derive(Debug, Default)]
struct Current {
    stamp: Option<Stamp>,
    shares: Vec<Share>,
}

/// A link in the file.
#[derive(Serialize, Deserialize)]
struct StoredShare {
    id: String,
    role: String,
    expires_ms: u64,
    sha256: String,
}

impl Shares {
    /// Uses the file in this folder.
    pub fn new(state: StateDir) -> Self {
        Self {
            state,
            current: Mutex::default(),
        }
    }

    /// Creates a link that expires at `expires_ms`. Returns it with its secret, which is not stored.
    ///
    /// # Errors
    /// If there are too many links, or the file cannot be read or written.
    pub fn add(&self, role: Role, expires_ms: u64, now_ms: u64) -> Result<(Share, Secret), StateError> {
        let secret = Secret::random::<16>()?;
        let share = Share {
            id: ShareId(Secret::random::<4>()?.expose().to_owned()),
            role,
            expires_ms,
            digest: secret.digest(),
        };
        self.change(now_ms, |shares| {
            if shares.len() >= MAX_SHARES {
                return Err(StateError::new(format!(
                    "there are already {MAX_SHARES} links: revoke some first"
                )));
            }
            shares.push(share.clone());
            Ok(())
        })?;
        Ok((share, secret))
    }

    /// Revokes a link. False if there is none with this id.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn revoke(&self, id: &str, now_ms: u64) -> Result<bool, StateError> {
        self.change(now_ms, |shares| {
            let before = shares.len();
            shares.retain(|share| share.id.0 != id);
            Ok(shares.len() < before)
        })
    }

    /// Revokes all links.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn revoke_all(&self) -> Result<(), StateError> {
        self.state.locked(|| self.state.replace(FILE, "[]\n"))
    }

    /// Lists the links that have not expired.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn list(&self, now_ms: u64) -> Result<Vec<Share>, StateError> {
        let mut shares = load(&self.state)?;
        shares.retain(|share| share.expires_ms > now_ms);
        Ok(shares)
    }

    /// Finds the link with this secret, if it has not expired.
    pub(super) fn find(&self, secret: &Secret, now_ms: u64) -> Option<Share> {
        let digest = secret.digest();
        let current = self.current();
        let found = current.shares.iter().find(|share| share.digest == digest);
        found.filter(|share| share.expires_ms > now_ms).cloned()
    }

    /// True if the link exists, still has this role, and has not expired.
    pub(super) fn is_valid(&self, id: &ShareId, role: Role, now_ms: u64) -> bool {
        let current = self.current();
        let mut shares = current.shares.iter();
        shares.any(|share| share.id == *id && share.role == role && share.expires_ms > now_ms)
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        let mut current = lock(&self.current);
        let stamp = Stamp::of(&self.state.path(FILE));
        if stamp != current.stamp {
            let shares = load(&self.state).unwrap_or_else(|error| {
                tracing::error!(%error, "cannot read the shared links: no link is accepted");
                Vec::new()
            });
            *current = Current { stamp, shares };
        }
        current
    }

    /// Changes the file under its lock. Also removes the links that have expired.
    fn change<T>(
        &self,
        now_ms: u64,
        change: impl FnOnce(&mut Vec<Share>) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        self.state.locked(|| {
            let mut shares = self.list(now_ms)?;
            let result = change(&mut shares)?;
            let stored: Vec<_> = shares.iter().map(Share::to_stored).collect();
            let text = serde_json::to_string_pretty(&stored)
                .map_err(|error| StateError::new(format!("cannot write the links: {error}")))?;
            self.state.replace(FILE, &format!("{text}\n"))?;
            Ok(result)
        })
    }
}

fn load(state: &StateDir) -> Result<Vec<Share>, StateError> {
    let Some(text) = state.read(FILE)? else {
        return Ok(Vec::new());
    };
    let wrong = || {
        let path = state.path(FILE);
        StateError::new(format!(
            "{} is not a list of links. Delete it to revoke them all",
            path.display()
        ))
    };
    let stored: Vec<StoredShare> = serde_json::from_str(&text).map_err(|_| wrong())?;
    let shares = stored.into_iter().map(Share::from_stored);
    shares.collect::<Option<_>>().ok_or_else(wrong)
}

impl Share {
    fn to_stored(&self) -> StoredShare {
        StoredShare {
            id: self.id.0.clone(),
            role: self.role.name().to_owned(),
            expires_ms: self.expires_ms,
            sha256: self.digest.to_hex(),
        }
    }

    fn from_stored(stored: StoredShare) -> Option<Self> {
        Some(Self {
            id: ShareId(stored.id),
            role: Role::named(&stored.role)?,
            expires_ms: stored.expires_ms,
            digest: Digest::from_hex(&stored.sha256)?,
        })
    }
}

impl std::fmt::Display for ShareId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares() -> (tempfile::TempDir, Shares) {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::at(folder.path().to_owned()).unwrap();
        (folder, Shares::new(state))
    }

    #[test]
    fn a_link_lets_in_until_its_end_or_until_it_is_revoked() {
        let (folder, running) = shares();
        // What is changed by one process is seen by another.
        let elsewhere = Shares::new(StateDir::at(folder.path().to_owned()).unwrap());
        let (view, secret) = elsewhere.add(Role::View, 1_000, 0).unwrap();
        let (control, other) = elsewhere.add(Role::Control, 2_000, 0).unwrap();
        assert_eq!(running.find(&secret, 999).unwrap().role, Role::View);
        assert_eq!(running.find(&other, 999).unwrap().role, Role::Control);
        assert!(running.find(&Secret::from(view.id.to_string()), 999).is_none());
        assert!(running.find(&secret, 1_000).is_none() && !running.is_valid(&view.id, Role::View, 1_000));
        assert!(running.is_valid(&control.id, Role::Control, 1_999));
        assert!(
            !running.is_valid(&control.id, Role::Admin, 1_999),
            "it has another role by now"
        );
        assert!(elsewhere.revoke(&control.id.to_string(), 0).unwrap());
        assert!(!elsewhere.revoke(&control.id.to_string(), 0).unwrap());
        assert!(running.find(&other, 0).is_none() && !running.is_valid(&control.id, Role::Control, 0));
        assert_eq!(elsewhere.list(0).unwrap().len(), 1);
        assert!(elsewhere.list(1_000).unwrap().is_empty());
    }

    #[test]
    fn the_file_tells_nobody_how_to_come_in() {
        let (folder, shares) = shares();
        let (_, secret) = shares.add(Role::Admin, 1_000, 0).unwrap();
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(
            !text.contains(secret.expose()) && text.contains("admin"),
            "{text}"
        );
    }

    #[test]
    fn a_file_that_is_wrong_lets_nobody_in_and_is_not_written_over() {
        let (folder, shares) = shares();
        let (_, secret) = shares.add(Role::View, 1_000, 0).unwrap();
        let file = folder.path().join(FILE);
        let good = std::fs::read_to_string(&file).unwrap();
        for wrong in [
            "",
            "{}",
            &good.replace("view", "root"),
            &good.replace("sha256", "sha1"),
        ] {
            std::fs::write(&file, wrong).unwrap();
            assert!(shares.find(&secret, 0).is_none(), "{wrong}");
            assert!(shares.add(Role::View, 1_000, 0).is_err(), "{wrong}");
        }
    }
}
