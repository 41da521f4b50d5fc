//! The pixels of the captured region, and how they come from the X server.

use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::protocol::shm::{ConnectionExt as _, Seg};
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat, Rectangle, Window};
use x11rb::rust_connection::RustConnection;

use super::memory::SharedMemory;
use crate::capture::region::{Region, Rows};

/// The memory for the pixels of a region.
pub(super) enum Pixels {
    /// Memory that the X server writes to (MIT-SHM).
    Shared { memory: SharedMemory, segment: Seg },
    /// Memory of our own, filled from the replies of the X server.
    Own(Vec<u8>),
}

impl Pixels {
    /// Memory for `region`, shared with the X server if it can be and `share`.
    pub(super) fn new(connection: &RustConnection, share: bool, region: Region) -> Self {
        let length = region.stride() * region.rows().len();
        let shared = || -> Option<Self> {
            let (memory, file) = SharedMemory::new(length).ok()?;
            let segment = connection.generate_id().ok()?;
            connection
                .shm_attach_fd(segment, file, false)
                .ok()?
                .check()
                .ok()?;
            Some(Self::Shared { memory, segment })
        };
        share
            .then(shared)
            .flatten()
            .unwrap_or_else(|| Self::Own(vec![0; length]))
    }

    /// True if the X server writes the pixels into our memory.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Self::Shared { .. })
    }

    /// The pixels that were read, BGRx, without gaps between rows.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Shared { memory, .. } => memory.bytes(),
            Self::Own(bytes) => bytes,
        }
    }

    /// Reads `rows` of `region`, and waits for that.
    pub(super) fn read(
        &mut self,
        connection: &RustConnection,
        window: Window,
        region: Region,
        rows: &Rows,
    ) -> Result<(), ReplyError> {
        let strip = Rectangle {
            x: region.x as i16,
            y: region.y as i16 + rows.start as i16,
            width: region.width,
            height: rows.len() as u16,
        };
        let offset = rows.start * region.stride();
        let (format, planes) = (ImageFormat::Z_PIXMAP, u32::MAX);
        match self {
            Self::Shared { segment, .. } => {
                let at = offset as u32;
                connection
                    .shm_get_image(
                        window,
                        strip.x,
                        strip.y,
                        strip.width,
                        strip.height,
                        planes,
                        format.into(),
                        *segment,
                        at,
                    )?
                    .reply()?;
            }
            Self::Own(bytes) => {
                let reply = connection
                    .get_image(
                        format,
                        window,
                        strip.x,
                        strip.y,
                        strip.width,
                        strip.height,
                        planes,
                    )?
                    .reply()?;
                let end = (offset + reply.data.len()).min(bytes.len());
                bytes[offset..end].copy_from_slice(&reply.data[..end - offset]);
            }
        }
        Ok(())
    }

    /// Detaches the X server from the memory.
    pub(super) fn release(&self, connection: &RustConnection) {
        if let Self::Shared { segment, .. } = self {
            let _ = connection.shm_detach(*segment);
        }
    }
}
