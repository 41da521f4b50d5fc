//! Keeps media from a viewer whose certificate is not verified yet.
//!
//! DTLS alone does not tell who is at the other end, and webrtcbin sends as soon as it is up: a man in the middle who
//! rewrites fingerprints would be sent frames until the mismatch is found (RFC 8827 section 6.5 has media wait).

use std::sync::Arc;

use gst::prelude::*;

use super::fingerprint::FingerprintCheck;

/// Drops everything that comes to the sink pads of `element` until `fingerprint` is verified. It drops and does not block:
/// behind the pads of a whole pipeline are live sources.
pub(super) fn hold_back(element: &gst::Element, fingerprint: &Arc<FingerprintCheck>) {
    for pad in element.sink_pads() {
        hold_back_pad(&pad, fingerprint);
    }
    // A whole pipeline may link a pad later.
    let fingerprint = Arc::clone(fingerprint);
    element.connect_pad_added(move |_, pad| {
        if pad.direction() == gst::PadDirection::Sink {
            hold_back_pad(pad, &fingerprint);
        }
    });
}

fn hold_back_pad(pad: &gst::Pad, fingerprint: &Arc<FingerprintCheck>) {
    let fingerprint = Arc::clone(fingerprint);
    let mask = gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST;
    pad.add_probe(mask, move |_, _| match fingerprint.is_verified() {
        true => gst::PadProbeReturn::Remove,
        false => gst::PadProbeReturn::Handled,
    });
}

/// Asks for key frames in place of those that were dropped.
pub(super) fn request_key_frames(webrtc: &gst::Element) {
    for pad in webrtc.sink_pads() {
        let event = gst_video::UpstreamForceKeyUnitEvent::builder()
            .all_headers(true)
            .build();
        pad.push_event(event);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn nothing_passes_before_the_certificate_is_verified() {
        gst::init().unwrap();
        let webrtc = gst::ElementFactory::make("webrtcbin").build().unwrap();
        let fingerprint = Arc::new(FingerprintCheck::new(&webrtc));
        let element = gst::ElementFactory::make("identity").build().unwrap();
        hold_back(&element, &fingerprint);
        let pad = element.static_pad("sink").unwrap();
        let passed = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&passed);
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            counted.fetch_add(1, Ordering::Relaxed);
            gst::PadProbeReturn::Handled
        });
        element.set_state(gst::State::Playing).unwrap();
        let caps = gst::Caps::builder("application/x-rtp").build();
        pad.send_event(gst::event::StreamStart::new("stream"));
        pad.send_event(gst::event::Caps::new(&caps));
        pad.send_event(gst::event::Segment::new(
            &gst::FormattedSegment::<gst::ClockTime>::new(),
        ));
        let _ = pad.chain(gst::Buffer::new());
        assert_eq!(passed.load(Ordering::Relaxed), 0);
        fingerprint.assume_verified();
        let _ = pad.chain(gst::Buffer::new());
        assert_eq!(passed.load(Ordering::Relaxed), 1);
        element.set_state(gst::State::Null).unwrap();
    }
}
