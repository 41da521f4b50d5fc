//! Congestion control for one viewer's link, from the arrival time of each packet (transport-wide congestion control,
//! draft-holmer-rmcat-transport-wide-cc-extensions-01). Pure: send and arrival times go in, a rate comes out.
//!
//! A desktop sends in bursts and mostly below its rate, so the rate starts at the maximum and is kept until packets
//! queue up: their delay then stays above the minimum seen. The rate then drops to the arrival rate during the queue,
//! and further so that the queue drains. It rises by growing steps: freely up to what the link has carried before, and
//! beyond that only while the stream uses it. Losses without a queue are left to retransmission, unless there are many.

use std::collections::VecDeque;
use std::time::Duration;

/// A packet that the viewer has reported on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packet {
    /// Send time, by the host's clock.
    pub(crate) sent: Duration,
    /// Arrival time, by the viewer's clock; `None`: lost.
    pub(crate) arrived: Option<Duration>,
    /// Size including all RTP headers.
    pub(crate) bytes: u32,
}

/// Window of the delay and rate measurements.
const WINDOW: Duration = Duration::from_millis(500);
/// Lifetime of the minimum delay, at least; at most twice as long. Clocks drift and routes change.
const LEAST_DELAY: Duration = Duration::from_secs(10);
/// Delay above which packets are in a standing queue, if all of them exceed it.
const QUEUE: Duration = Duration::from_millis(20);
/// Delay that counts as a queue even if no more is sent than arrives.
const LONG_QUEUE: Duration = Duration::from_millis(60);
/// Ratio of sent to arriving rate above which a queue is growing.
const EXCESS: f64 = 1.1;
/// Minimum time between two steps down while the queue still grows: the effect of the last one has to show first.
const REACTION: Duration = Duration::from_millis(200);
/// Time in which a queue should drain.
const DRAIN: Duration = Duration::from_millis(400);
/// The time between two steps up.
const CLIMB: Duration = Duration::from_millis(250);
/// Time from a step down to the first step up.
const CALM: Duration = Duration::from_millis(600);
/// The first step up and the largest, as factors.
const STEPS: (f64, f64) = (1.04, 1.3);
/// Step beyond the rate that the link has carried, for a stream that is too small to probe it.
const BLIND_STEP: f64 = 1.003;
/// Share of the rate above which a stream counts as using it.
const USED: f64 = 0.6;
/// Share of lost packets above which losses count as congestion and not as random.
const LOSS: f64 = 0.15;

/// Start rate of a link of unknown capacity, in kbit/s: it reaches the maximum within a second if the link carries
/// that. A start far above the link's capacity would fill its queue before the first report.
pub(crate) const START_KBPS: u32 = 4000;

/// Congestion controller of one viewer's link.
#[derive(Debug)]
pub(crate) struct CongestionController {
    /// Minimum and maximum rate, in kbit/s.
    limits: (f64, f64),
    kbps: f64,
    /// Packets within the window, arrived and lost, in the order in which they were sent.
    recent: VecDeque<Packet>,
    delays: LeastDelay,
    /// Time of the last step down, and the queueing delay that caused it.
    lowered: Option<(Duration, Duration)>,
    /// Arrival rate at the last step down, in kbit/s.
    carried: f64,
    raised: Duration,
    step: f64,
}

impl CongestionController {
    /// Creates a controller that starts at `most`. Both limits are in kbit/s.
    pub(crate) fn new(least: u32, most: u32) -> Self {
        let limits = (f64::from(least.min(most)), f64::from(most));
        Self {
            limits,
            kbps: limits.1,
            recent: VecDeque::new(),
            delays: LeastDelay::default(),
            lowered: None,
            carried: limits.1,
            raised: Duration::ZERO,
            step: STEPS.0,
        }
    }

    /// Sets the current rate, in kbit/s.
    pub(crate) fn start_at(&mut self, kbps: u32) {
        self.kbps = f64::from(kbps).clamp(self.limits.0, self.limits.1);
    }

    /// Sets the maximum rate, in kbit/s.
    pub(crate) fn set_most(&mut self, most: u32) {
        let is_free = self.kbps >= self.limits.1;
        self.limits.1 = f64::from(most).max(self.limits.0);
        self.kbps = if is_free {
            self.limits.1
        } else {
            self.kbps.min(self.limits.1)
        };
    }

