//! The password of the user, as an Argon2id hash in a file.

use std::sync::{Mutex, MutexGuard};

use crate::sync::lock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use super::error::StateError;
use super::secret::{Digest, Secret, SecretError};
use super::state_dir::StateDir;
use super::watched::Stamp;

const FILE: &str = "password";
/// The length of the shortest password that can be set, in characters.
const MIN_PASSWORD: usize = 8;
/// The length of the longest password, in bytes.
const MAX_PASSWORD: usize = 1_024;

/// Replaces the hash in the file by that of `password`. A running host picks it up.
///
/// # Errors
/// If the password is too short or too long, or the file cannot be written.
pub fn set_password(state: &StateDir, password: &Secret) -> Result<(), StateError> {
    let text = password.expose();
    if text.chars().count() < MIN_PASSWORD || text.len() > MAX_PASSWORD {
        let rule =
            format!("a password needs at least {MIN_PASSWORD} characters, and at most {MAX_PASSWORD} bytes");
        return Err(StateError::new(rule));
    }
    let hash = Argon2::default()
        .hash_password(text.as_bytes())
        .map_err(|error| StateError::new(format!("cannot hash the password: {error}")))?;
    state.replace(FILE, &format!("{hash}\n"))
}

/// The file with the hash, read again whenever it has changed.
#[derive(Debug)]
pub struct PasswordFile {
    state: StateDir,
    current: Mutex<Current>,
    /// A random key for the digest of a correct password, which is thereby of no use elsewhere.
    pepper: Secret,
}

#[derive(Debug, Default)]
struct Current {
    stamp: Option<Stamp>,
    hash: Option<Secret>,
    /// The number of changes of the file.
    generation: u64,
    /// The digest of a password that was correct: clients with Basic authentication send it with each request.
    verified: Option<Digest>,
}

impl PasswordFile {
    /// Reads the file.
    ///
    /// # Errors
    /// If no password has been set, or the file cannot be used.
    pub fn open(state: StateDir) -> Result<Self, StateError> {
        let Some(hash) = load(&state)? else {
            return Err(StateError::new("no password is set: run `deskbeam passwd` first"));
        };
        let current = Current {
            stamp: Stamp::of(&state.path(FILE)),
            hash: Some(hash),
            ..Current::default()
        };
        let pepper =
            Secret::random::<32>().map_err(|error: SecretError| StateError::new(error.to_string()))?;
        Ok(Self {
            state,
            current: Mutex::new(current),
            pepper,
        })
    }

    /// The number of the current password, which changes with it.
    pub(super) fn generation(&self) -> u64 {
        self.current().generation
    }

    /// Returns the generation if this password was verified before. Does not block.
    pub(super) fn verified_generation(&self, password: &Secret) -> Option<u64> {
        let digest = self.peppered(password);
        let current = self.current();
        (current.verified == Some(digest)).then_some(current.generation)
    }

    /// Returns the generation if this password is correct. Blocks for tens of milliseconds, and uses 19 MiB of memory.
    pub(super) fn verify(&self, password: &Secret) -> Option<u64> {
        let (hash, generation) = {
            let current = self.current();
            (current.hash.clone()?, current.generation)
        };
        if password.expose().len() > MAX_PASSWORD || !matches(&hash, password) {
            return None;
        }
        let mut current = self.current();
        if current.generation == generation {
            current.verified = Some(self.peppered(password));
        }
        Some(generation)
    }

    fn peppered(&self, password: &Secret) -> Digest {
        Digest::of(&format!("{}{}", self.pepper.expose(), password.expose()))
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        let mut current = lock(&self.current);
        let stamp = Stamp::of(&self.state.path(FILE));
        if stamp != current.stamp {
            let hash = load(&self.state).unwrap_or_else(|error| {
                tracing::error!(%error, "cannot read the password file: no password is accepted");
                None
            });
            *current = Current {
                stamp,
                hash,
                generation: current.generation + 1,
                verified: None,
            };
        }
        current
    }
}

fn load(state: &StateDir) -> Result<Option<Secret>, StateError> {
    let Some(text) = state.read(FILE)? else {
        return Ok(None);
    };
    let text = text.trim();
    match PasswordHash::new(text) {
        Ok(_) => Ok(Some(Secret::from(text.to_owned()))),
        Err(error) => Err(StateError::new(format!(
            "{} contains no password hash ({error}): run `deskbeam passwd` again",
            state.path(FILE).display()
        ))),
    }
}

fn matches(hash: &Secret, password: &Secret) -> bool {
    PasswordHash::new(hash.expose()).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.expose().as_bytes(), &hash)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::from(text.to_owned())
    }

    #[test]
    fn the_password_that_was_set_is_right_and_no_other_and_a_new_one_counts_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::at(folder.path().to_owned()).unwrap();
        assert!(
            PasswordFile::open(state.clone())
                .unwrap_err()
                .to_string()
                .contains("deskbeam passwd")
        );
        assert!(set_password(&state, &secret("short")).is_err());
        set_password(&state, &secret("correct horse")).unwrap();
        let text = state.read(FILE).unwrap().unwrap();
        assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
        let file = PasswordFile::open(state.clone()).unwrap();
        assert_eq!(
            file.verified_generation(&secret("correct horse")),
            None,
            "not yet"
        );
        assert_eq!(file.verify(&secret("wrong horse")), None);
        assert_eq!(file.verify(&secret("correct horse")), Some(0));
        assert_eq!(file.verified_generation(&secret("correct horse")), Some(0));
        assert_eq!(file.verified_generation(&secret("wrong horse")), None);

        set_password(&state, &secret("another one")).unwrap();
        assert_eq!(file.verified_generation(&secret("correct horse")), None);
        assert_eq!(file.generation(), 1);
        assert_eq!(file.verify(&secret("correct horse")), None);
        assert_eq!(file.verify(&secret("another one")), Some(1));

        std::fs::remove_file(state.path(FILE)).unwrap();
        assert_eq!(
            file.verify(&secret("another one")),
            None,
            "without a file nobody comes in"
        );
    }
}
