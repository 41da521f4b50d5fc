//! Who comes in: the door before every route that shows or changes something.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::host::Host;
use super::origin::{self, FETCH_MODE};
use super::state::AppState;
use crate::access::{Access, Admission, Credentials, Grant, Secret};
use crate::clock::now_ms;
use crate::protocol::base64;
use crate::protocol::role::Permission;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Lets a request pass that may come in, with its [`AuthenticatedClient`] as an extension.
///
/// A preflight passes, too: browsers send it without any secret, and it is told nothing but what may be asked.
pub(super) async fn guard(
    State(site): State<AppState>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    if request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let credentials = OwnedCredentials::of(&site, remote, request.headers());
    let client = site.host.access().client(&credentials.presented());
    match admit(&site, credentials).await {
        Admission::Granted(grant) => {
            request
                .extensions_mut()
                .insert(AuthenticatedClient { grant, client });
            next.run(request).await
        }
        refusal => {
            let challenges = may_be_asked_by_browser(request.uri().path(), request.headers());
            let mut response = refused(&refusal).into_response();
            if challenges && response.status() == StatusCode::UNAUTHORIZED {
                let challenge =
                    header::HeaderValue::from_static("Basic realm=\"deskbeam\", charset=\"UTF-8\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
    }
}

/// Keeps out pages that this host did not serve and that `--allow-origin` does not name.
pub(super) async fn check_origin(
    State(site): State<AppState>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if origin::may_ask(request.headers(), site.host.origins()) {
        return next.run(request).await;
    }
    tracing::warn!(%remote, "a page from another origin is kept out");
    let message =
        "This page may not ask: it was not served by this host. --allow-origin lets pages of others.\n";
    (StatusCode::FORBIDDEN, message).into_response()
}

/// What a request presents, kept for a thread that may wait.
#[derive(Debug)]
pub(super) struct OwnedCredentials {
    pub(super) peer: IpAddr,
    pub(super) forwarded_for: Option<String>,
    pub(super) user: Option<String>,
    pub(super) session: Option<Secret>,
    pub(super) secret: Option<Secret>,
}

impl OwnedCredentials {
    /// Those in the headers.
    pub(super) fn of(site: &AppState, remote: SocketAddr, headers: &HeaderMap) -> Self {
        // A second one may be the browser's own, which the proxy has let through.
        let only = |name: &str| {
            let mut values = headers.get_all(name).iter();
            let value = values.next().filter(|_| values.next().is_none())?;
            Some(value.to_str().ok()?.to_owned())
        };
        Self {
            peer: remote.ip(),
            // Several headers are one list; the last of them is the nearest proxy's.
            forwarded_for: headers
                .get_all(FORWARDED_FOR)
                .iter()
                .next_back()
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            user: site.host.access().proxy_header().and_then(only),
            session: site.cookie.find(headers),
            secret: headers
                .get(header::AUTHORIZATION)
                .and_then(|value| secret_in(value.to_str().ok()?))
                .or_else(|| secret_among(headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?)),
        }
    }

    fn presented(&self) -> Credentials<'_> {
        Credentials {
            peer: self.peer,
            forwarded_for: self.forwarded_for.as_deref(),
            user: self.user.as_deref(),
            session: self.session.as_ref(),
            secret: self.secret.as_ref(),
        }
    }
}

/// Decides. A password is verified on a thread of its own, and who was wrong hears so after a while.
pub(super) async fn admit(site: &AppState, credentials: OwnedCredentials) -> Admission {
    let admission = match site.host.access().admit(&credentials.presented(), now_ms()) {
        Admission::Verify => {
            site.verifier
                .verify(Arc::clone(site.host.access()), credentials)
                .await
        }
        admission => admission,
    };
    if admission == Admission::Wrong {
        sleep(hesitation()).await;
    }
    admission
}

/// Another time at each try, so that how long an answer takes tells nothing of the secret.
fn hesitation() -> Duration {
    let share = getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX));
    HESITATION.mul_f64(share)
}

/// The longest that who was wrong is kept waiting for the answer.
const HESITATION: Duration = Duration::from_millis(500);

