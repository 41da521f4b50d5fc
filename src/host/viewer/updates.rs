//! The handling of the changes that a viewer's task follows.

use super::channel;
use super::feeds::Update;
use super::peer::Peer;
use super::task::Viewer;
use crate::desktop::ClipboardError;
use crate::host::desktop::handle::DesktopUpdate;
use crate::host::desktop::views::Views;
use crate::protocol::channel::HostMessage;
use crate::protocol::lease::LeaseState;
use crate::protocol::role::Permission;
use crate::session::{Action, Event};

impl Viewer {
    /// Takes a change of the host or of the other viewers.
    pub(super) fn update(&mut self, update: Update) -> Vec<Action> {
        match update {
            Update::Desktop(update) => self.send_update(update),
            Update::Views(Some(views)) => return self.views_changed(&views),
            Update::Control(state) => return self.control_changed(state),
            Update::People(people) => return self.handle(Event::People(people)),
            Update::Grab(relative) => self.send_all(&HostMessage::PointerMode { relative }),
            Update::Untyped if self.gate.check(Some(Permission::Keyboard)).is_ok() => {
                self.send_all(&HostMessage::Untyped);
            }
            Update::RemoteCursors(message) => self.send_all(&message),
            Update::Beat => {
                self.settings.end_late_measurement();
                self.peers
                    .values()
                    .for_each(|peer| channel::beat(&self.context, peer, &self.settings));
                return self.give_up_silent();
            }
            Update::Copied(reading) if self.gate.check(Some(Permission::ClipboardRead)).is_ok() => {
                self.send_all(&match reading {
                    Ok(content) => channel::clipboard(&content.unwrap_or_else(|| "".into())),
                    Err(error) => channel::clipboard_unavailable(channel::reason(error)),
                });
            }
            Update::Copied(_) | Update::Views(None) | Update::Untyped => {}
        }
        Vec::new()
    }

    /// Takes a change of the control: what the viewer has pressed is released if it has lost the control.
    fn control_changed(&mut self, state: LeaseState) -> Vec<Action> {
        let granted = state.lets_act(self.claim.id());
        if self.gate.set_control(granted) && !granted {
            self.peers.values().for_each(Peer::release_all);
        }
        let mut actions = self.handle(Event::Control { granted });
        actions.extend(self.handle(Event::Lease(state)));
        actions
    }

    fn send_update(&self, update: DesktopUpdate) {
        match update {
            DesktopUpdate::Cursor(cursor) => self.send_all(&HostMessage::Cursor(cursor)),
            DesktopUpdate::Lost(is_lost) => self.send_all(&channel::status(is_lost)),
            DesktopUpdate::ClipboardSet { by } if by == self.session.client_id() => {}
            DesktopUpdate::ClipboardSet { .. } => self.send_all(&channel::clipboard_unavailable("")),
            DesktopUpdate::PasteAbandoned => {
                if self.gate.check(Some(Permission::ClipboardWrite)).is_ok() {
                    let reason = channel::reason(ClipboardError::NotTaken);
                    self.send_all(&channel::clipboard_unavailable(reason));
                }
            }
        }
    }

    /// Takes another part that is shown, another size, or other parts that could be shown.
    fn views_changed(&mut self, views: &Views) -> Vec<Action> {
        let (size, message) = (views.size(), views.message_for(self.session.role()));
        // A window that moves changes neither.
        if self.sent_views.as_ref() == Some(&message) {
            return Vec::new();
        }
        self.peers.values().for_each(|peer| peer.set_frame(size));
        self.send_all(&channel::resolution(size));
        self.send_all(&message);
        self.sent_views = Some(message);
        self.handle(Event::FrameSize(size))
    }

    /// Sends a message on all data channels, if the client knows it.
    fn send_all(&self, message: &HostMessage) {
        if !self.session.knows(message) {
            return;
        }
        let open = self.peers.values().filter(|peer| peer.takes_messages());
        open.for_each(|peer| peer.send(message));
    }
}
