//! The RTP header extension that asks the browser to render each frame immediately.
//!
//! `http://www.webrtc.org/experiments/rtp-hdrext/playout-delay`: twelve bits each for the minimum and maximum delay, in
//! units of 10 ms, both zero here. Without it Chromium keeps the frames of a sparse stream in its jitter buffer for
//! 0.15 to 1 s. GStreamer 1.22 has no element for it.

use gst::glib;
use gst_rtp::prelude::*;
use gst_rtp::subclass::prelude::*;

/// URI of the extension.
pub(crate) const URI: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";
/// Identifier of the extension in the stream, where the host chooses it (RFC 8285: 1 to 14).
pub(crate) const ID: u8 = 2;

/// Adds the extension to each packet of this payloader.
pub(crate) fn add_to(payloader: &gst::Element, id: u8) {
    let extension: gst_rtp::RTPHeaderExtension = glib::Object::new::<PlayoutDelay>().upcast();
    extension.set_id(id.into());
    payloader.emit_by_name::<()>("add-extension", &[&extension]);
}

glib::wrapper! {
    /// The extension as a GStreamer element.
    pub struct PlayoutDelay(ObjectSubclass<imp::PlayoutDelay>)
        @extends gst_rtp::RTPHeaderExtension, gst::Element, gst::Object;
}

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct PlayoutDelay;

    #[glib::object_subclass]
    impl ObjectSubclass for PlayoutDelay {
        const NAME: &'static str = "DeskbeamPlayoutDelay";
        type Type = super::PlayoutDelay;
        type ParentType = gst_rtp::RTPHeaderExtension;
    }

    impl ObjectImpl for PlayoutDelay {}
    impl GstObjectImpl for PlayoutDelay {}

    impl ElementImpl for PlayoutDelay {
        fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
            static METADATA: std::sync::OnceLock<gst::subclass::ElementMetadata> = std::sync::OnceLock::new();
            Some(METADATA.get_or_init(|| {
                gst::subclass::ElementMetadata::new(
                    "Playout delay",
                    gst_rtp::RTP_HDREXT_ELEMENT_CLASS,
                    "Asks the receiver to render each frame immediately",
                    "The deskbeam authors",
                )
            }))
        }
    }

    impl RTPHeaderExtensionImpl for PlayoutDelay {
        const URI: &'static str = super::URI;

        fn supported_flags(&self) -> gst_rtp::RTPHeaderExtensionFlags {
            gst_rtp::RTPHeaderExtensionFlags::ONE_BYTE
        }

        fn max_size(&self, _input: &gst::BufferRef) -> usize {
            3
        }

        fn write(
            &self,
            _input: &gst::BufferRef,
            _write_flags: gst_rtp::RTPHeaderExtensionFlags,
            _output: &gst::BufferRef,
            output_data: &mut [u8],
        ) -> Result<usize, gst::LoggableError> {
            output_data[..3].fill(0);
            Ok(3)
        }
    }
}
