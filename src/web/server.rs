//! The HTTP server and its end.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use hyper_util::rt::TokioTimer;
use tokio_util::sync::CancellationToken;

use super::assets;
use super::connection_limit::ConnectionLimit;
use super::files::Folders;
use super::headers::{self, Embedder};
use super::host::Host;
use super::linger::LingerAcceptor;
use super::routes;
use super::state::AppState;
use super::tls::{Secured, Tls};

/// How long open requests may take after the end has been called.
const GRACE: Duration = Duration::from_millis(500);

/// How long the head of a request may take to come.
const HEADERS: Duration = Duration::from_secs(10);

/// How the pages are served.
#[derive(Debug, Default)]
pub struct Serving {
    /// The origins of pages that may frame the page of this host, besides its own.
    pub embedders: Vec<Embedder>,
    /// The certificate; without one, plain HTTP is spoken.
    pub tls: Option<Tls>,
    /// How many connections there may be at once from one address; 0: any number.
    pub most_per_address: usize,
    /// The folders for files.
    pub folders: Folders,
}

/// Serves on `listener` until `shutdown`. Viewers' sockets are the host's: they are not waited for.
///
/// # Errors
/// If the listener cannot be used.
pub async fn serve(
    listener: TcpListener,
    host: Arc<dyn Host>,
    serving: Serving,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let handle = Handle::new();
    let end = handle.clone();
    let waiting = tokio::spawn(async move {
        shutdown.cancelled().await;
        end.graceful_shutdown(Some(GRACE));
    });
    tokio::task::spawn_blocking(assets::prepare);
    let port = listener.local_addr()?.port();
    let site = AppState::new(host, port, serving.tls.is_some(), serving.folders);
    let is_certified = serving.tls.as_ref().is_some_and(Tls::is_certified);
    let headers = headers::all(&serving.embedders, is_certified);
    let service = routes::router(site, headers).into_make_service_with_connect_info::<SocketAddr>();
    // The builder's own time begins only once it knows the protocol, and so never for one that says nothing.
    let mut server = axum_server::from_tcp(listener)?
        .handle(handle)
        .first_request_timeout(HEADERS);
    server
        .http_builder()
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS);
    let crowd = ConnectionLimit::new(serving.most_per_address);
    let result = match serving.tls {
        Some(tls) => {
            server
                .acceptor(Secured(Arc::new(tls), crowd))
                .serve(service)
                .await
        }
        None => server.acceptor(LingerAcceptor(crowd)).serve(service).await,
    };
    waiting.abort();
    result
}
