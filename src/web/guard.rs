//! The middleware before every route that shows or changes something: authentication and the check of the origin.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::authenticator::Authenticator;
use super::host::SharedHost;
use super::in_flight::Right;
use super::origin::{FETCH_MODE, Sender};
use crate::access::{Admission, Grant};
use crate::protocol::role::Permission;
use crate::quota::Holder;

/// The extractor for handlers behind [`authenticate`].
pub(super) type Authenticated = axum::Extension<AuthenticatedClient>;

/// The most characters of a header in a log or an answer.
const MAX_SHOWN: usize = 100;

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

/// Passes on the requests that are admitted, each with its [`AuthenticatedClient`] as an extension, for as long as the
/// right of the client holds.
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
            let right = Right::new(authenticator.access(), &grant);
            request.extensions_mut().insert(AuthenticatedClient {
                grant,
                remote,
                client,
            });
            right.pass(request, next).await
        }
        refusal => {
            // A browser would send what it asks for with the requests of other pages, too, for which it does not count.
            let challenges = authenticator.sender(request.headers()) == Sender::Own
                && wants_challenge(request.uri().path(), request.headers());
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
    State(authenticator): State<Arc<Authenticator>>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    match authenticator.sender(request.headers()) {
        Sender::Own | Sender::Elsewhere => next.run(request).await,
        Sender::Refused => refused_origin(remote, request.headers()),
    }
}

/// The answer to a page that may not use this host. Says which header a proxy may have changed.
pub(super) fn refused_origin(remote: SocketAddr, headers: &HeaderMap) -> Response {
    let text = |name| {
        let value = headers.get(name).map(HeaderValue::as_bytes).unwrap_or_default();
        String::from_utf8_lossy(value)
            .chars()
            .take(MAX_SHOWN)
            .collect::<String>()
    };
    let (origin, host) = (text(header::ORIGIN), text(header::HOST));
    tracing::warn!(
        %remote,
        ?origin,
        ?host,
        "refused a page of another origin. If it is the host's own page, a reverse proxy has changed the Host header: \
         in nginx, set `proxy_set_header Host $http_host;`"
    );
    let message = format!(
        "The origin of this page, {origin:?}, does not match the Host header, {host:?}. If this is the host's own page, \
         a reverse proxy has changed the header: in nginx, set `proxy_set_header Host $http_host;`. Other pages may use \
         the host after --allow-origin ORIGIN.\n"
    );
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
