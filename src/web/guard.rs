//! The middleware before every route that shows or changes something: authentication and the check of the origin.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::authenticator::Authenticator;
use super::host::SharedHost;
use super::origin::{self, FETCH_MODE};
use crate::access::{Admission, Grant};
use crate::protocol::role::Permission;
use crate::quota::Holder;

/// The extractor for handlers behind [`authenticate`].
pub(super) type Authenticated = axum::Extension<AuthenticatedClient>;

/// A client that was admitted.
#[derive(Debug, Clone)]
pub(super) struct AuthenticatedClient {
    /// The grant that it obtained.
    pub(super) grant: Grant,
    /// The address of the connection: of the client or of a proxy.
    pub(super) remote: SocketAddr,
    /// The address of the client, as far as trusted proxies report it.
    pub(super) client: IpAddr,
}

impl AuthenticatedClient {
    /// The holder of the places that the client takes.
    pub(super) fn holder(&self) -> Holder {
        self.grant.holder(self.client)
    }

    /// True if the client has this permission now.
    pub(super) fn has(&self, host: &SharedHost, permission: Permission) -> bool {
        host.allows(&self.grant, self.client, permission)
    }
}

/// Passes on the requests that are admitted, each with its [`AuthenticatedClient`] as an extension.
pub(super) async fn authenticate(
    State(authenticator): State<Arc<Authenticator>>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let credentials = authenticator.credentials(remote, request.headers());
    let client = authenticator.access().client(&credentials.borrowed());
    match authenticator.admit(credentials).await {
        Admission::Granted(grant) => {
            request.extensions_mut().insert(AuthenticatedClient {
                grant,
                remote,
                client,
            });
            next.run(request).await
        }
        refusal => {
            let challenges = wants_challenge(request.uri().path(), request.headers());
            let mut response = refused(&refusal).into_response();
            if challenges && response.status() == StatusCode::UNAUTHORIZED {
                let challenge = HeaderValue::from_static("Basic realm=\"deskbeam\", charset=\"UTF-8\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
    }
}

/// Refuses requests from pages that this host did not serve and that `--allow-origin` does not name.
pub(super) async fn check_origin(
    State(host): State<SharedHost>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if origin::is_allowed(request.headers(), host.origins()) {
        return next.run(request).await;
    }
    tracing::warn!(%remote, "refused a request from a page of another origin");
    let message = "Pages of this origin may not use this host. --allow-origin ORIGIN allows them.\n";
    (StatusCode::FORBIDDEN, message).into_response()
}

/// The answer to a request that is not admitted.
pub(super) fn refused(admission: &Admission) -> impl IntoResponse + use<> {
    let unauthorized = |message: &str| (StatusCode::UNAUTHORIZED, None, message.to_owned());
    match admission {
        Admission::RetryAfter(wait) => {
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            let retry = [(header::RETRY_AFTER, seconds.to_string())];
            let message = format!("Too many failed attempts from your address. Try again in {seconds} s.\n");
            (StatusCode::TOO_MANY_REQUESTS, Some(retry), message)
        }
        Admission::WrongSecret => unauthorized("This token or password is wrong.\n"),
        _ => unauthorized("Sign in first: open the address that the host printed.\n"),
    }
}

/// The answer to a client that is not an administrator.
pub(super) fn forbidden() -> Response {
    (StatusCode::FORBIDDEN, "Only administrators may do this.\n").into_response()
}

/// The answer to a request with another method than `methods`.
pub(super) fn not_allowed(methods: &'static str) -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, methods)]).into_response()
}

/// True if the answer should challenge for credentials, which makes a browser ask for a password in its own dialog. The
/// client of deskbeam does not want that. Programs use it, and so does the page of Selkies, whose first request is for
/// `/turn`.
pub(super) fn wants_challenge(path: &str, headers: &HeaderMap) -> bool {
    let mode = headers.get(FETCH_MODE).and_then(|mode| mode.to_str().ok());
    matches!(mode, None | Some("navigate")) || path.ends_with("/turn")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_deskbeam_is_not_challenged_and_others_are() {
        let with = |mode: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            mode.map(|mode| headers.insert(FETCH_MODE, mode.parse().unwrap()));
            headers
        };
        for (path, mode, challenged) in [
            ("/ws", None, true),
            ("/ws", Some("websocket"), false),
            ("/api/signaling/status", Some("cors"), false),
            ("/api/signaling/status", Some("navigate"), true),
            ("/webrtc/turn", Some("cors"), true),
        ] {
            assert_eq!(wants_challenge(path, &with(mode)), challenged, "{path} {mode:?}");
        }
    }
}
