//! Large contents that other programs fetch from us piece by piece (INCR).

use std::sync::Arc;
use std::time::{Duration, Instant};

use x11rb::errors::ConnectionError;
use x11rb::protocol::xproto::{
    Atom, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, PropMode, Property, PropertyNotifyEvent,
    Window,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// All that are under way.
#[derive(Default)]
pub(super) struct IncrTransfers(Vec<IncrTransfer>);

impl IncrTransfers {
    /// Announces `bytes` in the `property` of `requestor`; the pieces follow when it asks for them. `false`, with
    /// nothing done, if too many are under way.
    pub(super) fn begin(
        &mut self,
        connection: &RustConnection,
        (requestor, property): (Window, Atom),
        (incr, kind): (Atom, Atom),
        bytes: Arc<[u8]>,
    ) -> Result<bool, ConnectionError> {
        self.0.retain(|transfer| !transfer.is_to(requestor, property));
        if self.0.len() >= MOST_TRANSFERS {
            return Ok(false);
        }
        watch(connection, requestor, EventMask::PROPERTY_CHANGE)?;
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        connection.change_property32(PropMode::REPLACE, requestor, property, incr, &[length])?;
        self.0.push(IncrTransfer {
            requestor,
            property,
            kind,
            bytes,
            sent: 0,
            deadline: Instant::now() + STEP_LIMIT,
        });
        Ok(true)
    }

    /// A program may have taken a piece: it gets the next one.
    pub(super) fn property_changed(
        &mut self,
        connection: &RustConnection,
        event: &PropertyNotifyEvent,
    ) -> Result<(), ConnectionError> {
        let is_its = |transfer: &IncrTransfer| transfer.is_to(event.window, event.atom);
        let Some(index) = self
            .0
            .iter()
            .position(is_its)
            .filter(|_| event.state == Property::DELETE)
        else {
            return Ok(());
        };
        let transfer = &mut self.0[index];
        let rest = &transfer.bytes[transfer.sent..];
        let piece = &rest[..rest.len().min(PIECE)];
        // An empty piece is the end.
        let is_last = piece.is_empty();
        connection.change_property8(
            PropMode::REPLACE,
            transfer.requestor,
            transfer.property,
            transfer.kind,
            piece,
        )?;
        transfer.sent += piece.len();
        transfer.deadline = Instant::now() + STEP_LIMIT;
        if is_last {
            self.0.remove(index);
            self.let_go(connection, event.window)?;
        }
        Ok(())
    }

    /// When [`expire`](IncrTransfers::expire) has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.iter().map(|transfer| transfer.deadline).min()
    }

    /// Forgets the programs that do not take their pieces.
    pub(super) fn expire(
        &mut self,
        connection: &RustConnection,
        now: Instant,
    ) -> Result<(), ConnectionError> {
        while let Some(index) = self.0.iter().position(|transfer| transfer.deadline <= now) {
            let requestor = self.0.remove(index).requestor;
            self.let_go(connection, requestor)?;
        }
        Ok(())
    }

    fn let_go(&self, connection: &RustConnection, requestor: Window) -> Result<(), ConnectionError> {
        if self.0.iter().any(|transfer| transfer.requestor == requestor) {
            return Ok(());
        }
        watch(connection, requestor, EventMask::NO_EVENT)
    }
}

struct IncrTransfer {
    requestor: Window,
    property: Atom,
    kind: Atom,
    bytes: Arc<[u8]>,
    sent: usize,
    deadline: Instant,
}

impl IncrTransfer {
    fn is_to(&self, requestor: Window, property: Atom) -> bool {
        (self.requestor, self.property) == (requestor, property)
    }
}

/// Chooses what we are told about a window of another program. If it is gone, that is no concern of ours.
fn watch(connection: &RustConnection, window: Window, events: EventMask) -> Result<(), ConnectionError> {
    let events = ChangeWindowAttributesAux::new().event_mask(events);
    connection.change_window_attributes(window, &events)?;
    Ok(())
}

/// The most bytes that go into one property: less than the shortest request that every server takes (256 KiB).
pub(super) const PIECE: usize = 128 * 1024;
const MOST_TRANSFERS: usize = 16;
const STEP_LIMIT: Duration = Duration::from_secs(5);
