//! The id of the host, which tells hosts apart that browsers reach by one name, such as through tunnels to `localhost`.

use std::fmt;

use super::error::StateError;
use super::secret::Secret;
use super::state_dir::StateDir;

const FILE: &str = "id";
/// The length of an id, in bytes and in the digits of its text.
const BYTES: usize = 8;
const DIGITS: usize = 2 * BYTES;

/// The identity of a state folder: 16 hexadecimal digits, random and no secret. Browsers name by it what they keep for
/// a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostId(String);

impl HostId {
    /// Reads the id in the folder, or creates one. A file that holds no id is replaced: nothing depends on the id but
    /// what browsers keep.
    ///
    /// # Errors
    /// If it cannot be read or written, or if other users can read it.
    pub fn load_or_create(state: &StateDir) -> Result<Self, StateError> {
        if let Some(id) = load(state)? {
            return Ok(id);
        }
        let made = Self(Secret::random::<BYTES>()?.expose().to_owned());
        let text = format!("{made}\n");
        if state.create(FILE, &text)? {
            return Ok(made);
        }
        // Another process created it meanwhile, or it holds no id.
        if let Some(id) = load(state)? {
            return Ok(id);
        }
        state.replace(FILE, &text)?;
        Ok(made)
    }
}

impl fmt::Display for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn load(state: &StateDir) -> Result<Option<HostId>, StateError> {
    let text = state.read(FILE)?.unwrap_or_default();
    let id = text.trim();
    let is_id = id.len() == DIGITS && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    Ok(is_id.then(|| HostId(id.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_made_once_for_each_folder_and_kept() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let states = folders
            .each_ref()
            .map(|folder| StateDir::at(folder.path().to_owned()).unwrap());
        let ids = states
            .each_ref()
            .map(|state| HostId::load_or_create(state).unwrap());
        assert_eq!(ids[0].to_string().len(), 16);
        assert_ne!(ids[0], ids[1]);
        assert_eq!(HostId::load_or_create(&states[0]).unwrap(), ids[0]);
    }

    #[test]
    fn a_file_that_holds_no_id_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::at(folder.path().to_owned()).unwrap();
        for text in ["", "short", "../../../../etc/", "0123456789abcdef0"] {
            state.replace(FILE, text).unwrap();
            let id = HostId::load_or_create(&state).unwrap();
            assert_eq!(HostId::load_or_create(&state).unwrap(), id, "{text:?}");
        }
    }
}