    /// Returns the current rate, in kbit/s.
    pub(crate) fn kbps(&self) -> u32 {
        self.kbps as u32
    }

    /// Processes a report of the viewer, with packets in the order in which they were sent.
    pub(crate) fn report(&mut self, packets: &[Packet]) {
        let Some(now) = packets.iter().map(|packet| packet.sent).max() else {
            return;
        };
        let mut waits = Vec::new();
        for packet in packets {
            if let Some(arrived) = packet.arrived {
                // The clocks have different origins: only differences of delays are meaningful.
                waits.push(self.delays.above_least(packet.sent, arrived));
            }
        }
        self.recent.extend(packets);
        while self
            .recent
            .front()
            .is_some_and(|packet| packet.sent + WINDOW < now)
        {
            self.recent.pop_front();
        }
        // The last packets of a large frame wait for the first ones: the delay that all share is the queue.
        let queue = waits.into_iter().min();
        match queue {
            // A short delay without an excess comes from a busy machine, or from the end of a queue.
            Some(queue)
                if queue > LONG_QUEUE || queue > QUEUE && self.sending() > EXCESS * self.arriving() =>
            {
                self.lower(now, queue);
            }
            _ if self.lost() > LOSS => self.lower(now, Duration::ZERO),
            Some(queue) if queue <= QUEUE => self.raise(now),
            Some(_) => {}
            None => {}
        }
    }

    fn lower(&mut self, now: Duration, queue: Duration) {
        if let Some((at, before)) = self.lowered {
            let wait = if queue > before.mul_f64(1.2) {
                REACTION
            } else {
                DRAIN + REACTION
            };
            if at + wait > now {
                return;
            }
        }
        let drain = 1.0 - queue.as_secs_f64() / DRAIN.as_secs_f64();
        self.carried = self.arriving();
        let target = self.carried * drain.clamp(0.4, 0.9);
        self.kbps = target.min(self.kbps * 0.95).max(self.limits.0);
        self.lowered = Some((now, queue));
        self.step = STEPS.0;
    }

    fn raise(&mut self, now: Duration) {
        let is_calm = self.lowered.is_none_or(|(lowered, _)| lowered + CALM <= now);
        if !is_calm || self.raised + CLIMB > now || self.kbps >= self.limits.1 {
            return;
        }
        self.raised = now;
        let is_used = self.arriving() >= USED * self.kbps;
        if is_used || self.kbps < 0.9 * self.carried {
            self.kbps *= self.step;
            self.step = (1.0 + (self.step - 1.0) * 1.5).min(STEPS.1);
        } else {
            self.kbps *= BLIND_STEP;
        }
        self.kbps = self.kbps.min(self.limits.1);
    }

    /// Returns the send rate within the window, in kbit/s.
    fn sending(&self) -> f64 {
        let (Some(first), Some(last)) = (self.recent.front(), self.recent.back()) else {
            return 0.0;
        };
        let later = self.recent.iter().filter(|packet| packet.sent > first.sent);
        let bytes: u64 = later.map(|packet| u64::from(packet.bytes)).sum();
        let span = last.sent.saturating_sub(first.sent).max(WINDOW / 5);
        bytes as f64 * 8.0 / 1000.0 / span.as_secs_f64()
    }

    /// Returns the arrival rate, in kbit/s, by the viewer's clock.
    fn arriving(&self) -> f64 {
        let arrived = || {
            self.recent
                .iter()
                .filter_map(|packet| Some((packet.arrived?, packet.bytes)))
        };
        let (Some(first), Some(last)) = (
            arrived().map(|(at, _)| at).min(),
            arrived().map(|(at, _)| at).max(),
        ) else {
            return 0.0;
        };
        // The transmission time of the first packets lies before the first arrival.
        let bytes: u64 = arrived()
            .filter(|(at, _)| *at > first)
            .map(|(_, bytes)| u64::from(bytes))
            .sum();
        let span = (last - first).max(WINDOW / 5);
        bytes as f64 * 8.0 / 1000.0 / span.as_secs_f64()
    }

    fn lost(&self) -> f64 {
        let lost = self
            .recent
            .iter()
            .filter(|packet| packet.arrived.is_none())
            .count();
        // A few packets are not a meaningful sample.
        if self.recent.len() < 50 {
            0.0
        } else {
            lost as f64 / self.recent.len() as f64
        }
    }
}

