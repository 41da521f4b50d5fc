//! The HTTP server and its end.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use tokio_util::sync::CancellationToken;

use super::host::Host;
use super::routes;

/// How long open requests may take after the end has been called.
const GRACE: Duration = Duration::from_millis(500);

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
    let result = axum_server::from_tcp(listener)?
        .handle(handle)
        .serve(service)
        .await;
    waiting.abort();
    result
}
