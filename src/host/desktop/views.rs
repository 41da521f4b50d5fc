//! Which part of the desktop everybody is shown: the capture is shared, so it is the same for all.

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::desktop::{View as Offered, ViewKind};
use crate::input::InputHandle;
use crate::media::{MediaHandle, Region};
use crate::protocol::channel::HostMessage;
use crate::protocol::input::FrameSize;
use crate::protocol::role::{Permission, Role};
use crate::protocol::view::{View, ViewId, ViewName};

/// What is shown, and what else could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Views {
    screen: FrameSize,
    /// What there is beside the whole desktop.
    offered: Vec<Offered>,
    shown: ViewId,
    /// Whether the capture can show a part.
    has_parts: bool,
}

impl Views {
    /// The whole desktop is shown.
    pub(crate) fn new(screen: FrameSize, has_parts: bool) -> Self {
        Self {
            screen,
            offered: Vec::new(),
            shown: ViewId::Desktop,
            has_parts,
        }
    }

    /// The size of what is shown.
    pub(crate) fn size(&self) -> FrameSize {
        self.part().map_or(self.screen, size_of)
    }

    /// The list for somebody of this role. Who may not choose hears what is shown, and nothing of the rest.
    pub(crate) fn told_to(&self, role: Role) -> HostMessage {
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

    /// What is shown.
    pub(crate) fn shown(&self) -> ViewId {
        self.shown
    }

    /// Shows this from now on, if it is there.
    pub(crate) fn show(&mut self, id: ViewId) {
        if id == ViewId::Desktop || self.parts().any(|part| id_of(part) == id) {
            self.shown = id;
        }
    }

    /// There are these parts now. When what was shown is not among them, the whole desktop is.
    pub(crate) fn offer(&mut self, offered: Vec<Offered>) {
        self.offered = offered;
        self.settle();
    }

    /// The desktop has this size now. Its parts are told when they have changed with it.
    pub(crate) fn set_screen(&mut self, screen: FrameSize) {
        self.screen = screen;
    }

    /// Another capture can show parts, or cannot.
    pub(crate) fn set_has_parts(&mut self, has_parts: bool) {
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

    /// What is shown, unless it is the whole.
    fn part(&self) -> Option<&Offered> {
        self.parts().find(|part| id_of(part) == self.shown)
    }
}

/// Lets the capture show, and the pointer meet, what is shown, until `shutdown`.
pub(crate) async fn follow(
    mut views: watch::Receiver<Option<Views>>,
    (media, input): (MediaHandle, InputHandle),
    shutdown: CancellationToken,
) {
    let mut shown = None;
    while let Some(Ok(())) = shutdown.run_until_cancelled(views.changed()).await {
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
        match views.told_to(role) {
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
    fn who_may_not_choose_is_told_of_nothing_else() {
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
