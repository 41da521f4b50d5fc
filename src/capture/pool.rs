//! The memory of frames.

use gst::prelude::*;

/// Buffers that are used again. Those that are downstream when it is dropped live on.
#[derive(Debug)]
pub(crate) struct Pool(gst_video::VideoBufferPool);

impl Pool {
    /// Creates a pool for frames of this format.
    ///
    /// # Errors
    /// If GStreamer refuses the format.
    pub(crate) fn new(info: &gst_video::VideoInfo) -> Result<Self, glib::BoolError> {
        let pool = gst_video::VideoBufferPool::new();
        let mut config = pool.config();
        config.set_params(Some(&info.to_caps()?), info.size() as u32, 2, 0);
        pool.set_config(config)?;
        pool.set_active(true)?;
        Ok(Self(pool))
    }

    /// A buffer with memory for one frame.
    pub(crate) fn acquire(&self) -> Result<gst::Buffer, gst::FlowError> {
        self.0.acquire_buffer(None)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let _ = self.0.set_active(false);
    }
}
