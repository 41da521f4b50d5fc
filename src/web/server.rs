//! The HTTP server and its end.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use tokio_util::sync::CancellationToken;

use super::app_name::AppName;
use super::routes;
use super::socket::ViewerSocket;

/// How long open requests may take after the end has been called.
const GRACE: Duration = Duration::from_millis(500);

/// A viewer that has just connected.
#[derive(Debug)]
pub struct NewViewer {
    /// Its socket.
    pub socket: ViewerSocket,
    /// What it asks for.
    pub app: AppName,
    /// Where it connects from.
    pub remote: SocketAddr,
}

/// What is done with each new viewer; the future runs until the viewer has left.
pub type Accept = Arc<dyn Fn(NewViewer) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Serves on `listener` until `shutdown`. Viewers' sockets are the acceptor's: they are not waited for.
///
/// # Errors
/// If the listener cannot be used.
pub async fn serve(
    listener: TcpListener,
    accept: Accept,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let handle = Handle::new();
    let end = handle.clone();
    let waiting = tokio::spawn(async move {
        shutdown.cancelled().await;
        end.graceful_shutdown(Some(GRACE));
    });
    let service = routes::router(accept).into_make_service_with_connect_info::<SocketAddr>();
    let result = axum_server::from_tcp(listener)?
        .handle(handle)
        .serve(service)
        .await;
    waiting.abort();
    result
}
