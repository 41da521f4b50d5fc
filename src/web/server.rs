//! The HTTP server, from the listener to its shutdown.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum_server::Handle;
use hyper_util::rt::TokioTimer;
use tokio_util::sync::CancellationToken;

use super::assets;
use super::connection_limit::ConnectionLimit;
use super::cookie::SessionCookie;
use super::files::Folders;
use super::headers::{self, Embedder};
use super::host::SharedHost;
use super::origin::Origins;
use super::plain_acceptor::PlainAcceptor;
use super::relay::RelayPort;
use super::routes;
use super::state::AppState;
use super::tls::{HttpsAcceptor, Tls};
use crate::relay::Relay;

/// The time that open requests have to end after the shutdown began.
const GRACE: Duration = Duration::from_millis(500);

/// The time in which the head of a request has to arrive: the first one, and each after the response to the one before.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// The configuration of the HTTP server.
#[derive(Debug, Default)]
pub struct Serving {
    /// The origins whose pages may embed the client in a frame, besides this host.
    pub embedders: Vec<Embedder>,
    /// The certificate for HTTPS. `None` serves plain HTTP.
    pub tls: Option<Tls>,
    /// The number of connections that one address may have open. 0 is unlimited.
    pub most_per_address: usize,
    /// The folders for uploads and downloads.
    pub folders: Folders,
}

/// Serves on `listener` until `shutdown` is cancelled. The WebSockets of viewers belong to the host and are not
/// waited for. Connections of TURN clients go to `relay`.
///
/// # Errors
/// If the listener cannot be used.
pub(crate) async fn serve(
    listener: TcpListener,
    host: SharedHost,
    serving: Serving,
    relay: Option<Relay>,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let handle = Handle::new();
    let stopping = handle.clone();
    let waiting = tokio::spawn(async move {
        shutdown.cancelled().await;
        stopping.graceful_shutdown(Some(GRACE));
    });
    tokio::task::spawn_blocking(assets::prepare);
    let port = listener.local_addr()?.port();
    let cookie = SessionCookie::new(host.access().host_id(), port, serving.tls.is_some());
    let origins = Origins {
        allowed: host.origins().to_vec(),
        is_tls: serving.tls.is_some(),
    };
    let state = AppState::new(host, cookie, origins, serving.folders);
    let is_trusted = serving.tls.as_ref().is_some_and(|tls| !tls.is_self_signed());
    let headers = headers::all(&serving.embedders, is_trusted);
    let service = routes::router(state, headers).into_make_service_with_connect_info::<SocketAddr>();
    // The timeout of hyper's builder starts only once the protocol is known: never on a connection that sends nothing.
    let mut server = axum_server::from_tcp(listener)?
        .handle(handle)
        .first_request_timeout(HEADER_TIMEOUT);
    server
        .http_builder()
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    let (limit, relay) = (ConnectionLimit::new(serving.most_per_address), RelayPort(relay));
    let result = match serving.tls {
        Some(tls) => {
            server
                .acceptor(HttpsAcceptor::new(tls, limit, relay))
                .serve(service)
                .await
        }
        None => {
            server
                .acceptor(PlainAcceptor { limit, relay })
                .serve(service)
                .await
        }
    };
    waiting.abort();
    result
}
