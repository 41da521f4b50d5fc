//! How much a viewer's line carries, from the arrival of each packet (transport-wide congestion control,
//! draft-holmer-rmcat-transport-wide-cc-extensions-01). Pure: what was sent and when it arrived goes in, a rate comes
//! out.
//!
//! A desktop sends in bursts and mostly less than it may, so the rate starts at the highest that is wanted and is kept
//! until packets queue up somewhere: their delay then stays above the least that was seen. Down it goes to what
//! arrives while they queue, and further so that the queue drains. Up it goes by steps that grow: freely to what the
//! line has carried before, and beyond that as far as the stream makes use of it. Losses without a queue are left to
//! retransmission, until they are many.

use std::collections::VecDeque;
use std::time::Duration;

/// One packet of which the viewer has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packet {
    /// By our clock.
    pub(crate) sent: Duration,
    /// By the viewer's clock; `None`: it has not arrived.
    pub(crate) arrived: Option<Duration>,
    /// With all headers of RTP.
    pub(crate) bytes: u32,
}

/// What was seen lately counts: for the delay, and for how much arrives.
const WINDOW: Duration = Duration::from_millis(500);
/// For so long, and at most twice that, the least delay is remembered: clocks drift, routes change.
const LEAST_DELAY: Duration = Duration::from_secs(10);
/// Packets that all wait longer than this are in a queue that stands.
const QUEUE: Duration = Duration::from_millis(20);
/// A queue that is longer than this is one, even if no more is sent than arrives.
const LONG_QUEUE: Duration = Duration::from_millis(60);
/// More is sent than arrives: by this factor.
const EXCESS: f64 = 1.1;
/// The least time between two steps down while the queue still grows: the last one has to show first.
const REACTION: Duration = Duration::from_millis(200);
/// A queue is to be gone after this.
const DRAIN: Duration = Duration::from_millis(400);
/// The time between two steps up.
const CLIMB: Duration = Duration::from_millis(250);
/// How long after a step down the first step up comes.
const CALM: Duration = Duration::from_millis(600);
/// The first step up and the largest, as factors.
const STEPS: (f64, f64) = (1.04, 1.3);
/// The step beyond what the line has carried, for a stream that does not show whether it carries more.
const BLIND_STEP: f64 = 1.003;
/// The stream makes use of its rate if it sends this share of it.
const USED: f64 = 0.6;
/// More lost than this share is not chance.
const LOSS: f64 = 0.15;

/// Where to start on a line of which nothing is known, in kbit/s: it takes a second to the highest rate where the line
/// carries that. Many times what it carries would fill its queue before the first report.
pub(crate) const START_KBPS: u32 = 4000;

/// The rate for one viewer's line.
#[derive(Debug)]
pub(crate) struct CongestionController {
    /// Least and most, in kbit/s.
    limits: (f64, f64),
    kbps: f64,
    /// Those that arrived, and what is lost, within the window; by the time at which they were sent.
    recent: VecDeque<Packet>,
    delays: LeastDelay,
    /// The last step down, and the queue that it was for.
    lowered: Option<(Duration, Duration)>,
    /// What arrived then, in kbit/s.
    carried: f64,
    raised: Duration,
    step: f64,
}

impl CongestionController {
    /// Starts at `most`. Both in kbit/s.
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

    /// Starts again at this rate, in kbit/s.
    pub(crate) fn start_at(&mut self, kbps: u32) {
        self.kbps = f64::from(kbps).clamp(self.limits.0, self.limits.1);
    }

    /// Changes the highest rate that is wanted, in kbit/s.
    pub(crate) fn set_most(&mut self, most: u32) {
        let is_free = self.kbps >= self.limits.1;
        self.limits.1 = f64::from(most).max(self.limits.0);
        self.kbps = if is_free {
            self.limits.1
        } else {
            self.kbps.min(self.limits.1)
        };
    }

    /// The rate, in kbit/s.
    pub(crate) fn kbps(&self) -> u32 {
        self.kbps as u32
    }