/// What somebody is told who may not come in.
pub(super) fn refused(admission: &Admission) -> impl IntoResponse + use<> {
    let unauthorized = |message: &str| (StatusCode::UNAUTHORIZED, None, message.to_owned());
    match admission {
        Admission::Wait(wait) => {
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            let retry = [(header::RETRY_AFTER, seconds.to_string())];
            let message = format!("There were too many wrong tries from your address. Wait {seconds} s.\n");
            (StatusCode::TOO_MANY_REQUESTS, Some(retry), message)
        }
        Admission::Wrong => unauthorized("This token or password is wrong.\n"),
        _ => unauthorized("Sign in first: open the address that the host printed.\n"),
    }
}

/// What somebody is told whose role does not reach.
pub(super) fn forbidden() -> Response {
    (StatusCode::FORBIDDEN, "Only an administrator may ask this.\n").into_response()
}

/// Verifies passwords one at a time: each costs memory, and counts before the next is looked at.
#[derive(Debug)]
pub(super) struct Verifier {
    turns: Arc<Semaphore>,
    places: Semaphore,
}

/// So many may wait for their turn.
const PLACES: usize = 16;
/// What others are told.
const BUSY: Duration = Duration::from_secs(5);

impl Verifier {
    pub(super) fn new() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(1)),
            places: Semaphore::new(PLACES),
        }
    }

    async fn verify(&self, access: Arc<Access>, credentials: OwnedCredentials) -> Admission {
        let Ok(_place) = self.places.try_acquire() else {
            return Admission::Wait(BUSY);
        };
        let Ok(turn) = Arc::clone(&self.turns).acquire_owned().await else {
            return Admission::Wait(BUSY);
        };
        let verifying = tokio::task::spawn_blocking(move || {
            // Held until it is done, also when nobody waits for it any longer.
            let _turn = turn;
            access.verify(&credentials.presented(), now_ms())
        });
        verifying.await.unwrap_or(Admission::Wait(BUSY))
    }
}

/// The token of `Bearer`, or the password of `Basic`, whose user may be anybody.
pub(super) fn secret_in(authorization: &str) -> Option<Secret> {
    let (scheme, rest) = authorization.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Secret::from(rest.trim().to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(base64::decode(rest.trim())?).ok()?;
    let (_, password) = pair.split_once(':')?;
    Some(Secret::from(password.to_owned()))
}

/// The token among the names of protocols, as `bearer.TOKEN`: scripts of other origins can give a socket nothing else.
pub(super) fn secret_among(protocols: &str) -> Option<Secret> {
    let mut tokens = protocols
        .split(',')
        .filter_map(|name| name.trim().strip_prefix("bearer."));
    tokens.next().map(|token| Secret::from(token.to_owned()))
}

/// Whether a challenge does good: it makes a browser ask for a password in a window of its own, which the page of
/// deskbeam does not want. Programs take it, and the page of Selkies, whose first request is for `/turn`, needs it.
pub(super) fn may_be_asked_by_browser(path: &str, headers: &HeaderMap) -> bool {
    let mode = headers.get(FETCH_MODE).and_then(|mode| mode.to_str().ok());
    matches!(mode, None | Some("navigate")) || path.ends_with("/turn")
}

/// What is asked of a handler behind the door.
pub(super) type Authenticated = axum::Extension<AuthenticatedClient>;

/// Somebody who may come in.
#[derive(Debug, Clone)]
pub(super) struct AuthenticatedClient {
    /// What it was given.
    pub(super) grant: Grant,
    /// Where it is, as far as proxies that are believed tell it.
    pub(super) client: IpAddr,
}

impl AuthenticatedClient {
    /// Whether it may do this.
    pub(super) fn may(&self, host: &Arc<dyn Host>, capability: Permission) -> bool {
        host.allows(&self.grant, self.client, capability)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_come_by_bearer_and_by_basic() {
        for (authorization, secret) in [
            ("Bearer abc", Some("abc")),
            ("bearer abc ", Some("abc")),
            ("Basic YW55Ym9keTphOmI=", Some("a:b")),
            ("basic OmE=", Some("a")),
            ("Basic YWJj", None),
            ("Basic ???", None),
            ("Digest abc", None),
            ("Bearer", None),
            ("", None),
        ] {
            let found = secret_in(authorization);
            assert_eq!(found.as_ref().map(Secret::expose), secret, "{authorization}");
        }
    }

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
            assert_eq!(
                may_be_asked_by_browser(path, &with(mode)),
                challenged,
                "{path} {mode:?}"
            );
        }
    }
}
