//! The password that the user set, as an argon2id hash in a file.

use std::sync::{Mutex, MutexGuard};

use crate::sync::lock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use super::secret::{Digest, Secret, SecretError};
use super::state_dir::{StateDir, StateError};
use super::watched::Stamp;

const FILE: &str = "password";
/// The shortest password that may be set, in characters.
pub const MIN_PASSWORD: usize = 8;
/// The longest that is looked at, in bytes.
const MAX_PASSWORD: usize = 1_024;

/// Writes the hash of `password`, in the place of the old one. A host that runs takes it up.
///
/// # Errors
/// If it is too short or too long, or cannot be written.
pub fn set_password(state: &StateDir, password: &Secret) -> Result<(), StateError> {
    let text = password.expose();
    if text.chars().count() < MIN_PASSWORD || text.len() > MAX_PASSWORD {
        let rule =
            format!("a password has {MIN_PASSWORD} characters or more, and at most {MAX_PASSWORD} bytes");
        return Err(StateError::new(rule));
    }
    let hash = Argon2::default()
        .hash_password(text.as_bytes())
        .map_err(|error| StateError::new(format!("the password cannot be hashed: {error}")))?;
    state.replace(FILE, &format!("{hash}\n"))
}

/// The file with the hash, read again whenever it has changed.
#[derive(Debug)]
pub struct PasswordFile {
    state: StateDir,
    current: Mutex<Current>,
    /// So that what is remembered of a right password is of no use to anybody else.
    pepper: Secret,
}

#[derive(Debug, Default)]
struct Current {
    stamp: Option<Stamp>,
    hash: Option<Secret>,
    /// Counts the changes of the file.
    generation: u64,
    /// The password that was right: clients that know nothing but Basic send it with each request.
    right: Option<Digest>,
}

impl PasswordFile {
    /// Reads the file.
    ///
    /// # Errors
    /// If no password has been set, or the file cannot be used.
    pub fn open(state: StateDir) -> Result<Self, StateError> {
        let Some(hash) = load(&state)? else {
            return Err(StateError::new(
                "no password has been set: say `deskbeam passwd` first",
            ));
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

    /// Which password is set: another number after each change.
    pub(super) fn generation(&self) -> u64 {
        self.current().generation
    }

    /// Whether this password has been right since it was set. Takes no time. Gives the generation.
    pub(super) fn has_been_right(&self, password: &Secret) -> Option<u64> {
        let digest = self.peppered(password);
        let current = self.current();
        (current.right == Some(digest)).then_some(current.generation)
    }

    /// Whether this password is right. Takes its time, and some 19 MiB. Gives the generation.
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
            current.right = Some(self.peppered(password));
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
                tracing::error!(%error, "nobody can come in by password");
                None
            });
            *current = Current {
                stamp,
                hash,
                generation: current.generation + 1,
                right: None,
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
            "{} holds no hash of a password ({error}): say `deskbeam passwd` again",
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
        let place = tempfile::tempdir().unwrap();
        let state = StateDir::at(place.path().to_owned()).unwrap();
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
        assert_eq!(file.has_been_right(&secret("correct horse")), None, "not yet");
        assert_eq!(file.verify(&secret("wrong horse")), None);
        assert_eq!(file.verify(&secret("correct horse")), Some(0));
        assert_eq!(file.has_been_right(&secret("correct horse")), Some(0));
        assert_eq!(file.has_been_right(&secret("wrong horse")), None);

        set_password(&state, &secret("another one")).unwrap();
        assert_eq!(file.has_been_right(&secret("correct horse")), None);
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
