//! From the flags about access to what the host takes.

use std::net::SocketAddr;

use crate::access::{Access, Mode, PasswordFile, Secret, Shares, StateDir, StateError, load_or_create_token};

use super::failure::Failure;
use super::options::AccessArguments;

/// What the address is printed with.
pub(super) struct Entrance {
    /// The token, if that lets people in.
    pub(super) token: Option<Secret>,
    /// Where links are kept, if they let people in.
    pub(super) state: Option<StateDir>,
}

/// Who may come in, and what is printed of that.
///
/// # Errors
/// If everybody could come in from elsewhere without a second flag, or if the token or the password cannot be had.
pub(super) fn access(arguments: &AccessArguments, listen: SocketAddr) -> Result<(Access, Entrance), Failure> {
    let failed = |error: StateError| Failure::Runtime(anyhow::Error::new(error));
    let proxies = arguments.auth_proxy_from.clone();
    let (mode, token) = match arguments.auth.as_str() {
        "none" => {
            if !listen.ip().is_loopback() && !arguments.insecure_no_auth {
                return Err(Failure::Usage(format!(
                    "--auth none would let everybody who can reach {listen} see and control this desktop. Choose \
                     another --auth, listen on 127.0.0.1, or add --insecure-no-auth if that is what you want"
                )));
            }
            let entrance = Entrance {
                token: None,
                state: None,
            };
            return Ok((Access::new(Mode::Open, None, proxies), entrance));
        }
        "password" => {
            let file = PasswordFile::open(StateDir::open().map_err(failed)?).map_err(failed)?;
            (Mode::Password(file), None)
        }
        "proxy" => {
            if proxies.is_empty() {
                return Err(Failure::Usage(
                    "--auth proxy needs the addresses of the proxies that are believed: --auth-proxy-from ADDR"
                        .to_owned(),
                ));
            }
            let header = arguments.auth_proxy_header.to_ascii_lowercase();
            (Mode::Proxy { header }, None)
        }
        _ => {
            let token = StateDir::open().and_then(|state| load_or_create_token(&state));
            let token = token.or_else(|error| load_or_create_token(&instead(error)?));
            let token = token.map_err(failed)?;
            (Mode::Token(token.clone()), Some(token))
        }
    };
    let state = StateDir::open().or_else(instead).map_err(failed)?;
    let shares = Shares::new(state.clone());
    let entrance = Entrance {
        token,
        state: Some(state),
    };
    Ok((Access::new(mode, Some(shares), proxies), entrance))
}

/// What is used in place of a state folder that cannot be written.
///
/// # Errors
/// `error`, if that says something else, or that there is no memory either.
fn instead(error: StateError) -> Result<StateDir, StateError> {
    if !error.is_unwritable() {
        return Err(error);
    }
    tracing::warn!(
        "{error}. What is kept there is kept in memory now, and made anew after the machine's next start"
    );
    StateDir::in_memory()
}
