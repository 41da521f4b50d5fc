//! The part of the desktop that is shown: the capture is shared, so it is the same for all viewers.

use tokio::sync::watch;

use crate::desktop::{View as Offered, ViewKind};
use crate::input::InputHandle;
use crate::media::{MediaHandle, Region};
use crate::protocol::channel::HostMessage;
use crate::protocol::input::FrameSize;
use crate::protocol::role::{Permission, Role};
use crate::protocol::view::{View, ViewId, ViewName};

/// The part that is shown, and the others that could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::host) struct Views {
    screen: FrameSize,
    /// The parts beside the whole desktop.
    offered: Vec<Offered>,
    shown: ViewId,
    /// True if the capture can show a part.
    has_parts: bool,
}

impl Views {
    /// Shows the whole desktop.
    pub(in crate::host) fn new(screen: FrameSize, has_parts: bool) -> Self {
        Self {
            screen,
            offered: Vec::new(),
            shown: ViewId::Desktop,
            has_parts,
        }
    }

    /// The size of the part that is shown.
    pub(in crate::host) fn size(&self) -> FrameSize {
        self.part().map_or(self.screen, size_of)
    }

    /// The list for a viewer of this role. One that may not choose gets what is shown, and nothing of the rest.
    pub(in crate::host) fn message_for(&self, role: Role) -> HostMessage {
        let may_choose = role.allows(Permission::Settings);
        let desktop = View {
            id: ViewId::Desktop,
            name: ViewName::default(),
            size: self.screen,
        };
        let parts = self.parts().map(|part| View {
            id: id_of(part),
            name: ViewName::new(&part.name),
            size: size_of(part),
        });
        let views = std::iter::once(desktop).chain(parts);
        HostMessage::Views {
            views: views.filter(|view| may_choose || view.id == self.shown).collect(),
            shown: self.shown,
        }
    }

    /// The part that is shown.
    pub(in crate::host) fn shown(&self) -> ViewId {
        self.shown
    }

    /// Shows this part from now on, if it is there.
    pub(in crate::host) fn show(&mut self, id: ViewId) {
        if id == ViewId::Desktop || self.parts().any(|part| id_of(part) == id) {
            self.shown = id;
        }
    }

    /// Sets the parts that there are. The whole desktop is shown if the part that was is not among them.
    pub(in crate::host) fn offer(&mut self, offered: Vec<Offered>) {
        self.offered = offered;
        self.settle();
    }

    /// Sets the size of the desktop. Its parts come by [`Views::offer`] when they have changed with it.
    pub(in crate::host) fn set_screen(&mut self, screen: FrameSize) {
        self.screen = screen;
    }

    /// Says whether another capture can show parts.
    pub(in crate::host) fn set_has_parts(&mut self, has_parts: bool) {
        self.has_parts = has_parts;
        self.settle();
    }

    fn settle(&mut self) {
        if self.part().is_none() {
            self.shown = ViewId::Desktop;
        }
    }

    fn parts(&self) -> impl Iterator<Item = &Offered> {
        self.offered.iter().filter(|_| self.has_parts)
    }

    /// The part that is shown, unless it is the whole.
    fn part(&self) -> Option<&Offered> {
        self.parts().find(|part| id_of(part) == self.shown)
    }
}

/// Sets the region of the capture, and the origin of the pointer, to the part that is shown. Does not end
/// by itself.
pub(in crate::host) async fn follow(
    mut views: watch::Receiver<Option<Views>>,
    media: MediaHandle,
    input: InputHandle,
) {
    let mut shown = None;
    while views.changed().await.is_ok() {
        let region = {
            let views = views.borrow_and_update();
            views.as_ref().and_then(Views::part).map(region_of)
        };
        if std::mem::replace(&mut shown, region) != region {
            input.set_origin(region.map_or((0, 0), |region| (region.x, region.y)));
            media.set_region(region).await;
        }
    }
}

fn id_of(part: &Offered) -> ViewId {
    match part.kind {
        ViewKind::Monitor => ViewId::Monitor(part.number),
        ViewKind::Window => ViewId::Window(part.number),
    }
}

fn size_of(part: &Offered) -> FrameSize {
    FrameSize {
        width: part.width,
        height: part.height,
    }
}

fn region_of(part: &Offered) -> Region {
    let Offered {
        x, y, width, height, ..
    } = *part;
    Region { x, y, width, height }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: FrameSize = FrameSize {
        width: 800,
        height: 600,
    };

    fn window(number: u32, x: u32) -> Offered {
        Offered {
            kind: ViewKind::Window,
            number,
            name: format!("window {number}"),
            x,
            y: 0,
            width: 100,
            height: 50,
        }
    }

    fn told(views: &Views, role: Role) -> (Vec<ViewId>, ViewId) {
        match views.message_for(role) {
            HostMessage::Views { views, shown } => (views.iter().map(|view| view.id).collect(), shown),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_window_is_shown_and_followed_until_it_closes() {
        let mut views = Views::new(SCREEN, true);
        let id = ViewId::Window(7);
        views.show(id);
        assert_eq!(views.size(), SCREEN, "there is none yet");
        views.offer(vec![window(7, 10), window(8, 20)]);
        views.show(id);
        assert_eq!(views.size().width, 100);
        views.offer(vec![window(7, 30)]);
        assert_eq!(views.part().map(|part| part.x), Some(30));
        views.offer(vec![window(8, 20)]);
        assert_eq!((views.size(), views.shown), (SCREEN, ViewId::Desktop));
    }

    #[test]
    fn a_viewer_that_may_not_choose_is_told_of_nothing_else() {
        let mut views = Views::new(SCREEN, true);
        views.offer(vec![window(7, 10), window(8, 20)]);
        views.show(ViewId::Window(8));
        let (all, shown) = told(&views, Role::Control);
        assert_eq!((all.len(), shown), (3, ViewId::Window(8)));
        assert_eq!(
            told(&views, Role::View),
            (vec![ViewId::Window(8)], ViewId::Window(8))
        );
    }

    #[test]
    fn a_capture_that_shows_no_parts_offers_none() {
        let mut views = Views::new(SCREEN, true);
        views.offer(vec![window(7, 10)]);
        views.show(ViewId::Window(7));
        views.set_has_parts(false);
        assert_eq!(
            told(&views, Role::Admin),
            (vec![ViewId::Desktop], ViewId::Desktop)
        );
        views.show(ViewId::Window(7));
        assert_eq!(views.size(), SCREEN);
    }
}
