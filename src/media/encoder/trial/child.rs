//! Trials in a process of their own: an encoder that aborts ends that process, and not the host.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

use super::exam::{Outcome, examine};
use crate::media::pipeline::encoder_spec::EncoderSpec;
use crate::media::source::video::Size;

/// The subcommand that runs a trial.
const SUBCOMMAND: &str = "try-encoder";
/// Time after which the process ends itself, finished or not: longer than GStreamer takes to look through its plugins,
/// which it does at each start where it cannot keep a list of them.
const PROCESS: Duration = Duration::from_secs(20);
/// Timeout of the trial itself.
const TRIAL: Duration = Duration::from_secs(8);
/// First words of the answer.
const OK: &str = "ok";
const FAILED: &str = "failed";

/// Tries the encoder in a process that runs `program`, which is deskbeam. Blocks until it is done. If the process cannot
/// be started, as where /proc is missing, the encoder is tried in this one.
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
        // It would empty the log of the host.
        .env_remove("GST_DEBUG_FILE")
        .arg(SUBCOMMAND)
        .args([size.width, size.height, kbps].map(|number| number.to_string()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            tracing::warn!(program = %program.display(), %error, "cannot start a process that tries encoders");
            return examine(spec, size, kbps);
        }
    };
    if let Some(mut input) = child.stdin.take() {
        // If the process has ended already, its status says more.
        let _ = input.write_all(spec.to_file().as_bytes());
    }
    let mut output = Vec::new();
    if let Some(mut stdout) = child.stdout.take() {
        let _ = stdout.read_to_end(&mut output);
    }
    // There is none if this process was started with SIGCHLD ignored.
    let status = child.wait().ok();
    let answer = String::from_utf8_lossy(&output);
    // Encoders may print lines of their own.
    let answer = answer.lines().find_map(read);
    answer.unwrap_or_else(|| Err(reason(status)))
}

/// Returns the reason for a process without an answer.
fn reason(status: Option<ExitStatus>) -> String {
    let ends = status.map(|status| (status.signal(), status.code()));
    match ends {
        Some((Some(signal), _)) => format!("it ends the process with signal {signal}"),
        Some((None, Some(code))) if code != 0 => format!("it ends the process with exit code {code}"),
        _ => "its trial gives no answer".to_owned(),
    }
}

/// Runs the trial that another process has asked for: of the encoder whose description `input` gives, with frames of
/// `width` by `height` pixels, at `kbps` kbit/s. Returns the answer for its standard output. Ends the process if that
/// takes too long.
pub fn try_encoder(input: impl Read, width: u32, height: u32, kbps: u32) -> String {
    end_after(PROCESS);
    match try_described(input, Size { width, height }, kbps) {
        Ok(Outcome { time, restarts }) => format!("{OK} {} {restarts}", time.as_nanos()),
        Err(reason) => format!("{FAILED} {}", reason.replace('\n', " ")),
    }
}

/// Ends the process after this time. A thread that never returns from an encoder must not keep it, nor must what
/// libraries do at its exit.
fn end_after(limit: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(limit);
        println!("{FAILED} the trial takes more than {} s", limit.as_secs());
        let _ = kill_process(getpid(), Signal::KILL);
    });
}

fn try_described(mut input: impl Read, size: Size, kbps: u32) -> Result<Outcome, String> {
    let mut file = String::new();
    let read = input.read_to_string(&mut file);
    read.map_err(|error| format!("cannot read the description: {error}"))?;
    crate::media::init().map_err(|error| error.to_string())?;
    let spec = EncoderSpec::from_file(&file).map_err(|error| error.to_string())?;
    end_after(TRIAL);
    examine(&spec, size, kbps)
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
