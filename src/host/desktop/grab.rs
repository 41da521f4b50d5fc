//! Tells the input whether the cursor of the desktop is hidden: an application may have taken the pointer then.

use tokio::sync::broadcast::error::RecvError;

use super::handle::News;
use crate::host::Shared;
use crate::protocol::channel::Cursor;

/// Follows the cursor until the host ends.
pub(crate) async fn follow_cursor(shared: Shared) {
    let grab = shared.input.pointer_grab();
    let mut news = shared.desk.news();
    let look = |cursor: Option<&Cursor>| grab.set_hidden(cursor.is_some_and(Cursor::is_hidden));
    look(shared.desk.cursor().as_ref());
    let following = async {
        loop {
            match news.recv().await {
                Ok(News::Cursor(cursor)) => look(Some(&cursor)),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => look(shared.desk.cursor().as_ref()),
                Err(RecvError::Closed) => return,
            }
        }
    };
    shared.shutdown.run_until_cancelled(following).await;
}
