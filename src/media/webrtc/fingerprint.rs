//! Whether the other side of a connection is the one that its answer announced.
//!
//! webrtcbin before GStreamer 1.28.5 does not compare the DTLS certificate with the fingerprint in the session
//! description (RFC 8122 section 5 demands it): anybody on the network path could take over the viewer's side, and
//! send input. So this does, before the first message is let through.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use gst::prelude::*;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::sdp::Fingerprint;

/// Lets input through once the certificate has been compared. Shared with webrtcbin's thread.
#[derive(Debug)]
pub(crate) struct FingerprintCheck {
    webrtc: glib::WeakRef<gst::Element>,
    expected: OnceLock<Fingerprint>,
    verdict: OnceLock<bool>,
    closed: AtomicBool,
}

impl FingerprintCheck {
    /// A closed gate for this webrtcbin.
    pub(crate) fn new(webrtc: &gst::Element) -> Self {
        Self {
            webrtc: webrtc.downgrade(),
            expected: OnceLock::new(),
            verdict: OnceLock::new(),
            closed: AtomicBool::new(false),
        }
    }

    /// Takes the fingerprint of the answer. The first counts.
    pub(crate) fn expect(&self, fingerprint: Fingerprint) {
        let _ = self.expected.set(fingerprint);
    }

    /// Closes the gate for good.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Whether the gate is not closed, and the certificate is the announced one. Only to be asked when DTLS is connected: reading the
    /// certificate earlier races with its negotiation. What was found then stays.
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

/// The certificate of the other side, as PEM.
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

    fn gate() -> FingerprintCheck {
        gst::init().unwrap();
        FingerprintCheck::new(&gst::ElementFactory::make("webrtcbin").build().unwrap())
    }

    #[test]
    fn nobody_is_admitted_without_a_certificate() {
        assert!(!gate().verify());
    }

    #[test]
    fn a_gate_closes_also_behind_somebody_who_was_admitted() {
        let gate = gate();
        gate.assume_verified();
        assert!(gate.verify());
        gate.close();
        assert!(!gate.verify());
    }
}
