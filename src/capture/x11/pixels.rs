//! The pixels of the captured region, and how they come from the X server.

use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::protocol::shm::{ConnectionExt as _, Seg};
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat, Rectangle, Window};
use x11rb::rust_connection::RustConnection;

use super::layout::Layout;
use super::memory::SharedMemory;
use crate::capture::region::{Region, Rows};

/// The pixels of a region, as the X server gives them and as BGRx.
pub(super) struct Pixels {
    memory: Memory,
    layout: Layout,
    /// The pixels as BGRx, without gaps between rows; empty if they already are.
    converted: Vec<u8>,
}

/// The memory that the X server fills.
enum Memory {
    /// Memory that the X server writes to (MIT-SHM).
    Shared { memory: SharedMemory, segment: Seg },
    /// Memory of our own, filled from the replies of the X server.
    Own(Vec<u8>),
}

impl Pixels {
    /// Memory for `region`, shared with the X server if it can be and `share`.
    pub(super) fn new(connection: &RustConnection, share: bool, region: Region, layout: Layout) -> Self {
        Self {
            memory: Memory::new(
                connection,
                share,
                layout.stride(region.width) * region.rows().len(),
            ),
            converted: converted(&layout, region),
            layout,
        }
    }

    /// Replaces the memory by one for `region`. Nothing has been read.
    pub(super) fn set_region(&mut self, connection: &RustConnection, region: Region) {
        self.memory.release(connection);
        let length = self.layout.stride(region.width) * region.rows().len();
        self.memory = Memory::new(connection, self.is_shared(), length);
        self.converted = converted(&self.layout, region);
    }

    /// True if the X server writes the pixels into our memory.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.memory, Memory::Shared { .. })
    }

    /// The pixels that were read, BGRx, without gaps between rows.
    pub(super) fn bytes(&self) -> &[u8] {
        match self.layout.is_bgrx() {
            true => self.memory.bytes(),
            false => &self.converted,
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
        let stride = self.layout.stride(region.width);
        self.memory.read(connection, window, region, rows, stride)?;
        if !self.layout.is_bgrx() {
            self.layout.refresh(connection)?;
            let from = &self.memory.bytes()[rows.start * stride..rows.end * stride];
            let to = &mut self.converted[rows.start * region.stride()..rows.end * region.stride()];
            self.layout.convert(region.width, from, to);
        }
        Ok(())
    }
}

fn converted(layout: &Layout, region: Region) -> Vec<u8> {
    match layout.is_bgrx() {
        true => Vec::new(),
        false => vec![0; region.stride() * region.rows().len()],
    }
}

impl Memory {
    fn new(connection: &RustConnection, share: bool, length: usize) -> Self {
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

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Shared { memory, .. } => memory.bytes(),
            Self::Own(bytes) => bytes,
        }
    }

    /// Reads `rows` of `region`, which have `stride` bytes, and waits for that.
    fn read(
        &mut self,
        connection: &RustConnection,
        window: Window,
        region: Region,
        rows: &Rows,
        stride: usize,
    ) -> Result<(), ReplyError> {
        let strip = Rectangle {
            x: region.x as i16,
            y: region.y as i16 + rows.start as i16,
            width: region.width,
            height: rows.len() as u16,
        };
        let offset = rows.start * stride;
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
    fn release(&self, connection: &RustConnection) {
        if let Self::Shared { segment, .. } = self {
            let _ = connection.shm_detach(*segment);
        }
    }
}
