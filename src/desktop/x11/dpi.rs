//! The scale at which programs draw: the resource `Xft.dpi`, which toolkits read when a program starts.

use x11rb::errors::{ConnectionError, ReplyError};
use x11rb::protocol::xproto::{Atom, AtomEnum, ConnectionExt as _, PropMode, Window};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// The resources that we have changed, and their original values.
pub(super) struct Dpi {
    root: Window,
    original: Option<Vec<u8>>,
    /// The last resources that we have written.
    set: Vec<u8>,
}

impl Dpi {
    pub(super) fn new(root: Window) -> Dpi {
        Dpi {
            root,
            original: None,
            set: Vec::new(),
        }
    }

    /// Lets programs draw `scale` times as large as usual.
    pub(super) fn set(&mut self, connection: &RustConnection, scale: f64) -> Result<(), ConnectionError> {
        let Some(present) = self.resources(connection)? else {
            return Ok(());
        };
        self.set = with_dpi(&present, (USUAL_DPI * scale).round());
        self.write(connection, &self.set)?;
        self.original.get_or_insert(present);
        Ok(())
    }

    /// Writes the original resources, unless another program has changed them since.
    pub(super) fn restore(&mut self, connection: &RustConnection) -> Result<(), ConnectionError> {
        let Some(original) = self.original.take() else {
            return Ok(());
        };
        match self.resources(connection)? {
            Some(present) if present == self.set => self.write(connection, &original),
            _ => Ok(()),
        }
    }

    /// The values to restore, as numbers for a note. `None`: nothing is to be restored.
    pub(super) fn note(&self) -> Option<Vec<u32>> {
        let original = self.original.as_ref()?;
        let bytes = original.iter().chain(&[0]).chain(&self.set);
        Some(bytes.map(|byte| u32::from(*byte)).collect())
    }

    /// Takes over what a killed host has noted that it changed: `restore` restores it.
    pub(super) fn take_over(&mut self, note: &[u32]) {
        let bytes: Vec<u8> = note
            .iter()
            .filter_map(|number| u8::try_from(*number).ok())
            .collect();
        let mut parts = bytes.splitn(2, |byte| *byte == 0).map(<[u8]>::to_vec);
        if let (Some(original), Some(set)) = (parts.next(), parts.next()) {
            (self.original, self.set) = (Some(original), set);
        }
    }

    /// Reads the resources of all programs; `None` if they are too many to be changed.
    fn resources(&self, connection: &RustConnection) -> Result<Option<Vec<u8>>, ConnectionError> {
        let (name, kind) = (AtomEnum::RESOURCE_MANAGER, AtomEnum::STRING);
        let asked = connection.get_property(false, self.root, name, kind, 0, MOST)?;
        match asked.reply() {
            Ok(reply) => Ok((reply.bytes_after == 0).then_some(reply.value)),
            Err(ReplyError::X11Error(_)) => Ok(None),
            Err(ReplyError::ConnectionError(error)) => Err(error),
        }
    }

    fn write(&self, connection: &RustConnection, resources: &[u8]) -> Result<(), ConnectionError> {
        let name: Atom = AtomEnum::RESOURCE_MANAGER.into();
        if resources.is_empty() {
            connection.delete_property(self.root, name)?;
        } else {
            connection.change_property8(PropMode::REPLACE, self.root, name, AtomEnum::STRING, resources)?;
        }
        Ok(())
    }
}

/// The same resources with this `Xft.dpi` in place of theirs.
fn with_dpi(resources: &[u8], dpi: f64) -> Vec<u8> {
    let others = resources.split(|byte| *byte == b'\n');
    let others = others.filter(|line| !line.is_empty() && !line.starts_with(NAME));
    let mut changed: Vec<u8> = others.flat_map(|line| [line, b"\n"].concat()).collect();
    changed.extend_from_slice(NAME);
    changed.extend_from_slice(format!("\t{dpi}\n").as_bytes());
    changed
}

const NAME: &[u8] = b"Xft.dpi:";
const USUAL_DPI: f64 = 96.0;
/// The most resources that are changed, in units of four bytes.
const MOST: u32 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::with_dpi;

    #[test]
    fn one_resource_changes_and_the_others_stay() {
        for (before, after) in [
            ("", "Xft.dpi:\t144\n"),
            ("*a: 1\n", "*a: 1\nXft.dpi:\t144\n"),
            ("Xft.dpi: 96\nXft.hinting: 1", "Xft.hinting: 1\nXft.dpi:\t144\n"),
        ] {
            assert_eq!(
                String::from_utf8(with_dpi(before.as_bytes(), 144.0)).unwrap(),
                after
            );
        }
    }
}
