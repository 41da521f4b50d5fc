//! The cursor in the video: it is drawn there while a peer watches that does not draw it itself.

use std::sync::Arc;

use tokio::sync::watch;

use crate::media::MediaHandle;

/// The number of peers that need the cursor in the video. Cheap to clone.
#[derive(Clone)]
pub(in crate::host) struct CursorOverlay(Arc<watch::Sender<usize>>);

impl CursorOverlay {
    pub(in crate::host) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    /// The vote of a new peer, which needs the cursor until it says otherwise.
    pub(in crate::host) fn join(&self) -> OverlayVote {
        let mut vote = OverlayVote {
            cursor_overlay: self.clone(),
            is_drawn: false,
        };
        vote.set_drawn(true);
        vote
    }

    /// Switches the cursor in the video on and off as needed. Does not end by itself.
    pub(in crate::host) fn follow(&self, media: MediaHandle) -> impl Future<Output = ()> + use<> {
        let mut needed = self.0.subscribe();
        async move {
            // Before the first peer, the pipeline decides.
            let mut drawn = None;
            while needed.changed().await.is_ok() {
                let wanted = *needed.borrow_and_update() > 0;
                if drawn.replace(wanted) != Some(wanted) {
                    media.set_pointer(wanted).await;
                }
            }
        }
    }
}

/// One peer's vote. Dropping it takes it back.
pub(in crate::host) struct OverlayVote {
    cursor_overlay: CursorOverlay,
    is_drawn: bool,
}

impl OverlayVote {
    /// Says whether this peer needs the cursor in the video.
    pub(in crate::host) fn set_drawn(&mut self, is_drawn: bool) {
        if std::mem::replace(&mut self.is_drawn, is_drawn) == is_drawn {
            return;
        }
        self.cursor_overlay.0.send_modify(|count| {
            *count = if is_drawn {
                *count + 1
            } else {
                count.saturating_sub(1)
            }
        });
    }
}

impl Drop for OverlayVote {
    fn drop(&mut self) {
        self.set_drawn(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pointer_is_needed_while_one_peer_does_not_draw_it() {
        let cursor_overlay = CursorOverlay::new();
        let needed = cursor_overlay.0.subscribe();
        let mut page = cursor_overlay.join();
        assert_eq!(*needed.borrow(), 1);
        page.set_drawn(false);
        page.set_drawn(false);
        assert_eq!(*needed.borrow(), 0);
        let player = cursor_overlay.join();
        assert_eq!(*needed.borrow(), 1);
        drop(page);
        assert_eq!(*needed.borrow(), 1);
        drop(player);
        assert_eq!(*needed.borrow(), 0);
    }
}
