//! An X server that dies and returns.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Pid, Signal, kill_process};

/// An Xvfb without authorization.
pub struct Xvfb {
    server: Child,
    /// Its display `:N`, of a reserved number: the next free one could be taken when the server is restarted.
    pub display: String,
}

impl Xvfb {
    /// Starts a server with this screen (`640x480x24`) and waits until it accepts clients.
    pub fn start(screen: &str, arguments: &[&str]) -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = 1000 + std::process::id() % 2000 * 25 + STARTED.fetch_add(1, Ordering::Relaxed) % 25;
        let display = format!(":{number}");
        let server = start(screen, &display, arguments);
        Self { server, display }
    }

    /// Stops it with SIGTERM.
    pub fn end(&mut self) {
        self.end_by(Signal::TERM);
    }

    /// Kills it. Its socket stays behind.
    pub fn kill(&mut self) {
        self.end_by(Signal::KILL);
    }

    /// Restarts it on the same display.
    pub fn restart(&mut self, screen: &str) {
        self.end();
        self.server = start(screen, &self.display, &[]);
    }

    fn end_by(&mut self, signal: Signal) {
        if let Ok(None) = self.server.try_wait() {
            let _ = kill_process(Pid::from_child(&self.server), signal);
            let _ = self.server.wait();
        }
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        self.end();
    }
}

fn start(screen: &str, display: &str, arguments: &[&str]) -> Child {
    let mut server = Command::new("Xvfb")
        .args([display, "-displayfd", "1", "-nolisten", "tcp", "-noreset"])
        .args(["-screen", "0", screen])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("Xvfb (package xvfb)");
    let mut number = String::new();
    let stdout = server.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut number).unwrap();
    assert_eq!(
        format!(":{}", number.trim()),
        display,
        "the X server did not start"
    );
    server
}
