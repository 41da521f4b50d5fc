//! The viewer's reports on the arrival of each packet (transport-wide congestion control): requested by an RTP header
//! extension, delivered by GStreamer's RTP session as an event that travels upstream.

use std::time::Duration;

use gst::prelude::*;
use gst_rtp::prelude::*;

use super::congestion::Packet;
use super::retransmit::Retransmitter;

/// URI of the extension.
pub(crate) const URI: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// Identifier of the extension in the stream, where the host chooses it (RFC 8285: 1 to 14).
pub(crate) const ID: u8 = 1;

/// Adds the extension to each packet of this payloader.
pub(crate) fn add_to(payloader: &gst::Element, id: u8) {
    if let Some(extension) = gst_rtp::RTPHeaderExtension::create_from_uri(URI) {
        extension.set_id(id.into());
        payloader.emit_by_name::<()>("add-extension", &[&extension]);
    }
}

/// Calls `on_report` with each report on the packets of this payloader, and has lost packets retransmitted. Both happen
/// on one of GStreamer's threads.
pub(crate) fn watch(
    payloader: &gst::Element,
    retransmitter: Retransmitter,
    on_report: impl Fn(Vec<Packet>) + Send + Sync + 'static,
) {
    let Some(pad) = payloader.static_pad("src") else {
        return;
    };
    pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
        let report = info.event().and_then(|event| event.structure());
        if let Some(report) = report.filter(|report| report.name() == "RTPTWCCPackets") {
            let (packets, lost) = read(report);
            retransmitter.resend(&lost);
            if !packets.is_empty() {
                on_report(packets);
            }
        }
        gst::PadProbeReturn::Ok
    });
}

/// Returns the packets of a report, in the order in which they were sent, and the numbers of the lost ones.
fn read(report: &gst::StructureRef) -> (Vec<Packet>, Vec<u16>) {
    let values = report.get::<glib::ValueArray>("packets");
    let values = values.iter().flat_map(|values| values.iter());
    read_packets(values.filter_map(|value| value.get::<&gst::StructureRef>().ok()))
}

fn read_packets<'a>(reports: impl Iterator<Item = &'a gst::StructureRef>) -> (Vec<Packet>, Vec<u16>) {
    let (mut packets, mut lost) = (Vec::new(), Vec::new());
    for report in reports {
        let Some(packet) = read_packet(report) else {
            continue;
        };
        if packet.arrived.is_none() {
            let number = report.get::<u32>("seqnum").ok();
            lost.extend(number.and_then(|number| u16::try_from(number).ok()));
        }
        packets.push(packet);
    }
    (packets, lost)
}

fn read_packet(packet: &gst::StructureRef) -> Option<Packet> {
    let time = |name: &str| {
        let time = packet.get::<Option<gst::ClockTime>>(name).ok()??;
        Some(Duration::from_nanos(time.nseconds()))
    };
    let is_lost = packet.get::<bool>("lost").ok()?;
    Some(Packet {
        sent: time("local-ts")?,
        arrived: time("remote-ts").filter(|_| !is_lost),
        bytes: packet.get("size").ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_read_as_the_rtp_session_writes_it() {
        gst::init().unwrap();
        let structure = |number: u32, arrived: Option<u64>| {
            gst::Structure::builder("RTPTWCCPacket")
                .field("seqnum", number)
                .field("local-ts", gst::ClockTime::MSECOND)
                .field("remote-ts", arrived.map(gst::ClockTime::from_mseconds))
                .field("size", 1200u32)
                .field("lost", arrived.is_none())
                .build()
        };
        let packet = |arrived: Option<u64>| read_packet(&structure(7, arrived));
        let sent = Duration::from_millis(1);
        let (arrived, bytes) = (Some(Duration::from_millis(9)), 1200);
        assert_eq!(packet(Some(9)), Some(Packet { sent, arrived, bytes }));
        assert_eq!(
            packet(None),
            Some(Packet {
                sent,
                arrived: None,
                bytes
            })
        );
        assert_eq!(read_packet(&gst::Structure::new_empty("RTPTWCCPacket")), None);
        let [arrived, lost] = [structure(7, Some(9)), structure(8, None)];
        let (packets, lost) = read_packets([&*arrived, &*lost].into_iter());
        assert_eq!((packets.len(), lost), (2, vec![8]));
    }
}
