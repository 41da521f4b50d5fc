//! What all handlers share.

use std::sync::Arc;

use axum::extract::FromRef;

use super::cookie::SessionCookie;
use super::files::Folders;
use super::guard::Verifier;
use super::host::Host;

/// The host behind the routes, and how its pages are served. Cheap to clone.
#[derive(Clone)]
pub(super) struct AppState {
    pub(super) host: Arc<dyn Host>,
    pub(super) cookie: Arc<SessionCookie>,
    pub(super) verifier: Arc<Verifier>,
    pub(super) folders: Folders,
}

impl AppState {
    pub(super) fn new(host: Arc<dyn Host>, port: u16, is_tls: bool, folders: Folders) -> Self {
        Self {
            host,
            cookie: Arc::new(SessionCookie::new(port, is_tls)),
            verifier: Arc::new(Verifier::new()),
            folders,
        }
    }
}

impl FromRef<AppState> for Arc<dyn Host> {
    fn from_ref(site: &AppState) -> Self {
        Arc::clone(&site.host)
    }
}
