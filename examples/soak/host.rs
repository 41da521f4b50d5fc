//! The host under test, and its resource usage.

use std::io::{BufRead, BufReader, Error};
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// A host in a process of its own. Dropping it ends the process.
pub(crate) struct Host {
    process: Child,
    pub(crate) socket: String,
}

/// The resource usage of a process.
pub(crate) struct Usage {
    pub(crate) rss_kib: f64,
    pub(crate) files: f64,
    pub(crate) threads: f64,
}

impl Host {
    /// Starts `program` with these arguments and variables, on a free port and without authentication.
    pub(crate) fn start(
        program: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Self, Error> {
        let mut process = Command::new(program)
            .args([
                "--config",
                "/dev/null",
                "--auth",
                "none",
                "--listen",
                "127.0.0.1:0",
            ])
            .args(arguments)
            .env("RUST_LOG", "warn")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut url = String::new();
        let stdout = process.stdout.take().ok_or(Error::other("no output"))?;
        BufReader::new(stdout).read_line(&mut url)?;
        let socket = format!("{}ws", url.trim().replacen("http", "ws", 1));
        Ok(Self { process, socket })
    }

    /// Takes the log of the host, `None` the second time. The caller has to read it, or the host blocks.
    pub(crate) fn log(&mut self) -> Option<ChildStderr> {
        self.process.stderr.take()
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<(), Error> {
        Ok(kill_process(Pid::from_child(&self.process), signal)?)
    }

    /// Returns true if the host has one peer for each of `viewers`, and is tearing down none.
    pub(crate) fn has_only(&self, viewers: usize) -> Result<bool, Error> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.process.id()))?.flatten();
        let names: Vec<_> = threads
            .filter_map(|thread| std::fs::read_to_string(thread.path().join("comm")).ok())
            .collect();
        let count = |start: &str| names.iter().filter(|name| name.starts_with(start)).count();
        Ok(count("nicesrc") == viewers && count("peer-") == 0)
    }

    /// Returns the current usage.
    ///
    /// # Errors
    /// If the host has ended.
    pub(crate) fn usage(&self) -> Result<Usage, Error> {
        let place = format!("/proc/{}", self.process.id());
        let status = std::fs::read_to_string(format!("{place}/status"))?;
        let field = |name: &str| -> Option<f64> {
            let value = status.lines().find_map(|line| line.strip_prefix(name))?;
            value.split_whitespace().next()?.parse().ok()
        };
        let missing = || Error::other("the host has ended");
        Ok(Usage {
            rss_kib: field("VmRSS:").ok_or_else(missing)?,
            files: std::fs::read_dir(format!("{place}/fd"))?.count() as f64,
            threads: field("Threads:").ok_or_else(missing)?,
        })
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
