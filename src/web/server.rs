//! The HTTP server and its end.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use hyper_util::rt::TokioTimer;
use tokio_util::sync::CancellationToken;

use super::host::Host;
use super::linger::LingerAcceptor;
use super::routes;

/// How long open requests may take after the end has been called.
const GRACE: Duration = Duration::from_millis(500);

/// How long the head of a request may take to come.
const HEADERS: Duration = Duration::from_secs(10);

/// Serves on `listener` until `shutdown`. Viewers' sockets are the host's: they are not waited for.
///
/// # Errors
/// If the listener cannot be used.
pub async fn serve(
    listener: TcpListener,
    host: Arc<dyn Host>,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let handle = Handle::new();
    let end = handle.clone();
    let waiting = tokio::spawn(async move {
        shutdown.cancelled().await;
        end.graceful_shutdown(Some(GRACE));
    });
    let service = routes::router(host).into_make_service_with_connect_info::<SocketAddr>();
    let mut server = axum_server::from_tcp(listener)?
        .handle(handle)
        .acceptor(LingerAcceptor);
    server
        .http_builder()
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS);
    let result = server.serve(service).await;
    waiting.abort();
    result
}
