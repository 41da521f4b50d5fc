//! Secrets and their digests.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::hex::hex;

/// A token, password, link or session id. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// The error of the random number generator of the system.
#[derive(Debug)]
pub(crate) struct SecretError(getrandom::Error);

/// The SHA-256 of a secret, for random secrets of at least 128 bits. Passwords need a slow hash.
#[derive(Clone, Copy, Eq)]
pub(super) struct Digest([u8; 32]);

impl Secret {
    /// Creates a random secret of `BYTES` bytes, in hexadecimal digits.
    ///
    /// # Errors
    /// If the system provides no random numbers.
    pub(crate) fn random<const BYTES: usize>() -> Result<Self, SecretError> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(SecretError)?;
        Ok(Self(hex(&bytes)))
    }

    /// The secret itself, for the place that has to write it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(super) fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the system provides no random numbers: {}", self.0)
    }
}

impl std::error::Error for SecretError {}

impl Digest {
    pub(super) fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    pub(super) fn to_hex(self) -> String {
        hex(&self.0)
    }

    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl PartialEq for Digest {
    /// Compares in constant time.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl std::hash::Hash for Digest {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_never_the_same_and_never_shown() {
        let (one, other) = (Secret::random::<16>().unwrap(), Secret::random::<16>().unwrap());
        assert_eq!(one.expose().len(), 32);
        assert_ne!(one, other);
        let shown = format!("{one:?} {:?}", one.digest());
        assert!(
            !shown.contains(one.expose()) && !shown.contains(&one.digest().to_hex()),
            "{shown}"
        );
    }

    #[test]
    fn a_digest_is_read_back_and_nothing_else_is() {
        let digest = Digest::of("abc");
        assert_eq!(
            digest.to_hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(Digest::from_hex(&digest.to_hex()), Some(digest));
        for wrong in ["", "ba78", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(Digest::from_hex(wrong), None, "{wrong}");
        }
    }
}
