//! Trials of encoders: each encodes some frames of the stream's size, to find those that work and keep up.
//!
//! An encoder is tried once, before its first use. What decides is its rank, whether it works, and what it takes on an
//! idle machine; the load at that moment does not count.

mod child;
mod exam;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use crate::media::pipeline::encoder_spec::EncoderSpec;
use crate::media::runtime::blocking::run_blocking;
use crate::media::source::video::Size;

pub use child::try_encoder;
use exam::Outcome;

/// Timeout of one trial. A process of its own ends itself before.
const DEADLINE: Duration = Duration::from_secs(25);

/// Encoders that do not work: the origin of the description, and the reason.
pub(crate) type Failed = BTreeMap<String, String>;

/// The conditions of a trial.
pub(crate) struct Conditions {
    /// Size of the stream; `None`: unknown, so that encoders are taken untried.
    pub(crate) size: Option<Size>,
    /// Frame rate that an encoder must keep up with.
    pub(crate) fps: u32,
    /// Bitrate of the stream, in kbit/s.
    pub(crate) kbps: u32,
    /// The deskbeam program, which tries an encoder in a process of its own. `None`: it is tried in this process.
    pub(crate) program: Option<PathBuf>,
}

/// The encoders of a codec in the order of their ranks, and the results of their trials.
pub(crate) struct Ranking {
    quick: Vec<EncoderSpec>,
    slow: Vec<(Duration, EncoderSpec)>,
    untried: VecDeque<EncoderSpec>,
}

impl Ranking {
    /// Creates the ranking of encoders that are sorted by their ranks.
    pub(crate) fn new(encoders: impl IntoIterator<Item = EncoderSpec>) -> Self {
        Self {
            quick: Vec::new(),
            slow: Vec::new(),
            untried: encoders.into_iter().collect(),
        }
    }

    /// Returns the first encoder that works and keeps up, or else the fastest that works. Tries encoders only until
    /// there is one. Those that do not work are added to `failed`; those in it are passed over.
    pub(crate) async fn best(&mut self, failed: &mut Failed, conditions: &Conditions) -> Option<EncoderSpec> {
        let works =
            |encoder: &EncoderSpec, failed: &Failed| !failed.contains_key(&encoder.description.origin);
        loop {
            if let Some(encoder) = self.quick.iter().find(|encoder| works(encoder, failed)) {
                return Some(encoder.clone());
            }
            let Some(encoder) = self.untried.pop_front() else {
                break;
            };
            if works(&encoder, failed) {
                self.admit(encoder, failed, conditions).await;
            }
        }
        let slow = self.slow.iter().filter(|(_, encoder)| works(encoder, failed));
        slow.min_by_key(|(time, _)| *time)
            .map(|(_, encoder)| encoder.clone())
    }

    /// Tries an encoder and sorts it by the result.
    async fn admit(&mut self, encoder: EncoderSpec, failed: &mut Failed, conditions: &Conditions) {
        let Some(size) = conditions.size else {
            return self.quick.push(encoder);
        };
        let (label, fps) = (encoder.label().to_owned(), conditions.fps.max(1));
        match examine(encoder.clone(), size, conditions).await {
            Ok(Outcome { time, restarts }) => {
                let encoder = encoder.with_restarts(restarts);
                if time <= Duration::from_secs(1) / fps {
                    tracing::debug!(encoder = label, ?time, %restarts, "the encoder keeps up");
                    self.quick.push(encoder);
                } else {
                    tracing::info!(
                        encoder = label,
                        ?time,
                        "the encoder does not keep up with {fps} frames/s"
                    );
                    self.slow.push((time, encoder));
                }
            }
            Err(reason) => {
                let Size { width, height } = size;
                let reason = format!("{reason} (frames of {width}x{height} pixels)");
                tracing::info!(encoder = label, %reason, "the encoder does not work here");
                failed.insert(encoder.description.origin, reason);
            }
        }
    }
}

