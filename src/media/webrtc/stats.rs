//! Statistics of one peer, from webrtcbin.

/// Statistics of a peer. Values that were not measured are `None`, never a guess.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PeerStats {
    /// RTP payload sent, in bytes.
    pub bytes_sent: Option<u64>,
    /// RTP packets sent.
    pub packets_sent: Option<u64>,
    /// RTP payload received, in bytes.
    pub bytes_received: Option<u64>,
    /// RTP packets received.
    pub packets_received: Option<u64>,
    /// Packets that the viewer reports as lost.
    pub packets_lost: Option<i64>,
    /// The jitter that the viewer reports, in seconds.
    pub jitter_s: Option<f64>,
    /// The round-trip time measured by RTCP, in seconds.
    pub round_trip_s: Option<f64>,
    /// Rate that the viewer's link carries and that it wants, in kbit/s.
    pub available_kbps: Option<u32>,
    /// The highest sequence numbers that the viewer has reported, summed over its streams: it changes with each report
    /// of new packets.
    pub reported: Option<u32>,
    /// The name of the encoder, if it is from a file.
    pub encoder: Option<String>,
    /// Latency of the latest frames by stage, the oldest first.
    pub frames: Vec<crate::media::latency::FrameTimes>,
    /// Frames per second that the encoder put out since the last measurement.
    pub encoded_fps: Option<f64>,
}

impl PeerStats {
    /// Reads webrtcbin's answer to `get-stats`.
    pub(crate) fn read(stats: &gst::StructureRef) -> Self {
        let mut read = Self::default();
        for (_, value) in stats.iter() {
            let Ok(entry) = value.get::<gst::Structure>() else {
                continue;
            };
            match entry.get::<gst_webrtc::WebRTCStatsType>("type") {
                Ok(gst_webrtc::WebRTCStatsType::OutboundRtp) => {
                    add(&mut read.bytes_sent, unsigned(&entry, "bytes-sent"));
                    add(&mut read.packets_sent, unsigned(&entry, "packets-sent"));
                }
                Ok(gst_webrtc::WebRTCStatsType::InboundRtp) => {
                    add(&mut read.bytes_received, unsigned(&entry, "bytes-received"));
                    add(&mut read.packets_received, unsigned(&entry, "packets-received"));
                }
                Ok(gst_webrtc::WebRTCStatsType::RemoteInboundRtp) => {
                    read.packets_lost = entry.get("packets-lost").ok();
                    read.round_trip_s = positive(&entry, "round-trip-time");
                    read.jitter_s = entry.get::<f64>("jitter").ok();
                    if let Some(highest) = highest_reported(&entry) {
                        read.reported = Some(read.reported.unwrap_or_default().wrapping_add(highest));
                    }
                }
                _ => {}
            }
        }
        read
    }
}

fn highest_reported(entry: &gst::StructureRef) -> Option<u32> {
    let source: gst::Structure = entry.get("gst-rtpsource-stats").ok()?;
    source.get::<bool>("have-rb").ok().filter(|has| *has)?;
    source.get("rb-exthighestseq").ok()
}

/// Returns a positive value: webrtcbin writes zero until the first report has arrived.
fn positive(entry: &gst::StructureRef, name: &str) -> Option<f64> {
    entry.get::<f64>(name).ok().filter(|value| *value > 0.0)
}

fn unsigned(entry: &gst::StructureRef, name: &str) -> Option<u64> {
    entry.get::<u64>(name).ok()
}

fn add(total: &mut Option<u64>, part: Option<u64>) {
    if let Some(part) = part {
        *total = Some(total.unwrap_or_default() + part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_read_as_webrtcbin_writes_them() {
        gst::init().unwrap();
        let report = |lost: i64, highest: u32| {
            let source = gst::Structure::builder("application/x-rtp-source-stats")
                .field("have-rb", true)
                .field("rb-exthighestseq", highest)
                .build();
            gst::Structure::builder("remote-inbound-rtp")
                .field("type", gst_webrtc::WebRTCStatsType::RemoteInboundRtp)
                .field("packets-lost", lost)
                .field("round-trip-time", 0.5)
                .field("gst-rtpsource-stats", source)
                .build()
        };
        let stats = gst::Structure::builder("application/x-webrtc-stats")
            .field("picture", report(7, 1_000))
            .field("sound", report(7, 24))
            .build();
        let read = PeerStats::read(&stats);
        assert_eq!((read.packets_lost, read.reported), (Some(7), Some(1_024)));
        assert_eq!((read.round_trip_s, read.packets_sent), (Some(0.5), None));
    }
}