    /// Takes the viewer's report, in the order in which the packets were sent.
    pub(crate) fn report(&mut self, packets: &[Packet]) {
        let Some(now) = packets.iter().map(|packet| packet.sent).max() else {
            return;
        };
        let mut waits = Vec::new();
        for packet in packets {
            if let Some(arrived) = packet.arrived {
                // Both clocks start somewhere: only differences count.
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
        // The last packets of a large frame wait for the first: what all of them wait is the queue.
        let queue = waits.into_iter().min();
        match queue {
            // A short delay without an excess is a busy machine's, or the end of a queue.
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

    /// What was sent within the window, in kbit/s.
    fn sending(&self) -> f64 {
        let (Some(first), Some(last)) = (self.recent.front(), self.recent.back()) else {
            return 0.0;
        };
        let later = self.recent.iter().filter(|packet| packet.sent > first.sent);
        let bytes: u64 = later.map(|packet| u64::from(packet.bytes)).sum();
        let span = last.sent.saturating_sub(first.sent).max(WINDOW / 5);
        bytes as f64 * 8.0 / 1000.0 / span.as_secs_f64()
    }

    /// What arrives, in kbit/s, by the viewer's clock.
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
        // The packets that came first have taken their time before that.
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
        // A few packets are no statistics.
        if self.recent.len() < 50 {
            0.0
        } else {
            lost as f64 / self.recent.len() as f64
        }
    }
}

/// The least delay that was seen lately.
#[derive(Debug, Default)]
struct LeastDelay {
    /// Of the running period and of the one before, in nanoseconds; the clocks' difference is in it.
    now: Option<i128>,
    before: Option<i128>,
    since: Duration,
}

impl LeastDelay {
    /// How much longer than the least this packet was under way.
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

    /// A line with a bottleneck that may change, a queue that holds a second, and losses by chance.
    struct Line {
        kbps: f64,
        loss: f64,
        base: Duration,
        free_at: Duration,
        random: u64,
        /// Nothing goes on for the last part of each second, as on a busy machine.
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
            // The generator of POSIX.1-2001's example, good enough for losses.
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

    /// A stream that uses `share` of its rate, for so long. Gives the delay of each packet.
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
                    let told = |packet: &Packet| packet.arrived.is_none_or(|arrived| arrived < now);
                    let mut report: Vec<_> = self.pending.extract_if(.., |packet| told(packet)).collect();
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
    fn a_line_that_carries_all_is_used_from_the_start() {
        let mut run = Run::new(Line::new(100_000.0), 8000);
        run.stream(1.0, s(5));
        assert_eq!(run.congestion.kbps(), 8000);
    }

    #[test]
    fn a_low_start_is_over_within_two_seconds() {
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
    fn a_low_start_keeps_the_first_frames_of_a_narrow_line_from_waiting() {
        let mut run = Run::new(Line::new(2000.0), 8000);
        let high = p95(run.stream(1.0, s(3)));
        let mut run = Run::new(Line::new(2000.0), 8000);
        run.congestion.start_at(START_KBPS);
        let low = p95(run.stream(1.0, s(3)));
        assert!(low * 2 < high, "{low:?}, and {high:?} from the highest rate");
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
    fn the_full_rate_is_back_soon_after_a_bottleneck() {
        let mut run = Run::new(Line::new(2000.0), 8000);
        run.stream(1.0, s(10));
        assert!(run.congestion.kbps() < 2500);
        run.line.kbps = 100_000.0;
        run.stream(1.0, s(5));
        assert_eq!(run.congestion.kbps(), 8000);
    }

    #[test]
    fn losses_by_chance_are_left_to_retransmission() {
        let mut line = Line::new(100_000.0);
        line.loss = 0.05;
        let mut run = Run::new(line, 8000);
        run.stream(1.0, s(20));
        assert_eq!(run.congestion.kbps(), 8000);
    }

    #[test]
    fn a_busy_machine_is_not_taken_for_a_bad_line() {
        let mut line = Line::new(100_000.0);
        line.hiccup = Duration::from_millis(80);
        let mut run = Run::new(line, 8000);
        for _ in 0..20 {
            run.stream(1.0, s(1));
            assert!(run.congestion.kbps() > 4000, "{}", run.congestion.kbps());
        }
    }

    #[test]
    fn heavy_losses_bring_the_rate_down_to_what_arrives() {
        let mut line = Line::new(100_000.0);
        line.loss = 0.4;
        let mut run = Run::new(line, 8000);
        run.stream(1.0, s(3));
        assert!(run.congestion.kbps() < 4000, "{}", run.congestion.kbps());
    }

    #[test]
    fn a_stream_that_needs_little_does_not_raise_the_rate_unseen() {
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
    fn another_wish_is_followed_where_the_line_allows() {
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
