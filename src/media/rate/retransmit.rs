//! Retransmission of the packets that the viewer's reports name as lost.
//!
//! A browser requests a lost packet immediately, and every 100 ms from then on: it does not know the round-trip time of
//! a stream that it only receives. If its request or the retransmission is lost as well, the video freezes for that
//! long, again and again. The reports of arrivals are more frequent and cover lost copies, too.

use std::sync::{Arc, Mutex};

use gst::prelude::*;

use crate::sync::lock;

/// Number of remembered packets: more than can be in flight, and more than webrtcbin keeps for retransmission.
const REMEMBERED: usize = 1024;
/// Maximum number of times that a packet is sent.
const MOST: u8 = 10;
/// Maximum number of losses in a report. A longer burst is an outage and not random loss: the browser requests what it
/// still needs, and resending the rest would only flood the link.
const MANY: usize = 100;

/// The packets that one viewer has been sent. Shared with its streaming threads.
#[derive(Clone, Default)]
pub(crate) struct Retransmitter(Arc<Mutex<Sending>>);

#[derive(Default)]
struct Sending {
    /// The pad that packets leave by, which takes retransmission requests. `None` before the first packet.
    exit: Option<glib::WeakRef<gst::Pad>>,
    ssrc: u32,
    sent_packets: SentPackets,
}

impl Retransmitter {
    /// Records the video packets that leave `webrtc`, by their payload type. `id` is the identifier of the header
    /// extension that numbers them.
    pub(crate) fn watch(&self, webrtc: &gst::Element, payload_type: u8, id: u8) {
        let rtpbin = webrtc
            .downcast_ref::<gst::Bin>()
            .and_then(|bin| bin.by_name("rtpbin"));
        let Some(rtpbin) = rtpbin else {
            return;
        };
        let retransmitter = self.clone();
        rtpbin.connect_pad_added(move |_, pad| {
            if !pad.name().starts_with("send_rtp_src_") {
                return;
            }
            let retransmitter = retransmitter.clone();
            pad.add_probe(
                gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST,
                move |pad, info| {
                    let mut sending = retransmitter.lock();
                    let mut note = |packet: &gst::BufferRef| sending.note(pad, packet, payload_type, id);
                    match &info.data {
                        Some(gst::PadProbeData::Buffer(packet)) => note(packet),
                        Some(gst::PadProbeData::BufferList(list)) => list.iter().for_each(note),
                        _ => {}
                    }
                    gst::PadProbeReturn::Ok
                },
            );
        });
    }