async fn examine(encoder: EncoderSpec, size: Size, conditions: &Conditions) -> Result<Outcome, String> {
    let (program, kbps) = (conditions.program.clone(), conditions.kbps);
    let outcome = run_blocking("encoder-trial", DEADLINE, move || match program {
        Some(program) => child::examine_in_child(&program, &encoder, size, kbps),
        None => exam::examine(&encoder, size, kbps),
    });
    let late = || Err(format!("the trial takes more than {} s", DEADLINE.as_secs()));
    outcome.await.unwrap_or_else(late)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::pipeline::description::Kind;
    use crate::media::pipeline::library::Library;
    use crate::media::pipeline::restarts::Restarts;

    fn shipped(name: &str) -> EncoderSpec {
        crate::media::init().unwrap();
        let library = Library::load(None).unwrap();
        let description = library
            .of_kind(Kind::Encode)
            .find(|encoder| encoder.name == name)
            .unwrap();
        EncoderSpec {
            codec: description.codec.unwrap(),
            description: description.clone(),
        }
    }

    const SIZE: Size = Size {
        width: 320,
        height: 240,
    };

    #[test]
    fn software_encoders_make_key_frames_as_their_headers_say() {
        for name in ["x264", "openh264", "vp8", "vp9", "av1"] {
            let encoder = shipped(name);
            let outcome = exam::examine(&encoder, SIZE, 1000).unwrap();
            assert_eq!(outcome.restarts, encoder.description.restarts, "{name}");
            assert!(outcome.time > Duration::ZERO, "{name}");
        }
    }

    #[test]
    fn an_encoder_that_makes_no_key_frames_on_demand_is_found_out() {
        let mut encoder = shipped("av1");
        encoder.description.restarts = Restarts::default();
        let outcome = exam::examine(&encoder, SIZE, 1000).unwrap();
        // av1enc ignores requests before GStreamer 1.24.
        let is_deaf = gst::version() < (1, 24, 0, 0);
        assert_eq!(outcome.restarts.key_frames, is_deaf);
        // The key frame of a restart for another bitrate is not the one that was asked for.
        encoder.description.restarts.bitrate = true;
        let outcome = exam::examine(&encoder, SIZE, 1000).unwrap();
        assert_eq!(outcome.restarts.key_frames, is_deaf);
    }

    #[test]
    fn an_encoder_is_written_and_read_without_a_loss() {
        for name in ["x264", "av1", "openh264"] {
            let encoder = shipped(name);
            let read = EncoderSpec::from_file(&encoder.to_file()).unwrap();
            assert_eq!(read.codec, encoder.codec);
            assert_eq!(read.description.text, encoder.description.text);
            assert_eq!(read.description.bitrate, encoder.description.bitrate);
            assert_eq!(read.description.restarts, encoder.description.restarts);
        }
    }

    #[test]
    fn an_encoder_is_tried_once_even_if_none_keeps_up() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("slow");
        // It takes the place of deskbeam, and counts.
        let answers = "#!/bin/sh\ncat > /dev/null\necho >> \"$0.count\"\n\
                       case $(wc -l < \"$0.count\") in 1) echo ok 9000000000;; *) echo ok 8000000000;; esac\n";
        std::fs::write(&program, answers).unwrap();
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(&program, executable).unwrap();
        let conditions = Conditions {
            size: Some(SIZE),
            fps: 60,
            kbps: 1000,
            program: Some(program.clone()),
        };
        let (mut failed, mut ranking) = (Failed::new(), Ranking::new([shipped("x264"), shipped("vp8")]));
        for _ in 0..3 {
            let best = glib::MainContext::new().block_on(ranking.best(&mut failed, &conditions));
            assert_eq!(best.unwrap().label(), "vp8", "the faster one");
        }
        let count = std::fs::read_to_string(program.with_extension("count")).unwrap();
        assert_eq!(count.lines().count(), 2);
    }

    #[test]
    fn an_encoder_works_where_no_process_can_be_started_and_if_it_prints_lines() {
        let (encoder, folder) = (shipped("vp8"), tempfile::tempdir().unwrap());
        let program = folder.path().join("chatty");
        let missing = child::examine_in_child(&program, &encoder, SIZE, 1000);
        assert_eq!(missing.unwrap().restarts, Restarts::default());
        let answers = "#!/bin/sh\ncat > /dev/null\necho codec v1\necho ok 7\necho bye\nexit 3\n";
        std::fs::write(&program, answers).unwrap();
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(&program, executable).unwrap();
        let chatty = child::examine_in_child(&program, &encoder, SIZE, 1000);
        assert_eq!(chatty.unwrap().time, Duration::from_nanos(7));
    }

    #[test]
    fn a_size_that_the_encoder_refuses_is_named() {
        let mut failed = Failed::new();
        let conditions = Conditions {
            size: Some(Size {
                width: 17000,
                height: 16,
            }),
            fps: 1,
            kbps: 1000,
            program: None,
        };
        let mut ranking = Ranking::new([shipped("vp8")]);
        let best = glib::MainContext::new().block_on(ranking.best(&mut failed, &conditions));
        assert!(best.is_none());
        let reason = &failed["pipelines/encode/vp8.launch"];
        for part in ["17000x16", "16383"] {
            assert!(reason.contains(part), "{reason}");
        }
    }
}
