//! Tells the input when the cursor of the desktop is hidden: an application may have grabbed the pointer then.

use tokio::sync::broadcast::error::RecvError;

use super::handle::{DesktopHandle, DesktopUpdate};
use crate::input::PointerGrab;
use crate::protocol::channel::Cursor;

/// Follows the cursor. Does not end by itself.
pub(in crate::host) async fn follow_cursor(desktop: DesktopHandle, grab: PointerGrab) {
    let mut updates = desktop.updates();
    let look = |cursor: Option<&Cursor>| grab.set_hidden(cursor.is_some_and(Cursor::is_hidden));
    look(desktop.cursor().as_ref());
    loop {
        match updates.recv().await {
            Ok(DesktopUpdate::Cursor(cursor)) => look(Some(&cursor)),
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => look(desktop.cursor().as_ref()),
            Err(RecvError::Closed) => return,
        }
    }
}