/// The minimum of the recent delays.
#[derive(Debug, Default)]
struct LeastDelay {
    /// Minimum of the current period and of the previous one, in nanoseconds, including the clocks' offset.
    now: Option<i128>,
    before: Option<i128>,
    since: Duration,
}

impl LeastDelay {
    /// Returns the delay of this packet above the minimum.
    fn above_least(&mut self, sent: Duration, arrived: Duration) -> Duration {
        let delay = arrived.as_nanos() as i128 - sent.as_nanos() as i128;
        if sent > self.since + LEAST_DELAY {
            self.since = sent;
            self.before = self.now.take();
        }
        let now = self.now.map_or(delay, |now| now.min(delay));
        self.now = Some(now);
        let least = self.before.map_or(now, |before| before.min(now));
        Duration::from_nanos(u64::try_from(delay - least).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_micros(16_667);
    const MTU: u32 = 1200;

    /// A link with a variable bottleneck, a queue of one second, and random losses.
    struct Line {
        kbps: f64,
        loss: f64,
        base: Duration,
        free_at: Duration,
        random: u64,
        /// Pause at the end of each second, as on a busy machine.
        hiccup: Duration,
    }

    impl Line {
        fn new(kbps: f64) -> Self {
            Self {
                kbps,
                loss: 0.0,
                base: Duration::from_millis(5),
                free_at: Duration::ZERO,
                random: 1,
                hiccup: Duration::ZERO,
            }
        }

        fn carry(&mut self, sent: Duration, bytes: u32) -> Option<Duration> {
            // The example generator of POSIX.1-2001, good enough for losses.
            self.random = self.random.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            let chance = (self.random >> 16 & 0x7fff) as f64 / 32768.0;
            let second = Duration::from_secs(sent.as_secs() + 1);
            let goes_on = if second - sent <= self.hiccup {
                second
            } else {
                sent
            };
            let start = self.free_at.max(goes_on);
            if chance < self.loss || start > sent + Duration::from_secs(1) {
                return None;
            }
            self.free_at = start + Duration::from_secs_f64(f64::from(bytes) * 8.0 / 1000.0 / self.kbps);
            Some(self.free_at + self.base)
        }
    }

    /// A simulated stream over a link, with the reports on it.
    struct Run {
        line: Line,
        congestion: CongestionController,
        now: Duration,
        pending: Vec<Packet>,
    }

    impl Run {
        fn new(line: Line, most: u32) -> Self {
            Self {
                line,
                congestion: CongestionController::new(300, most),
                now: Duration::from_secs(100),
                pending: Vec::new(),
            }
        }

        fn stream(&mut self, share: f64, length: Duration) -> Vec<Duration> {
            let mut delays = Vec::new();
            let end = self.now + length;
            let mut next_report = self.now;
            while self.now < end {
                let mut left = (self.congestion.kbps * share * 1000.0 / 8.0 * FRAME.as_secs_f64()) as u32;
                while left > 0 {
                    let bytes = left.min(MTU);
                    left -= bytes;
                    let arrived = self.line.carry(self.now, bytes);
                    delays.extend(arrived.map(|arrived| arrived - self.now));
                    self.pending.push(Packet {
                        sent: self.now,
                        arrived,
                        bytes,
                    });
                }
                self.now += FRAME;
                if self.now >= next_report {
                    next_report += Duration::from_millis(60);
                    let (now, shift) = (self.now, Duration::from_secs(7));
                    let is_reported = |packet: &Packet| packet.arrived.is_none_or(|arrived| arrived < now);
                    let mut report: Vec<_> = self
                        .pending
                        .extract_if(.., |packet| is_reported(packet))
                        .collect();
                    report
                        .iter_mut()
                        .for_each(|packet| packet.arrived = packet.arrived.map(|at| at + shift));
                    self.congestion.report(&report);
                }
            }
            delays
        }
    }

    fn p95(mut delays: Vec<Duration>) -> Duration {
        delays.sort();
        delays[delays.len() * 95 / 100]
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_fast_link_is_used_fully_from_the_start() {
        let mut run = Run::new(Line::new(100_000.0), 8000);
        run.stream(1.0, s(5));
        assert_eq!(run.congestion.kbps(), 8000);
    }

    #[test]
    fn a_low_start_reaches_the_maximum_within_two_seconds() {
        for share in [1.0, 0.1] {
            let mut run = Run::new(Line::new(100_000.0), 8000);
            run.congestion.start_at(START_KBPS);
            assert_eq!(run.congestion.kbps(), 4000);
            run.stream(share, s(2));
            assert!(run.congestion.kbps() >= 7200, "{:?}", run.congestion);
        }
        let mut slow = CongestionController::new(300, 2000);
        slow.start_at(START_KBPS);
        assert_eq!(slow.kbps(), 2000);
    }

    #[test]
    fn a_low_start_reduces_the_first_delays_on_a_slow_link() {
        let mut run = Run::new(Line::new(2000.0), 8000);
        let high = p95(run.stream(1.0, s(3)));
        let mut run = Run::new(Line::new(2000.0), 8000);
        run.congestion.start_at(START_KBPS);
        let low = p95(run.stream(1.0, s(3)));
        assert!(low * 2 < high, "{low:?}, and {high:?} starting at the maximum");
    }

    #[test]
    fn a_bottleneck_is_filled_but_not_its_queue() {
        for (kbps, most) in [(2000.0, 8000), (1000.0, 8000), (6000.0, 20_000)] {
            let mut run = Run::new(Line::new(kbps), most);
            run.stream(1.0, s(3));
            let delays = run.stream(1.0, s(20));
            assert!(
                p95(delays.clone()) < Duration::from_millis(150),
                "{:?} at {kbps}",
                p95(delays)
            );
            let used = delays.len() as f64 * f64::from(MTU) * 8.0 / 1000.0 / 20.0 / kbps;
            assert!(used > 0.7, "{used} of {kbps} is used");
        }
    }

    #[test]
    fn the_full_rate_returns_soon_after_a_bottleneck() {
        let mut run = Run::new(Line::new(2000.0), 8000);
        run.stream(1.0, s(10));
        assert!(run.congestion.kbps() < 2500);
        run.line.kbps = 100_000.0;
        run.stream(1.0, s(5));
        assert_eq!(run.congestion.kbps(), 8000);
    }

    #[test]
    fn random_losses_are_left_to_retransmission() {
        let mut line = Line::new(100_000.0);
        line.loss = 0.05;
        let mut run = Run::new(line, 8000);
        run.stream(1.0, s(20));
        assert_eq!(run.congestion.kbps(), 8000);
    }

    #[test]
    fn a_busy_machine_is_not_mistaken_for_a_bad_link() {
        let mut line = Line::new(100_000.0);
        line.hiccup = Duration::from_millis(80);
        let mut run = Run::new(line, 8000);
        for _ in 0..20 {
            run.stream(1.0, s(1));
            assert!(run.congestion.kbps() > 4000, "{}", run.congestion.kbps());
        }
    }

    #[test]
    fn heavy_losses_lower_the_rate_to_the_arrival_rate() {
        let mut line = Line::new(100_000.0);
        line.loss = 0.4;
        let mut run = Run::new(line, 8000);
        run.stream(1.0, s(3));
        assert!(run.congestion.kbps() < 4000, "{}", run.congestion.kbps());
    }

    #[test]
    fn a_small_stream_barely_raises_the_rate() {
        let mut run = Run::new(Line::new(2000.0), 8000);
        run.stream(1.0, s(5));
        let before = run.congestion.kbps();
        run.stream(0.1, s(20));
        assert!(
            run.congestion.kbps() <= before + before / 2,
            "{}",
            run.congestion.kbps()
        );
        let delays = run.stream(1.0, s(10));
        assert!(p95(delays) < Duration::from_millis(250));
    }

    #[test]
    fn a_new_maximum_is_followed_as_far_as_the_link_allows() {
        let mut congestion = CongestionController::new(300, 8000);
        congestion.set_most(2000);
        assert_eq!(congestion.kbps(), 2000);
        congestion.set_most(20_000);
        assert_eq!(congestion.kbps(), 20_000);
    }

    proptest::proptest! {
        #[test]
        fn no_report_leads_out_of_the_limits(
            packets in proptest::collection::vec((0u64..1 << 40, proptest::option::of(0u64..u64::MAX), 0u32..u32::MAX), 0..40)
        ) {
            let mut congestion = CongestionController::new(300, 8000);
            for (sent, arrived, bytes) in packets {
                let sent = Duration::from_nanos(sent);
                congestion.report(&[Packet { sent, arrived: arrived.map(Duration::from_nanos), bytes }]);
                proptest::prop_assert!((300..=8000).contains(&congestion.kbps()));
            }
        }
    }
}
