//! Temporary credentials for a TURN server (draft-uberti-behave-turn-rest-00; `use-auth-secret` of coturn): the user
//! name has the expiry, and the password is its HMAC-SHA1 with a secret that the TURN server shares.

use std::path::Path;

use ring::hmac;

use super::error::StateError;
use super::state_dir::read_private;
use crate::protocol::base64;
use crate::protocol::ice_server::IceServer;

/// The validity of credentials, in seconds. An allocation that is in use when they expire goes on.
const LIFETIME_S: u64 = 24 * 60 * 60;

/// The secret that is shared with the TURN server.
pub struct TurnSecret(hmac::Key);

impl TurnSecret {
    /// Reads the secret from a file, without the newline at its end.
    ///
    /// # Errors
    /// If the file cannot be read, is empty, or other users can read it.
    pub(crate) fn read(path: &Path) -> Result<Self, StateError> {
        let text = read_private(path)?.unwrap_or_default();
        match text.trim_end() {
            "" => Err(StateError::new(format!(
                "{} contains no TURN secret",
                path.display()
            ))),
            secret => Ok(Self::new(secret)),
        }
    }

    /// Uses `secret` itself.
    pub fn new(secret: &str) -> Self {
        Self(hmac::Key::new(
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            secret.as_bytes(),
        ))
    }

    /// Returns `servers` with credentials for `name` at those of TURN, valid from `now_ms` on.
    pub fn sign(&self, servers: &[IceServer], name: &str, now_ms: u64) -> Vec<IceServer> {
        let username = format!("{}:{name}", now_ms / 1000 + LIFETIME_S);
        let credential = base64::encode(hmac::sign(&self.0, username.as_bytes()).as_ref());
        let is_turn = |server: &IceServer| server.urls.iter().any(|url| url.starts_with("turn"));
        let signed = servers.iter().cloned().map(|server| match is_turn(&server) {
            true => IceServer {
                username: Some(username.clone()),
                credential: Some(credential.clone()),
                ..server
            },
            false => server,
        });
        signed.collect()
    }
}

impl std::fmt::Debug for TurnSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TurnSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turn_servers_get_credentials_and_others_none() {
        let server = |url: &str| IceServer {
            urls: vec![url.to_owned()],
            username: None,
            credential: None,
        };
        let servers = [server("stun:a"), server("turns:b?transport=tcp")];
        let signed = TurnSecret::new("north").sign(&servers, "ann", 1_640_995_200_000);
        assert_eq!(signed[0], servers[0]);
        assert_eq!(signed[1].username.as_deref(), Some("1641081600:ann"));
        // printf 1641081600:ann | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(
            signed[1].credential.as_deref(),
            Some("g1c40RhNslxdyL6Aq5IjynQcS3I=")
        );
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (text, mode, is_taken) in [
            ("north\n", 0o600, true),
            ("north", 0o644, false),
            ("\n", 0o600, false),
        ] {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(TurnSecret::read(&path).is_ok(), is_taken, "{text:?} {mode:o}");
        }
        assert!(TurnSecret::read(&folder.path().join("none")).is_err());
    }
}
