//! Tells the input whether the cursor of the desktop is hidden: an application may have taken the pointer then.

use tokio::sync::broadcast::error::RecvError;

use super::handle::DesktopUpdate;
use crate::host::HostContext;
use crate::protocol::channel::Cursor;

/// Follows the cursor until the host ends.
pub(crate) async fn follow_cursor(context: HostContext) {
    let grab = context.input.pointer_grab();
    let mut updates = context.desktop.updates();
    let look = |cursor: Option<&Cursor>| grab.set_hidden(cursor.is_some_and(Cursor::is_hidden));
    look(context.desktop.cursor().as_ref());
    let following = async {
        loop {
            match updates.recv().await {
                Ok(DesktopUpdate::Cursor(cursor)) => look(Some(&cursor)),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => look(context.desktop.cursor().as_ref()),
                Err(RecvError::Closed) => return,
            }
        }
    };
    context.shutdown.run_until_cancelled(following).await;
}
