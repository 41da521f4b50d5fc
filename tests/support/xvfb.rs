//! An X server that dies and comes back.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Pid, Signal, kill_process};

/// An Xvfb that asks nobody for a cookie.
pub struct Xvfb {
    server: Child,
    /// `:N`, a number of its own: the next free one could be another's when the server is started again.
    pub display: String,
}

impl Xvfb {
    /// Starts one with this screen (`640x480x24`) and waits until it lets clients in.
    pub fn start(screen: &str, arguments: &[&str]) -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = 1000 + std::process::id() % 2000 * 25 + STARTED.fetch_add(1, Ordering::Relaxed) % 25;
        let display = format!(":{number}");
        let server = start(screen, &display, arguments);
        Self { server, display }
    }

    /// Ends it as its owner does.
    pub fn end(&mut self) {
        self.end_by(Signal::TERM);
    }

    /// Ends it without warning. It leaves its socket.
    pub fn kill(&mut self) {
        self.end_by(Signal::KILL);
    }

    /// Starts it again on the display where it was.
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
        "the X server does not start"
    );
    server
}
