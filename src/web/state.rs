//! The state of the router. Each handler extracts only the part that it needs.

use std::sync::Arc;

use axum::extract::FromRef;

use super::authenticator::Authenticator;
use super::bodies::Bodies;
use super::cookie::SessionCookie;
use super::files::Folders;
use super::host::SharedHost;
use super::origin::Origins;
use super::sending::Sending;

/// The parts that handlers extract. Cheap to clone.
#[derive(Clone)]
pub(super) struct AppState {
    host: SharedHost,
    authenticator: Arc<Authenticator>,
    folders: Folders,
    bodies: Bodies,
    sending: Sending,
}

impl AppState {
    pub(super) fn new(host: SharedHost, cookie: SessionCookie, origins: Origins, folders: Folders) -> Self {
        let authenticator = Authenticator::new(Arc::clone(host.access()), cookie, origins);
        Self {
            host,
            authenticator: Arc::new(authenticator),
            folders,
            bodies: Bodies::new(),
            sending: Sending::new(),
        }
    }
}

impl FromRef<AppState> for SharedHost {
    fn from_ref(state: &AppState) -> Self {
        Arc::clone(&state.host)
    }
}

impl FromRef<AppState> for Arc<Authenticator> {
    fn from_ref(state: &AppState) -> Self {
        Arc::clone(&state.authenticator)
    }
}

impl FromRef<AppState> for Bodies {
    fn from_ref(state: &AppState) -> Self {
        state.bodies.clone()
    }
}

impl FromRef<AppState> for Sending {
    fn from_ref(state: &AppState) -> Self {
        state.sending.clone()
    }
}

impl FromRef<AppState> for Folders {
    fn from_ref(state: &AppState) -> Self {
        state.folders.clone()
    }
}