    /// Retransmits the packets that had these transport-wide sequence numbers, unless a later copy is in flight.
    pub(crate) fn resend(&self, lost: &[u16]) {
        if lost.len() > MANY {
            return;
        }
        let (exit, ssrc, rtp_seqs) = {
            let sending = self.lock();
            let again: Vec<_> = lost
                .iter()
                .filter_map(|twcc_seq| sending.sent_packets.lost(*twcc_seq))
                .collect();
            let exit = sending.exit.as_ref().and_then(glib::WeakRef::upgrade);
            (exit, sending.ssrc, again)
        };
        let Some(exit) = exit else {
            return;
        };
        for rtp_seq in rtp_seqs {
            // The event that GStreamer's RTP session sends when a viewer asks.
            let request = gst::Structure::builder("GstRTPRetransmissionRequest")
                .field("seqnum", u32::from(rtp_seq))
                .field("ssrc", ssrc)
                .build();
            exit.send_event(gst::event::CustomUpstream::new(request));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Sending> {
        lock(&self.0)
    }
}

impl Sending {
    fn note(&mut self, pad: &gst::Pad, packet: &gst::BufferRef, payload_type: u8, id: u8) {
        let Ok(packet) = gst_rtp::RTPBuffer::from_buffer_readable(packet) else {
            return;
        };
        // Audio packets have no transport-wide number.
        let Some(&[high, low]) = packet.extension_onebyte_header(id, 0) else {
            return;
        };
        let twcc_seq = u16::from_be_bytes([high, low]);
        if packet.payload_type() == payload_type {
            self.exit.get_or_insert_with(|| pad.downgrade());
            self.ssrc = packet.ssrc();
            self.sent_packets.sent(twcc_seq, packet.seq(), false);
        } else if let Ok([high, low, ..]) = packet.payload() {
            // RFC 4588 section 4: the original sequence number.
            self.sent_packets
                .sent(twcc_seq, u16::from_be_bytes([*high, *low]), true);
        }
    }
}

/// Mapping between transport-wide sequence numbers and packets.
struct SentPackets {
    /// By transport-wide number: that number and the packet's sequence number.
    by_twcc_seq: Vec<Option<(u16, u16)>>,
    /// By the packet's sequence number.
    by_rtp_seq: Vec<Option<SentPacket>>,
}

/// The transmissions of one packet.
#[derive(Clone, Copy)]
struct SentPacket {
    rtp_seq: u16,
    /// Transport-wide number of the last transmission.
    twcc_seq: u16,
    times: u8,
}

impl Default for SentPackets {
    fn default() -> Self {
        Self {
            by_twcc_seq: vec![None; REMEMBERED],
            by_rtp_seq: vec![None; REMEMBERED],
        }
    }
}

impl SentPackets {
    fn sent(&mut self, twcc_seq: u16, rtp_seq: u16, is_copy: bool) {
        self.by_twcc_seq[usize::from(twcc_seq) % REMEMBERED] = Some((twcc_seq, rtp_seq));
        let packet = &mut self.by_rtp_seq[usize::from(rtp_seq) % REMEMBERED];
        let before = packet.filter(|sent| is_copy && sent.rtp_seq == rtp_seq);
        *packet = Some(SentPacket {
            rtp_seq,
            twcc_seq,
            times: before.map_or(1, |sent| sent.times.saturating_add(1)),
        });
    }

    /// Returns the packet that was sent under `twcc_seq`, if it is to be sent again: no later copy of it is in flight.
    fn lost(&self, twcc_seq: u16) -> Option<u16> {
        let (_, rtp_seq) =
            self.by_twcc_seq[usize::from(twcc_seq) % REMEMBERED].filter(|(noted, _)| *noted == twcc_seq)?;
        let sent = self.by_rtp_seq[usize::from(rtp_seq) % REMEMBERED]?;
        let is_last = sent.rtp_seq == rtp_seq && sent.twcc_seq == twcc_seq;
        (is_last && sent.times < MOST).then_some(rtp_seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::rate::twcc;

    /// The packets that leave a session which sends video, with their transport-wide number, payload type and sequence
    /// number; a retransmission has the latter behind its header.
    struct Exit(gst_app::AppSink);

    impl Exit {
        fn packet(&self) -> (u16, u8, u16) {
            let sample = self.0.try_pull_sample(gst::ClockTime::from_seconds(10));
            let sample = sample.expect("packets leave");
            let packet = gst_rtp::RTPBuffer::from_buffer_readable(sample.buffer().unwrap()).unwrap();
            let two = |bytes: &[u8]| u16::from_be_bytes([bytes[0], bytes[1]]);
            let number = two(packet.extension_onebyte_header(twcc::ID, 0).unwrap());
            let sequence_number = match packet.payload_type() {
                96 => packet.seq(),
                _ => two(packet.payload().unwrap()),
            };
            (number, packet.payload_type(), sequence_number)
        }
    }

    #[test]
    fn a_packet_reported_as_lost_is_retransmitted() {
        gst::init().unwrap();
        let pipeline = gst::parse::launch(
            "videotestsrc is-live=true ! vp8enc deadline=1 ! rtpvp8pay name=pay pt=96 ! rtprtxsend name=rtx \
             payload-type-map=map,96=(uint)97 rtpbin name=rtpbin appsink name=exit sync=false",
        );
        let pipeline = pipeline.unwrap().downcast::<gst::Pipeline>().unwrap();
        let [payloader, rtx, rtpbin, exit] =
            ["pay", "rtx", "rtpbin", "exit"].map(|name| pipeline.by_name(name).unwrap());
        twcc::add_to(&payloader, twcc::ID);
        let retransmitter = Retransmitter::default();
        retransmitter.watch(pipeline.upcast_ref(), 96, twcc::ID);
        rtx.link_pads(Some("src"), &rtpbin, Some("send_rtp_sink_0"))
            .unwrap();
        rtpbin
            .link_pads(Some("send_rtp_src_0"), &exit, Some("sink"))
            .unwrap();
        pipeline.set_state(gst::State::Playing).unwrap();
        let exit = Exit(exit.downcast().unwrap());
        let (number, _, lost) = exit.packet();
        retransmitter.resend(&[number]);
        let mut packets = std::iter::repeat_with(|| exit.packet()).take(600);
        let copy = packets.find(|(_, payload_type, _)| *payload_type == 97);
        assert!(
            copy.is_some_and(|(again, _, copied)| copied == lost && again != number),
            "{copy:?}"
        );
        pipeline.set_state(gst::State::Null).unwrap();
    }

    #[test]
    fn a_lost_packet_is_sent_again_unless_it_has_been() {
        let mut sent_packets = SentPackets::default();
        sent_packets.sent(7, 1000, false);
        sent_packets.sent(8, 1001, false);
        assert_eq!(sent_packets.lost(7), Some(1000));
        sent_packets.sent(9, 1000, true);
        assert_eq!(sent_packets.lost(7), None, "its copy is in flight");
        assert_eq!(sent_packets.lost(9), Some(1000), "the copy is lost as well");
        assert_eq!(sent_packets.lost(8), Some(1001));
    }

    #[test]
    fn a_packet_that_is_always_lost_is_given_up() {
        let mut sent_packets = SentPackets::default();
        sent_packets.sent(0, 5, false);
        for number in 1..u16::from(MOST) {
            assert_eq!(sent_packets.lost(number - 1), Some(5));
            sent_packets.sent(number, 5, true);
        }
        assert_eq!(sent_packets.lost(u16::from(MOST) - 1), None);
    }

    #[test]
    fn a_reused_number_belongs_to_the_newer_packet() {
        let mut sent_packets = SentPackets::default();
        let count = u16::try_from(REMEMBERED).unwrap();
        sent_packets.sent(u16::MAX, 3, false);
        sent_packets.sent(0, 4, false);
        assert_eq!(sent_packets.lost(u16::MAX), Some(3));
        sent_packets.sent(count, 3 + count, false);
        assert_eq!(sent_packets.lost(0), None, "its slot was reused");
        assert_eq!(sent_packets.lost(count), Some(3 + count));
        assert_eq!(sent_packets.lost(999), None, "it was never sent");
    }
}
