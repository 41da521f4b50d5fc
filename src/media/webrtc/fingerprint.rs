//! Verification of the viewer's DTLS certificate.
//!
//! webrtcbin before GStreamer 1.28.5 does not compare the DTLS certificate with the fingerprint in the session
//! description, which RFC 8122 section 5 requires: an attacker on the network path could take the viewer's place and
//! send input. The comparison is done here, before the first message is let through.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use gst::prelude::*;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::sdp::Fingerprint;

/// Lets messages through once the certificate has been verified. Shared with webrtcbin's thread.
#[derive(Debug)]
pub(crate) struct FingerprintCheck {
    webrtc: glib::WeakRef<gst::Element>,
    expected: OnceLock<Fingerprint>,
    verdict: OnceLock<bool>,
    closed: AtomicBool,
}

impl FingerprintCheck {
    /// Creates a check for this webrtcbin, which expects no fingerprint yet.
    pub(crate) fn new(webrtc: &gst::Element) -> Self {
        Self {
            webrtc: webrtc.downgrade(),
            expected: OnceLock::new(),
            verdict: OnceLock::new(),
            closed: AtomicBool::new(false),
        }
    }

    /// Sets the fingerprint of the answer. Later calls are ignored.
    pub(crate) fn expect(&self, fingerprint: Fingerprint) {
        let _ = self.expected.set(fingerprint);
    }

    /// Refuses all further messages.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Returns true if the check is not closed and the certificate matches the fingerprint. Must be called only when
    /// DTLS is connected: reading the certificate earlier races with the handshake. The first result is kept.
    pub(crate) fn verify(&self) -> bool {
        !self.closed.load(Ordering::Acquire) && *self.verdict.get_or_init(|| self.compare().unwrap_or(false))
    }

    /// True once [`verify`](Self::verify) has found the announced certificate, and until the check is closed.
    pub(crate) fn is_verified(&self) -> bool {
        !self.closed.load(Ordering::Acquire) && self.verdict.get() == Some(&true)
    }

    #[cfg(test)]
    pub(crate) fn assume_verified(&self) {
        self.verdict.set(true).unwrap();
    }

    fn compare(&self) -> Option<bool> {
        let certificate = remote_certificate(&self.webrtc.upgrade()?)?;
        let der = CertificateDer::from_pem_slice(certificate.as_bytes()).ok()?;
        Some(self.expected.get()?.matches(&der))
    }
}

/// Returns the viewer's certificate as PEM.
fn remote_certificate(webrtc: &gst::Element) -> Option<String> {
    let sctp = webrtc.property::<Option<glib::Object>>("sctp-transport");
    let dtls = match sctp {
        Some(sctp) => sctp.property::<Option<glib::Object>>("transport")?,
        None => {
            let transceiver = webrtc
                .emit_by_name::<Option<gst_webrtc::WebRTCRTPTransceiver>>("get-transceiver", &[&0i32])?;
            transceiver
                .property::<Option<glib::Object>>("sender")?
                .property::<Option<glib::Object>>("transport")?
        }
    };
    dtls.property("remote-certificate")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check() -> FingerprintCheck {
        gst::init().unwrap();
        FingerprintCheck::new(&gst::ElementFactory::make("webrtcbin").build().unwrap())
    }

    #[test]
    fn a_peer_without_a_certificate_is_refused() {
        assert!(!check().verify());
    }

    #[test]
    fn a_closed_check_refuses_a_verified_peer() {
        let check = check();
        check.assume_verified();
        assert!(check.verify());
        check.close();
        assert!(!check.verify());
    }
}
