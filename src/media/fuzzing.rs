//! Fuzz targets for this layer's parsers of network and file input, for [`crate::fuzzing`].

use std::time::Duration;

use super::pipeline::description::{Description, Kind};
use super::pipeline::parse::explain;
use super::rate::congestion::{CongestionController, Packet};
use super::webrtc::offer::Offer;
use super::webrtc::sdp::{Answer, is_plain_candidate};

/// Checks a viewer's description, as an offer and as the answer to an offer with as many sections.
///
/// Text that passes goes to webrtcbin, so GStreamer's own parser must not see other sections or candidates in it.
pub(crate) fn session_description(text: &str) {
    let _ = is_plain_candidate(text);
    if let Ok(offer) = Offer::check(text) {
        assert_eq!(Offer::check(&offer.sdp).as_ref(), Ok(&offer));
        compare(&offer.sdp);
    }
    if let Ok(answer) = Answer::check(text, text) {
        assert_eq!(Answer::check(&answer.sdp, text).as_ref(), Ok(&answer));
        compare(&answer.sdp);
    }
}

fn compare(sdp: &str) {
    if gst::init().is_err() {
        return;
    }
    let Ok(message) = gst_sdp::SDPMessage::parse_buffer(sdp.as_bytes()) else {
        return;
    };
    let sections = super::webrtc::sdp::sections(sdp).len() - 1;
    assert_eq!(message.medias().count(), sections, "{sdp}");
    let attributes = message
        .attributes()
        .chain(message.medias().flat_map(|media| media.attributes()));
    for attribute in attributes.filter(|attribute| attribute.key() == "candidate") {
        let candidate = format!("candidate:{}", attribute.value().unwrap_or_default());
        assert!(is_plain_candidate(&candidate), "{candidate}");
    }
}

/// Reads a pipeline file, and explains an error of GStreamer's about it.
pub(crate) fn pipeline_file(text: &str, complaint: &str) {
    match Description::read("file", "name", text) {
        Ok(description) => {
            let targets: Vec<_> = description.targets().cloned().collect();
            let set = targets.iter().fold(description, |description, target| {
                description.with(Some(target), "5")
            });
            assert!(!set.text.contains('\n'));
        }
        Err(error) => drop(super::DescriptionError::from(error).to_string()),
    }
    let description = Description::from_text("flag", Kind::Capture, text.to_owned());
    // Without a quote in the complaint, parts of the text would be built.
    if complaint.contains('"') && !complaint.contains('\0') {
        let error = glib::Error::new(gst::ParseError::NoSuchElement, complaint);
        let _ = explain("flag", &description.text, &error).to_string();
        let error = glib::Error::new(gst::ParseError::NoSuchProperty, complaint);
        let _ = explain("flag", &description.text, &error).to_string();
    }
}

/// Feeds the congestion controller reports on packets, 16 bytes each, in batches of eight.
pub(crate) fn congestion(data: &[u8]) {
    let mut congestion = CongestionController::new(300, 8000);
    let (packets, _) = data.as_chunks::<16>();
    let packets: Vec<_> = packets.iter().map(packet).collect();
    for report in packets.chunks(8) {
        congestion.report(report);
        assert!((300..=8000).contains(&congestion.kbps()), "{congestion:?}");
    }
}

fn packet(bytes: &[u8; 16]) -> Packet {
    let number = u128::from_le_bytes(*bytes);
    let arrived = Duration::from_nanos((number >> 56) as u64);
    Packet {
        sent: Duration::from_nanos(number as u64 & ((1 << 56) - 1)),
        arrived: (number >> 127 == 0).then_some(arrived),
        bytes: (number >> 112) as u32 & 0x7fff,
    }
}
