//! Trials in a process of their own: an encoder that aborts ends that process, and not the host.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::exam::{Outcome, examine};
use crate::media::pipeline::encoder_spec::EncoderSpec;
use crate::media::source::video::Size;

/// The subcommand that runs a trial.
const SUBCOMMAND: &str = "try-encoder";
/// Time after which the process ends itself, finished or not.
pub(super) const DEADLINE: Duration = Duration::from_secs(8);
/// First words of the answer.
const OK: &str = "ok";
const FAILED: &str = "failed";

/// Tries the encoder in a process that runs `program`, which is deskbeam. Blocks until it is done.
///
/// # Errors
/// The reason if the encoder does not work.
pub(super) fn examine_in_child(
    program: &Path,
    spec: &EncoderSpec,
    size: Size,
    kbps: u32,
) -> Result<Outcome, String> {
    // The options of the host are not for this process.
    let options = std::env::vars_os().map(|(name, _)| name);
    let options = options.filter(|name| name.as_encoded_bytes().starts_with(b"DESKBEAM_"));
    let mut command = Command::new(program);
    options.for_each(|name| {
        command.env_remove(name);
    });
    let child = command
        .env("DESKBEAM_CONFIG", "/dev/null")
        .args([
            SUBCOMMAND,
            &format!("{}x{}", size.width, size.height),
            &kbps.to_string(),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.map_err(|error| format!("its trial cannot be started: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        // If the process has ended already, its status says more.
        let _ = input.write_all(spec.to_file().as_bytes());
    }
    let output = child.wait_with_output();
    let output = output.map_err(|error| format!("its trial gives no answer: {error}"))?;
    let answer = String::from_utf8_lossy(&output.stdout);
    read(answer.trim()).unwrap_or_else(|| {
        Err(match (output.status.signal(), output.status.code()) {
            (Some(signal), _) => format!("it ends the process with signal {signal}"),
            (None, Some(0)) => "its trial gives no answer".to_owned(),
            (None, code) => format!("it ends the process with exit code {}", code.unwrap_or_default()),
        })
    })
}

/// Runs the trial that another process has asked for: of the encoder in `file`, with frames of `width` by `height`
/// pixels, at `kbps` kbit/s. Returns the answer for its standard output.
pub fn try_encoder(file: &str, width: u32, height: u32, kbps: u32) -> String {
    // A thread that never returns from an encoder must not keep the process.
    std::thread::spawn(|| {
        std::thread::sleep(DEADLINE);
        println!("{FAILED} the trial takes more than {} s", DEADLINE.as_secs());
        std::process::exit(1);
    });
    let spec = EncoderSpec::from_file(file).map_err(|error| error.to_string());
    match spec.and_then(|spec| examine(&spec, Size { width, height }, kbps)) {
        Ok(Outcome { time, restarts }) => format!("{OK} {} {restarts}", time.as_nanos()),
        Err(reason) => format!("{FAILED} {}", reason.replace('\n', " ")),
    }
}

/// Reads an answer; `None` if it is not one.
fn read(answer: &str) -> Option<Result<Outcome, String>> {
    let (word, rest) = answer.split_once(' ')?;
    match word {
        FAILED => Some(Err(rest.to_owned())),
        OK => {
            let (time, restarts) = rest.split_once(' ').unwrap_or((rest, ""));
            Some(Ok(Outcome {
                time: Duration::from_nanos(time.parse().ok()?),
                restarts: restarts.parse().ok()?,
            }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::pipeline::restarts::Restarts;

    #[test]
    fn an_answer_is_read_as_it_was_written() {
        let outcome = |restarts| Outcome {
            time: Duration::from_micros(1500),
            restarts,
        };
        let both = Restarts {
            bitrate: true,
            key_frames: true,
        };
        assert_eq!(read("ok 1500000"), Some(Ok(outcome(Restarts::default()))));
        assert_eq!(read("ok 1500000 bitrate key-frames"), Some(Ok(outcome(both))));
        assert_eq!(
            read("failed no such device"),
            Some(Err("no such device".to_owned()))
        );
        for other in ["", "ok", "ok soon", "terminate called"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
