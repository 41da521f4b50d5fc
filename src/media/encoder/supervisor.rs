//! Decides when an encoder repeats its last frame, when it makes a key frame, and whether it has stalled. Pure: counts
//! and the time go in, actions come out.

use std::time::{Duration, Instant};

/// Minimum time between two key frames: a viewer that keeps requesting them costs the others little.
const KEY_FRAME_FLOOR: Duration = Duration::from_millis(250);
/// Time to wait for the next frame in motion, if it is to be a key frame.
const NEXT_FRAME: Duration = Duration::from_millis(40);
/// Time without a change after which the screen is still, and its frame is encoded again: bits that motion no longer
/// needs refine the image. Longer than the gap between keystrokes, since the frame of the next keystroke would have to
/// wait for an encoder and a browser that are busy with the repeated one.
const REST: Duration = Duration::from_millis(300);
/// Interval of the refinements.
const REFINE: Duration = Duration::from_millis(50);
/// Maximum number of refinements.
const REFINEMENTS: u32 = 20;
/// Minimum number of refinements: a rate control takes some frames to spend more.
const LEAST_REFINEMENTS: u32 = 6;
/// Size of a repeated frame below which refining ends, in bytes.
const REFINED: u64 = 1500;
/// Interval of the repetitions of a still frame: Chromium takes 3 s without a frame for a loss and requests a key
/// frame, which is larger and coarser.
const KEEP_ALIVE: Duration = Duration::from_secs(2);
/// Time without output after which an encoder that takes frames has stalled.
pub(crate) const STALL: Duration = Duration::from_millis(500);
/// The same time for a still screen, where only the last frame is repeated. Repetitions are dropped while the encoder
/// is busy, so this time alone decides. It must be long enough for an encoder that restarts after a change of size.
const STALL_AT_REST: Duration = Duration::from_millis(750);
/// Number of frames without output that an encoder's delay does not explain.
const STALLED_FRAMES: u64 = 6;
/// Period over which the frame rate is measured.
const PACE: Duration = Duration::from_millis(500);

/// Frame counters of an encoder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Frames that were captured.
    pub(crate) captured: u64,
    /// Frames of those that arrived at the encoder.
    pub(crate) arrived: u64,
    /// Frames of those that went in and were not dropped by the rate limit.
    pub(crate) taken: u64,
    /// Frames that were encoded.
    pub(crate) encoded: u64,
    /// Their total size, in bytes.
    pub(crate) bytes: u64,
}

/// The actions to take now.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Actions {
    /// True if the next frame must be a key frame.
    pub(crate) force_key_frame: bool,
    /// True if the last frame must be encoded again, after `force_key_frame` if both are set.
    pub(crate) repeat: bool,
    /// `Some(true)` if the screen has become still: the next captured frame must then be reported. `Some(false)` if it
    /// moves again.
    pub(crate) at_rest: Option<bool>,
    /// True if the encoder has stalled.
    pub(crate) stalled: bool,
    /// The measured frame rate, if there is a new value.
    pub(crate) fps: Option<f64>,
}

/// Supervisor of one encoder.
#[derive(Debug)]
pub(crate) struct Supervisor {
    motion: Motion,
    /// Time between two frames of the stream in motion.
    interval: Duration,
    arrived: u64,
    left_out: Option<LeftOut>,
    key_frame: KeyFrame,
    /// `None`: only the initial one, which viewers that are still connecting have missed.
    last_key_frame: Option<Instant>,
    progress: Progress,
    /// Start of the current frame rate measurement, and the frames taken by then.
    pace: Option<(Instant, u64)>,
}

/// State of the screen: moving, or still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Motion {
    /// In motion; the last change was at `last`.
    Moving { last: Instant },
    /// Being refined: repeated `refined` times, last at `last`, when `bytes` had been encoded.
    Resting { last: Instant, refined: u32, bytes: u64 },
    /// Still and refined; last repeated at `last`.
    Still { last: Instant },
}

