//! From the options about access to the rules of the host.

use std::net::SocketAddr;

use crate::access::{
    Access, HostId, Mode, PasswordFile, Secret, Shares, StateDir, StateError, load_or_create_token,
};

use super::failure::Failure;
use super::options::AccessArguments;

/// The data with which the address of the host is announced.
pub(super) struct Announcement {
    /// The token for the printed URL, with `--auth token`.
    pub(super) token: Option<Secret>,
    /// The folder in which `deskbeam share` finds the address. `None` if links are not accepted.
    pub(super) state: Option<StateDir>,
}

/// Builds the rules of access, and the data for the announcement.
///
/// # Errors
/// If `--auth none` would open the desktop to other machines without `--insecure-no-auth`, if `--auth proxy` has no
/// trusted proxy, or if the token or the password cannot be read.
pub(super) fn access(
    arguments: &AccessArguments,
    listen: SocketAddr,
) -> Result<(Access, Announcement), Failure> {
    let failed = |error: StateError| Failure::Runtime(anyhow::Error::new(error));
    let proxies = arguments.auth_proxy_from.clone();
    let (mode, token) = match arguments.auth.as_str() {
        "none" => {
            if !listen.ip().is_loopback() && !arguments.insecure_no_auth {
                return Err(Failure::Usage(format!(
                    "--auth none would let everyone who can reach {listen} see and control this desktop. Choose another \
                     --auth, listen on 127.0.0.1, or add --insecure-no-auth if that is what you want"
                )));
            }
            let announcement = Announcement {
                token: None,
                state: None,
            };
            return Ok((
                Access::new(Mode::Open, None, proxies).with_host_id(host_id()),
                announcement,
            ));
        }
        "password" => {
            let file = PasswordFile::open(StateDir::open().map_err(failed)?).map_err(failed)?;
            (Mode::Password(file), None)
        }
        "proxy" => {
            if proxies.is_empty() {
                return Err(Failure::Usage(
                    "--auth proxy needs the address of the trusted proxy: --auth-proxy-from ADDR".to_owned(),
                ));
            }
            let header = arguments.auth_proxy_header.to_ascii_lowercase();
            (Mode::Proxy { header }, None)
        }
        _ => {
            let token = StateDir::open().and_then(|state| load_or_create_token(&state));
            let token = token.or_else(|error| load_or_create_token(&fallback(error)?));
            let token = token.map_err(failed)?;
            (Mode::Token(token.clone()), Some(token))
        }
    };
    let state = StateDir::open().or_else(fallback).map_err(failed)?;
    let shares = Shares::new(state.clone());
    let announcement = Announcement {
        token,
        state: Some(state),
    };
    let access = Access::new(mode, Some(shares), proxies).with_host_id(host_id());
    Ok((access, announcement))
}

/// The id of the host. Without one, browsers name what they keep for the host by its address alone.
fn host_id() -> Option<HostId> {
    let id = StateDir::open().and_then(|state| HostId::load_or_create(&state));
    let id = id.or_else(|error| match error.is_unwritable() {
        true => HostId::load_or_create(&StateDir::in_memory()?),
        false => Err(error),
    });
    let warn = |error: &StateError| {
        tracing::warn!("{error}. Browsers may mix up this host with others at the same address");
    };
    id.inspect_err(warn).ok()
}

/// Opens a folder in memory in place of a state folder that cannot be written.
///
/// # Errors
/// `error` itself if it has another cause, or the error of the folder in memory.
fn fallback(error: StateError) -> Result<StateDir, StateError> {
    if !error.is_unwritable() {
        return Err(error);
    }
    tracing::warn!(
        "{error}. The token and the links are kept in memory, and are lost when the machine restarts"
    );
    StateDir::in_memory()
}
