//! Xvfb: an X server that draws into memory.
//!
//! Its screen can become smaller and larger while it runs, but never larger than at the start. So it starts large and
//! gets its size before the first program comes.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::error::VirtualDisplayError;
use crate::desktop::program::{Process, first_installed};

/// A running Xvfb.
pub(crate) struct Server {
    process: Process,
    number: u32,
}

impl Server {
    /// Starts one on a free display number and waits until it accepts clients, at most 10 s. Its screen can have at
    /// least this size. It accepts clients with the cookie in `authority`. Its messages go to a file in `dir`.
    pub(crate) fn start(
        (width, height): (u32, u32),
        authority: &Path,
        dir: &Path,
        on_exit: impl FnOnce(ExitStatus) + Send + 'static,
    ) -> Result<Server, VirtualDisplayError> {
        let path = std::env::var_os("PATH");
        let program = first_installed(&["Xvfb"], path.as_deref()).ok_or(VirtualDisplayError::NoXvfb)?;
        let log = dir.join("xvfb.log");
        let stderr = File::create(&log).map_err(|error| VirtualDisplayError::files(&log, error))?;
        let largest = (width.max(LARGEST.0), height.max(LARGEST.1));
        let mut command = Command::new(&program);
        command
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                &format!("{}x{}x24", largest.0, largest.1),
            ])
            .args(["-nolisten", "tcp", "-noreset", "-auth"])
            .arg(authority)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr);
        let mut process = Process::spawn(command, on_exit)
            .map_err(|error| VirtualDisplayError::Server(format!("{}: {error}", program.display())))?;
        match display_number(&mut process) {
            Some(number) => Ok(Server { process, number }),
            None => {
                let ended = process.wait_until(Instant::now() + STOP_LIMIT / 2);
                process.reap();
                Err(VirtualDisplayError::Server(explain(ended, &log)))
            }
        }
    }

    /// The number of the display.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// The socket on which it accepts clients.
    fn socket(&self) -> PathBuf {
        format!("/tmp/.X11-unix/X{}", self.number).into()
    }

    /// Ends it within about one second, and removes the socket that it leaves if it did not end by itself.
    pub(crate) fn stop(self) {
        let socket = self.socket();
        let process = self.process;
        process.signal(Signal::TERM);
        let ended = process.wait_until(Instant::now() + STOP_LIMIT);
        process.reap();
        // With -displayfd there is no lock file. A server that has the number by now answers.
        if !ended.is_some_and(|status| status.success()) && UnixStream::connect(&socket).is_err() {
            let _ = fs::remove_file(socket);
        }
    }
}

/// The number that Xvfb writes to its standard output once it accepts clients.
fn display_number(process: &mut Process) -> Option<u32> {
    let stdout = process.take_stdout()?;
    let (sender, receiver) = sync_channel(1);
    let reader = move || {
        let mut line = String::new();
        let _ = BufReader::new(stdout).read_line(&mut line);
        let _ = sender.send(line.trim().parse().ok());
    };
    thread::Builder::new()
        .name("desktop-number".into())
        .spawn(reader)
        .ok()?;
    receiver.recv_timeout(START_LIMIT).ok().flatten()
}

fn explain(ended: Option<ExitStatus>, log: &Path) -> String {
    let Some(status) = ended else {
        return format!("it accepted no clients within {} s", START_LIMIT.as_secs());
    };
    let log = fs::read_to_string(log).unwrap_or_default();
    let said: Vec<&str> = log
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    format!("it ended with {status}: {}", said.join(" "))
}

/// The least size that every screen can be given, in pixels: 32 MiB of memory.
const LARGEST: (u32, u32) = (3840, 2160);
const START_LIMIT: Duration = Duration::from_secs(10);
const STOP_LIMIT: Duration = Duration::from_secs(1);
