//! Large contents that other programs fetch from us in parts (INCR, ICCCM 2.7.2).

use std::sync::Arc;
use std::time::{Duration, Instant};

use x11rb::errors::ConnectionError;
use x11rb::protocol::xproto::{
    Atom, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, PropMode, Property, PropertyNotifyEvent,
    Window,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// The transfers that are under way.
#[derive(Default)]
pub(super) struct IncrTransfers(Vec<IncrTransfer>);

impl IncrTransfers {
    /// Announces `bytes` in the property of `request`; the parts follow as the program takes them. Returns `false`,
    /// with nothing done, if too many transfers are under way.
    pub(super) fn begin(
        &mut self,
        connection: &RustConnection,
        request: &Request,
        bytes: Arc<[u8]>,
    ) -> Result<bool, ConnectionError> {
        let Request {
            requestor,
            property,
            incr,
            kind,
            counts,
        } = *request;
        self.0.retain(|transfer| !transfer.is_to(requestor, property));
        if self.0.len() >= MOST_TRANSFERS {
            return Ok(false);
        }
        watch(
            connection,
            requestor,
            EventMask::PROPERTY_CHANGE | EventMask::STRUCTURE_NOTIFY,
        )?;
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        connection.change_property32(PropMode::REPLACE, requestor, property, incr, &[length])?;
        self.0.push(IncrTransfer {
            requestor,
            property,
            kind,
            bytes,
            sent: 0,
            deadline: Instant::now() + STEP_LIMIT,
            end: Instant::now() + TOTAL_LIMIT,
            counts,
        });
        Ok(true)
    }

    /// True if one that counts is under way.
    pub(super) fn is_awaited(&self) -> bool {
        self.0.iter().any(|transfer| transfer.counts)
    }

    /// Handles a changed property: a program that has taken a part gets the next one. Returns true if that was the end
    /// of a transfer that counts.
    pub(super) fn property_changed(
        &mut self,
        connection: &RustConnection,
        event: &PropertyNotifyEvent,
    ) -> Result<bool, ConnectionError> {
        let is_its = |transfer: &IncrTransfer| transfer.is_to(event.window, event.atom);
        let Some(index) = self
            .0
            .iter()
            .position(is_its)
            .filter(|_| event.state == Property::DELETE)
        else {
            return Ok(false);
        };
        let transfer = &mut self.0[index];
        let rest = &transfer.bytes[transfer.sent..];
        let piece = &rest[..rest.len().min(PIECE)];
        // An empty part is the end.
        let is_last = piece.is_empty();
        let mut counts = is_last;
        connection.change_property8(
            PropMode::REPLACE,
            transfer.requestor,
            transfer.property,
            transfer.kind,
            piece,
        )?;
        transfer.sent += piece.len();
        transfer.deadline = transfer.end.min(Instant::now() + STEP_LIMIT);
        if is_last {
            counts &= self.0.remove(index).counts;
            self.let_go(connection, event.window)?;
        }
        Ok(counts)
    }

    /// Ends the transfers to a window that is gone. Returns true if there was one that counts.
    pub(super) fn destroyed(&mut self, window: Window) -> bool {
        let ended = self.0.extract_if(.., |transfer| transfer.requestor == window);
        ended.fold(false, |is_any, transfer| is_any | transfer.counts)
    }

    /// The time at which [`expire`](IncrTransfers::expire) has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.iter().map(|transfer| transfer.deadline).min()
    }

    /// Gives up on programs that do not take their parts. Returns true if there was one
    /// that counts.
    pub(super) fn expire(
        &mut self,
        connection: &RustConnection,
        now: Instant,
    ) -> Result<bool, ConnectionError> {
        let mut is_any = false;
        while let Some(index) = self.0.iter().position(|transfer| transfer.deadline <= now) {
            let transfer = self.0.remove(index);
            self.let_go(connection, transfer.requestor)?;
            is_any |= transfer.counts;
        }
        Ok(is_any)
    }

    fn let_go(&self, connection: &RustConnection, requestor: Window) -> Result<(), ConnectionError> {
        if self.0.iter().any(|transfer| transfer.requestor == requestor) {
            return Ok(());
        }
        watch(connection, requestor, EventMask::NO_EVENT)
    }
}

/// A request of another program for the content.
pub(super) struct Request {
    /// The program's window.
    pub(super) requestor: Window,
    /// The property of the window that takes the content.
    pub(super) property: Atom,
    /// The atom INCR.
    pub(super) incr: Atom,
    /// The form that is asked for, then the type of the content.
    pub(super) kind: Atom,
    /// True if input waits for its end.
    pub(super) counts: bool,
}

/// One transfer that is under way.
struct IncrTransfer {
    requestor: Window,
    property: Atom,
    kind: Atom,
    bytes: Arc<[u8]>,
    sent: usize,
    deadline: Instant,
    /// The time by which the program has to have all of it.
    end: Instant,
    counts: bool,
}

impl IncrTransfer {
    fn is_to(&self, requestor: Window, property: Atom) -> bool {
        (self.requestor, self.property) == (requestor, property)
    }
}

/// Selects events on a window of another program. An error because it is gone is ignored.
fn watch(connection: &RustConnection, window: Window, events: EventMask) -> Result<(), ConnectionError> {
    let events = ChangeWindowAttributesAux::new().event_mask(events);
    connection.change_window_attributes(window, &events)?;
    Ok(())
}

/// The most bytes that go into one property: less than the shortest request that every server takes (256 KiB).
pub(super) const PIECE: usize = 128 * 1024;
const MOST_TRANSFERS: usize = 16;
/// The longest time that a program may take for a part, and for all of them: the input behind a paste waits for it.
const STEP_LIMIT: Duration = Duration::from_secs(5);
const TOTAL_LIMIT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_window_that_is_gone_was_to_get_is_not_awaited() {
        let transfer = |requestor, counts| IncrTransfer {
            requestor,
            property: 1,
            kind: 2,
            bytes: Arc::new([]),
            sent: 0,
            deadline: Instant::now(),
            end: Instant::now(),
            counts,
        };
        let mut transfers = IncrTransfers(vec![transfer(7, true), transfer(7, false), transfer(8, false)]);
        assert!(!transfers.destroyed(9) && transfers.is_awaited());
        assert!(transfers.destroyed(7) && !transfers.is_awaited());
        assert!(!transfers.destroyed(8) && transfers.deadline().is_none());
    }
}
