//! When an encoder is given its last frame again, when it makes a key frame, and whether it is well. Pure: counts and
//! the time go in, what is to be done comes out.

use std::time::{Duration, Instant};

/// The least time between two key frames: a viewer that asks without end costs the others little.
const KEY_FRAME_FLOOR: Duration = Duration::from_millis(250);
/// For how long the next frame of a moving picture is waited for, when it is to be a key frame.
const NEXT_FRAME: Duration = Duration::from_millis(40);
/// After how long without a change the picture is at rest, and is encoded again: the bits that motion has not left are
/// spent on what stays. Longer than from key to key while somebody types: what they wait for would have to wait for an
/// encoder and a browser that are busy with the last picture.
const REST: Duration = Duration::from_millis(300);
/// How long after each other that is done.
const REFINE: Duration = Duration::from_millis(50);
/// How often that is done at most.
const REFINEMENTS: u32 = 20;
/// And at least: a rate control takes some frames until it dares to spend more.
const LEAST_REFINEMENTS: u32 = 6;
/// It is done no more once it makes so little difference, in bytes.
const REFINED: u64 = 1500;
/// How often a still picture is encoded again: Chromium takes 3 s without a frame for a loss and asks for a key frame,
/// which costs more and is coarser.
const KEEP_ALIVE: Duration = Duration::from_secs(2);
/// An encoder that takes frames and gives none for this long has stalled.
pub(crate) const STALL: Duration = Duration::from_millis(500);
/// And one that is given the last frame again and again, since nothing else changes. That may not go in while it is busy:
/// it is this time that tells. It has to do for an encoder that begins anew after a change of size.
const STALL_AT_REST: Duration = Duration::from_millis(750);
/// So many frames without one that comes out are not a matter of an encoder's delay.
const STALLED_FRAMES: u64 = 6;
/// How long frames are counted for the frame rate.
const PACE: Duration = Duration::from_millis(500);

/// What has been counted so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Frames of the capture.
    pub(crate) captured: u64,
    /// Those of them that came to the encoder.
    pub(crate) arrived: u64,
    /// Those of them that went in, and were not left out as too many.
    pub(crate) taken: u64,
    /// Frames that came out.
    pub(crate) encoded: u64,
    /// And their size, in bytes.
    pub(crate) bytes: u64,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Actions {
    /// The next frame is to be a key frame.
    pub(crate) force_key_frame: bool,
    /// The last frame is to be encoded again; after that, if both.
    pub(crate) repeat: bool,
    /// The picture comes to rest, or moves again. At rest, the next frame of the capture is to be told of.
    pub(crate) at_rest: Option<bool>,
    /// The encoder gives nothing any more.
    pub(crate) stalled: bool,
    /// How many frames per second there are now.
    pub(crate) fps: Option<f64>,
}

/// What is remembered of one encoder.
#[derive(Debug)]
pub(crate) struct Supervisor {
    motion: Motion,
    arrived: u64,
    left_out: Option<LeftOut>,
    key_frame: KeyFrame,
    /// None: only the one that it began with, which those who are still connecting have missed.
    last_key_frame: Option<Instant>,
    progress: Progress,
    /// Since when the picture moves without a rest, and how many frames had been taken then.
    pace: Option<(Instant, u64)>,
}

/// Whether the picture changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Motion {
    /// The last change that was seen.
    Moving { last: Instant },
    /// At rest, encoded again this often, the last time then, when so many bytes had come out.
    Resting { last: Instant, refined: u32, bytes: u64 },
    /// At rest, and as good as it gets, encoded then.
    Still { last: Instant },
}

/// What had come out, and what has gone in since then.
#[derive(Debug, Clone, Copy)]
struct Progress {
    encoded: u64,
    /// What had been captured then.
    captured: u64,
    repeated: u64,
    /// Since when a frame is owed.
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

/// A frame that was left out, after so many that were taken. If none is taken by then, it is made up for.
#[derive(Debug, Clone, Copy)]
struct LeftOut {
    by: Instant,
    taken: u64,
}

/// Whether a key frame is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyFrame {
    NotWanted,
    /// To be made then.
    Due(Instant),
    /// The next frame will be one; if none has come by then, the last is encoded again.
    Expected {
        by: Instant,
        taken: u64,
    },
}

impl Supervisor {
    /// For an encoder that has just made its first frame, which is a key frame.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            motion: Motion::Moving { last: now },
            arrived: 0,
            left_out: None,
            key_frame: KeyFrame::NotWanted,
            last_key_frame: None,
            progress: Progress::of(Counts::default()),
            pace: None,
        }
    }

    /// Somebody has lost the picture, or is new, after `taken` frames. A key frame that is still to come will do; one
    /// that has gone in may be gone.
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

    /// A frame was left out after `taken` others, because the next is not wanted before `by`.
    pub(crate) fn left_out(&mut self, taken: u64, by: Instant) {
        if self.left_out.is_none_or(|before| before.taken != taken) {
            self.left_out = Some(LeftOut { by, taken });
        }
    }

    /// How long until the next look, if nothing happens.
    pub(crate) fn next_poll(&self, now: Instant) -> Duration {
        let motion = match self.motion {
            Motion::Moving { .. } => now + REST,
            Motion::Resting { last, .. } => last + REFINE,
            Motion::Still { last } => last + KEEP_ALIVE,
        };
        let next = match self.key_frame {
            KeyFrame::NotWanted => motion,
            KeyFrame::Due(at) | KeyFrame::Expected { by: at, .. } => motion.min(at),
        };
        let next = self.left_out.map_or(next, |left_out| next.min(left_out.by));
        next.saturating_duration_since(now)
    }

    /// Looks at what has been counted.
    pub(crate) fn poll(&mut self, counts: Counts, now: Instant) -> Actions {
        let mut actions = Actions::default();
        self.poll_motion(counts, now, &mut actions);
        self.poll_left_out(counts, now, &mut actions);
        self.poll_key_frame(counts, now, &mut actions);
        self.poll_progress(counts, now, &mut actions);
        actions
    }

    /// While nobody looks nothing comes out, and that is well.
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
        let was_moving = matches!(self.motion, Motion::Moving { .. });
        self.motion = match self.motion {
            _ if has_moved => Motion::Moving { last: now },
            Motion::Moving { last } if now - last >= REST => refine(1),
            Motion::Resting { last, refined, bytes } if now - last >= REFINE => {
                let brought = counts.bytes - bytes;
                // If nothing is out yet, the encoder is slow or has stalled, and more will tell which.
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
                    // A key frame is coarse at first, and some receivers show nothing before the second packet
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
                // What has come out is older than what has just come in.
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
