//! Numbers that a client may ask for. A number that was not measured is absent, never zero.

use serde_json::{Map, Value};

/// A group of numbers, as named in `get-stats`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatsGroup {
    /// Of this viewer's peer.
    Webrtc,
    /// Of the machine and of the capture.
    System,
}

/// The numbers. Only groups that were asked for are present, if only as empty ones.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Stats {
    /// This viewer's peer.
    pub webrtc: Option<WebrtcStats>,
    /// The machine and the capture.
    pub system: Option<SystemStats>,
}

/// The numbers of one peer, since it was opened.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct WebrtcStats {
    /// Bytes of RTP sent.
    pub bytes_sent: Option<u64>,
    /// Bytes received.
    pub bytes_received: Option<u64>,
    /// RTP packets sent.
    pub packets_sent: Option<u64>,
    /// Packets received.
    pub packets_received: Option<u64>,
    /// RTP packets lost, as the client reports; negative if it saw duplicates (RFC 3550 section 6.4.1).
    pub packets_lost: Option<i64>,
    /// The jitter of the arrival at the client, in seconds.
    pub jitter_s: Option<f64>,
    /// The round trip, in seconds.
    pub rtt_s: Option<f64>,
    /// The bandwidth that congestion control estimates, in bits per second.
    pub bandwidth_bps: Option<u64>,
    /// The times of its last frames.
    pub stages: Option<Box<StageTimes>>,
}

/// The times of a frame on the host: medians of the last frames, in microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StageTimes {
    /// From the change on the screen until the frame was there.
    pub capture_us: u32,
    /// Until it was in the encoder's format.
    pub convert_us: u32,
    /// Until it was encoded.
    pub encode_us: u32,
    /// Until its first packet was sent.
    pub packetize_us: u32,
}

/// The numbers of the machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SystemStats {
    /// The load of all processors together, 0 to 100.
    pub cpu_percent: Option<f64>,
    /// Memory in use, in bytes.
    pub memory_used_bytes: Option<u64>,
    /// Memory in total, in bytes.
    pub memory_total_bytes: Option<u64>,
    /// The load of the graphics processor, 0 to 100.
    pub gpu_percent: Option<f64>,
    /// Frames captured per second, lately.
    pub fps: Option<f64>,
}

impl StatsGroup {
    /// The groups that a client gets when it names none.
    pub(crate) const DEFAULT: [Self; 2] = [Self::Webrtc, Self::System];

    /// The group of this name on the wire.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "webrtc" => Some(Self::Webrtc),
            "system" => Some(Self::System),
            _ => None,
        }
    }
}

impl Stats {
    /// The `data` of a `stats` message.
    pub(super) fn to_json(&self) -> Value {
        let mut data = Map::new();
        data.extend(
            self.webrtc
                .as_ref()
                .map(|group| ("webrtc".to_owned(), group.to_json())),
        );
        data.extend(
            self.system
                .as_ref()
                .map(|group| ("system".to_owned(), group.to_json())),
        );
        data.into()
    }
}

impl WebrtcStats {
    fn to_json(&self) -> Value {
        object([
            ("bytes_sent", self.bytes_sent.map(Value::from)),
            ("bytes_received", self.bytes_received.map(Value::from)),
            ("packets_sent", self.packets_sent.map(Value::from)),
            ("packets_received", self.packets_received.map(Value::from)),
            ("packets_lost", self.packets_lost.map(Value::from)),
            ("jitter", finite(self.jitter_s)),
            ("rtt", finite(self.rtt_s)),
            ("bandwidth", self.bandwidth_bps.map(Value::from)),
            ("stages", self.stages.as_deref().map(StageTimes::to_json)),
        ])
    }
}

impl StageTimes {
    /// In milliseconds.
    fn to_json(&self) -> Value {
        let ms = |us: u32| Some(Value::from(f64::from(us) / 1000.0));
        object([
            ("capture", ms(self.capture_us)),
            ("convert", ms(self.convert_us)),
            ("encode", ms(self.encode_us)),
            ("packetize", ms(self.packetize_us)),
        ])
    }
}

impl SystemStats {
    fn to_json(&self) -> Value {
        object(self.fields())
    }

    /// With the names of Selkies beside those of the `stats` message: one shape serves both clients.
    pub(super) fn to_channel_json(&self) -> Value {
        let of_selkies = [
            ("cpu_percent", finite(self.cpu_percent)),
            ("mem_total", self.memory_total_bytes.map(Value::from)),
            ("mem_used", self.memory_used_bytes.map(Value::from)),
        ];
        object(self.fields().into_iter().chain(of_selkies))
    }

    fn fields(&self) -> [(&'static str, Option<Value>); 4] {
        [
            ("cpu_usage", finite(self.cpu_percent)),
            ("memory_usage", self.memory_used_bytes.map(Value::from)),
            ("gpu_usage", finite(self.gpu_percent)),
            ("fps", finite(self.fps)),
        ]
    }
}

fn finite(number: Option<f64>) -> Option<Value> {
    number.filter(|number| number.is_finite()).map(Value::from)
}

fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Option<Value>)>) -> Value {
    let present = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_not_measured_is_absent() {
        let stats = Stats {
            webrtc: Some(WebrtcStats {
                bytes_sent: Some(7),
                rtt_s: Some(f64::NAN),
                ..WebrtcStats::default()
            }),
            system: None,
        };
        assert_eq!(stats.to_json(), json!({"webrtc": {"bytes_sent": 7}}));
    }

    #[test]
    fn one_shape_serves_the_native_client_and_selkies() {
        let system = SystemStats {
            cpu_percent: Some(25.5),
            memory_used_bytes: Some(2),
            memory_total_bytes: Some(8),
            gpu_percent: None,
            fps: Some(60.0),
        };
        assert_eq!(
            system.to_channel_json(),
            json!({"cpu_usage":25.5,"memory_usage":2,"fps":60.0,"cpu_percent":25.5,"mem_total":8,"mem_used":2})
        );
    }
}
