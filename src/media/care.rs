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
pub(super) const STALL: Duration = Duration::from_millis(500);
/// So many frames without one that comes out are not a matter of an encoder's delay.
const STALLED_FRAMES: u64 = 10;
/// How long frames are counted for the frame rate.
const PACE: Duration = Duration::from_millis(500);

/// What has been counted so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Frames of the capture.
    pub(super) captured: u64,
    /// Those of them that came to the encoder.
    pub(super) arrived: u64,
    /// Those of them that went in, and were not left out as too many.
    pub(super) taken: u64,
    /// Frames that came out.
    pub(super) encoded: u64,
    /// And their size, in bytes.
    pub(super) bytes: u64,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Deeds {
    /// The next frame is to be a key frame.
    pub(super) force_key_frame: bool,
    /// The last frame is to be encoded again; after that, if both.
    pub(super) repeat: bool,
    /// The picture comes to rest, or moves again. At rest, the next frame of the capture is to be told of.
    pub(super) at_rest: Option<bool>,
    /// The encoder gives nothing any more.
    pub(super) stalled: bool,
    /// How many frames per second there are now.
    pub(super) fps: Option<f64>,
}

/// What is remembered of one encoder.
#[derive(Debug)]
pub(super) struct Care {
    motion: Motion,
    arrived: u64,
    left_out: Option<LeftOut>,
    key_frame: KeyFrame,
    /// None: only the one that it began with, which those who are still connecting have missed.
    last_key_frame: Option<Instant>,
    /// What had come out, since when, and how many frames had been captured then.
    progress: (u64, Instant, u64),
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

impl Care {
    /// For an encoder that has just made its first frame, which is a key frame.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            motion: Motion::Moving { last: now },
            arrived: 0,
            left_out: None,
            key_frame: KeyFrame::NotWanted,
            last_key_frame: None,
            progress: (0, now, 0),
            pace: None,
        }
    }

    /// Somebody has lost the picture, or is new, after `taken` frames. A key frame that is still to come will do; one
    /// that has gone in may be gone.
    pub(super) fn want_key_frame(&mut self, taken: u64, now: Instant) {
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
    pub(super) fn left_out(&mut self, taken: u64, by: Instant) {
        if self.left_out.is_none_or(|before| before.taken != taken) {
            self.left_out = Some(LeftOut { by, taken });
        }
    }

    /// How long until the next look, if nothing happens.
    pub(super) fn next_look(&self, now: Instant) -> Duration {
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
    pub(super) fn look(&mut self, counts: Counts, now: Instant) -> Deeds {
        let mut deeds = Deeds::default();
        self.look_at_motion(counts, now, &mut deeds);
        self.look_at_left_out(counts, now, &mut deeds);
        self.look_at_key_frame(counts, now, &mut deeds);
        let (before, since, captured) = self.progress;
        if counts.encoded != before {
            self.progress = (counts.encoded, now, counts.captured);
        } else {
            deeds.stalled = now - since >= STALL && counts.captured - captured >= STALLED_FRAMES;
        }
        deeds
    }

    /// While nobody looks nothing comes out, and that is well.
    pub(super) fn pause(&mut self, counts: Counts, now: Instant) {
        self.progress = (counts.encoded, now, counts.captured);
    }

    fn look_at_motion(&mut self, counts: Counts, now: Instant, deeds: &mut Deeds) {
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
                // The last one has brought this much.
                if refined < REFINEMENTS && (refined < LEAST_REFINEMENTS || counts.bytes - bytes >= REFINED) {
                    refine(refined + 1)
                } else {
                    Motion::Still { last }
                }
            }
            Motion::Still { last } if now - last >= KEEP_ALIVE => Motion::Still { last: now },
            motion => motion,
        };
        deeds.repeat =
            matches!(self.motion, Motion::Resting { last, .. } | Motion::Still { last } if last == now);
        let is_moving = matches!(self.motion, Motion::Moving { .. });
        deeds.at_rest = (is_moving != was_moving).then_some(!is_moving);
        self.pace = match (self.motion, self.pace) {
            (Motion::Moving { .. }, Some((since, taken))) if now - since >= PACE => {
                deeds.fps = Some((counts.taken - taken) as f64 / (now - since).as_secs_f64());
                Some((now, counts.taken))
            }
            (Motion::Moving { .. }, Some(pace)) => Some(pace),
            (Motion::Moving { .. }, None) => Some((now, counts.taken)),
            _ => None,
        };
    }

    fn look_at_left_out(&mut self, counts: Counts, now: Instant, deeds: &mut Deeds) {
        self.left_out = match self.left_out {
            Some(LeftOut { taken, .. }) if counts.taken != taken => None,
            Some(LeftOut { by, .. }) if by <= now => {
                deeds.repeat = true;
                None
            }
            left_out => left_out,
        };
    }

    fn look_at_key_frame(&mut self, counts: Counts, now: Instant, deeds: &mut Deeds) {
        self.key_frame = match self.key_frame {
            KeyFrame::Due(at) if at <= now => {
                self.last_key_frame = Some(now);
                deeds.force_key_frame = true;
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
                    deeds.repeat = true;
                    KeyFrame::NotWanted
                }
            }
            KeyFrame::Expected { by, taken } if by <= now => {
                deeds.repeat |= counts.taken == taken;
                KeyFrame::NotWanted
            }
            key_frame => key_frame,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// An encoder that encodes all it is given at once.
    struct Encoder {
        care: Care,
        now: Instant,
        counts: Counts,
        encodes: bool,
        /// The size of the next frame, which each time halves while nothing moves.
        size: u64,
    }

    impl Encoder {
        fn new() -> Self {
            let now = Instant::now();
            let mut encoder = Self {
                care: Care::new(now),
                now,
                counts: Counts::default(),
                encodes: true,
                size: 0,
            };
            encoder.frame();
            encoder
        }

        fn frame(&mut self) {
            self.counts.captured += 1;
            self.counts.arrived += 1;
            self.counts.taken += 1;
            self.counts.encoded += u64::from(self.encodes);
            self.counts.bytes += 20_000;
            self.size = 20_000;
        }

        /// Looks whenever the care wants to, and gives what was done, and when.
        fn wait(&mut self, time: Duration) -> Vec<(u128, Deeds)> {
            let (start, end) = (self.now, self.now + time);
            let mut done = Vec::new();
            loop {
                let wait = self.care.next_look(self.now).max(MS);
                if self.now + wait > end {
                    break;
                }
                self.now += wait;
                let deeds = self.care.look(self.counts, self.now);
                self.counts.encoded += u64::from(deeds.repeat);
                self.counts.bytes += if deeds.repeat { self.size } else { 0 };
                self.size /= if deeds.repeat { 2 } else { 1 };
                if deeds != Deeds::default() {
                    done.push(((self.now - start).as_millis(), deeds));
                }
            }
            self.now = end;
            done
        }

        fn want_key_frame(&mut self) -> Deeds {
            self.care.want_key_frame(self.counts.taken, self.now);
            self.care.look(self.counts, self.now)
        }
    }

    #[test]
    fn a_picture_that_comes_to_rest_is_encoded_again_until_that_brings_nothing() {
        let mut encoder = Encoder::new();
        let done = encoder.wait(Duration::from_millis(1500));
        // 20,000 bytes halved: the fifth is below the limit.
        let repeats = done.iter().filter(|(_, deeds)| deeds.repeat).count();
        assert_eq!(repeats, LEAST_REFINEMENTS as usize, "{done:?}");
        assert_eq!(done[0].1.at_rest, Some(true), "{done:?}");
        encoder.frame();
        assert_eq!(
            encoder.care.look(encoder.counts, encoder.now).at_rest,
            Some(false)
        );
    }

    #[test]
    fn a_picture_that_never_gets_good_is_let_be_in_the_end() {
        let (mut encoder, mut repeats) = (Encoder::new(), 0);
        let end = encoder.now + Duration::from_millis(2500);
        loop {
            encoder.now += encoder.care.next_look(encoder.now).max(MS);
            if encoder.now > end {
                break;
            }
            if encoder.care.look(encoder.counts, encoder.now).repeat {
                encoder.counts.bytes += 50_000;
                repeats += 1;
            }
        }
        assert_eq!(repeats, REFINEMENTS);
    }

    #[test]
    fn a_still_picture_is_shown_to_be_alive() {
        let mut encoder = Encoder::new();
        encoder.wait(Duration::from_secs(5));
        let done = encoder.wait(Duration::from_secs(20));
        assert_eq!(
            done.iter().filter(|(_, deeds)| deeds.repeat).count(),
            10,
            "{done:?}"
        );
    }

    #[test]
    fn on_a_still_screen_a_key_frame_is_made_of_the_last_frame_at_once() {
        let mut encoder = Encoder::new();
        encoder.wait(Duration::from_secs(1));
        let deeds = encoder.want_key_frame();
        assert!(deeds.force_key_frame && deeds.repeat, "{deeds:?}");
    }

    #[test]
    fn a_key_frame_at_rest_is_refined_again() {
        let mut encoder = Encoder::new();
        encoder.wait(Duration::from_secs(1));
        encoder.want_key_frame();
        let done = encoder.wait(Duration::from_secs(1));
        assert!(done.iter().any(|(_, deeds)| deeds.repeat), "{done:?}");
    }

    #[test]
    fn key_frames_keep_their_distance_whoever_asks() {
        let mut encoder = Encoder::new();
        encoder.wait(Duration::from_secs(1));
        assert!(encoder.want_key_frame().force_key_frame);
        let mut forced = Vec::new();
        for _ in 0..100 {
            encoder.now += 10 * MS;
            if encoder.want_key_frame().force_key_frame {
                forced.push(encoder.now);
            }
        }
        assert!((3..=4).contains(&forced.len()), "{} in a second", forced.len());
        assert!(forced.windows(2).all(|pair| pair[1] - pair[0] >= KEY_FRAME_FLOOR));
    }

    #[test]
    fn who_connects_while_the_encoder_starts_does_not_wait_for_the_floor() {
        let mut encoder = Encoder::new();
        encoder.now += 60 * MS;
        assert!(encoder.want_key_frame().force_key_frame);
    }

    #[test]
    fn in_motion_the_next_frame_becomes_the_key_frame_and_none_is_repeated() {
        let mut encoder = Encoder::new();
        encoder.wait(300 * MS);
        encoder.frame();
        encoder.care.look(encoder.counts, encoder.now);
        let deeds = encoder.want_key_frame();
        assert!(deeds.force_key_frame && !deeds.repeat, "{deeds:?}");
        encoder.now += 16 * MS;
        encoder.frame();
        assert!(encoder.wait(60 * MS).iter().all(|(_, deeds)| !deeds.repeat));
    }

    #[test]
    fn who_comes_just_behind_a_key_frame_gets_another() {
        let mut encoder = Encoder::new();
        encoder.wait(300 * MS);
        encoder.frame();
        encoder.care.look(encoder.counts, encoder.now);
        assert!(encoder.want_key_frame().force_key_frame);
        encoder.now += 5 * MS;
        assert!(!encoder.want_key_frame().force_key_frame, "it is still to come");
        encoder.frame();
        encoder.now += 5 * MS;
        encoder.want_key_frame();
        let done = encoder.wait(KEY_FRAME_FLOOR);
        let forced = done.iter().filter(|(_, deeds)| deeds.force_key_frame);
        assert_eq!(forced.map(|(at, _)| *at).collect::<Vec<_>>(), [240], "{done:?}");
    }

    #[test]
    fn motion_that_stops_before_the_key_frame_does_not_lose_it() {
        let mut encoder = Encoder::new();
        encoder.wait(300 * MS);
        encoder.frame();
        encoder.care.look(encoder.counts, encoder.now);
        assert!(encoder.want_key_frame().force_key_frame);
        let done = encoder.wait(60 * MS);
        assert!(
            done.iter().any(|(at, deeds)| deeds.repeat && *at <= 41),
            "{done:?}"
        );
    }

    #[test]
    fn the_last_frame_is_made_up_for_if_it_was_left_out() {
        let mut encoder = Encoder::new();
        let by = encoder.now + 30 * MS;
        for _ in 0..2 {
            encoder.counts.arrived += 1;
            encoder.care.left_out(encoder.counts.taken, by);
        }
        let done = encoder.wait(60 * MS);
        assert!(matches!(done[..], [(30, Deeds { repeat: true, .. })]), "{done:?}");

        encoder.counts.arrived += 1;
        encoder.care.left_out(encoder.counts.taken, encoder.now + 30 * MS);
        encoder.wait(10 * MS);
        encoder.frame();
        assert_eq!(encoder.wait(60 * MS), [], "a newer one came");
    }

    #[test]
    fn an_encoder_that_takes_and_gives_nothing_has_stalled() {
        let mut encoder = Encoder::new();
        encoder.wait(200 * MS);
        encoder.encodes = false;
        let mut stalled_after = None;
        for ms in (0..1000).step_by(16) {
            encoder.frame();
            encoder.now += 16 * MS;
            if encoder.care.look(encoder.counts, encoder.now).stalled {
                stalled_after.get_or_insert(ms);
            }
        }
        assert!(
            stalled_after.is_some_and(|ms| (450..700).contains(&ms)),
            "{stalled_after:?}"
        );
    }

    #[test]
    fn an_encoder_that_is_given_nothing_is_well() {
        let mut encoder = Encoder::new();
        assert!(
            encoder
                .wait(Duration::from_secs(60))
                .iter()
                .all(|(_, deeds)| !deeds.stalled)
        );
    }

    #[test]
    fn the_frame_rate_is_measured_in_motion() {
        let mut encoder = Encoder::new();
        let mut measured = Vec::new();
        for _ in 0..200 {
            encoder.now += 20 * MS;
            encoder.frame();
            measured.extend(encoder.care.look(encoder.counts, encoder.now).fps);
        }
        assert!(
            measured.len() > 3 && measured.iter().all(|fps| (49.0..51.0).contains(fps)),
            "{measured:?}"
        );
    }
}
