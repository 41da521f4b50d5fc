//! The supervisor with a simulated encoder.

use super::*;

const MS: Duration = Duration::from_millis(1);

/// A simulated encoder that encodes each frame immediately.
struct SimulatedEncoder {
    supervisor: Supervisor,
    now: Instant,
    counts: Counts,
    encodes: bool,
    /// Size of the next frame, which halves with each repetition.
    size: u64,
}

impl SimulatedEncoder {
    fn new() -> Self {
        let now = Instant::now();
        let mut encoder = Self {
            supervisor: Supervisor::new(now),
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
        if self.encodes {
            self.counts.encoded += 1;
            self.counts.bytes += 20_000;
        }
        self.size = 20_000;
    }

    /// Polls whenever the supervisor wants to, and returns the actions with their times in milliseconds.
    fn wait(&mut self, time: Duration) -> Vec<(u128, Actions)> {
        let (start, end) = (self.now, self.now + time);
        let mut done = Vec::new();
        loop {
            let wait = self.supervisor.next_poll(self.now).max(MS);
            if self.now + wait > end {
                break;
            }
            self.now += wait;
            let actions = self.supervisor.poll(self.counts, self.now);
            if actions.repeat && self.encodes {
                self.counts.encoded += 1;
                self.counts.bytes += self.size;
                self.size /= 2;
            }
            if actions != Actions::default() {
                done.push(((self.now - start).as_millis(), actions));
            }
        }
        self.now = end;
        done
    }

    fn want_key_frame(&mut self) -> Actions {
        self.supervisor.want_key_frame(self.counts.taken, self.now);
        self.supervisor.poll(self.counts, self.now)
    }
}

fn repeats(done: &[(u128, Actions)]) -> usize {
    done.iter().filter(|(_, actions)| actions.repeat).count()
}

#[test]
fn a_still_frame_is_refined_until_that_brings_nothing() {
    let mut encoder = SimulatedEncoder::new();
    let done = encoder.wait(Duration::from_millis(1500));
    // 20,000 bytes halved: the fifth is below the limit.
    assert_eq!(repeats(&done), LEAST_REFINEMENTS as usize, "{done:?}");
    assert_eq!(done[0].1.at_rest, Some(true), "{done:?}");
    encoder.frame();
    assert_eq!(
        encoder.supervisor.poll(encoder.counts, encoder.now).at_rest,
        Some(false)
    );
}

#[test]
fn the_number_of_refinements_is_limited() {
    let (mut encoder, mut repeats) = (SimulatedEncoder::new(), 0);
    let end = encoder.now + Duration::from_millis(2500);
    loop {
        encoder.now += encoder.supervisor.next_poll(encoder.now).max(MS);
        if encoder.now > end {
            break;
        }
        if encoder.supervisor.poll(encoder.counts, encoder.now).repeat {
            encoder.counts.bytes += 50_000;
            repeats += 1;
        }
    }
    assert_eq!(repeats, REFINEMENTS);
}

#[test]
fn a_still_frame_is_repeated_to_keep_the_stream_alive() {
    let mut encoder = SimulatedEncoder::new();
    encoder.wait(Duration::from_secs(5));
    let done = encoder.wait(Duration::from_secs(20));
    assert_eq!(
        done.iter().filter(|(_, actions)| actions.repeat).count(),
        10,
        "{done:?}"
    );
}

#[test]
fn on_a_still_screen_a_key_frame_is_made_of_the_last_frame_at_once() {
    let mut encoder = SimulatedEncoder::new();
    encoder.wait(Duration::from_secs(1));
    let actions = encoder.want_key_frame();
    assert!(actions.force_key_frame && actions.repeat, "{actions:?}");
}

#[test]
fn a_key_frame_at_rest_is_refined_again() {
    let mut encoder = SimulatedEncoder::new();
    encoder.wait(Duration::from_secs(1));
    encoder.want_key_frame();
    let done = encoder.wait(Duration::from_secs(1));
    assert!(done.iter().any(|(_, actions)| actions.repeat), "{done:?}");
}

#[test]
fn key_frames_keep_their_distance_however_many_are_requested() {
    let mut encoder = SimulatedEncoder::new();
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
fn a_viewer_that_connects_during_the_start_does_not_wait_for_the_floor() {
    let mut encoder = SimulatedEncoder::new();
    encoder.now += 60 * MS;
    assert!(encoder.want_key_frame().force_key_frame);
}

#[test]
fn in_motion_the_next_frame_becomes_the_key_frame_and_none_is_repeated() {
    let mut encoder = SimulatedEncoder::new();
    encoder.wait(300 * MS);
    encoder.frame();
    encoder.supervisor.poll(encoder.counts, encoder.now);
    let actions = encoder.want_key_frame();
    assert!(actions.force_key_frame && !actions.repeat, "{actions:?}");
    encoder.now += 16 * MS;
    encoder.frame();
    assert!(encoder.wait(60 * MS).iter().all(|(_, actions)| !actions.repeat));
}

#[test]
fn a_request_just_after_a_key_frame_gets_another() {
    let mut encoder = SimulatedEncoder::new();
    encoder.wait(300 * MS);
    encoder.frame();
    encoder.supervisor.poll(encoder.counts, encoder.now);
    assert!(encoder.want_key_frame().force_key_frame);
    encoder.now += 5 * MS;
    assert!(!encoder.want_key_frame().force_key_frame, "it is still to come");
    encoder.frame();
    encoder.now += 5 * MS;
    encoder.want_key_frame();
    let done = encoder.wait(KEY_FRAME_FLOOR);
    let forced = done.iter().filter(|(_, actions)| actions.force_key_frame);
    assert_eq!(forced.map(|(at, _)| *at).collect::<Vec<_>>(), [240], "{done:?}");
}

#[test]
fn motion_that_stops_before_the_key_frame_does_not_lose_it() {
    let mut encoder = SimulatedEncoder::new();
    encoder.wait(300 * MS);
    encoder.frame();
    encoder.supervisor.poll(encoder.counts, encoder.now);
    assert!(encoder.want_key_frame().force_key_frame);
    let done = encoder.wait(60 * MS);
    assert!(
        done.iter().any(|(at, actions)| actions.repeat && *at <= 41),
        "{done:?}"
    );
}

#[test]
fn a_dropped_frame_is_made_up_for_if_it_was_the_last() {
    let mut encoder = SimulatedEncoder::new();
    let by = encoder.now + 30 * MS;
    for _ in 0..2 {
        encoder.counts.arrived += 1;
        encoder.supervisor.left_out(encoder.counts.taken, by);
    }
    let done = encoder.wait(60 * MS);
    assert!(
        matches!(done[..], [(30, Actions { repeat: true, .. })]),
        "{done:?}"
    );

    encoder.counts.arrived += 1;
    encoder
        .supervisor
        .left_out(encoder.counts.taken, encoder.now + 30 * MS);
    encoder.wait(10 * MS);
    encoder.frame();
    assert_eq!(encoder.wait(60 * MS), [], "a newer one came");
}

#[test]
fn an_encoder_that_takes_frames_without_output_has_stalled() {
    let mut encoder = SimulatedEncoder::new();
    encoder.wait(200 * MS);
    encoder.encodes = false;
    let mut stalled_after = None;
    for ms in (0..1000).step_by(16) {
        encoder.frame();
        encoder.now += 16 * MS;
        if encoder.supervisor.poll(encoder.counts, encoder.now).stalled {
            stalled_after.get_or_insert(ms);
        }
    }
    assert!(
        stalled_after.is_some_and(|ms| (450..700).contains(&ms)),
        "{stalled_after:?}"
    );
}

#[test]
fn one_change_is_enough_to_see_that_an_encoder_has_stalled() {
    let mut encoder = SimulatedEncoder::new();
    encoder.wait(Duration::from_secs(10));
    encoder.encodes = false;
    encoder.frame();
    assert!(!encoder.supervisor.poll(encoder.counts, encoder.now).stalled);
    let done = encoder.wait(Duration::from_secs(1));
    let stalled_after = done
        .iter()
        .find(|(_, actions)| actions.stalled)
        .map(|(ms, _)| *ms);
    assert!(
        stalled_after.is_some_and(|ms| (750..850).contains(&ms)),
        "{stalled_after:?}"
    );
}

#[test]
fn an_encoder_without_input_has_not_stalled() {
    let mut encoder = SimulatedEncoder::new();
    assert!(
        encoder
            .wait(Duration::from_secs(60))
            .iter()
            .all(|(_, actions)| !actions.stalled)
    );
}

#[test]
fn the_frame_rate_is_measured_in_motion() {
    let mut encoder = SimulatedEncoder::new();
    let mut measured = Vec::new();
    for _ in 0..200 {
        encoder.now += 20 * MS;
        encoder.frame();
        measured.extend(encoder.supervisor.poll(encoder.counts, encoder.now).fps);
    }
    assert!(
        measured.len() > 3 && measured.iter().all(|fps| (49.0..51.0).contains(fps)),
        "{measured:?}"
    );
}

#[test]
fn a_low_frame_rate_holds_for_repeated_frames_too() {
    for fps in [1, 2, 5] {
        let mut encoder = SimulatedEncoder::new();
        encoder.supervisor.set_interval(Duration::from_secs(1) / fps);
        let mut repeated = 0;
        for _ in 0..10 * fps {
            repeated += repeats(&encoder.wait(Duration::from_secs(1) / fps));
            encoder.frame();
        }
        assert_eq!(repeated, 0, "{fps} frames/s are motion");
        let refined = repeats(&encoder.wait(Duration::from_secs(10))) as u32;
        assert!(
            (5..=10 * fps).contains(&refined),
            "{fps} frames/s: {refined} in 10 s"
        );
    }
}
