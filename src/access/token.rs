//! The token of the owner, which is created at the first start.

use super::error::StateError;
use super::secret::Secret;
use super::state_dir::StateDir;

const FILE: &str = "token";

/// Reads the token in the folder, or creates one of 128 random bits.
///
/// # Errors
/// If it cannot be read or written, if other users can read it, or if the file contains no token.
pub(crate) fn load_or_create(state: &StateDir) -> Result<Secret, StateError> {
    if let Some(token) = load(state)? {
        return Ok(token);
    }
    let token = Secret::random::<16>()?;
    if state.create(FILE, &format!("{}\n", token.expose()))? {
        return Ok(token);
    }
    // Another process created it meanwhile.
    load(state)?.ok_or_else(|| {
        StateError::new(format!(
            "{} was created and removed again meanwhile",
            state.path(FILE).display()
        ))
    })
}

fn load(state: &StateDir) -> Result<Option<Secret>, StateError> {
    let Some(text) = state.read(FILE)? else {
        return Ok(None);
    };
    let token = text.trim();
    if token.len() < 32 || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let path = state.path(FILE);
        return Err(StateError::new(format!(
            "{} does not contain a token of at least 32 hexadecimal digits. Delete it to get a new one",
            path.display()
        )));
    }
    Ok(Some(Secret::from(token.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::at(folder.path().to_owned()).unwrap();
        let first = load_or_create(&state).unwrap();
        assert_eq!(first.expose().len(), 32);
        assert_eq!(load_or_create(&state).unwrap(), first);
    }

    #[test]
    fn a_file_that_holds_no_token_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::at(folder.path().to_owned()).unwrap();
        for text in ["", "short", &"x".repeat(32)] {
            state.replace(FILE, text).unwrap();
            assert!(
                load_or_create(&state)
                    .unwrap_err()
                    .to_string()
                    .contains("Delete it")
            );
        }
    }
}