/// Counts at the encoder's last output, and what has gone in since.
#[derive(Debug, Clone, Copy)]
struct Progress {
    encoded: u64,
    /// Captured frames by then.
    captured: u64,
    repeated: u64,
    /// Time since when output is due.
    owing: Option<Instant>,
}

impl Progress {
    fn of(counts: Counts) -> Self {
        Self {
            encoded: counts.encoded,
            captured: counts.captured,
            repeated: 0,
            owing: None,
        }
    }
}

/// A dropped frame, after `taken` that went in. If no other has gone in at `by`, the last captured frame is encoded.
#[derive(Debug, Clone, Copy)]
struct LeftOut {
    by: Instant,
    taken: u64,
}

/// State of a key frame request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyFrame {
    NotWanted,
    /// The key frame is to be forced at this time.
    Due(Instant),
    /// The next frame will be a key frame; if none has gone in at `by`, the last one is encoded again.
    Expected {
        by: Instant,
        taken: u64,
    },
}

impl Supervisor {
    /// Creates the supervisor of an encoder that has just made its first frame, which is a key frame.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            motion: Motion::Moving { last: now },
            interval: Duration::ZERO,
            arrived: 0,
            left_out: None,
            key_frame: KeyFrame::NotWanted,
            last_key_frame: None,
            progress: Progress::of(Counts::default()),
            pace: None,
        }
    }

    /// Sets the time between two frames in motion, at the frame rate of the stream. Repeated frames keep to it too.
    pub(crate) fn set_interval(&mut self, interval: Duration) {
        self.interval = interval;
    }

    /// Returns the time without a change after which the screen is still.
    fn rest(&self) -> Duration {
        REST.max(self.interval * 3 / 2)
    }

    /// Returns the interval of the refinements.
    fn refine(&self) -> Duration {
        REFINE.max(self.interval)
    }

    /// Requests a key frame for a viewer that has lost the video or is new, after `taken` frames. A key frame that has
    /// not gone in yet serves the request; one that has may be lost already.
    pub(crate) fn want_key_frame(&mut self, taken: u64, now: Instant) {
        let is_coming = match self.key_frame {
            KeyFrame::NotWanted => false,
            KeyFrame::Due(_) => true,
            KeyFrame::Expected { taken: before, .. } => taken == before,
        };
        if !is_coming {
            self.key_frame = KeyFrame::Due(
                self.last_key_frame
                    .map_or(now, |last| now.max(last + KEY_FRAME_FLOOR)),
            );
        }
    }

    /// Notes that a frame was dropped after `taken` others, because it came before `by`.
    pub(crate) fn left_out(&mut self, taken: u64, by: Instant) {
        if self.left_out.is_none_or(|before| before.taken != taken) {
            self.left_out = Some(LeftOut { by, taken });
        }
    }

    /// Returns the time until the next poll, if nothing happens before.
    pub(crate) fn next_poll(&self, now: Instant) -> Duration {
        let motion = match self.motion {
            Motion::Moving { .. } => now + self.rest(),
            Motion::Resting { last, .. } => last + self.refine(),
            Motion::Still { last } => last + KEEP_ALIVE,
        };
        let next = match self.key_frame {
            KeyFrame::NotWanted => motion,
            KeyFrame::Due(at) | KeyFrame::Expected { by: at, .. } => motion.min(at),
        };
        let next = self.left_out.map_or(next, |left_out| next.min(left_out.by));
        next.saturating_duration_since(now)
    }

    /// Processes the counters and returns the actions to take.
    pub(crate) fn poll(&mut self, counts: Counts, now: Instant) -> Actions {
        let mut actions = Actions::default();
        self.poll_motion(counts, now, &mut actions);
        self.poll_left_out(counts, now, &mut actions);
        self.poll_key_frame(counts, now, &mut actions);
        self.poll_progress(counts, now, &mut actions);
        actions
    }

    /// Resets the stall detection while the encoder is paused.
    pub(crate) fn pause(&mut self, counts: Counts) {
        self.progress = Progress::of(counts);
    }

    fn poll_motion(&mut self, counts: Counts, now: Instant, actions: &mut Actions) {
        let has_moved = std::mem::replace(&mut self.arrived, counts.arrived) != counts.arrived;
        let refine = |refined: u32| Motion::Resting {
            last: now,
            refined,
            bytes: counts.bytes,
        };
        let (rest, interval) = (self.rest(), self.refine());
        let was_moving = matches!(self.motion, Motion::Moving { .. });
        self.motion = match self.motion {
            _ if has_moved => Motion::Moving { last: now },
            Motion::Moving { last } if now - last >= rest => refine(1),
            Motion::Resting { last, refined, bytes } if now - last >= interval => {
                let brought = counts.bytes - bytes;
                // Without any output the encoder is slow or has stalled; further frames will show which.
                let goes_on = refined < LEAST_REFINEMENTS || brought == 0 || brought >= REFINED;
                if refined < REFINEMENTS && goes_on {
                    refine(refined + 1)
                } else {
                    Motion::Still { last }
                }
            }
            Motion::Still { last } if now - last >= KEEP_ALIVE => Motion::Still { last: now },
            motion => motion,
        };
        actions.repeat =
            matches!(self.motion, Motion::Resting { last, .. } | Motion::Still { last } if last == now);
        let is_moving = matches!(self.motion, Motion::Moving { .. });
        actions.at_rest = (is_moving != was_moving).then_some(!is_moving);
        self.pace = match (self.motion, self.pace) {
            (Motion::Moving { .. }, Some((since, taken))) if now - since >= PACE => {
                actions.fps = Some((counts.taken - taken) as f64 / (now - since).as_secs_f64());
                Some((now, counts.taken))
            }
            (Motion::Moving { .. }, Some(pace)) => Some(pace),
            (Motion::Moving { .. }, None) => Some((now, counts.taken)),
            _ => None,
        };
    }

    fn poll_left_out(&mut self, counts: Counts, now: Instant, actions: &mut Actions) {
        self.left_out = match self.left_out {
            Some(LeftOut { taken, .. }) if counts.taken != taken => None,
            Some(LeftOut { by, .. }) if by <= now => {
                actions.repeat = true;
                None
            }
            left_out => left_out,
        };
    }

    fn poll_key_frame(&mut self, counts: Counts, now: Instant, actions: &mut Actions) {
        self.key_frame = match self.key_frame {
            KeyFrame::Due(at) if at <= now => {
                self.last_key_frame = Some(now);
                actions.force_key_frame = true;
                if matches!(self.motion, Motion::Moving { .. }) {
                    KeyFrame::Expected {
                        by: now + NEXT_FRAME,
                        taken: counts.taken,
                    }
                } else {
                    // A key frame is coarse at first, and some receivers render nothing before the second packet
                    // (the probation of RFC 3550 section 6.2.1).
                    self.motion = Motion::Resting {
                        last: now,
                        refined: 1,
                        bytes: counts.bytes,
                    };
                    actions.repeat = true;
                    KeyFrame::NotWanted
                }
            }
            KeyFrame::Expected { by, taken } if by <= now => {
                actions.repeat |= counts.taken == taken;
                KeyFrame::NotWanted
            }
            key_frame => key_frame,
        };
    }

    fn poll_progress(&mut self, counts: Counts, now: Instant, actions: &mut Actions) {
        let has_moved = self.motion == Motion::Moving { last: now };
        let progress = &mut self.progress;
        let captured = counts.captured - progress.captured;
        let owed = captured + progress.repeated;
        if counts.encoded != progress.encoded {
            *progress = Progress::of(counts);
            if has_moved {
                // The output just seen is older than the frame that has just come in.
                progress.captured = progress.captured.saturating_sub(1);
                progress.owing = Some(now);
            }
        } else if owed > 0 {
            let since = *progress.owing.get_or_insert(now);
            let limit = if captured >= STALLED_FRAMES {
                STALL
            } else {
                STALL_AT_REST
            };
            actions.stalled = now - since >= limit && owed >= STALLED_FRAMES;
        }
        progress.repeated += u64::from(actions.repeat);
    }
}

#[cfg(test)]
mod tests;
