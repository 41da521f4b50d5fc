//! Tells the input when the cursor of the desktop is hidden: an application may have grabbed the pointer then.

use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::handle::{DesktopHandle, DesktopUpdate};
use crate::input::PointerGrab;
use crate::protocol::channel::Cursor;

/// Follows the cursor until `shutdown`.
pub(in crate::host) async fn follow_cursor(
    desktop: DesktopHandle,
    grab: PointerGrab,
    shutdown: CancellationToken,
) {
    let mut updates = desktop.updates();
    let look = |cursor: Option<&Cursor>| grab.set_hidden(cursor.is_some_and(Cursor::is_hidden));
    look(desktop.cursor().as_ref());
    let following = async {
        loop {
            match updates.recv().await {
                Ok(DesktopUpdate::Cursor(cursor)) => look(Some(&cursor)),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => look(desktop.cursor().as_ref()),
                Err(RecvError::Closed) => return,
            }
        }
    };
    shutdown.run_until_cancelled(following).await;
}
