//! Who needs the pointer in the picture: it is drawn there while anybody watches who does not draw it himself.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::media::MediaHandle;

/// How many peers need the pointer in the picture. Cheap to clone.
#[derive(Clone)]
pub(crate) struct CursorOverlay(Arc<watch::Sender<usize>>);

impl CursorOverlay {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    /// A place for a peer that has just come, and needs the pointer drawn until it says otherwise.
    pub(crate) fn join(&self) -> OverlayVote {
        let mut vote = OverlayVote {
            cursor_overlay: self.clone(),
            is_drawn: false,
        };
        vote.set_drawn(true);
        vote
    }

    /// Lets the media side draw what is needed, until `shutdown`.
    pub(crate) fn follow(
        &self,
        media: MediaHandle,
        shutdown: CancellationToken,
    ) -> impl Future<Output = ()> + use<> {
        let mut needed = self.0.subscribe();
        async move {
            // What is drawn before anybody has come is up to the pipeline.
            let mut drawn = None;
            loop {
                let changed = tokio::select! {
                    () = shutdown.cancelled() => return,
                    changed = needed.changed() => changed,
                };
                if changed.is_err() {
                    return;
                }
                let wanted = *needed.borrow_and_update() > 0;
                if drawn.replace(wanted) != Some(wanted) {
                    media.set_pointer(wanted).await;
                }
            }
        }
    }
}

/// One peer's say. Dropping it takes it back.
pub(crate) struct OverlayVote {
    cursor_overlay: CursorOverlay,
    is_drawn: bool,
}

impl OverlayVote {
    /// Whether this peer needs the pointer in the picture.
    pub(crate) fn set_drawn(&mut self, is_drawn: bool) {
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
